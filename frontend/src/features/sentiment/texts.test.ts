import { describe, expect, it } from 'vitest';

import { badgesOf, itemsOf, matchesOf, safeAddress } from '@/features/sentiment/texts';
import type { SentimentText } from '@/lib/api/types';

const row = (change: Partial<SentimentText>): SentimentText => ({
  sentiment_id: 1,
  symbol: 'BTC',
  source: 'rss',
  text: 'Bitcoin funds grow',
  sentiment_score: 0.4,
  timestamp: '2026-01-01T12:00:00Z',
  observed_at: '2026-01-01T12:01:00Z',
  external_id: 'a',
  scorer: 'lexicon',
  scorer_hash: 'f'.repeat(64),
  kind: 'news',
  url: null,
  language: 'en',
  matched: null,
  author_hash: null,
  text_hash: 'one',
  duplicate_group: 'one',
  spam: 0,
  weight: 1,
  day_only: false,
  synthetic: false,
  extra_data: null,
  created_at: '2026-01-01T12:01:00Z',
  ...change,
});

describe('an address becomes a link only if a click on it opens a page', () => {
  it.each([
    ['https://example.com/a?b=c', 'https://example.com/a?b=c'],
    ['http://example.com', 'http://example.com/'],
    ['HTTPS://EXAMPLE.COM/x', 'https://example.com/x'],
  ])('%s', (url, expected) => {
    expect(safeAddress(url)).toBe(expected);
  });

  it.each([
    null,
    '',
    'javascript:alert(1)',
    ' JaVaScRiPt:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:msgbox',
    'file:///etc/passwd',
    'blob:https://example.com/x',
    '//example.com/x',
    '/relative',
    'https://',
    'https://bank.example@evil.example/',
  ])('%j does not', (url) => {
    expect(safeAddress(url)).toBeNull();
  });
});

describe('matches', () => {
  it('are read as the archive writes them', () => {
    expect(matchesOf(row({ matched: [{ asset: 'BTC', by: 'cashtag', term: '$BTC' }] }))).toEqual([
      { asset: 'BTC', by: 'cashtag', term: '$BTC' },
    ]);
  });

  it('that are none are left out', () => {
    const odd = [null, 7, 'BTC', ['BTC'], {}, { asset: 5 }, { asset: 'ETH' }];
    expect(matchesOf(row({ matched: odd }))).toEqual([{ asset: 'ETH', by: '', term: '' }]);
    expect(matchesOf(row({ matched: null }))).toEqual([]);
  });
});

describe('rows', () => {
  it('of one text about two coins are one text', () => {
    const by = (asset: string) => ({ asset, by: 'ticker', term: asset });
    const items = itemsOf([
      row({ sentiment_id: 3, symbol: 'ETH', matched: [by('ETH')] }),
      row({ sentiment_id: 2, symbol: 'BTC', matched: [by('BTC'), by('ETH')] }),
      row({ sentiment_id: 1, symbol: 'BTC', external_id: 'b' }),
    ]);
    expect(items.map(({ symbols }) => symbols)).toEqual([['ETH', 'BTC'], ['BTC']]);
    expect(items[0]?.matches).toEqual([by('ETH'), by('BTC')]);
  });

  it('without an external id, or of two sources, stay apart', () => {
    const apart = [
      row({ sentiment_id: 1, external_id: null }),
      row({ sentiment_id: 2, external_id: null }),
      row({ sentiment_id: 3, source: 'x' }),
      row({ sentiment_id: 4, source: 'rss' }),
    ];
    expect(itemsOf(apart)).toHaveLength(4);
  });

  it('that say the same again are repeats of the one seen first', () => {
    const items = itemsOf([
      row({ sentiment_id: 3, external_id: 'c', observed_at: '2026-01-01T12:03:00Z' }),
      row({ sentiment_id: 2, external_id: 'b', text_hash: 'two', observed_at: '2026-01-01T12:02:00Z' }),
      row({ sentiment_id: 1, external_id: 'a', observed_at: '2026-01-01T12:01:00Z' }),
      row({ sentiment_id: 4, external_id: 'd', duplicate_group: null }),
    ]);
    expect(items.map(({ isRepeat }) => isRepeat)).toEqual([true, true, false, false]);
  });
});

it('what weakens a text is marked', () => {
  const [item] = itemsOf([row({ spam: 0.5, day_only: true, synthetic: true, kind: 'index' })]);
  expect(item && badgesOf(item)).toEqual({ spam: 0.5, repeats: false, dayOnly: true, synthetic: true, index: true });
  const [plain] = itemsOf([row({ spam: 0.49, day_only: null })]);
  expect(plain && badgesOf(plain)).toEqual({ spam: null, repeats: false, dayOnly: false, synthetic: false, index: false });
});
