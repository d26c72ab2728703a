import { useMutation, useQueryClient } from '@tanstack/react-query';

import { alertsQuery } from '@/features/alerts/api/get-alerts';
import { api } from '@/lib/api/client';
import type { Alert, AlertsRead } from '@/lib/api/types';

/** Marks one alert as read. */
export function useMarkAlertRead() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => api.patch<Alert>(`/alerts/${id}`, { is_read: true }),
    onSuccess: () => queries.invalidateQueries({ queryKey: alertsQuery.queryKey }),
  });
}

/** Marks all alerts as read. */
export function useMarkAllAlertsRead() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => api.post<AlertsRead>('/alerts/read'),
    onSuccess: () => queries.invalidateQueries({ queryKey: alertsQuery.queryKey }),
  });
}
