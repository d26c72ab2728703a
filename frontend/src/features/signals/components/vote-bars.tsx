import { barExtent, SOURCE_LABELS, type VoteBar } from '@/features/signals/votes';
import { Direction, wayOf } from '@/components/direction';
import { formatPercent, formatScore } from '@/lib/format';

const WORDS = { up: 'up', down: 'down', flat: 'neutral' } as const;

function Track({ score }: { score: number | null }) {
  const extent = score === null ? null : barExtent(score);
  return (
    <div aria-hidden="true" className="relative h-2.5 overflow-hidden rounded-sm bg-track">
      {extent && (
        <div
          className={`absolute inset-y-0 ${(score ?? 0) < 0 ? 'bg-down' : 'bg-up'}`}
          style={{ left: `${extent.left}%`, width: `${extent.width}%` }}
        />
      )}
      <div className="absolute inset-y-0 left-1/2 w-px bg-soft" />
    </div>
  );
}

/** One bar per source, from −1 (certain fall) at the left to 1 (certain rise) at the right. */
export function VoteBars({ votes }: { votes: readonly VoteBar[] }) {
  return (
    <ul className="space-y-2.5">
      {votes.map(({ source, score, weight, reason }) => {
        const way = wayOf(score);
        return (
          <li key={source}>
            <div className="mb-1 flex justify-between gap-2 text-sm tabular-nums">
              <span>
                {SOURCE_LABELS[source]}{' '}
                <span className="text-soft">weight {formatPercent(weight, 0)}</span>
              </span>
              {score === null ? (
                <span className="text-soft">silent</span>
              ) : (
                <Direction way={way}>
                  {formatScore(score, true)} {WORDS[way]}
                </Direction>
              )}
            </div>
            <Track score={score} />
            {reason !== '' && <p className="mt-1 text-xs break-words text-soft">{reason}</p>}
          </li>
        );
      })}
    </ul>
  );
}
