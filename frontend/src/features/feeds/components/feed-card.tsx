import { Badge } from '@/components/badge';
import { Figure } from '@/components/figure';
import { age, clockOffset, countLines, formatCount, replaySpeed } from '@/features/feeds/sentences';
import { mayBeTraded } from '@/features/feeds/standing';
import type { Feed, FedSeries } from '@/lib/api/types';
import { formatTime } from '@/lib/format';

function Standing({ feed }: { feed: Feed }) {
  // Somebody stopped it; that nothing may be traded by it is told above.
  if (feed.stopped_at !== null) return <Badge>■ stopped</Badge>;
  return feed.trouble === null ? <Badge tone="good">● running</Badge> : <Badge tone="bad">✕ trouble</Badge>;
}

function Counts({ feed }: { feed: Feed }) {
  const lines = countLines(feed);
  if (lines.length === 0) return null;
  return (
    <details className="text-xs text-soft">
      <summary className="cursor-pointer py-1">Counted since {formatTime(feed.started_at)} UTC</summary>
      <dl className="mt-1 grid grid-cols-2 gap-x-4 gap-y-1 sm:grid-cols-3 xl:grid-cols-5">
        {lines.map(([name, value]) => (
          <div key={name} className="flex min-w-0 justify-between gap-2">
            <dt className="min-w-0 break-words">{name}</dt>
            <dd className="min-w-0 break-all text-text tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

interface FeedCardProps {
  feed: Feed;
  /** The series of this source. */
  series: readonly FedSeries[];
  /** The server's time, ms. */
  now: number;
}

/** The process that feeds one source: whether it lives, and by how much its clock is off. */
export function FeedCard({ feed, series, now }: FeedCardProps) {
  const speed = replaySpeed(feed);
  const live = series.filter(mayBeTraded).length;
  return (
    <li aria-label={feed.source} className="space-y-2 p-3">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <h3 className="font-semibold break-all">{feed.source}</h3>
        <Standing feed={feed} />
        {speed !== null && (
          <Badge tone="warn" title="A replay: market time does not pass as real time does.">
            market time {speed}
          </Badge>
        )}
      </div>
      {feed.trouble !== null && <p className="text-sm break-words">{feed.trouble}</p>}
      <dl className="grid grid-cols-2 gap-x-4 gap-y-2 sm:grid-cols-4">
        <Figure name="Live" note={`of ${formatCount(series.length)} series`}>
          {formatCount(live)}
        </Figure>
        <Figure name="Heartbeat" note="of its process">
          {age(feed.heartbeat_at, now)} ago
        </Figure>
        <Figure
          name="Clock offset of venue"
          note={feed.clock_checked_at === null ? 'never measured' : `measured ${age(feed.clock_checked_at, now)} ago`}
        >
          {clockOffset(feed)}
        </Figure>
        <Figure name={feed.stopped_at === null ? 'Started' : 'Stopped'} note={feed.process}>
          {age(feed.stopped_at ?? feed.started_at, now)} ago
        </Figure>
      </dl>
      <Counts feed={feed} />
    </li>
  );
}
