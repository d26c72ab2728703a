import { Action, Direction, wayOf } from '@/components/direction';
import { Empty, Panel } from '@/components/panel';
import { useTrades } from '@/features/trades/api/get-trades';
import { useFailure } from '@/hooks/use-failure';
import type { Trade } from '@/lib/api/types';
import {
  formatGain,
  formatPrice,
  formatQuantity,
  formatTime,
  toNumber,
  UNDEFINED,
} from '@/lib/format';

const ROWS = 12;
const HEADINGS = ['Time (UTC)', 'Side', 'Price', 'Quantity', 'Fee', 'P&L', 'Reason'] as const;

function Gain({ pnl }: { pnl: string | null }) {
  if (toNumber(pnl) === null) return <span title="Stands on the trade that reduces a position">{UNDEFINED}</span>;
  return <Direction way={wayOf(pnl)}>{formatGain(pnl)}</Direction>;
}

function TradeRow({ trade }: { trade: Trade }) {
  const isDone = trade.status === 'EXECUTED';
  return (
    <tr className={isDone ? '' : 'text-soft'}>
      <td className="px-3 py-1.5 text-left whitespace-nowrap">{formatTime(trade.timestamp)}</td>
      <td className="px-3 py-1.5 text-left whitespace-nowrap">
        <Action action={trade.trade_type ?? UNDEFINED} />
        {!isDone && ` ${(trade.status ?? 'unknown').toLowerCase()}`}
      </td>
      <td className="px-3 py-1.5 text-right">{formatPrice(trade.price)}</td>
      <td className="px-3 py-1.5 text-right">{formatQuantity(trade.quantity)}</td>
      <td className="px-3 py-1.5 text-right">{formatPrice(trade.fee)}</td>
      <td className="px-3 py-1.5 text-right">
        <Gain pnl={trade.pnl} />
      </td>
      <td className="px-3 py-1.5 text-left break-words">{trade.reason?.replaceAll('_', ' ') ?? UNDEFINED}</td>
    </tr>
  );
}

export function TradesTable({ trades }: { trades: readonly Trade[] }) {
  return (
    <div className="overflow-x-auto">
      <table className="w-full text-sm tabular-nums">
        <thead>
          <tr className="border-b border-line text-xs text-soft">
            {HEADINGS.map((heading, column) => (
              <th
                key={heading}
                scope="col"
                className={`px-3 py-1.5 font-normal ${column >= 2 && column <= 5 ? 'text-right' : 'text-left'}`}
              >
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {trades.map((trade) => (
            <TradeRow key={trade.trade_id} trade={trade} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function TradesPanel({ session, className = '' }: { session: number; className?: string }) {
  const trades = useTrades(session);
  const shown = trades.data?.slice(0, ROWS);
  const count = trades.data?.length ?? 0;
  return (
    <Panel
      title="Latest trades"
      aside={trades.data && (count > ROWS ? `newest ${ROWS}` : `${count} trades`)}
      failure={useFailure(trades)}
      updatedAt={trades.dataUpdatedAt}
      onRetry={() => void trades.refetch()}
      className={className}
    >
      {shown?.length === 0 ? (
        <Empty>No trades yet. The first one follows the first BUY signal that passes the risk limits.</Empty>
      ) : (
        shown && <TradesTable trades={shown} />
      )}
    </Panel>
  );
}
