import { useMemo, useState } from 'react';

import { useView, ViewBar } from '@/app/view';
import { Guard } from '@/components/guard';
import { Empty, FailureNote } from '@/components/panel';
import { AlertsPanel } from '@/features/alerts/components/alerts-panel';
import { MarketData } from '@/features/feeds/components/market-data';
import { useBars } from '@/features/market/api/get-bars';
import { MarketPanel } from '@/features/market/components/market-panel';
import { ModelPanel } from '@/features/models/components/model-panel';
import { usePortfolio } from '@/features/portfolio/api/get-portfolio';
import { PortfolioPanel } from '@/features/portfolio/components/portfolio-panel';
import { useSessions } from '@/features/sessions/api/get-sessions';
import { SentimentScreen } from '@/features/sentiment/components/sentiment-screen';
import { SessionHeader } from '@/features/sessions/components/session-header';
import { useSignals } from '@/features/signals/api/get-signals';
import { SignalPanel } from '@/features/signals/components/signal-panel';
import { useTrades } from '@/features/trades/api/get-trades';
import { TradesPanel } from '@/features/trades/components/trades-panel';
import { useFailure } from '@/hooks/use-failure';
import type { Session, User } from '@/lib/api/types';
import { toMillis } from '@/lib/format';
import { signalMarks, tradeMarks } from '@/lib/marks';

/** Prices with what the session thought and did about them. */
function Market({ session, className }: { session: Session; className: string }) {
  const portfolio = usePortfolio(session.session_id);
  const bars = useBars(session, toMillis(portfolio.data?.as_of));
  const trades = useTrades(session.session_id);
  const signals = useSignals(session.session_id);
  const marks = useMemo(() => {
    const opens = bars.data?.timestamp ?? [];
    return [
      ...signalMarks(signals.data ?? [], opens),
      ...tradeMarks(trades.data ?? [], opens),
    ].sort((a, b) => a.time - b.time);
  }, [bars.data, signals.data, trades.data]);
  const isWaiting = portfolio.data?.as_of === null;
  return <MarketPanel bars={bars} marks={marks} isWaiting={isWaiting} className={className} />;
}

function Panels({ session }: { session: Session }) {
  const id = session.session_id;
  // On a phone both columns dissolve into one, in the order of their numbers.
  return (
    <main className="grid items-start gap-3 p-3 lg:grid-cols-[minmax(0,1fr)_23rem]">
      <div className="contents lg:grid lg:gap-3">
        <Guard what="the price chart">
          <Market session={session} className="order-1 min-w-0" />
        </Guard>
        <Guard what="the equity">
          <PortfolioPanel session={id} className="order-3 min-w-0" />
        </Guard>
        <Guard what="the trades">
          <TradesPanel session={id} className="order-4 min-w-0" />
        </Guard>
      </div>
      <div className="contents lg:grid lg:gap-3">
        <Guard what="the last signal">
          <SignalPanel session={id} className="order-2 min-w-0" />
        </Guard>
        <Guard what="the model card">
          <ModelPanel id={session.model_id} className="order-6 min-w-0" />
        </Guard>
        <Guard what="the alerts">
          <AlertsPanel className="order-5 min-w-0" />
        </Guard>
      </div>
    </main>
  );
}

function Footer() {
  return (
    <footer className="px-4 pb-4 text-xs text-soft">
      Paper trading. Past results say little about future ones. Charts by{' '}
      <a href="https://www.tradingview.com/" rel="noreferrer" target="_blank" className="underline">
        TradingView Lightweight Charts™
      </a>
      .
    </footer>
  );
}

interface DashboardProps {
  user: User;
  onSignOut: () => Promise<void>;
}

/** The whole screen of somebody who is signed in. */
export function Dashboard({ user, onSignOut }: DashboardProps) {
  const sessions = useSessions();
  const failure = useFailure(sessions);
  const [chosen, setChosen] = useState<number | null>(null);
  const all = sessions.data ?? [];
  const session = all.find(({ session_id }) => session_id === chosen) ?? all[0] ?? null;
  const view = useView();
  return (
    <>
      <SessionHeader
        user={user}
        session={session}
        sessions={all}
        updatedAt={sessions.dataUpdatedAt || null}
        onChoose={setChosen}
        onSignOut={onSignOut}
      />
      {failure && (
        <FailureNote
          what="the list of sessions"
          failure={failure}
          updatedAt={sessions.dataUpdatedAt}
          onRetry={() => void sessions.refetch()}
        />
      )}
      <ViewBar view={view} />
      {view === 'market' && <MarketData />}
      {view === 'sentiment' && sessions.data && <SentimentScreen traded={session} />}
      {view === 'trading' && session && <Panels key={session.session_id} session={session} />}
      {view === 'trading' && sessions.data && !session && (
        <Empty>
          You have no trading session. Start one with <code>./cv up</code>, or run <code>./cv demo</code>{' '}
          once.
        </Empty>
      )}
      <Footer />
    </>
  );
}
