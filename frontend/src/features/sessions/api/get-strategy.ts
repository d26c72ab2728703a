import { queryOptions, skipToken, useQuery } from '@tanstack/react-query';

import { api } from '@/lib/api/client';
import type { Strategy } from '@/lib/api/types';

/** The strategy a session follows. */
export const strategyQuery = (id: number | null) =>
  queryOptions({
    queryKey: ['strategies', id],
    queryFn:
      id === null
        ? skipToken
        : ({ signal }) => api.get<Strategy>(`/strategies/${id}`, undefined, signal),
    refetchInterval: 30_000,
  });

export const useStrategy = (id: number | null) => useQuery(strategyQuery(id));
