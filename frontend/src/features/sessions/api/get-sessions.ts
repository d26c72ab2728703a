import { queryOptions, useQuery } from '@tanstack/react-query';

import { api } from '@/lib/api/client';
import { polled } from '@/lib/api/polling';
import type { Session } from '@/lib/api/types';

/** The user's sessions, newest first. */
export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: ({ signal }) => api.get<Session[]>('/sessions', { limit: 50 }, signal),
  ...polled,
});

export const useSessions = () => useQuery(sessionsQuery);
