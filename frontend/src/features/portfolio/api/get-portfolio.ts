import { queryOptions, useQuery } from '@tanstack/react-query';

import { api } from '@/lib/api/client';
import { polled } from '@/lib/api/polling';
import type { Portfolio } from '@/lib/api/types';

/** What one session is worth, with at most 1,000 points of its equity curve. */
export const portfolioQuery = (session: number) =>
  queryOptions({
    queryKey: ['portfolio', session],
    queryFn: ({ signal }) => api.get<Portfolio>('/portfolio', { session_id: session }, signal),
    ...polled,
  });

export const usePortfolio = (session: number) => useQuery(portfolioQuery(session));
