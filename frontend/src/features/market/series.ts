/** Bars as the chart wants them, and which of them changed. Pure: nothing is drawn here. */
import type { Bars } from '@/lib/api/types';
import type { Mark } from '@/lib/marks';
import type { UTCTimestamp } from 'lightweight-charts';

export interface Candle {
  time: UTCTimestamp;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

/** The chart counts in seconds, the bars in milliseconds. */
export const toChartTime = (millis: number): UTCTimestamp => (millis / 1000) as UTCTimestamp;

/** Return the columns as rows; columns of different lengths are refused. */
export function toCandles(bars: Bars): Candle[] {
  const { timestamp, open, high, low, close, volume } = bars;
  return timestamp.map((time, t) => {
    const [o, h, l, c, v] = [open[t], high[t], low[t], close[t], volume[t]];
    if (o === undefined || h === undefined || l === undefined || c === undefined || v === undefined) {
      throw new Error(`expected ${timestamp.length} values per column, found fewer at bar ${t}`);
    }
    return { time: toChartTime(time), open: o, high: h, low: l, close: c, volume: v };
  });
}

/**
 * Return the candles to append to a chart that ends at `last`, or null when it must be drawn anew.
 *
 * The candle at `last` itself is among them: it may have been open when it was drawn. Appending keeps
 * the place a person has scrolled to, also when the oldest bars have left the answer.
 */
export function appended(last: UTCTimestamp | null, candles: readonly Candle[]): Candle[] | null {
  if (last === null) return null;
  const start = candles.findIndex((candle) => candle.time === last);
  return start < 0 ? null : candles.slice(start);
}

/** Where the dots of one side's signals stand: a little below the bar for BUY, above it for SELL. */
export function signalDots(
  marks: readonly Mark[],
  candles: readonly Candle[],
  side: Mark['side'],
): { time: UTCTimestamp; value: number }[] {
  const byTime = new Map(candles.map((candle) => [candle.time, candle]));
  const range = candles.reduce((sum, { high, low }) => sum + high - low, 0) / candles.length;
  // A second signal on one bar would be a second point at one time, which the chart refuses.
  const times = new Set(
    marks.filter((mark) => mark.kind === 'signal' && mark.side === side).map((mark) => toChartTime(mark.time)),
  );
  return [...times].flatMap((time) => {
    const candle = byTime.get(time);
    if (!candle) return [];
    const value = side === 'BUY' ? candle.low - 0.4 * range : candle.high + 0.4 * range;
    return [{ time, value }];
  });
}
