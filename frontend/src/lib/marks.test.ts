import { describe, expect, it } from 'vitest';

import type { Signal, Trade } from '@/lib/api/types';
import { barIndex, signalMarks, tradeMarks } from '@/lib/marks';

const HOUR = 3_600_000;
const OPENS = [10, 11, 12].map((hour) => hour * HOUR);
const at = (hours: number): string => new Date(hours * HOUR).toISOString();

function trade(change: Partial<Trade>): Trade {
  return {
    trade_id: 1,
    signal_id: null,
    session_id: 1,
    symbol: 'BTCUSDT',
    trade_type: 'BUY',
    price: '100.5',
    quantity: '0.1',
    status: 'EXECUTED',
    is_paper_trade: true,
    pnl: null,
    fee: '0.01',
    fee_asset: 'USDT',
    reason: 'target',
    order_id: null,
    timestamp: at(11),
    created_at: at(11),
    ...change,
  };
}

function signal(change: Partial<Signal>): Signal {
  return {
    signal_id: 1,
    strategy_id: 1,
    model_id: null,
    session_id: 1,
    symbol: 'BTCUSDT',
    timeframe: '1h',
    signal_type: 'BUY',
    confidence: 0.3,
    score: 0.3,
    target: null,
    timestamp: at(10),
    as_of: at(11),
    votes: [],
    weights: {},
    reasons: [],
    vetoes: [],
    extra_data: null,
    forced_reason: null,
    created_at: at(11),
    ...change,
  };
}

it.each([
  [9.5, -1],
  [10, 0],
  [11.99, 1],
  [50, 2],
])('the bar of hour %d has index %d', (hour, index) => {
  expect(barIndex(OPENS, hour * HOUR)).toBe(index);
});

describe('trades', () => {
  it('are marked on the bar they happened in, oldest first', () => {
    const marks = tradeMarks(
      [trade({ timestamp: at(12.5), trade_type: 'SELL' }), trade({ timestamp: at(10.2) })],
      OPENS,
    );
    expect(marks).toEqual([
      { time: 10 * HOUR, side: 'BUY', kind: 'trade' },
      { time: 12 * HOUR, side: 'SELL', kind: 'trade' },
    ]);
  });

  it.each([
    ['before the first bar', { timestamp: at(9) }],
    ['after the last bar', { timestamp: at(13) }],
    ['pending', { status: 'PENDING' }],
    ['failed', { status: 'FAILED' }],
    ['without a side', { trade_type: null }],
  ] as const)('%s are not marked', (_, change) => {
    expect(tradeMarks([trade(change)], OPENS)).toEqual([]);
  });
});

it('signals that ask for a trade are marked, HOLD is not', () => {
  const signals = [signal({ signal_type: 'SELL', timestamp: at(12) }), signal({ signal_type: 'HOLD' }), signal({})];
  expect(signalMarks(signals, OPENS)).toEqual([
    { time: 10 * HOUR, side: 'BUY', kind: 'signal' },
    { time: 12 * HOUR, side: 'SELL', kind: 'signal' },
  ]);
});
