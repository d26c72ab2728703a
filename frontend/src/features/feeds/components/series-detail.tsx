import { useEffect, useRef } from 'react';

import { Panel } from '@/components/panel';
import { useFeeds } from '@/features/feeds/api/get-feeds';
import { StateBadge } from '@/features/feeds/components/state-badge';
import { StoredSeries } from '@/features/feeds/components/stored-series';
import { formatCount, serverNow, stateAge } from '@/features/feeds/sentences';
import { keyOf, shownReason, shownState, type SeriesKey } from '@/features/feeds/standing';
import { useNow } from '@/hooks/use-now';
import type { FedSeries } from '@/lib/api/types';
import { formatTime, UNDEFINED } from '@/lib/format';

const COUNTS = ['bars', 'repaired', 'replaced', 'absent', 'late', 'refused'] as const;

function Live({ series, now }: { series: FedSeries; now: number }) {
  const reason = shownReason(series);
  const since = stateAge(series, now);
  return (
    <div className="space-y-2 p-3 text-sm tabular-nums">
      <p>
        <StateBadge state={shownState(series)} />
        {since !== null && ` for ${since}, since ${formatTime(series.since)} UTC`}
      </p>
      {reason !== null && <p className="[overflow-wrap:anywhere]">{reason}</p>}
      <dl className="grid grid-cols-3 gap-x-4 gap-y-1 text-xs">
        {COUNTS.map((name) => (
          <div key={name} className="flex justify-between gap-2">
            <dt className="text-soft">{name}</dt>
            <dd>{formatCount(series[name])}</dd>
          </div>
        ))}
      </dl>
      <p className="text-xs text-soft">Last trade {series.last_trade_id ?? UNDEFINED}. Counts since the feed started.</p>
    </div>
  );
}

interface SeriesDetailProps {
  series: SeriesKey;
  onClose: () => void;
  className?: string;
}

/** How one series is fed, and what is stored of it. */
export function SeriesDetail({ series, onClose, className = '' }: SeriesDetailProps) {
  const feeds = useFeeds();
  const now = useNow();
  const top = useRef<HTMLDivElement>(null);
  const key = keyOf(series);
  useEffect(() => {
    top.current?.focus({ preventScroll: true });
    top.current?.scrollIntoView({ block: 'nearest' });
  }, [key]);
  const fed = feeds.data?.series.find((one) => keyOf(one) === key);
  return (
    <div ref={top} tabIndex={-1} className={`scroll-my-3 outline-none ${className}`}>
      <Panel
        title={`${series.symbol} ${series.timeframe} of ${series.source}`}
        aside={
          <button type="button" className="button" onClick={onClose}>
            Close
          </button>
        }
      >
        {feeds.data && fed && (
          <Live series={fed} now={serverNow(feeds.data.at, feeds.dataUpdatedAt, now)} />
        )}
        {feeds.data && !fed && <p className="p-3 text-sm">It is no longer fed.</p>}
        <StoredSeries series={series} />
      </Panel>
    </div>
  );
}
