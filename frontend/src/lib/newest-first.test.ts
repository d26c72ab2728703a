import { expect, it } from 'vitest';

import { extended } from '@/lib/newest-first';

const id = (row: number) => row;

it.each([
  ['new rows come first', [3, 2, 1], [5, 4, 3, 2], 9, [5, 4, 3, 2, 1]],
  ['nothing new changes nothing', [3, 2, 1], [3, 2], 9, [3, 2, 1]],
  ['the oldest leave', [3, 2, 1], [5, 4, 3], 4, [5, 4, 3, 2]],
  ['a gap asks for everything', [3, 2, 1], [9, 8, 7], 9, null],
  ['rows that are gone ask for everything', [3, 2, 1], [2, 1], 9, null],
  ['nothing known asks for everything', [], [2, 1], 9, null],
])('%s', (_, known, fresh, most, expected) => {
  expect(extended(known, fresh, id, most)).toEqual(expected);
});
