import { useSyncExternalStore } from 'react';

import { FeedsSentence } from '@/features/feeds/components/feeds-sentence';

const MARKET = '#market-data';
const SENTIMENT = '#sentiment';

export type View = 'trading' | 'market' | 'sentiment';

function asked(): View {
  const { hash } = window.location;
  return hash === MARKET ? 'market' : hash === SENTIMENT ? 'sentiment' : 'trading';
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
}

/** Which screen the address asks for, so that it can be reloaded, linked to, and gone back from. */
export const useView = (): View => useSyncExternalStore(subscribe, asked);

const VIEWS = [
  ['trading', '#', 'Trading'],
  ['market', MARKET, 'Market data'],
  ['sentiment', SENTIMENT, 'Sentiment'],
] as const;

/** The choice of the screen, and on each of them whether the market data is live. */
export function ViewBar({ view }: { view: View }) {
  return (
    <nav aria-label="Screens" className="flex flex-wrap items-center gap-x-4 border-b border-line bg-panel px-4 text-sm">
      {VIEWS.map(([name, address, title]) => (
        <a
          key={name}
          href={address}
          aria-current={name === view ? 'page' : undefined}
          className={`border-b-2 py-2 ${name === view ? 'border-accent font-semibold' : 'border-transparent text-soft'}`}
        >
          {title}
        </a>
      ))}
      {view === 'trading' && <FeedsSentence className="ml-auto py-2 text-xs" />}
    </nav>
  );
}
