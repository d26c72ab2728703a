import type { ReactNode } from 'react';

const TONES = {
  neutral: 'border-line text-soft',
  warn: 'border-warn bg-warn-soft text-text',
  good: 'border-up text-up',
  bad: 'border-down text-down',
} as const;

export type Tone = keyof typeof TONES;

export function Badge({ tone = 'neutral', title, children }: { tone?: Tone; title?: string; children: ReactNode }) {
  return (
    <span title={title} className={`inline-block rounded border px-1.5 py-0.5 text-xs font-semibold whitespace-nowrap ${TONES[tone]}`}>
      {children}
    </span>
  );
}
