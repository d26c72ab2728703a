/** Equity and its baseline as lines. Pure: nothing is drawn here. */
import type { UTCTimestamp } from 'lightweight-charts';

import type { EquityCurve } from '@/lib/api/types';

export interface Point {
  time: UTCTimestamp;
  value: number;
}

function points(timestamp: readonly number[], values: readonly number[]): Point[] {
  return timestamp.map((time, t) => {
    const value = values[t];
    if (value === undefined) {
      throw new Error(`expected ${timestamp.length} values, found ${values.length}`);
    }
    return { time: (time / 1000) as UTCTimestamp, value };
  });
}

export const equityPoints = (curve: EquityCurve): Point[] => points(curve.timestamp, curve.equity);

/**
 * What the starting cash would be worth, had it bought at the first point and held, without costs.
 *
 * Empty where the first price is no positive number.
 */
export function holdPoints(curve: EquityCurve, cash: number): Point[] {
  const first = curve.price[0];
  if (first === undefined || !(first > 0)) return [];
  return points(
    curve.timestamp,
    curve.price.map((price) => (cash * price) / first),
  );
}
