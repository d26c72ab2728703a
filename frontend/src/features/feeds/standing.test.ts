import { describe, expect, it } from 'vitest';

import {
  EVERYTHING,
  mayBeTraded,
  pageOf,
  shownReason,
  shownState,
  stateCounts,
  troubledFirst,
  wantedOf,
} from '@/features/feeds/standing';
import type { FedSeries } from '@/lib/api/types';

function series(symbol: string, state: string, change: Partial<FedSeries> = {}): FedSeries {
  const reason = state === 'live' ? null : 'no frame for 5.0 s';
  const named = { source: 'binance', symbol, timeframe: '1m' };
  return {
    ...named,
    state,
    reason,
    since: '2024-03-01T12:00:00Z',
    refusal: state === 'live' ? null : `${symbol} 1m of ${change.source ?? 'binance'} is ${state}: ${reason}`,
    last_open: '2024-03-01T11:59:00Z',
    last_trade_id: '8389765489680951453',
    bars: 10,
    repaired: 0,
    replaced: 0,
    absent: 0,
    late: 0,
    refused: 0,
    ...change,
  };
}

const names = (rows: readonly FedSeries[]) => rows.map(({ symbol }) => symbol);

describe('order', () => {
  it('troubled series come first, the worst on top, and rows of a state stay in order of name', () => {
    const rows = [
      series('B', 'live'),
      series('A', 'live'),
      series('C', 'stopped'),
      series('D', 'starting'),
      series('E', 'repairing'),
      series('G', 'stale'),
      series('F', 'stale'),
      series('H', 'halted'),
      series('I', 'live', { refusal: 'I 1m of binance: the feed was stopped' }),
    ];
    expect(names(troubledFirst(rows))).toEqual(['H', 'F', 'G', 'I', 'E', 'D', 'C', 'A', 'B']);
    expect(names(rows)[0]).toBe('B');
  });

  it('a state that is not known here does not hide among the live ones', () => {
    const rows = [series('A', 'live'), series('B', 'stopped'), series('C', 'quarantined')];
    expect(names(troubledFirst(rows))).toEqual(['C', 'B', 'A']);
  });

  it('one name on two markets and in two time frames is four series', () => {
    const rows = ['binance-usdm', 'binance'].flatMap((source) =>
      ['5m', '1m'].map((timeframe) => series('A', 'live', { source, timeframe })),
    );
    expect(troubledFirst(rows).map(({ timeframe, source }) => `${timeframe} ${source}`)).toEqual([
      '1m binance',
      '1m binance-usdm',
      '5m binance',
      '5m binance-usdm',
    ]);
  });
});

describe('standing', () => {
  it('the server decides what may be traded: live in a feed that died is refused', () => {
    const dead = series('A', 'live', {
      refusal: "A 1m of binance: the feed's process has not been heard of for 9 s",
    });
    expect(mayBeTraded(dead)).toBe(false);
    expect(shownState(dead)).toBe('refused');
    expect(shownReason(dead)).toBe("the feed's process has not been heard of for 9 s");
  });

  it.each([
    ['live', series('A', 'live'), null],
    ['stale', series('A', 'stale'), 'no frame for 5.0 s'],
    ['a sentence in another form', series('A', 'stale', { refusal: 'market closed' }), 'market closed'],
    ['another series in front', series('A', 'stale', { refusal: 'B 1m of x: y' }), 'B 1m of x: y'],
  ])('the reason of %s', (_, row, expected) => {
    expect(shownReason(row)).toBe(expected);
  });
});

describe('filter', () => {
  const rows = [
    series('BTCUSDT', 'live'),
    series('ETHUSDT', 'stale'),
    series('ETHBTC', 'live', { source: 'binance-usdm' }),
    series('SOLUSDT', 'live', { refusal: 'SOLUSDT 1m of binance: the feed was stopped' }),
  ];
  it.each([
    ['nothing', EVERYTHING, ['BTCUSDT', 'ETHUSDT', 'ETHBTC', 'SOLUSDT']],
    ['a part of a symbol, in any case', { text: ' eth ', state: 'all' }, ['ETHUSDT', 'ETHBTC']],
    ['two words that must both occur', { text: 'eth usdm', state: 'all' }, ['ETHBTC']],
    ['a word of the reason', { text: 'frame', state: 'all' }, ['ETHUSDT']],
    ['what may not be traded', { text: '', state: 'troubled' }, ['ETHUSDT', 'SOLUSDT']],
    ['a state', { text: '', state: 'live' }, ['BTCUSDT', 'ETHBTC']],
    ['a state and a text', { text: 'btcusdt', state: 'stale' }, []],
    ['signs that mean something in patterns', { text: '.*[', state: 'all' }, []],
  ])('by %s', (_, wanted, expected) => {
    expect(names(wantedOf(rows, wanted))).toEqual(expected);
  });

  it('states are counted as they are shown, worst first', () => {
    expect(stateCounts(rows)).toEqual([
      ['stale', 1],
      ['refused', 1],
      ['live', 2],
    ]);
  });
});

it.each([
  ['the first page', 0, { rows: [1, 2], page: 0, pages: 3, first: 1, last: 2 }],
  ['the last page', 2, { rows: [5], page: 2, pages: 3, first: 5, last: 5 }],
  ['a page that is gone', 9, { rows: [5], page: 2, pages: 3, first: 5, last: 5 }],
  ['a page before the first', -1, { rows: [1, 2], page: 0, pages: 3, first: 1, last: 2 }],
])('%s of five rows, two a page', (_, page, expected) => {
  expect(pageOf([1, 2, 3, 4, 5], page, 2)).toEqual(expected);
});

it('no rows are one empty page', () => {
  expect(pageOf([], 3, 50)).toEqual({ rows: [], page: 0, pages: 1, first: 0, last: 0 });
});
