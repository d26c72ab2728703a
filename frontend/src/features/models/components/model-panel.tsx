import { Badge } from '@/components/badge';
import { Empty, Panel } from '@/components/panel';
import { useModel } from '@/features/models/api/get-model';
import { readGates, readMetrics, readVerdict, type Gate, type Metric } from '@/features/models/card';
import { useFailure } from '@/hooks/use-failure';
import type { Model } from '@/lib/api/types';
import { formatScore, formatTime, UNDEFINED } from '@/lib/format';

function interval({ low, high }: Metric): string {
  return low === null || high === null ? 'not stored' : `${formatScore(low)} to ${formatScore(high)}`;
}

function Metrics({ metrics }: { metrics: readonly Metric[] }) {
  return (
    <table className="w-full text-sm tabular-nums">
      <thead>
        <tr className="text-xs text-soft">
          <th scope="col" className="py-1 text-left font-normal">
            Metric
          </th>
          <th scope="col" className="py-1 text-right font-normal">
            Value
          </th>
          <th scope="col" className="py-1 text-right font-normal">
            95 % interval
          </th>
          <th scope="col" className="py-1 text-right font-normal">
            Baseline
          </th>
        </tr>
      </thead>
      <tbody>
        {metrics.map((metric) => (
          <tr key={metric.name}>
            <th scope="row" className="py-1 text-left font-normal">
              {metric.name}
            </th>
            <td className="py-1 text-right font-semibold">{formatScore(metric.value)}</td>
            <td className="py-1 text-right">{interval(metric)}</td>
            <td className="py-1 text-right">{formatScore(metric.baseline)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Gates({ gates }: { gates: readonly Gate[] }) {
  if (gates.length === 0) return <p className="text-sm">No gate was run.</p>;
  return (
    <ul className="space-y-1 text-sm">
      {gates.map(({ name, passed, detail }) => (
        <li key={name} className="break-words">
          <span className={`font-semibold ${passed ? 'text-up' : 'text-down'}`}>
            {passed ? '✓ pass' : '✕ fail'}
          </span>{' '}
          {name}
          {detail !== '' && <span className="block text-xs text-soft">{detail}</span>}
        </li>
      ))}
    </ul>
  );
}

/** What is known about one model: how good, against what, and whether it was made honestly. */
export function ModelCard({ model }: { model: Model }) {
  const verdict = readVerdict(model);
  return (
    <div className="space-y-4 p-3">
      <div className="flex flex-wrap items-center gap-2">
        <p className="font-semibold break-words">{model.name ?? 'unnamed'}</p>
        <span className="text-sm text-soft">
          {model.model_type ?? UNDEFINED} · version {model.version ?? UNDEFINED}
        </span>
        <Badge tone={model.status === 'champion' ? 'good' : 'neutral'}>{model.status}</Badge>
      </div>
      <p className="rounded border border-warn bg-warn-soft px-3 py-2 text-sm">
        Verdict: <strong>{verdict ?? 'none stored'}</strong>
      </p>
      <Metrics metrics={readMetrics(model)} />
      <div>
        <h3 className="mb-1 text-xs text-soft">Integrity gates</h3>
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
          This session trades without a model; its vote is silent. Train one with{' '}
          <code>./cv model train</code>.
        </Empty>
      )}
      {model.data && <ModelCard model={model.data} />}
    </Panel>
  );
}
