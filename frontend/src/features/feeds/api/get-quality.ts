import { queryOptions, useQuery } from '@tanstack/react-query';

import type { SeriesKey } from '@/features/feeds/standing';
import { api } from '@/lib/api/client';
import type { Quality } from '@/lib/api/types';

/** What is wrong with the newest bars of one stored series, or worth knowing about them. */
export const qualityQuery = ({ symbol, timeframe, source }: SeriesKey) =>
  queryOptions({
    queryKey: ['quality', symbol, timeframe, source],
    queryFn: ({ signal }) =>
      api.get<Quality>('/market/quality', { symbol, timeframe, source, limit: 5_000 }, signal),
    refetchInterval: 60_000,
  });

export const useQuality = (key: SeriesKey) => useQuery(qualityQuery(key));
