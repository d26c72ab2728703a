import { queryOptions, useQuery } from '@tanstack/react-query';

import { api } from '@/lib/api/client';
import type { SentimentSource } from '@/lib/api/types';

/** Every source of texts, as the server knows it now. */
export const sourcesQuery = queryOptions({
  queryKey: ['sentiment', 'sources'],
  queryFn: ({ signal }) => api.get<SentimentSource[]>('/sentiment/sources', undefined, signal),
  refetchInterval: 5_000,
});

export const useSources = () => useQuery(sourcesQuery);
