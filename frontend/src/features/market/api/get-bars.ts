import { skipToken, useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';

import { api } from '@/lib/api/client';
import { polled } from '@/lib/api/polling';
import type { Bars, Session } from '@/lib/api/types';

type Series = Pick<Session, 'symbol' | 'timeframe' | 'source'>;

/**
 * The newest bars of one series that opened at `end` (ms UTC) or before, oldest first.
 *
 * A replayed series may be stored beyond what its session has seen, so `end` is the session's last
 * bar. It is no part of the key: the chart goes on from bar to bar, it does not start anew.
 */
export function useBars(series: Series, end: number | null) {
  const { symbol, timeframe, source } = series;
  const bars = useQuery({
    queryKey: ['bars', symbol, timeframe, source],
    queryFn:
      end === null
        ? skipToken
        : ({ signal }) =>
            api.get<Bars>('/market/bars', { symbol, timeframe, source, end, limit: 500 }, signal),
    ...polled,
  });
  const { refetch } = bars;
  useEffect(() => {
    if (end !== null) void refetch();
  }, [end, refetch]);
  return bars;
}
