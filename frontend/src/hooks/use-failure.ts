import type { UseQueryResult } from '@tanstack/react-query';
import { useState } from 'react';

export interface Failure {
  message: string;
  /** When it first failed after it last worked, ms. */
  since: number;
}

/**
 * What is wrong with a query, from its first failure until it works again.
 *
 * A query that never worked is "pending" again during each retry; its failure stays shown meanwhile.
 */
export function useFailure(query: UseQueryResult): Failure | null {
  const [failure, setFailure] = useState<Failure | null>(null);
  let next = failure;
  if (query.isError) {
    const message = query.error.message;
    if (failure?.message !== message) {
      next = { message, since: failure?.since ?? query.errorUpdatedAt };
    }
  } else if (query.isSuccess) {
    next = null;
  }
  if (next !== failure) setFailure(next);
  return next;
}
