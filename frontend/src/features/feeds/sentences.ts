/** Market data in words. */
import { mayBeTraded, shownState } from '@/features/feeds/standing';
import type { FedSeries, Feed, Feeds, Incident, Repair } from '@/lib/api/types';
import { formatAge, formatPrice, formatQuantity, formatTime, toMillis, UNDEFINED } from '@/lib/format';

const MINUS = '\u2212';
const UNITS: Record<string, number> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
/** Bars older than this are of a replay, or of a feed that ended long ago: their date says more. */
const AGES_UP_TO_MS = 7 * 86_400_000;

export const formatCount = (number: number): string => number.toLocaleString('en-US');

/** "197 of 200 series live; 3 may not be traded" */
export function headline(series: readonly FedSeries[]): string {
  const all = series.length;
  if (all === 0) return 'No series is fed';
  const live = series.filter(mayBeTraded).length;
  const start = `${formatCount(live)} of ${formatCount(all)} series live`;
  if (live === all) return start;
  return `${start}; ${live === 0 ? 'none may be traded' : `${formatCount(all - live)} may not be traded`}`;
}

/**
 * The server's time now, ms: what it said, carried on since that arrived.
 *
 * Ages are counted by one clock, so that a wrong clock of this machine does not show in them.
 */
export function serverNow(at: string, arrivedAt: number, now: number): number {
  return (toMillis(at) ?? now) + Math.max(0, now - arrivedAt);
}

export function age(time: string | null, now: number): string {
  const millis = toMillis(time);
  return millis === null ? UNDEFINED : formatAge(now - millis);
}

/** How long it has been in its state; null where that is the state of a feed no longer heard of. */
export const stateAge = (series: FedSeries, now: number): string | null =>
  shownState(series) === 'refused' ? null : age(series.since, now);

/** Length of a bar, ms, or null for a time frame without one. */
export function timeframeMillis(timeframe: string): number | null {
  const [, number, unit] = /^([1-9]\d*)([smhdw])$/.exec(timeframe) ?? [];
  const length = UNITS[unit ?? ''];
  return length === undefined ? null : Number(number) * length;
}

/** How far the venue's clock is ahead of the server's: "+12 ms". */
export function clockOffset({ clock_offset_ms: offset }: Feed): string {
  if (offset === null) return 'not known';
  const size = formatCount(Math.abs(Math.round(offset)));
  if (size === '0') return '0 ms';
  return `${offset < 0 ? MINUS : '+'}${size} ms`;
}

/** "60×" where market time does not pass as real time does, else null. */
export const replaySpeed = ({ speed }: Feed): string | null =>
  speed === 1 ? null : `${speed.toLocaleString('en-US', { maximumFractionDigits: 2 })}×`;

/** Open of the newest bar of each source and time frame, ms. */
export function newestOpens(series: readonly FedSeries[]): Map<string, number> {
  const newest = new Map<string, number>();
  for (const one of series) {
    const open = toMillis(one.last_open);
    const key = `${one.source}|${one.timeframe}`;
    if (open !== null && open > (newest.get(key) ?? -Infinity)) newest.set(key, open);
  }
  return newest;
}

/** What the ages of bars are counted from. */
export interface Moment {
  /** The server's time, ms. */
  now: number;
  feeds: Feeds['feeds'];
  newest: ReadonlyMap<string, number>;
}

/** What is said of the last bar of a series. */
export interface LastBar {
  text: string;
  /** Whether the text is an age, not a time. */
  isAge: boolean;
  /** How many bars it is behind the newest one of its source and time frame. */
  behind: number;
}

/**
 * How old the last bar is, counted from its close.
 *
 * Where market time is not real time an age would say nothing: then the bar's own time is shown.
 */
export function lastBar(series: FedSeries, { now, feeds, newest }: Moment): LastBar {
  const open = toMillis(series.last_open);
  const length = timeframeMillis(series.timeframe);
  if (open === null) return { text: 'none yet', isAge: false, behind: 0 };
  if (length === null) return { text: formatTime(open), isAge: false, behind: 0 };
  const first = newest.get(`${series.source}|${series.timeframe}`) ?? open;
  const behind = Math.max(0, Math.round((first - open) / length));
  const speed = feeds.find(({ source }) => source === series.source)?.speed;
  const isAge = speed === 1 && now - first < AGES_UP_TO_MS;
  return { text: isAge ? `${formatAge(now - open - length)} ago` : formatTime(open), isAge, behind };
}

export const barsBehind = (behind: number): string =>
  `${formatCount(behind)} ${behind === 1 ? 'bar' : 'bars'} behind`;

/** "BTCUSDT 1m of binance", or "all of binance" */
export const incidentName = ({ symbol, timeframe, source }: Incident): string =>
  symbol === '' ? `all of ${source}` : `${symbol} ${timeframe} of ${source}`;

const NAMES = ['open', 'high', 'low', 'close', 'volume'] as const;

/** What REST has instead of what the stream had: "volume 10 → 11". */
export function repairText({ kind, was, now }: Repair): string {
  if (kind === 'absent') return 'the venue has no such bar';
  if (was === null || now === null) return kind;
  const changes = NAMES.flatMap((name, place) => {
    const [old, fresh] = [was[place], now[place]];
    if (old === fresh) return [];
    const format = name === 'volume' ? formatQuantity : formatPrice;
    const texts = [format(old), format(fresh)];
    // Rounded alike they would look as if nothing had changed.
    const [before, after] = texts[0] === texts[1] ? [String(old), String(fresh)] : texts;
    return [`${name} ${before} → ${after}`];
  });
  return changes.length > 0 ? changes.join(', ') : 'the same values';
}

/** What a feed has counted, as names and texts; whatever the values are. */
export const countLines = ({ counts }: Feed): [string, string][] =>
  Object.entries(counts).map(([name, value]) => [
    name.replaceAll('_', ' '),
    typeof value === 'number' ? formatCount(value) : JSON.stringify(value),
  ]);
