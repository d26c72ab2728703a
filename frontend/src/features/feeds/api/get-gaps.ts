import { queryOptions, useQuery } from '@tanstack/react-query';

import type { SeriesKey } from '@/features/feeds/standing';
import { api } from '@/lib/api/client';
import type { Gaps } from '@/lib/api/types';

/** The newest gaps of one stored series. */
export const gapsQuery = ({ symbol, timeframe, source }: SeriesKey) =>
  queryOptions({
    queryKey: ['gaps', symbol, timeframe, source],
    queryFn: ({ signal }) =>
      api.get<Gaps>('/market/gaps', { symbol, timeframe, source, limit: 100 }, signal),
    refetchInterval: 30_000,
  });

export const useGaps = (key: SeriesKey) => useQuery(gapsQuery(key));
