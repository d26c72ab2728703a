import type { UseQueryResult } from '@tanstack/react-query';

import { Empty, Panel } from '@/components/panel';
import { PriceChart, PriceLegend } from '@/features/market/components/price-chart';
import { useFailure } from '@/hooks/use-failure';
import type { Bars } from '@/lib/api/types';
import { formatPrice, formatTime } from '@/lib/format';
import type { Mark } from '@/lib/marks';

interface MarketPanelProps {
  bars: UseQueryResult<Bars>;
  marks: readonly Mark[];
  /** Whether the session has not closed a bar yet. */
  isWaiting: boolean;
  className?: string;
}

export function MarketPanel({ bars, marks, isWaiting, className = '' }: MarketPanelProps) {
  const failure = useFailure(bars);
  const data = bars.data;
  const last = data?.timestamp.at(-1);
  return (
    <Panel
      title={data ? `Price of ${data.symbol}` : 'Price'}
      aside={
        last !== undefined && (
          <span className="tabular-nums">
            last close <strong className="text-text">{formatPrice(data?.close.at(-1))}</strong> · bar of{' '}
            {formatTime(last)} UTC
          </span>
        )
      }
      failure={failure}
      updatedAt={bars.dataUpdatedAt}
      onRetry={() => void bars.refetch()}
      className={className}
    >
      {isWaiting && (
        <Empty>
          The session has closed no bar yet. If none comes within a minute, look at the terminal that runs{' '}
          <code>./cv up</code>.
        </Empty>
      )}
      {data && last === undefined && (
        <Empty>
          The bars of this session are no longer stored. Import them again with{' '}
          <code>./cv bars import</code>.
        </Empty>
      )}
      {data && last !== undefined && (
        <>
          <div className="px-3 pt-2 text-xs text-soft">
            <PriceLegend />
          </div>
          <PriceChart bars={data} marks={marks} />
        </>
      )}
    </Panel>
  );
}
