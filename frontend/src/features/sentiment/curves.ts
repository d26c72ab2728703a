/** What the news said beside the price, as lines. Pure: nothing is drawn here. */
import type { UTCTimestamp } from 'lightweight-charts';

import type { Bars, SentimentSeries } from '@/lib/api/types';

export interface Point {
  time: UTCTimestamp;
  value: number;
}

/** A place without a value, where the line has a gap. */
export interface Gap {
  time: UTCTimestamp;
}

export interface Curves {
  price: Point[];
  vote: (Point | Gap)[];
  level: Point[];
  items: Point[];
}

const toChartTime = (millis: number): UTCTimestamp => (millis / 1000) as UTCTimestamp;

/** Return the columns as lines; columns of different lengths are refused. */
export function curvesOf(sentiment: SentimentSeries, bars: Bars): Curves {
  const { timestamp, vote, level, n_items } = sentiment;
  const found: Curves = { price: [], vote: [], level: [], items: [] };
  timestamp.forEach((millis, t) => {
    const time = toChartTime(millis);
    const [v, l, n] = [vote[t], level[t], n_items[t]];
    if (v === undefined || l === undefined || n === undefined) {
      throw new Error(`expected ${timestamp.length} values per column, found fewer at bar ${t}`);
    }
    // Silence is no opinion: a line at zero would look like one.
    found.vote.push(v === null ? { time } : { time, value: v });
    found.level.push({ time, value: l });
    found.items.push({ time, value: n });
  });
  const [first, last] = [timestamp[0], timestamp.at(-1)];
  bars.timestamp.forEach((millis, t) => {
    const close = bars.close[t];
    if (close === undefined) throw new Error(`expected ${bars.timestamp.length} closes, found fewer`);
    if (first !== undefined && last !== undefined && millis >= first && millis <= last) {
      found.price.push({ time: toChartTime(millis), value: close });
    }
  });
  return found;
}

export interface Standing {
  /** At the newest bar close; null in silence. */
  vote: number | null;
  level: number | null;
  /** Texts first seen in the newest bar, and in all that are shown. */
  newest: number;
  total: number;
  /** Bars since one with a text; null where none has any. */
  quietBars: number | null;
  /** Open of the newest bar, ms. */
  at: number | null;
}

/** Return what the news says now, and for how long it has said nothing new. */
export function standingOf({ timestamp, vote, level, n_items }: SentimentSeries): Standing {
  const total = n_items.reduce((sum, n) => sum + n, 0);
  const last = n_items.findLastIndex((n) => n > 0);
  return {
    vote: vote.at(-1) ?? null,
    level: level.at(-1) ?? null,
    newest: n_items.at(-1) ?? 0,
    total,
    quietBars: last < 0 ? null : n_items.length - 1 - last,
    at: timestamp.at(-1) ?? null,
  };
}

/** One sentence about silence, or null while texts arrive. */
export function silence({ quietBars, vote, total }: Standing, bars: number): string | null {
  if (total === 0) return `No text about it was seen in the ${bars} bars shown; silence counts as zero.`;
  if (vote === null) return 'The news is silent: its vote has faded, and silence counts as zero.';
  if (quietBars === null || quietBars < 6) return null;
  return `Nothing new for ${quietBars} bars: the vote fades towards zero.`;
}
