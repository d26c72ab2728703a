import { queryOptions, useQuery } from '@tanstack/react-query';

import { api } from '@/lib/api/client';
import { polled } from '@/lib/api/polling';
import type { Feeds } from '@/lib/api/types';

/** Every feed, every series and every open incident, as the server knows them now. */
export const feedsQuery = queryOptions({
  queryKey: ['feeds'],
  queryFn: ({ signal }) => api.get<Feeds>('/market/feeds', undefined, signal),
  ...polled,
});

export const useFeeds = () => useQuery(feedsQuery);
