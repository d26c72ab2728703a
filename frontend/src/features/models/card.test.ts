import { expect, it } from 'vitest';

import { baselineNames, isSynthetic, readGates, readMetrics, readVerdict } from '@/features/models/card';
import type { Model } from '@/lib/api/types';

const MODEL: Model = {
  model_id: 1,
  name: 'hybrid BTCUSDT 1h binance',
  model_type: 'xgboost',
  version: '0123456789ab',
  accuracy: 0.51,
  precision: 0.5,
  recall: 0.44,
  auc: 0.507,
  trained_on: '2024-01-01T00:00:00Z',
  status: 'champion',
  label_kind: 'triple barrier',
  features: ['return_1'],
  gates: { split_audit: { passed: true, detail: 'no overlap' }, planted_leak: { passed: false } },
  data_hash: null,
  code_version: null,
  artefact_hash: null,
  extra_data: {
    evaluation: {
      verdict: {
        standing: 'no edge shown',
        text: 'no edge shown: AUC 0.507 has the interval 0.484 to 0.531',
        rule: 'Holds up: …',
      },
      scores: {
        auc: { value: 0.507, low: 0.484, high: 0.531, baselines: { majority: 0.5, last: null } },
      },
    },
  },
  created_at: '2024-01-01T00:00:00Z',
  symbol: 'BTCUSDT',
  timeframe: '1h',
  source: 'binance',
  kind: 'xgboost',
  parent_id: null,
  parameters: null,
  seed: 7,
  inputs: null,
  feature_hash: null,
  sentiment_hash: null,
  code_commit: null,
  libraries: null,
  forced_by: null,
  forced_at: null,
  forced_reason: null,
  verified_at: null,
  verified_result: null,
};

it('a metric stands with its interval and baseline, and says where they are missing', () => {
  const [auc, accuracy] = readMetrics(MODEL);
  const baselines = { majority: 0.5, last: null };
  expect(auc).toEqual({ name: 'AUC', value: 0.507, low: 0.484, high: 0.531, baselines });
  expect(accuracy).toEqual({ name: 'Accuracy', value: 0.51, low: null, high: null, baselines: {} });
  expect(baselineNames(readMetrics(MODEL))).toEqual(['majority', 'last']);
});

it('gates keep their outcome and sentence', () => {
  expect(readGates(MODEL.gates)).toEqual([
    { name: 'split audit', passed: true, detail: 'no overlap' },
    { name: 'planted leak', passed: false, detail: '' },
  ]);
});

it.each([[{ leak: true }], [{ leak: { passed: 'yes' } }], [{ leak: null }]])(
  'a gate that cannot be read has not passed: %j',
  (gates) => {
    expect(() => readGates(gates)).toThrow('the gate leak');
  },
);

it('the verdict is what is stored or nothing', () => {
  expect(readVerdict(MODEL)?.standing).toBe('no edge shown');
  expect(readVerdict(MODEL)?.rule).toBe('Holds up: …');
  expect(readVerdict(MODEL)?.text).toMatch(/^no edge shown/);
  expect(readVerdict({ ...MODEL, extra_data: null })).toBeNull();
});

const judged = (verdict: unknown): Model => ({
  ...MODEL,
  extra_data: { evaluation: { verdict } } as Model['extra_data'],
});

it.each([
  [{ standing: 'holds up', text: 'holds up: AUC 0.56' }, 'holds up'],
  [{ standing: 'weak', text: 'weak: AUC 0.56' }, 'weak'],
  [{ edge: false, text: 'no edge shown: AUC 0.5' }, 'no edge shown'],
])('the word is one of three: %j', (verdict, standing) => {
  expect(readVerdict(judged(verdict))).toEqual({ standing, text: verdict.text, rule: null });
});

it('an old card that was never deflated is weak at most', () => {
  const old = judged({ edge: true, text: 'edge shown: AUC 0.560, both baselines beaten', rule: 'edge only if …' });
  expect(readVerdict(old)).toEqual({
    standing: 'weak',
    text: 'weak: AUC 0.560, both baselines beaten; how many models were tried was not counted',
    rule: null,
  });
});

it.each([[{ standing: 'edge shown', text: 'x' }], [{ standing: 'weak' }], [null]])(
  'a verdict that cannot be read is none: %j',
  (verdict) => {
    expect(readVerdict(judged(verdict))).toBeNull();
  },
);

it('a model trained on generated prices says so', () => {
  expect(isSynthetic(MODEL)).toBe(false);
  expect(isSynthetic({ ...MODEL, extra_data: { synthetic: true } })).toBe(true);
});
