import { queryOptions, useQuery } from '@tanstack/react-query';

import { api } from '@/lib/api/client';
import { polled } from '@/lib/api/polling';
import type { Alert } from '@/lib/api/types';

/** The latest alerts, newest first. */
export const alertsQuery = queryOptions({
  queryKey: ['alerts'],
  queryFn: ({ signal }) => api.get<Alert[]>('/alerts', { limit: 20 }, signal),
  ...polled,
});

export const useAlerts = () => useQuery(alertsQuery);
