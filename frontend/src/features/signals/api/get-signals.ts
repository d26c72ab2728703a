import { queryOptions, useQuery } from '@tanstack/react-query';

import { api } from '@/lib/api/client';
import { polled } from '@/lib/api/polling';
import type { Signal } from '@/lib/api/types';

/** Signals of one session, newest first. */
export const signalsQuery = (session: number) =>
  queryOptions({
    queryKey: ['signals', session],
    queryFn: ({ signal }) =>
      api.get<Signal[]>('/signals', { session_id: session, limit: 500 }, signal),
    ...polled,
  });

export const useSignals = (session: number) => useQuery(signalsQuery(session));
