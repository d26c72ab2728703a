import { queryOptions, useQuery } from '@tanstack/react-query';

import type { SeriesKey } from '@/features/feeds/standing';
import { api } from '@/lib/api/client';
import type { Coverage } from '@/lib/api/types';

/** How much of one series is stored; the server counts every bar, so it is asked seldom. */
export const coverageQuery = ({ symbol, timeframe, source }: SeriesKey) =>
  queryOptions({
    queryKey: ['coverage', symbol, timeframe, source],
    queryFn: async ({ signal }) => {
      const all = await api.get<Coverage[]>('/market/coverage', { symbol }, signal);
      return all.find((one) => one.timeframe === timeframe && one.source === source) ?? null;
    },
    refetchInterval: 30_000,
  });

export const useCoverage = (key: SeriesKey) => useQuery(coverageQuery(key));
