import type { ReactNode } from 'react';

/** One named number. */
export function Figure({ name, children, note }: { name: string; children: ReactNode; note?: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-xs text-soft">{name}</dt>
      <dd className="truncate text-base font-semibold tabular-nums">{children}</dd>
      {note !== undefined && <dd className="text-xs text-soft tabular-nums">{note}</dd>}
    </div>
  );
}
