import { useMemo, useState } from 'react';

import { Empty, Panel } from '@/components/panel';
import { useFeeds } from '@/features/feeds/api/get-feeds';
import { SeriesTable } from '@/features/feeds/components/series-table';
import { formatCount, newestOpens, serverNow } from '@/features/feeds/sentences';
import {
  EVERYTHING,
  mayBeTraded,
  pageOf,
  stateCounts,
  troubledFirst,
  wantedOf,
  type Page,
  type SeriesKey,
  type Wanted,
} from '@/features/feeds/standing';
import { useFailure } from '@/hooks/use-failure';
import { useNow } from '@/hooks/use-now';
import type { Feeds, FedSeries } from '@/lib/api/types';

/** A thousand rows are a thousand rows to draw anew each second; fifty are quick. */
const PAGE_SIZE = 50;

interface FiltersProps {
  series: readonly FedSeries[];
  wanted: Wanted;
  onChange: (wanted: Wanted) => void;
}

function Filters({ series, wanted, onChange }: FiltersProps) {
  const troubled = series.filter((one) => !mayBeTraded(one)).length;
  const counts = stateCounts(series);
  const isKnown = ['all', 'troubled', ...counts.map(([state]) => state)].includes(wanted.state);
  return (
    <div className="flex flex-wrap gap-2 border-b border-line p-3 text-sm">
      <input
        type="search"
        aria-label="Filter by symbol, source or reason"
        placeholder="Symbol, source or reason"
        className="min-w-0 flex-1 basis-48 rounded-md border border-line bg-page px-3 py-1.5"
        value={wanted.text}
        onChange={(event) => onChange({ ...wanted, text: event.target.value })}
      />
      <select
        aria-label="Filter by state"
        className="min-w-0 rounded-md border border-line bg-page px-2 py-1.5"
        value={wanted.state}
        onChange={(event) => onChange({ ...wanted, state: event.target.value })}
      >
        <option value="all">all states ({formatCount(series.length)})</option>
        <option value="troubled">may not be traded ({formatCount(troubled)})</option>
        {counts.map(([state, count]) => (
          <option key={state} value={state}>
            {state} ({formatCount(count)})
          </option>
        ))}
        {!isKnown && <option value={wanted.state}>{wanted.state} (0)</option>}
      </select>
    </div>
  );
}

function Pager({ page, total, onPage }: { page: Page<FedSeries>; total: number; onPage: (page: number) => void }) {
  return (
    <nav aria-label="Pages of series" className="flex items-center justify-between gap-2 border-t border-line px-3 py-2 text-xs text-soft tabular-nums">
      <button type="button" className="button" disabled={page.page === 0} onClick={() => onPage(page.page - 1)}>
        Previous
      </button>
      <span>
        {formatCount(page.first)} to {formatCount(page.last)} of {formatCount(total)}
      </span>
      <button
        type="button"
        className="button"
        disabled={page.page === page.pages - 1}
        onClick={() => onPage(page.page + 1)}
      >
        Next
      </button>
    </nav>
  );
}

interface ChoiceProps {
  /** Key of the series that is open beside the table. */
  chosen: string | null;
  onChoose: (series: SeriesKey) => void;
}

function Listed({ data, arrivedAt, chosen, onChoose }: ChoiceProps & { data: Feeds; arrivedAt: number }) {
  const now = useNow();
  const [wanted, setWanted] = useState(EVERYTHING);
  const [asked, setAsked] = useState(0);
  const sorted = useMemo(() => troubledFirst(data.series), [data.series]);
  const newest = useMemo(() => newestOpens(data.series), [data.series]);
  const found = useMemo(() => wantedOf(sorted, wanted), [sorted, wanted]);
  const page = pageOf(found, asked, PAGE_SIZE);
  const moment = { now: serverNow(data.at, arrivedAt, now), feeds: data.feeds, newest };
  const narrow = (next: Wanted): void => {
    setWanted(next);
    setAsked(0);
  };
  return (
    <>
      <Filters series={data.series} wanted={wanted} onChange={narrow} />
      {found.length === 0 ? (
        <Empty>No series fits the filter.</Empty>
      ) : (
        <SeriesTable rows={page.rows} moment={moment} chosen={chosen} onChoose={onChoose} />
      )}
      {page.pages > 1 && <Pager page={page} total={found.length} onPage={setAsked} />}
    </>
  );
}

/** Every series with its state, troubled ones first. */
export function SeriesPanel({ chosen, onChoose, className = '' }: ChoiceProps & { className?: string }) {
  const feeds = useFeeds();
  return (
    <Panel
      title="Series"
      aside="choose one for its gaps and quality"
      failure={useFailure(feeds)}
      updatedAt={feeds.dataUpdatedAt}
      onRetry={() => void feeds.refetch()}
      className={className}
    >
      {feeds.data?.series.length === 0 && <Empty>No series is fed.</Empty>}
      {feeds.data && feeds.data.series.length > 0 && (
        <Listed data={feeds.data} arrivedAt={feeds.dataUpdatedAt} chosen={chosen} onChoose={onChoose} />
      )}
    </Panel>
  );
}
