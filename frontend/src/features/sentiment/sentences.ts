/** What is said in words about sources, texts and windows. Pure: nothing is drawn here. */
import type { Tone } from '@/components/badge';
import type { Match } from '@/features/sentiment/texts';
import type { SentimentSource, SentimentText, SentimentWindow } from '@/lib/api/types';
import { formatAge, formatTime, toMillis, UNDEFINED } from '@/lib/format';

export interface Badges {
  /** Probability, or null where it is not called spam. */
  spam: number | null;
  repeats: boolean;
  dayOnly: boolean;
  synthetic: boolean;
  index: boolean;
}

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const dollars = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

export const formatCount = (value: number): string => whole.format(value);

const STATES: Record<string, readonly [Tone, string]> = {
  good: ['good', '● good'],
  stale: ['bad', '✕ stale'],
  broken: ['bad', '✕ broken'],
  waiting: ['warn', '… waiting'],
  off: ['neutral', '■ off'],
};

/** Sign, colour and word of a state; one that this page does not know is shown as it is. */
export const stateOf = (state: string): readonly [Tone, string] => STATES[state] ?? ['warn', state];

const RANK = ['broken', 'stale', 'waiting', 'good', 'off'];

/** Return the sources with those in trouble first, else by name. */
export const troubledFirst = (sources: readonly SentimentSource[]): SentimentSource[] =>
  [...sources].sort(
    (a, b) => RANK.indexOf(a.state) - RANK.indexOf(b.state) || a.name.localeCompare(b.name),
  );

/** Return how many are good of those that are on, and what is wrong, in one sentence. */
export function headline(sources: readonly SentimentSource[]): string {
  const on = sources.filter(({ state }) => state !== 'off');
  if (on.length === 0) return 'No source is on.';
  const good = on.filter(({ state }) => state === 'good').length;
  const bad = on.filter(({ state }) => state === 'stale' || state === 'broken');
  const start = `${formatCount(good)} of ${formatCount(on.length)} sources good`;
  if (bad.length === 0) return `${start}.`;
  const named = bad.slice(0, 3).map(({ name, state }) => `${name} is ${state}`);
  const more = bad.length > 3 ? ` and ${formatCount(bad.length - 3)} more` : '';
  return `${start}; ${named.join(', ')}${more}.`;
}

/** Seconds of age at `now`, given that the answer arrived at `arrivedAt` (both ms). */
export function sourceAge(age_s: number | null, arrivedAt: number, now: number): string {
  if (age_s === null) return 'never';
  return `${formatAge(age_s * 1000 + Math.max(0, now - arrivedAt))} ago`;
}

/** What is left of a quota, and when it begins anew. */
export function quotaOf({ quota_left, quota_resets_at }: SentimentSource): string {
  if (quota_left === null) return UNDEFINED;
  const resets = quota_resets_at === null ? '' : `, anew ${formatTime(quota_resets_at)} UTC`;
  return `${formatCount(quota_left)} left${resets}`;
}

/** What a source has cost in its month; a dash where it costs nothing. */
export function costOf({ spent, spent_month }: SentimentSource): string {
  if (!(spent > 0)) return UNDEFINED;
  return `$${dollars.format(spent)}${spent_month === null ? '' : ` in ${spent_month}`}`;
}

/** Counts that are numbers above zero, with words for their names. */
export const countsOf = ({ counts }: SentimentSource): [string, number][] =>
  Object.entries(counts).flatMap(([name, value]) =>
    typeof value === 'number' && value > 0 ? [[name.replaceAll('_', ' '), value]] : [],
  );

const BY: Record<string, string> = {
  cashtag: 'cashtag',
  name: 'its name',
  ticker: 'its ticker',
  pair: 'a pair',
  given: 'the source says so',
};

/** "BTC: cashtag “$BTC”". */
export function because({ asset, by, term }: Match): string {
  const how = BY[by] ?? by;
  if (by === 'given' || term === '') return `${asset}: ${how}`;
  return `${asset}: ${how} “${term}”`;
}

/** How long after it was written a text was first seen. */
export function delayOf({ timestamp, observed_at, day_only }: SentimentText): string {
  const written = toMillis(timestamp);
  const seen = toMillis(observed_at);
  if (written === null || seen === null) return UNDEFINED;
  if (day_only === true) return 'dated by the day alone';
  return seen < written ? 'before it was written' : `${formatAge(seen - written)} after it was written`;
}

/** When a text was seen: its age, or in a replay, whose time is not ours, the time. */
export function seenAt({ observed_at, synthetic }: SentimentText, now: number): string {
  const seen = toMillis(observed_at);
  if (seen === null) return UNDEFINED;
  return synthetic || seen > now ? `${formatTime(observed_at)} UTC` : `${formatAge(now - seen)} ago`;
}

/** What a window's plan left out, in words. */
export function leftOut({ offered, taken, plan }: SentimentWindow): string {
  const rest = offered - taken;
  if (rest <= 0) return 'all taken';
  return taken >= plan ? `${formatCount(rest)} over the plan` : `${formatCount(rest)} left out`;
}

/** Whether prices and texts of a source of bars are made up. */
export const isMadeUp = (source: string): boolean => source === 'synthetic' || source.startsWith('loopback');
