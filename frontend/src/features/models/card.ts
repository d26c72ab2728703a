/** What a model's card says, read from its JSON columns. Pure. */
import type { Model } from '@/lib/api/types';

export interface Metric {
  name: string;
  value: number | null;
  /** 95 % interval; null where none is stored. */
  low: number | null;
  high: number | null;
  /** What guesses without a model reach, by their names. */
  baselines: Record<string, number | null>;
}

export interface Gate {
  name: string;
  passed: boolean;
  detail: string;
}

type Row = Record<string, unknown>;

const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const number = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;

const METRICS = ['auc', 'accuracy', 'precision', 'recall'] as const;
const METRIC_NAMES = { auc: 'AUC', accuracy: 'Accuracy', precision: 'Precision', recall: 'Recall' };

const rowOf = (value: unknown): Row => (isRow(value) ? value : {});

/** The walk-forward evaluation the model was stored with. */
const evaluationOf = (model: Model): Row => rowOf(model.extra_data?.evaluation);

/** AUC, accuracy, precision and recall with interval and baselines, as far as they are stored. */
export function readMetrics(model: Model): Metric[] {
  const scores = rowOf(evaluationOf(model).scores);
  return METRICS.map((name) => {
    const { low, high, baselines } = rowOf(scores[name]);
    return {
      name: METRIC_NAMES[name],
      value: model[name],
      low: number(low),
      high: number(high),
      baselines: Object.fromEntries(
        Object.entries(rowOf(baselines)).map(([key, value]) => [key, number(value)]),
      ),
    };
  });
}

/** Names of all baselines that any metric is compared with. */
export const baselineNames = (metrics: readonly Metric[]): string[] => [
  ...new Set(metrics.flatMap(({ baselines }) => Object.keys(baselines))),
];

function readGate(name: string, value: unknown): Gate {
  if (isRow(value) && typeof value.passed === 'boolean') {
    const detail = typeof value.detail === 'string' ? value.detail : '';
    return { name: name.replaceAll('_', ' '), passed: value.passed, detail };
  }
  throw new Error(`expected "passed" true or false for the gate ${name}, found ${JSON.stringify(value)}`);
}

/** The integrity gates in stored order. Throws where one cannot be read: unread is not passed. */
export function readGates(gates: Model['gates']): Gate[] {
  return Object.entries(gates ?? {}).map(([name, value]) => readGate(name, value));
}

const STANDINGS = ['no edge shown', 'weak', 'holds up'] as const;
type Standing = (typeof STANDINGS)[number];

export interface Verdict {
  standing: Standing;
  /** The word, and why it is no better. */
  text: string;
  /** What had to hold for each word. */
  rule: string | null;
}

const isStanding = (value: unknown): value is Standing => STANDINGS.some((known) => known === value);

/** Cards from before models were counted said only whether one evaluation showed something. */
const readOld = (edge: boolean, text: string): Verdict =>
  edge
    ? {
        standing: 'weak',
        text: `weak: ${text.slice(text.indexOf(': ') + 2)}; how many models were tried was not counted`,
        rule: null,
      }
    : { standing: 'no edge shown', text, rule: null };

/** What can be said of the model in one word, or null where nothing is stored. */
export function readVerdict(model: Model): Verdict | null {
  const { standing, edge, text, rule } = rowOf(evaluationOf(model).verdict);
  if (typeof text !== 'string') return null;
  if (isStanding(standing)) return { standing, text, rule: typeof rule === 'string' ? rule : null };
  return typeof edge === 'boolean' ? readOld(edge, text) : null;
}

/** Whether the model learnt from generated prices. */
export const isSynthetic = (model: Model): boolean => model.extra_data?.synthetic === true;
