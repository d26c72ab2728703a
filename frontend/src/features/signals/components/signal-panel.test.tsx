import { render, screen, within } from '@testing-library/react';
import { expect, it } from 'vitest';

import { SignalCard } from '@/features/signals/components/signal-panel';
import type { Signal } from '@/lib/api/types';

const SIGNAL: Signal = {
  signal_id: 9,
  strategy_id: 1,
  model_id: 1,
  session_id: 1,
  symbol: 'BTCUSDT',
  timeframe: '1h',
  signal_type: 'HOLD',
  confidence: 0.36,
  score: 0.36,
  target: null,
  timestamp: '2024-03-01T11:00:00Z',
  as_of: '2024-03-01T12:00:00Z',
  votes: [
    { source: 'ml', score: 0.7, reason: 'P(up) 0.850' },
    { source: 'rules', score: -0.2, reason: '<b>EMA 12 below EMA 26</b>' },
  ],
  weights: { ml: 0.6, rules: 0.3, sentiment: 0.1 },
  reasons: ['ml +0.70 × 0.6'],
  vetoes: ['volatility'],
  extra_data: null,
  forced_reason: null,
  created_at: '2024-03-01T12:00:01Z',
};

it('a signal explains itself', () => {
  const { container } = render(<SignalCard signal={SIGNAL} />);
  const votes = screen.getAllByRole('listitem').filter((item) => /weight/.test(item.textContent ?? ''));
  expect(votes.map((item) => item.textContent)).toEqual([
    'Model weight 60 %▲+0.700 upP(up) 0.850',
    'Rules weight 30 %▼−0.200 down<b>EMA 12 below EMA 26</b>',
    'Sentiment weight 10 %silent',
  ]);
  expect(within(container).getByText(/Weighted sum \+0\.360/)).toBeTruthy();
  expect(within(container).getByText('volatility')).toBeTruthy();
  expect(within(container).getByText(/newest data seen 2024-03-01 12:00 UTC/)).toBeTruthy();
  expect(container.querySelector('b')).toBeNull();
});
