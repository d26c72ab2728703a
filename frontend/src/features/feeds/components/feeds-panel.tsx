import { useMemo } from 'react';

import { Empty, Panel } from '@/components/panel';
import { useFeeds } from '@/features/feeds/api/get-feeds';
import { FeedCard } from '@/features/feeds/components/feed-card';
import { FeedsSentence } from '@/features/feeds/components/feeds-sentence';
import { serverNow } from '@/features/feeds/sentences';
import { useFailure } from '@/hooks/use-failure';
import { useNow } from '@/hooks/use-now';
import type { FedSeries } from '@/lib/api/types';

function grouped(series: readonly FedSeries[]): Map<string, FedSeries[]> {
  const found = new Map<string, FedSeries[]>();
  for (const one of series) {
    const own = found.get(one.source);
    if (own) own.push(one);
    else found.set(one.source, [one]);
  }
  return found;
}

function NoFeed() {
  return (
    <Empty>
      No live feed has run. Start one with <code>cryptovolt feed start BTCUSDT ETHUSDT</code>, or without
      symbols for all that are quoted in USDT; <code className="whitespace-nowrap">--market usdm</code>{' '}
      feeds perpetuals. It runs until Ctrl-C.
    </Empty>
  );
}

/** Whether the market data may be trusted now: one sentence, and how each source is fed. */
export function FeedsPanel({ className = '' }: { className?: string }) {
  const feeds = useFeeds();
  const now = useNow();
  const data = feeds.data;
  const bySource = useMemo(() => grouped(data?.series ?? []), [data?.series]);
  return (
    <Panel
      title="Live feeds"
      failure={useFailure(feeds)}
      updatedAt={feeds.dataUpdatedAt}
      onRetry={() => void feeds.refetch()}
      className={className}
    >
      {data?.feeds.length === 0 && <NoFeed />}
      {data && data.feeds.length > 0 && (
        <>
          <p className="px-3 pt-3 text-lg">
            <FeedsSentence />
          </p>
          <ul className="divide-y divide-line">
            {data.feeds.map((feed) => (
              <FeedCard
                key={feed.source}
                feed={feed}
                series={bySource.get(feed.source) ?? []}
                now={serverNow(data.at, feeds.dataUpdatedAt, now)}
              />
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}
