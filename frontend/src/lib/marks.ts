/** Trades and signals as marks on a chart of bars. Times are bar opens in ms UTC, as in the bars. */
import type { Signal, Trade } from '@/lib/api/types';
import { toMillis } from '@/lib/format';

export interface Mark {
  /** Open of the bar the mark belongs to, ms UTC. */
  time: number;
  side: 'BUY' | 'SELL';
  kind: 'trade' | 'signal';
}

/** Return the index of the last bar that opened at or before `time`, or −1. */
export function barIndex(opens: readonly number[], time: number): number {
  let low = 0;
  let high = opens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((opens[middle] ?? Infinity) <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function onBar(opens: readonly number[], timestamp: string): number | null {
  const time = toMillis(timestamp);
  const open = time === null ? undefined : opens[barIndex(opens, time)];
  if (time === null || open === undefined) return null;
  // What happened after the last bar belongs to one that has not arrived yet.
  const [first, second] = opens;
  const interval = first === undefined || second === undefined ? Infinity : second - first;
  return open === opens.at(-1) && time >= open + interval ? null : open;
}

/** Marks of executed trades, oldest first; those outside of the bars are left out. */
export function tradeMarks(trades: readonly Trade[], opens: readonly number[]): Mark[] {
  const marks = trades.flatMap((trade): Mark[] => {
    const time = onBar(opens, trade.timestamp);
    const side = trade.trade_type;
    if (time === null || side === null || trade.status !== 'EXECUTED') return [];
    return [{ time, side, kind: 'trade' }];
  });
  return marks.sort((a, b) => a.time - b.time);
}

/** Marks of signals that ask for a trade, oldest first; HOLD is not marked. */
export function signalMarks(signals: readonly Signal[], opens: readonly number[]): Mark[] {
  const marks = signals.flatMap((signal): Mark[] => {
    const time = onBar(opens, signal.timestamp);
    const side = signal.signal_type;
    if (time === null || side === null || side === 'HOLD') return [];
    return [{ time, side, kind: 'signal' }];
  });
  return marks.sort((a, b) => a.time - b.time);
}
