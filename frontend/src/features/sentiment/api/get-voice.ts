import { queryOptions, skipToken, useQuery } from '@tanstack/react-query';

import { api } from '@/lib/api/client';
import type { Bars, SentimentSeries, StoredSeries } from '@/lib/api/types';

export const BARS = 240;

/** One series of bars. */
export interface Market {
  symbol: string;
  timeframe: string;
  source: string;
}

/** Vote and level at the newest bar closes, and the prices of the same bars. */
export interface Voice {
  sentiment: SentimentSeries;
  bars: Bars;
}

/** The series that are stored. */
export const marketsQuery = queryOptions({
  queryKey: ['sentiment', 'markets'],
  queryFn: ({ signal }) => api.get<StoredSeries[]>('/market/symbols', { limit: 1_000 }, signal),
  refetchInterval: 60_000,
});

export const useMarkets = () => useQuery(marketsQuery);

export const useVoice = (market: Market | null) =>
  useQuery({
    queryKey: ['sentiment', 'voice', market?.symbol, market?.timeframe, market?.source],
    queryFn:
      market === null
        ? skipToken
        : async ({ signal }): Promise<Voice> => {
            const { symbol, timeframe, source } = market;
            const [sentiment, bars] = await Promise.all([
              api.get<SentimentSeries>('/sentiment/series', { symbol, timeframe, source, n: BARS }, signal),
              api.get<Bars>('/market/bars', { symbol, timeframe, source, limit: BARS }, signal),
            ]);
            return { sentiment, bars };
          },
    refetchInterval: 10_000,
  });
