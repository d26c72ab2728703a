import { queryOptions, useQuery, type QueryFunctionContext } from '@tanstack/react-query';

import { api } from '@/lib/api/client';
import { polled } from '@/lib/api/polling';
import type { Signal } from '@/lib/api/types';
import { extended } from '@/lib/newest-first';

/** As many as the chart has bars. */
const KEPT = 500;
/** Enough for the bars of two seconds; a signal with its votes is half a kilobyte. */
const ASKED = 40;

type Key = readonly ['signals', number];

async function fetchSignals({ client, queryKey, signal }: QueryFunctionContext<Key>): Promise<Signal[]> {
  const [, session] = queryKey;
  const newest = (limit: number) =>
    api.get<Signal[]>('/signals', { session_id: session, limit }, signal);
  const known = client.getQueryData<Signal[]>(queryKey) ?? [];
  if (known.length === 0) return newest(KEPT);
  const all = extended(known, await newest(ASKED), (row) => row.signal_id, KEPT);
  return all ?? newest(KEPT);
}

/** Signals of one session, newest first. A stored signal never changes, so known ones are kept. */
export const signalsQuery = (session: number) =>
  queryOptions({ queryKey: ['signals', session] as Key, queryFn: fetchSignals, ...polled });

export const useSignals = (session: number) => useQuery(signalsQuery(session));
