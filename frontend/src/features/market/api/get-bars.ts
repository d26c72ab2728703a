import { queryOptions, useQuery } from '@tanstack/react-query';

import { api } from '@/lib/api/client';
import { polled } from '@/lib/api/polling';
import type { Bars, Session } from '@/lib/api/types';

type Series = Pick<Session, 'symbol' | 'timeframe' | 'source'>;

/** The newest bars of one series, oldest first. */
export const barsQuery = ({ symbol, timeframe, source }: Series) =>
  queryOptions({
    queryKey: ['bars', symbol, timeframe, source],
    queryFn: ({ signal }) =>
      api.get<Bars>('/market/bars', { symbol, timeframe, source, limit: 500 }, signal),
    ...polled,
  });

export const useBars = (series: Series) => useQuery(barsQuery(series));
