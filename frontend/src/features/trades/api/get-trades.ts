import { queryOptions, useQuery } from '@tanstack/react-query';

import { api } from '@/lib/api/client';
import { polled } from '@/lib/api/polling';
import type { Trade } from '@/lib/api/types';

/** The newest trades of one session, newest first. */
export const tradesQuery = (session: number) =>
  queryOptions({
    queryKey: ['trades', session],
    queryFn: ({ signal }) =>
      api.get<Trade[]>('/trades', { session_id: session, limit: 200 }, signal),
    ...polled,
  });

export const useTrades = (session: number) => useQuery(tradesQuery(session));
