import { queryOptions, useQuery } from '@tanstack/react-query';

import { api } from '@/lib/api/client';
import type { SentimentWindow } from '@/lib/api/types';

/** What the sampling plan took of what was offered, newest windows first. */
export const windowsQuery = (symbol: string) =>
  queryOptions({
    queryKey: ['sentiment', 'windows', symbol],
    queryFn: ({ signal }) =>
      api.get<SentimentWindow[]>('/sentiment/windows', { symbol: symbol || undefined, limit: 500 }, signal),
    refetchInterval: 15_000,
  });

export const useWindows = (symbol: string) => useQuery(windowsQuery(symbol));
