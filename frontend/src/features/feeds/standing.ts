/** Which series may be traded, in which order they are shown, and which of them. */
import type { FedSeries } from '@/lib/api/types';

export type SeriesKey = Pick<FedSeries, 'source' | 'symbol' | 'timeframe'>;

export const keyOf = ({ source, symbol, timeframe }: SeriesKey): string =>
  `${source}|${symbol}|${timeframe}`;

/** Whether a position may be opened in it now; the server decides that, not the state alone. */
export const mayBeTraded = (series: FedSeries): boolean => series.refusal === null;

/**
 * The state as it is shown.
 *
 * A series that was live when its feed was last heard of may not be traded, so it is not "live".
 */
export const shownState = (series: FedSeries): string =>
  series.state === 'live' && !mayBeTraded(series) ? 'refused' : series.state;

/** Why it may not be traded: the server's sentence without the name that stands beside it. */
export function shownReason(series: FedSeries): string | null {
  const { refusal, symbol, timeframe, source, state } = series;
  if (refusal === null) return series.reason;
  const name = `${symbol} ${timeframe} of ${source}`;
  for (const start of [`${name} is ${state}: `, `${name}: `]) {
    if (refusal.startsWith(start)) return refusal.slice(start.length);
  }
  return refusal;
}

/** Worst first; a state this page does not know comes before those it knows to be harmless. */
const ORDER = ['halted', 'stale', 'refused', 'repairing', 'starting', 'stopped', 'live'];
const UNKNOWN = ORDER.indexOf('repairing');

function rank(series: FedSeries): number {
  const place = ORDER.indexOf(shownState(series));
  return place < 0 ? UNKNOWN : place;
}

function byName(a: FedSeries, b: FedSeries): number {
  const [one, other] = [a, b].map(({ symbol, timeframe, source }) => [symbol, timeframe, source].join('\n'));
  return one === other ? 0 : (one ?? '') < (other ?? '') ? -1 : 1;
}

/** Return the series with the troubled ones first; within a state by name, so that rows stay put. */
export const troubledFirst = (series: readonly FedSeries[]): FedSeries[] =>
  [...series].sort((a, b) => rank(a) - rank(b) || byName(a, b));

/** What the table is narrowed to. */
export interface Wanted {
  /** Words that must all occur in symbol, time frame, source or reason. */
  text: string;
  /** A shown state, `troubled` for all that may not be traded, or `all`. */
  state: string;
}

export const EVERYTHING: Wanted = { text: '', state: 'all' };

function hasState(series: FedSeries, state: string): boolean {
  if (state === 'all') return true;
  return state === 'troubled' ? !mayBeTraded(series) : shownState(series) === state;
}

export function wantedOf(series: readonly FedSeries[], { text, state }: Wanted): FedSeries[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return series.filter((one) => {
    if (!hasState(one, state)) return false;
    const told = [one.symbol, one.timeframe, one.source, shownReason(one) ?? ''].join(' ').toLowerCase();
    return words.every((word) => told.includes(word));
  });
}

/** How many series are in each shown state, worst first. */
export function stateCounts(series: readonly FedSeries[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const one of troubledFirst(series)) {
    const state = shownState(one);
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return [...counts];
}

/** One page of rows; a page beyond the last one is the last one. */
export interface Page<Row> {
  rows: Row[];
  /** From 0. */
  page: number;
  pages: number;
  /** Number of the first row, from 1; 0 where there is none. */
  first: number;
  last: number;
}

export function pageOf<Row>(rows: readonly Row[], page: number, size: number): Page<Row> {
  const pages = Math.max(1, Math.ceil(rows.length / size));
  const shown = Math.min(Math.max(0, page), pages - 1);
  const start = shown * size;
  const cut = rows.slice(start, start + size);
  return { rows: cut, page: shown, pages, first: cut.length && start + 1, last: start + cut.length };
}
