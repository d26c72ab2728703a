import { useState } from 'react';

import { Empty, Panel } from '@/components/panel';
import { useWindows } from '@/features/sentiment/api/get-windows';
import { formatCount, leftOut } from '@/features/sentiment/sentences';
import { useFailure } from '@/hooks/use-failure';
import type { SentimentWindow } from '@/lib/api/types';
import { formatTime } from '@/lib/format';

const STEP = 20;

const filled = (taken: number, plan: number): number => (plan > 0 ? Math.min(100, (100 * taken) / plan) : 0);

function Row({ window }: { window: SentimentWindow }) {
  const { symbol, kind, offered, taken, spam, duplicates, plan } = window;
  return (
    <li className="px-3 py-2 text-sm tabular-nums">
      <p className="flex flex-wrap justify-between gap-x-2">
        <span>
          <strong className="break-all">{symbol}</strong> <span className="text-soft">{kind}</span>
        </span>
        <span>
          {formatCount(taken)} of {formatCount(offered)}
        </span>
      </p>
      <div aria-hidden="true" className="my-1 h-1.5 overflow-hidden rounded-sm bg-track">
        <div className="h-full bg-accent" style={{ width: `${filled(taken, plan)}%` }} />
      </div>
      <p className="text-xs text-soft">
        {formatTime(window.window_start)} UTC · plan {formatCount(plan)} · {leftOut(window)}
        {duplicates > 0 && ` · ${formatCount(duplicates)} repeats`}
        {spam > 0 && ` · ${formatCount(spam)} spam`}
      </p>
    </li>
  );
}

/** What the sampling plan took of what was offered, window by window. */
export function WindowsPanel({ symbol, className = '' }: { symbol: string; className?: string }) {
  const windows = useWindows(symbol);
  const [most, setMost] = useState(STEP);
  const data = windows.data;
  return (
    <Panel
      title="Sampling windows"
      aside={symbol === '' ? 'every symbol' : symbol}
      failure={useFailure(windows)}
      updatedAt={windows.dataUpdatedAt}
      onRetry={() => void windows.refetch()}
      className={className}
    >
      {data?.length === 0 && <Empty>No window was sampled{symbol !== '' && ` for ${symbol}`}.</Empty>}
      {data && data.length > 0 && (
        <ul className="divide-y divide-line lg:max-h-[32rem] lg:overflow-y-auto">
          {data.slice(0, most).map((window) => (
            <Row key={`${window.window_start} ${window.symbol} ${window.kind}`} window={window} />
          ))}
        </ul>
      )}
      {data && data.length > most && (
        <button type="button" className="button m-3" onClick={() => setMost(most + STEP)}>
          Show {formatCount(Math.min(STEP, data.length - most))} more of {formatCount(data.length - most)}
        </button>
      )}
    </Panel>
  );
}
