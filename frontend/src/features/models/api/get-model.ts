import { queryOptions, skipToken, useQuery } from '@tanstack/react-query';

import { api } from '@/lib/api/client';
import type { Model } from '@/lib/api/types';

/** One model and its card. Its figures do not change, its status may. */
export const modelQuery = (id: number | null) =>
  queryOptions({
    queryKey: ['models', id],
    queryFn:
      id === null ? skipToken : ({ signal }) => api.get<Model>(`/models/${id}`, undefined, signal),
    refetchInterval: 30_000,
  });

export const useModel = (id: number | null) => useQuery(modelQuery(id));
