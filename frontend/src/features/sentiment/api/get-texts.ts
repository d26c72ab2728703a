import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';

import type { Wanted } from '@/features/sentiment/texts';
import { api } from '@/lib/api/client';
import type { SentimentText } from '@/lib/api/types';

/** Rows that are asked for: a text about several symbols has a row for each. */
export const MOST_ROWS = 200;

/** The newest scored texts that fit the filters. */
export const textsQuery = ({ symbol, source, kind }: Wanted) =>
  queryOptions({
    queryKey: ['sentiment', 'texts', symbol, source, kind],
    queryFn: ({ signal }) =>
      api.get<SentimentText[]>(
        '/sentiment',
        {
          symbol: symbol || undefined,
          source: source || undefined,
          kind: kind || undefined,
          active: true,
          limit: MOST_ROWS,
        },
        signal,
      ),
    placeholderData: keepPreviousData,
    refetchInterval: 5_000,
  });

export const useTexts = (wanted: Wanted) => useQuery(textsQuery(wanted));
