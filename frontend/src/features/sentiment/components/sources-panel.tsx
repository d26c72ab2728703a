import { Badge } from '@/components/badge';
import { Empty, Panel } from '@/components/panel';
import { useSources } from '@/features/sentiment/api/get-sources';
import {
  costOf,
  countsOf,
  formatCount,
  headline,
  quotaOf,
  sourceAge,
  stateOf,
  troubledFirst,
} from '@/features/sentiment/sentences';
import { useFailure } from '@/hooks/use-failure';
import { useNow } from '@/hooks/use-now';
import type { SentimentSource } from '@/lib/api/types';
import { formatTime, UNDEFINED } from '@/lib/format';

function Counts({ source }: { source: SentimentSource }) {
  const counts = countsOf(source);
  if (counts.length === 0) return null;
  return (
    <details className="text-xs text-soft">
      <summary className="cursor-pointer">Counted</summary>
      <dl className="mt-1 grid grid-cols-2 gap-x-4 gap-y-1">
        {counts.map(([name, value]) => (
          <div key={name} className="flex min-w-0 justify-between gap-2">
            <dt className="min-w-0 break-words">{name}</dt>
            <dd className="text-text tabular-nums">{formatCount(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function Row({ source, arrivedAt, now }: { source: SentimentSource; arrivedAt: number; now: number }) {
  const [tone, state] = stateOf(source.state);
  const [quota, cost] = [quotaOf(source), costOf(source)];
  return (
    <li aria-label={source.name} className="space-y-1 px-3 py-2 text-sm">
      <div className="flex flex-wrap items-center justify-between gap-x-2">
        <h3 className="min-w-0 font-semibold break-all">
          {source.name} <span className="text-xs font-normal text-soft">{source.kind}</span>
        </h3>
        <Badge tone={tone}>{state}</Badge>
      </div>
      {source.reason !== null && <p className="text-xs [overflow-wrap:anywhere]">{source.reason}</p>}
      {source.state !== 'off' && (
        <p className="text-xs text-soft tabular-nums">
          answered well{' '}
          <span title={`${formatTime(source.last_success_at)} UTC`}>{sourceAge(source.age_s, arrivedAt, now)}</span>
          {source.failures > 0 && ` · failed ${formatCount(source.failures)} times in a row`}
          {quota !== UNDEFINED && ` · quota ${quota}`}
          {cost !== UNDEFINED && ` · cost ${cost}`}
        </p>
      )}
      <Counts source={source} />
    </li>
  );
}

/** How each source of texts is; those in trouble first. */
export function SourcesPanel({ className = '' }: { className?: string }) {
  const sources = useSources();
  const now = useNow();
  const data = sources.data;
  return (
    <Panel
      title="Sources"
      failure={useFailure(sources)}
      updatedAt={sources.dataUpdatedAt}
      onRetry={() => void sources.refetch()}
      className={className}
    >
      {data?.length === 0 && (
        <Empty>
          No source was ever asked. <code>./cv up</code> collects beside the feed; once is{' '}
          <code>cryptovolt sentiment fetch</code>.
        </Empty>
      )}
      {data && data.length > 0 && (
        <>
          <p className="border-b border-line px-3 py-2 text-sm">{headline(data)}</p>
          <ul className="divide-y divide-line lg:max-h-[32rem] lg:overflow-y-auto">
            {troubledFirst(data).map((source) => (
              <Row key={source.name} source={source} arrivedAt={sources.dataUpdatedAt} now={now} />
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}
