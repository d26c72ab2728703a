import { expect, it } from 'vitest';

import { equityPoints, holdPoints } from '@/features/portfolio/curves';
import type { EquityCurve } from '@/lib/api/types';

const CURVE: EquityCurve = {
  timestamp: [3_600_000, 7_200_000, 10_800_000],
  equity: [1000, 990, 1010],
  cash: [1000, 500, 500],
  position: [0, 5, 5],
  price: [100, 98, 102],
  drawdown: [0, 0.01, 0],
};

it('equity is drawn in seconds', () => {
  expect(equityPoints(CURVE)).toEqual([
    { time: 3600, value: 1000 },
    { time: 7200, value: 990 },
    { time: 10_800, value: 1010 },
  ]);
});

it('holding starts with the same cash and follows the price', () => {
  expect(holdPoints(CURVE, 1000).map(({ value }) => value)).toEqual([1000, 980, 1020]);
});

it.each([0, -1, Number.NaN])('holding is undefined when the first price is %d', (price) => {
  expect(holdPoints({ ...CURVE, price: [price, 98, 102] }, 1000)).toEqual([]);
});

it('a column that is too short is refused', () => {
  expect(() => equityPoints({ ...CURVE, equity: [1] })).toThrow('expected 3 values, found 1');
});
