import { Direction, wayOf } from '@/components/direction';
import { Figure } from '@/components/figure';
import { Empty, Panel } from '@/components/panel';
import { usePortfolio } from '@/features/portfolio/api/get-portfolio';
import { EquityChart } from '@/features/portfolio/components/equity-chart';
import { holdPoints } from '@/features/portfolio/curves';
import { useFailure } from '@/hooks/use-failure';
import type { Portfolio } from '@/lib/api/types';
import {
  formatChange,
  formatGain,
  formatMoney,
  formatPercent,
  formatPrice,
  formatQuantity,
  formatTime,
  toNumber,
} from '@/lib/format';

function Gain({ value }: { value: string | null }) {
  return <Direction way={wayOf(value)}>{formatGain(value)}</Direction>;
}

function Change({ from, to }: { from: number | null; to: number | null }) {
  if (from === null || to === null || !(from > 0)) return null;
  return <>{formatChange(to / from - 1, 2)} in all</>;
}

function holding(position: string | null): string {
  const quantity = toNumber(position);
  if (quantity === null) return '–';
  return quantity > 0 ? 'long' : quantity < 0 ? 'short' : 'none';
}

export function Figures({ portfolio }: { portfolio: Portfolio }) {
  const { session, curve } = portfolio;
  const cash = toNumber(session.cash);
  const hold = cash === null ? null : (holdPoints(curve, cash).at(-1)?.value ?? null);
  return (
    <dl className="grid grid-cols-2 gap-x-4 gap-y-3 p-3 sm:grid-cols-4 xl:grid-cols-8">
      <Figure name="Equity" note={<Change from={cash} to={toNumber(portfolio.equity)} />}>
        {formatMoney(portfolio.equity)}
      </Figure>
      <Figure name="Buy & hold" note="without costs">
        {formatMoney(hold)}
      </Figure>
      <Figure name="Realised P&L" note="fees taken off">
        <Gain value={portfolio.realised_pnl} />
      </Figure>
      <Figure name="Unrealised P&L" note="entry fee taken off">
        <Gain value={portfolio.unrealised_pnl} />
      </Figure>
      <Figure name="Position" note={holding(portfolio.position)}>
        {formatQuantity(portfolio.position)}
      </Figure>
      <Figure name="Price" note="last bar's close">
        {formatPrice(portfolio.price)}
      </Figure>
      <Figure name="Cash">{formatMoney(portfolio.cash)}</Figure>
      <Figure name="Drawdown" note={`largest ${formatPercent(portfolio.max_drawdown)}`}>
        {formatPercent(portfolio.drawdown)}
      </Figure>
    </dl>
  );
}

function Legend() {
  return (
    <p className="px-3 text-xs text-soft">
      <span className="text-accent">━</span> equity · <span>┅</span> buy &amp; hold of the same cash, without
      costs
    </p>
  );
}

export function PortfolioPanel({ session, className = '' }: { session: number; className?: string }) {
  const portfolio = usePortfolio(session);
  const data = portfolio.data;
  return (
    <Panel
      title="Equity"
      aside={data && <span className="tabular-nums">quote currency · bar of {formatTime(data.as_of)} UTC</span>}
      failure={useFailure(portfolio)}
      updatedAt={portfolio.dataUpdatedAt}
      onRetry={() => void portfolio.refetch()}
      className={className}
    >
      {data && <Figures portfolio={data} />}
      {data && data.curve.timestamp.length > 1 && (
        <>
          <Legend />
          <EquityChart curve={data.curve} cash={Number(data.session.cash)} />
        </>
      )}
      {data && data.curve.timestamp.length <= 1 && (
        <Empty>The equity curve starts with the second closed bar.</Empty>
      )}
    </Panel>
  );
}
