import { Action } from '@/components/direction';
import { Empty, Panel } from '@/components/panel';
import { useSignals } from '@/features/signals/api/get-signals';
import { VoteBars } from '@/features/signals/components/vote-bars';
import { readTexts, readVotes, weightedScore } from '@/features/signals/votes';
import { useFailure } from '@/hooks/use-failure';
import type { Signal } from '@/lib/api/types';
import { formatPercent, formatScore, formatTime, UNDEFINED } from '@/lib/format';

function Texts({ name, texts }: { name: string; texts: readonly string[] }) {
  return (
    <div>
      <h3 className="text-xs text-soft">{name}</h3>
      {texts.length === 0 ? (
        <p className="text-sm">none</p>
      ) : (
        <ul className="text-sm">
          {texts.map((text, i) => (
            <li key={i} className="break-words">
              {text}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** One signal and everything it was decided from. */
export function SignalCard({ signal }: { signal: Signal }) {
  const votes = readVotes(signal.votes, signal.weights);
  return (
    <div className="space-y-4 p-3">
      <div className="flex items-baseline justify-between gap-3">
        <p className="text-2xl font-bold">
          <Action action={signal.signal_type ?? UNDEFINED} />
        </p>
        <p className="text-sm tabular-nums">
          confidence <strong>{formatPercent(signal.confidence, 1)}</strong>
        </p>
      </div>
      <VoteBars votes={votes} />
      <p className="text-sm tabular-nums">
        Weighted sum {formatScore(weightedScore(votes), true)}
        <span className="text-soft"> of −1 to +1; a silent source counts as zero</span>
      </p>
      <div className="grid grid-cols-1 gap-3 sm:grid-cols-2">
        <Texts name="Vetoes" texts={readTexts(signal.vetoes)} />
        <Texts name="Reasons" texts={readTexts(signal.reasons)} />
      </div>
      <p className="text-xs text-soft tabular-nums">
        Bar {formatTime(signal.timestamp)} UTC · newest data seen {formatTime(signal.as_of)} UTC
      </p>
    </div>
  );
}

export function SignalPanel({ session, className = '' }: { session: number; className?: string }) {
  const signals = useSignals(session);
  const last = signals.data?.[0];
  return (
    <Panel
      title="Last signal"
      failure={useFailure(signals)}
      updatedAt={signals.dataUpdatedAt}
      onRetry={() => void signals.refetch()}
      className={className}
    >
      {last && <SignalCard signal={last} />}
      {signals.data && !last && (
        <Empty>No signal yet. The first one comes when the warm-up bars have been seen.</Empty>
      )}
    </Panel>
  );
}
