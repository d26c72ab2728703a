import { describe, expect, it } from 'vitest';

import {
  because,
  costOf,
  countsOf,
  delayOf,
  headline,
  isMadeUp,
  leftOut,
  quotaOf,
  seenAt,
  sourceAge,
  troubledFirst,
} from '@/features/sentiment/sentences';
import type { SentimentSource, SentimentText, SentimentWindow } from '@/lib/api/types';

const source = (name: string, state: string, change: Partial<SentimentSource> = {}): SentimentSource => ({
  name,
  kind: 'news',
  state,
  reason: null,
  every_s: 300,
  age_s: 30,
  last_attempt_at: null,
  last_success_at: null,
  next_attempt_at: null,
  failures: 0,
  quota_left: null,
  quota_resets_at: null,
  spent: 0,
  spent_month: null,
  counts: {},
  ...change,
});

describe('sources', () => {
  it('in trouble come first and are named in the sentence', () => {
    const all = [source('x', 'off'), source('gdelt', 'good'), source('rss:wire', 'stale'), source('reddit', 'broken')];
    expect(troubledFirst(all).map(({ name }) => name)).toEqual(['reddit', 'rss:wire', 'gdelt', 'x']);
    expect(headline(all)).toBe('1 of 3 sources good; rss:wire is stale, reddit is broken.');
    expect(headline([source('gdelt', 'good')])).toBe('1 of 1 sources good.');
    expect(headline([source('x', 'off')])).toBe('No source is on.');
  });

  it('more than three in trouble are counted', () => {
    const all = ['a', 'b', 'c', 'd', 'e'].map((name) => source(name, 'stale'));
    expect(headline(all)).toBe('0 of 5 sources good; a is stale, b is stale, c is stale and 2 more.');
  });

  it('grow older while the page shows them', () => {
    expect(sourceAge(30, 1_000, 1_000)).toBe('30 s ago');
    expect(sourceAge(30, 1_000, 61_000)).toBe('1 min ago');
    expect(sourceAge(30, 61_000, 1_000)).toBe('30 s ago');
    expect(sourceAge(null, 0, 0)).toBe('never');
  });

  it('tell quota, cost and counts only where there are some', () => {
    const paid = source('x', 'good', {
      quota_left: 1_447,
      quota_resets_at: '2026-01-01T12:15:00Z',
      spent: 3.456,
      spent_month: '2026-01',
      counts: { stored: 12, near_duplicates: 3, spam: 0, odd: 'text' },
    });
    expect(quotaOf(paid)).toBe('1,447 left, anew 2026-01-01 12:15 UTC');
    expect(costOf(paid)).toBe('$3.46 in 2026-01');
    expect(countsOf(paid)).toEqual([
      ['stored', 12],
      ['near duplicates', 3],
    ]);
    expect(quotaOf(source('gdelt', 'good'))).toBe('–');
    expect(costOf(source('gdelt', 'good'))).toBe('–');
  });
});

const text = (change: Partial<SentimentText>): SentimentText =>
  ({ timestamp: '2026-01-01T12:00:00Z', observed_at: '2026-01-01T12:00:40Z', day_only: false, synthetic: false, ...change }) as SentimentText;

describe('texts', () => {
  it.each([
    [text({}), '40 s after it was written'],
    [text({ observed_at: '2026-01-01T14:00:00Z' }), '2 h after it was written'],
    [text({ observed_at: '2026-01-01T11:59:00Z' }), 'before it was written'],
    [text({ day_only: true }), 'dated by the day alone'],
  ])('say how late they were seen', (one, expected) => {
    expect(delayOf(one)).toBe(expected);
  });

  it('of a replay carry a time instead of an age, because its time is not ours', () => {
    const now = Date.parse('2026-01-01T12:05:40Z');
    expect(seenAt(text({}), now)).toBe('5 min ago');
    expect(seenAt(text({ synthetic: true }), now)).toBe('2026-01-01 12:00:40 UTC');
    expect(seenAt(text({}), now - 3_600_000)).toBe('2026-01-01 12:00:40 UTC');
  });

  it.each([
    [{ asset: 'BTC', by: 'cashtag', term: '$BTC' }, 'BTC: cashtag “$BTC”'],
    [{ asset: 'LINK', by: 'name', term: 'Chainlink' }, 'LINK: its name “Chainlink”'],
    [{ asset: 'ETH', by: 'given', term: 'ETH' }, 'ETH: the source says so'],
    [{ asset: 'SOL', by: 'some new way', term: 'x' }, 'SOL: some new way “x”'],
  ])('say why they are about a coin', (match, expected) => {
    expect(because(match)).toBe(expected);
  });
});

it.each([
  [150, 150, 150, 'all taken'],
  [400, 150, 150, '250 over the plan'],
  [40, 30, 150, '10 left out'],
  [0, 0, 150, 'all taken'],
])('a window of %d offered, %d taken, planned %d: %s', (offered, taken, plan, expected) => {
  expect(leftOut({ offered, taken, plan } as SentimentWindow)).toBe(expected);
});

it('loopback and generated sources are made up', () => {
  expect(['loopback', 'loopback-usdm', 'synthetic', 'binance'].map(isMadeUp)).toEqual([true, true, true, false]);
});
