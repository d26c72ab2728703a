import { queryOptions, useQuery } from '@tanstack/react-query';

import type { SeriesKey } from '@/features/feeds/standing';
import { api } from '@/lib/api/client';
import type { Repair } from '@/lib/api/types';

/** Notes on the newest bars of one series that were replaced, or that the venue does not have. */
export const repairsQuery = ({ symbol, timeframe, source }: SeriesKey) =>
  queryOptions({
    queryKey: ['repairs', symbol, timeframe, source],
    queryFn: ({ signal }) =>
      api.get<Repair[]>('/market/repairs', { symbol, timeframe, source, limit: 50 }, signal),
    refetchInterval: 30_000,
  });

export const useRepairs = (key: SeriesKey) => useQuery(repairsQuery(key));
