/** Scored texts as they are shown. Pure: nothing is drawn here. */
import type { Badges } from '@/features/sentiment/sentences';
import type { SentimentText } from '@/lib/api/types';

/** What the reader wants to see; an empty string is everything. */
export interface Wanted {
  symbol: string;
  source: string;
  kind: string;
}

export const EVERYTHING: Wanted = { symbol: '', source: '', kind: '' };
export const KINDS = ['news', 'social', 'announcement', 'index'] as const;

/** A text is called spam from this probability on. */
export const SPAM_FROM = 0.5;

/** Why a text is about a coin. */
export interface Match {
  asset: string;
  by: string;
  term: string;
}

/** One text with every symbol it has a row for. */
export interface Item {
  text: SentimentText;
  symbols: readonly string[];
  matches: readonly Match[];
  isRepeat: boolean;
}

const word = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Return the matches of a row; what is no match is left out, since rows may come from anywhere. */
export function matchesOf({ matched }: Pick<SentimentText, 'matched'>): Match[] {
  return (matched ?? []).flatMap((one) => {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return [];
    const { asset, by, term } = one as Record<string, unknown>;
    const match = { asset: word(asset), by: word(by), term: word(term) };
    return match.asset === '' ? [] : [match];
  });
}

/**
 * Return the address as it may stand in a link: of the web, or null.
 *
 * A text from anywhere may carry `javascript:` or `data:`, which a click would run.
 */
export function safeAddress(url: string | null): string | null {
  if (url === null) return null;
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return null;
  }
  const isOfTheWeb = parsed.protocol === 'https:' || parsed.protocol === 'http:';
  return isOfTheWeb && parsed.username === '' && parsed.password === '' ? parsed.href : null;
}

/** Return the host of an address, to be read before somebody follows it. */
export const hostOf = (address: string): string => new URL(address).host;

const identity = ({ source, external_id, sentiment_id }: SentimentText): string =>
  external_id === null ? `row ${sentiment_id}` : `${source ?? ''} ${external_id}`;

/** Return rows as texts: rows of one text about several symbols become one, in their order. */
export function itemsOf(rows: readonly SentimentText[]): Item[] {
  const groups = new Map<string, [SentimentText, ...SentimentText[]]>();
  for (const row of rows) {
    const own = groups.get(identity(row));
    if (own) own.push(row);
    else groups.set(identity(row), [row]);
  }
  const first = firstSeen(rows);
  return [...groups.values()].map((own) => ({
    text: own[0],
    symbols: [...new Set(own.flatMap(({ symbol }) => (symbol === null ? [] : [symbol])))],
    matches: distinct(own.flatMap(matchesOf)),
    isRepeat: isRepeat(own[0], first),
  }));
}

// Each row tells why it is about its own symbol.
function distinct(matches: readonly Match[]): Match[] {
  return [...new Map(matches.map((one) => [`${one.asset} ${one.by} ${one.term}`, one])).values()];
}

function firstSeen(rows: readonly SentimentText[]): Map<string, string> {
  const first = new Map<string, SentimentText>();
  for (const row of rows) {
    if (row.duplicate_group === null) continue;
    const before = first.get(row.duplicate_group);
    if (!before || row.observed_at < before.observed_at || (row.observed_at === before.observed_at && row.sentiment_id < before.sentiment_id)) {
      first.set(row.duplicate_group, row);
    }
  }
  return new Map([...first].map(([group, row]) => [group, identity(row)]));
}

// A group is named by the hash of its first text; the same words again have the same hash, so the
// order of those on the page decides for them.
function isRepeat(row: SentimentText, first: ReadonlyMap<string, string>): boolean {
  const group = row.duplicate_group;
  if (group === null) return false;
  return (row.text_hash !== null && row.text_hash !== group) || first.get(group) !== identity(row);
}

/** Return the marks of a text that weaken it. */
export function badgesOf({ text, isRepeat: repeats }: Item): Badges {
  const spam = text.spam ?? 0;
  return {
    spam: spam >= SPAM_FROM ? spam : null,
    repeats,
    dayOnly: text.day_only === true,
    synthetic: text.synthetic,
    index: text.kind === 'index',
  };
}
