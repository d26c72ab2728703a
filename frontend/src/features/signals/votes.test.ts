import { describe, expect, it } from 'vitest';

import { barExtent, readTexts, readVotes } from '@/features/signals/votes';

const WEIGHTS = { ml: 0.6, rules: 0.3, sentiment: 0.1 };

describe('votes', () => {
  it('come in fixed order, with their weights, and a missing one is silent', () => {
    const votes = [
      { source: 'rules', score: -0.5, as_of: 1, reason: 'EMA 12 below EMA 26' },
      { source: 'ml', score: 0.25, as_of: 1, reason: '' },
    ];
    expect(readVotes(votes, WEIGHTS)).toEqual([
      { source: 'ml', score: 0.25, weight: 0.6, reason: '' },
      { source: 'rules', score: -0.5, weight: 0.3, reason: 'EMA 12 below EMA 26' },
      { source: 'sentiment', score: null, weight: 0.1, reason: '' },
    ]);
  });

  it('are all silent where none is stored', () => {
    expect(readVotes(null, null).map(({ score }) => score)).toEqual([null, null, null]);
  });

  it.each([
    ['text', /list of votes/],
    [[{ source: 'oracle', score: 0.1 }], /oracle/],
    [[{ source: 'ml', score: 1.01 }], /1\.01/],
    [[{ source: 'ml', score: '0.5' }], /0\.5/],
    [[{ source: 'ml' }], /score/],
  ])('that cannot be read are refused, not silent: %j', (votes, message) => {
    expect(() => readVotes(votes, WEIGHTS)).toThrow(message);
  });
});

describe('bars', () => {
  it.each([
    [1, 50, 50],
    [0.5, 50, 25],
    [0, 50, 0],
    [-0.5, 25, 25],
    [-1, 0, 50],
  ])('of a vote of %d start at %d %% and are %d %% wide', (score, left, width) => {
    expect(barExtent(score)).toEqual({ left, width });
  });
});

it('reasons are texts, or are refused', () => {
  expect(readTexts(['a', 'b'])).toEqual(['a', 'b']);
  expect(readTexts(null)).toEqual([]);
  expect(() => readTexts('a')).toThrow(/list of texts/);
});
