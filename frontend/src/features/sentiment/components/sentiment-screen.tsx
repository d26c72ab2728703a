import { useMemo, useState } from 'react';

import { Guard } from '@/components/guard';
import { useMarkets, type Market } from '@/features/sentiment/api/get-voice';
import { SourcesPanel } from '@/features/sentiment/components/sources-panel';
import { TextsPanel } from '@/features/sentiment/components/texts-panel';
import { VoicePanel } from '@/features/sentiment/components/voice-panel';
import { WindowsPanel } from '@/features/sentiment/components/windows-panel';
import { EVERYTHING, type Wanted } from '@/features/sentiment/texts';
import type { Session } from '@/lib/api/types';

const isSame = (a: Market, b: Market): boolean =>
  a.symbol === b.symbol && a.timeframe === b.timeframe && a.source === b.source;

function useChosen(traded: Session | null): [Market | null, Market[], (market: Market) => void] {
  const { data } = useMarkets();
  const [chosen, setChosen] = useState<Market | null>(null);
  const markets = useMemo(() => {
    const stored: Market[] = (data ?? []).map(({ symbol, timeframe, source }) => ({ symbol, timeframe, source }));
    const own = traded && { symbol: traded.symbol, timeframe: traded.timeframe, source: traded.source };
    return own && !stored.some((one) => isSame(one, own)) ? [own, ...stored] : stored;
  }, [data, traded]);
  const first = traded ? markets.find((one) => isSame(one, traded)) : markets[0];
  return [chosen ?? first ?? null, markets, setChosen];
}

/** The screen of sentiment: what was written, who says so, and what a market hears of it. */
export function SentimentScreen({ traded }: { traded: Session | null }) {
  const [market, markets, choose] = useChosen(traded);
  const [wanted, setWanted] = useState<Wanted>(EVERYTHING);
  const symbols = useMemo(() => [...new Set(markets.map(({ symbol }) => symbol))], [markets]);
  const onChoose = (next: Market): void => {
    choose(next);
    if (wanted.symbol !== '') setWanted({ ...wanted, symbol: next.symbol });
  };
  // On a phone both columns dissolve into one, in the order of their numbers.
  return (
    <main className="grid items-start gap-3 p-3 lg:grid-cols-[minmax(0,1fr)_22rem] xl:grid-cols-[minmax(0,1fr)_26rem]">
      <div className="contents lg:grid lg:gap-3">
        <Guard what="what the news says">
          <VoicePanel market={market} markets={markets} onChoose={onChoose} className="order-1 min-w-0" />
        </Guard>
        <Guard what="the newest texts">
          <TextsPanel wanted={wanted} symbols={symbols} onChange={setWanted} className="order-3 min-w-0" />
        </Guard>
      </div>
      <div className="contents lg:grid lg:gap-3">
        <Guard what="the sources">
          <SourcesPanel className="order-2 min-w-0" />
        </Guard>
        <Guard what="the sampling windows">
          <WindowsPanel symbol={wanted.symbol} className="order-4 min-w-0" />
        </Guard>
      </div>
    </main>
  );
}
