import { useState } from 'react';

import { Badge } from '@/components/badge';
import { Empty, Panel } from '@/components/panel';
import { useModel } from '@/features/models/api/get-model';
import {
  baselineNames,
  isSynthetic,
  readGates,
  readMetrics,
  readVerdict,
  type Gate,
  type Metric,
  type Verdict,
} from '@/features/models/card';
import { useFailure } from '@/hooks/use-failure';
import type { Model } from '@/lib/api/types';
import { formatScore, formatTime, UNDEFINED } from '@/lib/format';

function interval({ low, high }: Metric): string {
  return low === null || high === null ? 'not stored' : `${formatScore(low)} to ${formatScore(high)}`;
}

function Metrics({ metrics }: { metrics: readonly Metric[] }) {
  const baselines = baselineNames(metrics);
  const headings = ['Value', '95 % interval', ...baselines.map((name) => name.replaceAll('_', ' '))];
  return (
    <table className="w-full text-xs tabular-nums">
      <thead>
        <tr className="align-bottom text-soft">
          <th scope="col" className="py-1 text-left font-normal">
            Metric
          </th>
          {headings.map((heading) => (
            <th key={heading} scope="col" className="py-1 pl-2 text-right font-normal">
              {heading}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {metrics.map((metric) => (
          <tr key={metric.name}>
            <th scope="row" className="py-1 text-left font-normal">
              {metric.name}
            </th>
            <td className="py-1 pl-2 text-right text-sm font-semibold">{formatScore(metric.value)}</td>
            <td className="py-1 pl-2 text-right whitespace-nowrap">{interval(metric)}</td>
            {baselines.map((name) => (
              <td key={name} className="py-1 pl-2 text-right">
                {formatScore(metric.baselines[name])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function VerdictNote({ verdict }: { verdict: Verdict | null }) {
  const [head, ...why] = (verdict?.text ?? 'none stored, so no edge is shown').split(': ');
  return (
    <div
      className={`rounded border px-3 py-2 text-sm break-words ${verdict?.standing === 'holds up' ? 'border-up' : 'border-warn bg-warn-soft'}`}
    >
      <p>
        Verdict: <strong>{head}</strong>
        {why.length > 0 && `: ${why.join(': ')}`}
      </p>
      {verdict?.rule && <p className="mt-1 text-xs text-soft">Rule: {verdict.rule}.</p>}
    </div>
  );
}

function GateRow({ gate, isLong }: { gate: Gate; isLong: boolean }) {
  const { name, passed, detail } = gate;
  return (
    <li className="break-words">
      <span className={`font-semibold ${passed ? 'text-up' : 'text-down'}`}>
        {passed ? '✓ pass' : '✕ fail'}
      </span>{' '}
      {name}
      {isLong && detail !== '' && <span className="block text-xs text-soft">{detail}</span>}
    </li>
  );
}

/** All outcomes; of those that failed also why, of the others when asked for. */
function Gates({ gates }: { gates: readonly Gate[] }) {
  const [isLong, setIsLong] = useState(false);
  if (gates.length === 0) return <p className="text-sm">No gate was run.</p>;
  const passed = gates.filter((gate) => gate.passed).length;
  return (
    <>
      <p className="mb-1 flex items-center justify-between gap-2 text-sm">
        {passed} of {gates.length} passed
        <button type="button" className="button" aria-pressed={isLong} onClick={() => setIsLong(!isLong)}>
          {isLong ? 'Hide details' : 'Show details'}
        </button>
      </p>
      <ul className={`gap-x-3 gap-y-0.5 text-xs ${isLong ? 'space-y-1' : 'grid grid-cols-2'}`}>
        {gates.map((gate) => (
          <GateRow key={gate.name} gate={gate} isLong={isLong || !gate.passed} />
        ))}
      </ul>
    </>
  );
}

/** What is known about one model: how good, against what, and whether it was made honestly. */
export function ModelCard({ model }: { model: Model }) {
  return (
    <div className="space-y-4 p-3">
      <div className="flex flex-wrap items-center gap-2">
        <p className="font-semibold break-words">{model.name ?? 'unnamed'}</p>
        <span className="text-sm text-soft">
          {model.model_type ?? UNDEFINED} · version {model.version ?? UNDEFINED}
        </span>
        {isSynthetic(model) && <Badge tone="warn">trained on SYNTHETIC prices</Badge>}
        <Badge tone={model.status === 'champion' ? 'good' : 'neutral'}>{model.status}</Badge>
      </div>
      <VerdictNote verdict={readVerdict(model)} />
      <Metrics metrics={readMetrics(model)} />
      <p className="text-xs text-soft">
        Out of sample, with 95 % intervals. The last columns are guesses that use no model.
      </p>
      <div>
        <h3 className="mb-1 text-xs text-soft">Integrity gates: was it made honestly?</h3>
        <Gates gates={readGates(model.gates)} />
      </div>
      <p className="text-xs text-soft tabular-nums">Trained on data until {formatTime(model.trained_on)} UTC</p>
    </div>
  );
}

export function ModelPanel({ id, className = '' }: { id: number | null; className?: string }) {
  const model = useModel(id);
  return (
    <Panel
      title="Model card"
      failure={useFailure(model)}
      updatedAt={model.dataUpdatedAt}
      onRetry={() => void model.refetch()}
      className={className}
    >
      {id === null && (
        <Empty>
          This session trades without a model; its vote is silent. A model is trained by{' '}
          <code>./cv demo</code>.
        </Empty>
      )}
      {model.data && <ModelCard model={model.data} />}
    </Panel>
  );
}
