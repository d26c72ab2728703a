/** What is stored of one series: how much, what is missing, what is odd, what was repaired. */
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { Figure } from '@/components/figure';
import { FailureNote } from '@/components/panel';
import { useCoverage } from '@/features/feeds/api/get-coverage';
import { useGaps } from '@/features/feeds/api/get-gaps';
import { useQuality } from '@/features/feeds/api/get-quality';
import { useRepairs } from '@/features/feeds/api/get-repairs';
import { formatCount, repairText } from '@/features/feeds/sentences';
import type { SeriesKey } from '@/features/feeds/standing';
import { useFailure } from '@/hooks/use-failure';
import { ApiError } from '@/lib/api/error';
import type { Coverage, Finding, Gaps, Quality, Repair } from '@/lib/api/types';
import { formatTime, UNDEFINED } from '@/lib/format';

interface PartProps<Data> {
  title: string;
  query: UseQueryResult<Data>;
  children: (data: Data) => ReactNode;
}

/** One part of what is known; a series of which nothing is stored is no failure. */
function Part<Data>({ title, query, children }: PartProps<Data>) {
  const failure = useFailure(query);
  const isAbsent = query.error instanceof ApiError && query.error.status === 404;
  return (
    <section aria-label={title} className="border-t border-line">
      <h3 className="px-3 pt-2 text-xs text-soft">{title}</h3>
      {isAbsent && <p className="px-3 py-2 text-sm">No bar is stored yet.</p>}
      {failure && !isAbsent && (
        <FailureNote
          what={title}
          failure={failure}
          updatedAt={query.dataUpdatedAt}
          onRetry={() => void query.refetch()}
        />
      )}
      {query.isPending && !failure && <p className="px-3 py-2 text-sm text-soft">Loading …</p>}
      {query.data !== undefined && !isAbsent && (
        <div className="@container mx-3 my-2 text-sm tabular-nums">{children(query.data)}</div>
      )}
    </section>
  );
}

function Time({ of }: { of: string }) {
  return <span className="whitespace-nowrap">{formatTime(of)} UTC</span>;
}

function CoverageFigures({ coverage }: { coverage: Coverage | null }) {
  if (coverage === null) return <p>No bar is stored yet.</p>;
  const { first, last, n_bars, missing } = coverage;
  return (
    <div className="space-y-2">
      <dl className="grid gap-x-4 gap-y-2 @sm:grid-cols-2">
        <Figure name="First bar (UTC)">{formatTime(first)}</Figure>
        <Figure name="Last bar (UTC)">{formatTime(last)}</Figure>
      </dl>
      <dl className="grid grid-cols-2 gap-x-4">
        <Figure name="Bars">{formatCount(n_bars)}</Figure>
        <Figure name="Missing">{missing === null ? UNDEFINED : formatCount(missing)}</Figure>
      </dl>
    </div>
  );
}

function GapList({ found }: { found: Gaps }) {
  const { gaps, n_gaps, n_bars, first } = found;
  const where = (
    <>
      among {formatCount(n_bars)} bars since <Time of={first} />
    </>
  );
  if (gaps.length === 0) return <p>None {where}.</p>;
  return (
    <>
      <p>
        {formatCount(n_gaps)} {n_gaps === 1 ? 'gap' : 'gaps'}, {formatCount(found.n_missing)} bars missing, {where}
        {gaps.length < n_gaps && `; the newest ${formatCount(gaps.length)} are listed`}.
      </p>
      <ul aria-label="Gaps" className="mt-1 max-h-48 space-y-1 overflow-y-auto">
        {gaps.map((gap) => (
          <li key={gap.after}>
            {formatCount(gap.n_missing)} {gap.n_missing === 1 ? 'bar' : 'bars'} between <Time of={gap.before} /> and{' '}
            <Time of={gap.after} />
          </li>
        ))}
      </ul>
    </>
  );
}

function FindingRow({ finding, sign }: { finding: Finding; sign: string }) {
  return (
    <li className="[overflow-wrap:anywhere]">
      <strong>
        {sign} {finding.kind}
      </strong>
      : {finding.text}
    </li>
  );
}

function QualityList({ found }: { found: Quality }) {
  const { errors, warnings } = found;
  const where = (
    <>
      in the newest {formatCount(found.n_bars)} bars, since <Time of={found.first} />
    </>
  );
  if (errors.length + warnings.length === 0) return <p>Nothing odd {where}.</p>;
  return (
    <>
      <p className="text-soft">Found {where}:</p>
      <ul aria-label="Findings" className="mt-1 space-y-1">
        {errors.map((one) => (
          <FindingRow key={one.kind} finding={one} sign="✕ error," />
        ))}
        {warnings.map((one) => (
          <FindingRow key={one.kind} finding={one} sign="!" />
        ))}
      </ul>
    </>
  );
}

function RepairList({ repairs }: { repairs: readonly Repair[] }) {
  if (repairs.length === 0) return <p>No bar was replaced, and the venue had all that were asked for.</p>;
  return (
    <ul aria-label="Notes" className="max-h-48 space-y-1 overflow-y-auto">
      {repairs.map((repair) => (
        <li key={`${repair.timestamp} ${repair.noted_at} ${repair.kind}`} className="[overflow-wrap:anywhere]">
          <strong>{repair.kind}</strong> <Time of={repair.timestamp} />: {repairText(repair)}
        </li>
      ))}
    </ul>
  );
}

export function StoredSeries({ series }: { series: SeriesKey }) {
  return (
    <>
      <Part title="Stored bars" query={useCoverage(series)}>
        {(coverage) => <CoverageFigures coverage={coverage} />}
      </Part>
      <Part title="Gaps, newest first" query={useGaps(series)}>
        {(found) => <GapList found={found} />}
      </Part>
      <Part title="Quality" query={useQuality(series)}>
        {(found) => <QualityList found={found} />}
      </Part>
      <Part title="Replaced and absent bars, newest first" query={useRepairs(series)}>
        {(repairs) => <RepairList repairs={repairs} />}
      </Part>
    </>
  );
}
