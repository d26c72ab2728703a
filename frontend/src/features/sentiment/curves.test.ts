import { describe, expect, it } from 'vitest';

import { curvesOf, silence, standingOf } from '@/features/sentiment/curves';
import type { Bars, SentimentSeries } from '@/lib/api/types';

const HOUR = 3_600_000;

const series = (vote: (number | null)[], n_items: number[]): SentimentSeries => ({
  symbol: 'BTCUSDT',
  timeframe: '1h',
  scorer: 'lexicon',
  scorer_hash: 'f'.repeat(64),
  timestamp: vote.map((_, t) => t * HOUR),
  vote,
  level: vote.map((value) => (value ?? 0) / 2),
  n_items,
});

const bars = (first: number, closes: number[]): Bars =>
  ({ timestamp: closes.map((_, t) => (first + t) * HOUR), close: closes }) as Bars;

describe('curves', () => {
  it('have a gap in silence, not a zero', () => {
    const { vote, level, items } = curvesOf(series([0.5, null, -0.2], [1, 0, 2]), bars(0, [1, 2, 3]));
    expect(vote).toEqual([{ time: 0, value: 0.5 }, { time: 3600 }, { time: 7200, value: -0.2 }]);
    expect(level.map(({ value }) => value)).toEqual([0.25, 0, -0.1]);
    expect(items.map(({ value }) => value)).toEqual([1, 0, 2]);
  });

  it('show the price of the same bars only', () => {
    const { price } = curvesOf(series([0, 0], [0, 0]), bars(-2, [1, 2, 3, 4, 5]));
    expect(price).toEqual([
      { time: 0, value: 3 },
      { time: 3600, value: 4 },
    ]);
  });

  it('are refused where a column is short', () => {
    expect(() => curvesOf({ ...series([0, 0], [0, 0]), level: [0] }, bars(0, []))).toThrow('bar 1');
  });
});

describe('standing', () => {
  it('is that of the newest bar, with the bars since the last text', () => {
    const found = standingOf(series([0.1, 0.4, 0.2], [5, 3, 0]));
    expect(found).toEqual({ vote: 0.2, level: 0.1, newest: 0, total: 8, quietBars: 1, at: 2 * HOUR });
  });

  it('of nothing is nothing', () => {
    expect(standingOf(series([], []))).toEqual({ vote: null, level: null, newest: 0, total: 0, quietBars: null, at: null });
  });
});

describe('silence', () => {
  const quiet = (vote: number | null, bars: number, spoken: boolean) =>
    silence(standingOf(series(Array<number | null>(bars).fill(vote), [spoken ? 1 : 0, ...Array<number>(bars - 1).fill(0)])), bars);

  it('is told once it lasts', () => {
    expect(quiet(0.3, 6, true)).toBeNull();
    expect(quiet(0.3, 7, true)).toContain('Nothing new for 6 bars');
    expect(quiet(null, 9, true)).toContain('silent');
    expect(quiet(null, 9, false)).toContain('No text about it was seen in the 9 bars');
  });
});
