import type { Session } from '@/lib/api/types';

export interface FundingNote {
  charged: boolean;
  text: string;
}

/** What a session over a perpetual says of funding; null for a market without. */
export function readFunding(session: Pick<Session, 'settings'>): FundingNote | null {
  const funding = session.settings?.funding;
  if (typeof funding !== 'object' || funding === null || Array.isArray(funding)) return null;
  const { charged, text } = funding as Record<string, unknown>;
  return { charged: charged === true, text: typeof text === 'string' ? text : '' };
}
