import type { ReactNode } from 'react';

import { toNumber } from '@/lib/format';

export type Way = 'up' | 'down' | 'flat';

/** The way a number points; zero and undefined are flat. */
export function wayOf(value: number | string | null | undefined): Way {
  const number = toNumber(value) ?? 0;
  return number > 0 ? 'up' : number < 0 ? 'down' : 'flat';
}

const SIGNS: Record<Way, string> = { up: '▲', down: '▼', flat: '■' };
const COLOURS: Record<Way, string> = { up: 'text-up', down: 'text-down', flat: 'text-soft' };

/** A direction by sign, colour and words together: colour alone tells some people nothing. */
export function Direction({ way, children }: { way: Way; children: ReactNode }) {
  return (
    <span className={`whitespace-nowrap ${COLOURS[way]}`}>
      <span aria-hidden="true" className="mr-1 text-[0.75em]">
        {SIGNS[way]}
      </span>
      {children}
    </span>
  );
}

const WAY_OF_ACTION: Record<string, Way> = { BUY: 'up', SELL: 'down' };

/** BUY, SELL or HOLD with its sign. */
export function Action({ action }: { action: string }) {
  return <Direction way={WAY_OF_ACTION[action] ?? 'flat'}>{action}</Direction>;
}
