import { useMemo, type ReactNode } from 'react';

import { Badge } from '@/components/badge';
import { Direction, wayOf } from '@/components/direction';
import { Figure } from '@/components/figure';
import { Empty, Panel } from '@/components/panel';
import { useSources } from '@/features/sentiment/api/get-sources';
import { useVoice, type Market, type Voice } from '@/features/sentiment/api/get-voice';
import { VoiceChart, VoiceLegend } from '@/features/sentiment/components/voice-chart';
import { curvesOf, silence, standingOf } from '@/features/sentiment/curves';
import { formatCount, headline, isMadeUp } from '@/features/sentiment/sentences';
import { useFailure } from '@/hooks/use-failure';
import { formatScore, formatTime } from '@/lib/format';

/** A voice of sources that no longer answer is an old voice, and is said to be one. */
function StaleSources() {
  const { data } = useSources();
  const stale = data?.some(({ state }) => state === 'stale' || state === 'broken') ?? false;
  return stale ? <Notice>{headline(data ?? [])} What they wrote meanwhile is missing here.</Notice> : null;
}

function Notice({ children }: { children: ReactNode }) {
  return (
    <p className="mx-3 mt-2 rounded border border-warn bg-warn-soft px-2 py-1 text-xs [overflow-wrap:anywhere]">
      {children}
    </p>
  );
}

function Drawn({ voice }: { voice: Voice }) {
  const { sentiment, bars } = voice;
  const curves = useMemo(() => curvesOf(sentiment, bars), [sentiment, bars]);
  const now = standingOf(sentiment);
  const quiet = silence(now, sentiment.timestamp.length);
  const vote = now.vote === null ? 'silent' : formatScore(now.vote, true);
  return (
    <>
      <dl className="grid grid-cols-2 gap-x-4 gap-y-2 px-3 pt-3 sm:grid-cols-4">
        <Figure name="Vote" note={`at the close of the bar of ${formatTime(now.at)} UTC`}>
          <Direction way={wayOf(now.vote)}>{vote}</Direction>
        </Figure>
        <Figure name="Level" note="of the last 24 hours">
          <Direction way={wayOf(now.level)}>{formatScore(now.level, true)}</Direction>
        </Figure>
        <Figure name="Texts in the newest bar" note={`${formatCount(now.total)} in all bars shown`}>
          {formatCount(now.newest)}
        </Figure>
        <Figure name="Scorer" note={sentiment.scorer_hash.slice(0, 12)}>
          {sentiment.scorer}
        </Figure>
      </dl>
      {quiet !== null && <Notice>{quiet}</Notice>}
      <StaleSources />
      <VoiceLegend />
      <VoiceChart
        curves={curves}
        caption={`${sentiment.symbol} ${sentiment.timeframe}: vote ${vote}, level ${formatScore(now.level, true)}, ${now.total} texts in ${sentiment.timestamp.length} bars.`}
      />
    </>
  );
}

interface VoicePanelProps {
  market: Market | null;
  markets: readonly Market[];
  onChoose: (market: Market) => void;
  className?: string;
}

const nameOf = ({ symbol, timeframe, source }: Market): string => `${symbol} ${timeframe} · ${source}`;

/** What the news says about one symbol, beside its price. */
export function VoicePanel({ market, markets, onChoose, className = '' }: VoicePanelProps) {
  const voice = useVoice(market);
  return (
    <Panel
      title="What the news says"
      aside={
        <span className="flex flex-wrap items-center gap-2">
          {market !== null && isMadeUp(market.source) && (
            <Badge tone="warn" title="Prices and texts are made up, independently of each other.">
              SYNTHETIC
            </Badge>
          )}
          <select
            aria-label="Series"
            className="max-w-full min-w-0 rounded-md border border-line bg-page px-2 py-1 text-text"
            value={market === null ? '' : nameOf(market)}
            onChange={(event) => {
              const found = markets.find((one) => nameOf(one) === event.target.value);
              if (found) onChoose(found);
            }}
          >
            {market === null && <option value="">no series</option>}
            {markets.map((one) => (
              <option key={nameOf(one)} value={nameOf(one)}>
                {nameOf(one)}
              </option>
            ))}
          </select>
        </span>
      }
      failure={useFailure(voice)}
      updatedAt={voice.dataUpdatedAt}
      onRetry={() => void voice.refetch()}
      className={className}
    >
      {market === null && (
        <Empty>
          No bars are stored. Start with <code>./cv up</code>, or import some with <code>cryptovolt bars import</code>.
        </Empty>
      )}
      {voice.data && <Drawn voice={voice.data} />}
    </Panel>
  );
}
