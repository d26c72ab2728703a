import { useFeeds } from '@/features/feeds/api/get-feeds';
import { headline } from '@/features/feeds/sentences';
import { mayBeTraded } from '@/features/feeds/standing';
import { useFailure } from '@/hooks/use-failure';
import { useNow } from '@/hooks/use-now';
import type { Feeds } from '@/lib/api/types';
import { formatAge } from '@/lib/format';

/** Data older than this is no longer told as if it were so now. */
const OLD_MS = 10_000;

function Told({ feeds, className }: { feeds: Feeds; className: string }) {
  const { series } = feeds;
  if (series.length === 0) return <span className={`${className} text-soft`}>{headline(series)}</span>;
  const isGood = series.every(mayBeTraded);
  return (
    <span className={`${className} ${isGood ? '' : 'font-semibold'}`}>
      <span aria-hidden="true" className={isGood ? 'text-up' : 'text-down'}>
        {isGood ? '●' : '✕'}{' '}
      </span>
      {headline(series)}
    </span>
  );
}

/** One sentence: how many series are live. What is no longer known to be so carries its age. */
export function FeedsSentence({ className = '' }: { className?: string }) {
  const feeds = useFeeds();
  const failure = useFailure(feeds);
  const now = useNow();
  if (!feeds.data) {
    return failure && <span className={`${className} text-down`}>✕ Market data: not known</span>;
  }
  const old = now - feeds.dataUpdatedAt;
  if (failure === null && old < OLD_MS) return <Told feeds={feeds.data} className={className} />;
  return (
    <span className={`${className} text-soft`}>
      Not known now; {formatAge(old)} ago: {headline(feeds.data.series)}
    </span>
  );
}
