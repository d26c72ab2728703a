import { expect, it } from 'vitest';

import { toArrow } from '@/features/market/components/price-chart';
import { appended, signalDots, toCandles, toChartTime } from '@/features/market/series';
import type { Bars } from '@/lib/api/types';

const HOUR = 3_600_000;

function hourly(first: number, n: number): Bars {
  const column = Array.from({ length: n }, (_, t) => 100 + first + t);
  return {
    symbol: 'BTCUSDT',
    timeframe: '1h',
    source: 'synthetic',
    timestamp: column.map((_, t) => (first + t) * HOUR),
    open: column,
    high: column.map((x) => x + 1),
    low: column.map((x) => x - 1),
    close: column,
    volume: column.map(() => 5),
  };
}

it('bars become candles with times in seconds', () => {
  expect(toCandles(hourly(1, 1))).toEqual([
    { time: 3600, open: 101, high: 102, low: 100, close: 101, volume: 5 },
  ]);
});

it('columns of different lengths are refused', () => {
  expect(() => toCandles({ ...hourly(0, 3), close: [1, 2] })).toThrow('at bar 2');
});

it('a window that moved on is appended from the bar that was last', () => {
  const next = toCandles(hourly(3, 10));
  const news = appended(toChartTime(10 * HOUR), next);
  expect(news?.map(({ time }) => time / 3600)).toEqual([10, 11, 12]);
});

it.each([
  ['nothing was drawn yet', null],
  ['the last bar drawn is not in the answer', toChartTime(99 * HOUR)],
])('the chart is drawn anew when %s', (_, last) => {
  expect(appended(last, toCandles(hourly(0, 5)))).toBeNull();
});

it('trades are arrows with a word', () => {
  const colours = { up: 'teal', down: 'red' };
  const buy = toArrow({ time: HOUR, side: 'BUY', kind: 'trade' }, colours);
  expect(buy).toMatchObject({ time: 3600, shape: 'arrowUp', position: 'belowBar', text: 'BUY' });
  const sell = toArrow({ time: HOUR, side: 'SELL', kind: 'trade' }, colours);
  expect(sell).toMatchObject({ shape: 'arrowDown', position: 'aboveBar', color: 'red', text: 'SELL' });
});

it('signals are dots below a bar to buy and above it to sell, one per bar', () => {
  const candles = toCandles(hourly(0, 3));
  const marks = [
    { time: 0, side: 'BUY', kind: 'signal' },
    { time: 0, side: 'BUY', kind: 'signal' },
    { time: HOUR, side: 'SELL', kind: 'signal' },
    { time: 2 * HOUR, side: 'BUY', kind: 'trade' },
    { time: 9 * HOUR, side: 'BUY', kind: 'signal' },
  ] as const;
  // Bars are 2 high, so dots stand 0.8 away from them.
  expect(signalDots(marks, candles, 'BUY')).toEqual([{ time: 0, value: 98.2 }]);
  expect(signalDots(marks, candles, 'SELL')).toEqual([{ time: 3600, value: 102.8 }]);
});
