import { Action } from '@/components/direction';
import { Empty, Panel } from '@/components/panel';
import { useSignals } from '@/features/signals/api/get-signals';
import { VoteBars } from '@/features/signals/components/vote-bars';
import { readTexts, readVotes } from '@/features/signals/votes';
import { useFailure } from '@/hooks/use-failure';
import type { Signal } from '@/lib/api/types';
import { formatPercent, formatScore, formatTime, UNDEFINED } from '@/lib/format';

function Vetoes({ vetoes }: { vetoes: readonly string[] }) {
  if (vetoes.length === 0) return <p className="text-sm">No veto.</p>;
  return (
    <p className="rounded border border-warn bg-warn-soft px-3 py-2 text-sm break-words">
      Vetoed by <strong>{vetoes.join(', ')}</strong>: a BUY became HOLD.
    </p>
  );
}

function Reasons({ reasons }: { reasons: readonly string[] }) {
  return (
    <details className="text-sm">
      <summary className="cursor-pointer text-soft">
        {reasons.length === 1 ? '1 reason' : `${reasons.length} reasons`} as recorded
      </summary>
      <ul className="mt-1 space-y-0.5">
        {reasons.map((reason, i) => (
          <li key={i} className="break-words">
            {reason}
          </li>
        ))}
      </ul>
    </details>
  );
}

/** One signal and everything it was decided from. */
export function SignalCard({ signal }: { signal: Signal }) {
  return (
    <div className="space-y-3 p-3">
      <div className="flex items-baseline justify-between gap-3">
        <p className="text-2xl font-bold">
          <Action action={signal.signal_type ?? UNDEFINED} />
        </p>
        <p className="text-sm tabular-nums">
          confidence <strong>{formatPercent(signal.confidence, 1)}</strong>
        </p>
      </div>
      <VoteBars votes={readVotes(signal.votes, signal.weights)} />
      <p className="text-sm tabular-nums">
        Weighted sum {formatScore(signal.score, true)}
        <span className="text-soft"> of −1 to +1; a silent source counts as zero</span>
      </p>
      <Vetoes vetoes={readTexts(signal.vetoes)} />
      <Reasons reasons={readTexts(signal.reasons)} />
      <p className="text-xs text-soft tabular-nums">
        <span className="whitespace-nowrap">Bar of {formatTime(signal.timestamp)} UTC</span>
        {' · '}
        <span className="whitespace-nowrap">newest data seen {formatTime(signal.as_of)} UTC</span>
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
