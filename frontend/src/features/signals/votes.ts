/** The votes behind a signal, read from its JSON columns. Pure. */
import { toNumber } from '@/lib/format';

export const SOURCES = ['ml', 'rules', 'sentiment'] as const;
export type SourceName = (typeof SOURCES)[number];

export const SOURCE_LABELS: Record<SourceName, string> = {
  ml: 'Model',
  rules: 'Rules',
  sentiment: 'Sentiment',
};

export interface VoteBar {
  source: SourceName;
  /** From −1 to 1; null when the source was silent. */
  score: number | null;
  /** What the vote counts, a fraction; null when the signal does not say. */
  weight: number | null;
  reason: string;
}

type Row = Record<string, unknown>;

const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function readScore(vote: Row): number {
  const { score } = vote;
  if (typeof score === 'number' && score >= -1 && score <= 1) return score;
  throw new Error(`expected a vote's score from −1 to 1, found ${JSON.stringify(score)}`);
}

/**
 * Return one bar per source, in fixed order; a source without a vote is silent.
 *
 * Throws where the votes cannot be read: a vote that is not understood is not a silent one.
 */
export function readVotes(votes: unknown, weights: unknown): VoteBar[] {
  const rows = votes ?? [];
  if (!Array.isArray(rows) || !rows.every(isRow)) {
    throw new Error(`expected a list of votes, found ${JSON.stringify(votes)}`);
  }
  const unknown = rows.find(({ source }) => !(SOURCES as readonly unknown[]).includes(source));
  if (unknown) throw new Error(`expected a vote of ${SOURCES.join(', ')}, found ${JSON.stringify(unknown.source)}`);
  return SOURCES.map((source) => {
    const vote = rows.find((row) => row.source === source);
    const weight = isRow(weights) ? weights[source] : null;
    return {
      source,
      score: vote ? readScore(vote) : null,
      weight: typeof weight === 'number' ? toNumber(weight) : null,
      reason: typeof vote?.reason === 'string' ? vote.reason : '',
    };
  });
}

/** Where a bar from the middle of a track starts and how wide it is, both in percent of the track. */
export function barExtent(score: number): { left: number; width: number } {
  const width = Math.min(1, Math.abs(score)) * 50;
  return { left: score < 0 ? 50 - width : 50, width };
}

/** Return the texts of a JSON list of reasons or vetoes. */
export function readTexts(value: unknown): string[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw new Error(`expected a list of texts, found ${JSON.stringify(value)}`);
  return value.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));
}
