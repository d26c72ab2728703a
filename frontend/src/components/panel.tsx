import type { ReactNode } from 'react';

import type { Failure } from '@/hooks/use-failure';
import { useNow } from '@/hooks/use-now';
import { formatAge, formatClock } from '@/lib/format';

interface PanelProps {
  title: string;
  /** Shown at the right of the title. */
  aside?: ReactNode;
  failure?: Failure | null;
  /** When the shown data arrived, ms; null while there is none. */
  updatedAt?: number | null;
  onRetry?: () => void;
  className?: string;
  children: ReactNode;
}

/** One framed part of the page. What failed is said here, and how old the data still shown is. */
export function Panel({
  title,
  aside,
  failure = null,
  updatedAt = null,
  onRetry,
  className = '',
  children,
}: PanelProps) {
  const id = `panel-${title.toLowerCase().replace(/[^a-z]+/g, '-')}`;
  return (
    <section aria-labelledby={id} className={`rounded-lg border border-line bg-panel ${className}`}>
      <header className="flex min-h-10 flex-wrap items-center justify-between gap-x-3 gap-y-1 border-b border-line px-3 py-2">
        <h2 id={id} className="text-sm font-semibold">
          {title}
        </h2>
        {aside !== undefined && <div className="text-xs text-soft">{aside}</div>}
      </header>
      {failure && (
        <FailureNote
          what={title}
          failure={failure}
          updatedAt={updatedAt}
          {...(onRetry && { onRetry })}
        />
      )}
      {children}
    </section>
  );
}

interface FailureNoteProps {
  /** What could not be loaded. */
  what: string;
  failure: Failure;
  updatedAt?: number | null;
  onRetry?: () => void;
}

export function FailureNote({ what, failure, updatedAt = null, onRetry }: FailureNoteProps) {
  const now = useNow();
  return (
    <div role="alert" className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-warn bg-warn-soft px-3 py-2 text-sm">
      <p className="min-w-0 flex-1 break-words">
        <strong>Could not load: {what}.</strong> {failure.message} Failing since{' '}
        <span className="tabular-nums">{formatClock(failure.since)}</span>
        {updatedAt ? `; the data shown is ${formatAge(now - updatedAt)} old.` : '.'}
      </p>
      {onRetry && (
        <button type="button" onClick={onRetry} className="button">
          Retry
        </button>
      )}
    </div>
  );
}

/** What stands where there is no data yet, and what to do about it. */
export function Empty({ children }: { children: ReactNode }) {
  return <p className="px-3 py-6 text-center text-sm text-soft">{children}</p>;
}
