import { useState } from 'react';

import { Guard } from '@/components/guard';
import { FeedsPanel } from '@/features/feeds/components/feeds-panel';
import { IncidentsPanel } from '@/features/feeds/components/incidents-panel';
import { SeriesDetail } from '@/features/feeds/components/series-detail';
import { SeriesPanel } from '@/features/feeds/components/series-panel';
import { rowId } from '@/features/feeds/components/series-table';
import { keyOf, type SeriesKey } from '@/features/feeds/standing';

/** The screen of market data: what is live, what is not and why, and what is stored. */
export function MarketData() {
  const [chosen, setChosen] = useState<SeriesKey | null>(null);
  const key = chosen && keyOf(chosen);
  const close = (): void => {
    setChosen(null);
    if (key !== null) document.getElementById(rowId(key))?.focus();
  };
  // On a phone both columns dissolve into one, in the order of their numbers.
  return (
    <main className="grid items-start gap-3 p-3 xl:grid-cols-[minmax(0,1fr)_24rem]">
      <div className="contents xl:grid xl:gap-3">
        <Guard what="the live feeds">
          <FeedsPanel className="order-1 min-w-0" />
        </Guard>
        <Guard what="the series">
          <SeriesPanel chosen={key} onChoose={setChosen} className="order-4 min-w-0" />
        </Guard>
      </div>
      <div className="contents xl:sticky xl:top-3 xl:grid xl:max-h-[calc(100vh-1.5rem)] xl:gap-3 xl:overflow-y-auto">
        {chosen && (
          <Guard key={key} what="the series that was chosen">
            <SeriesDetail series={chosen} onClose={close} className="order-2 min-w-0" />
          </Guard>
        )}
        <Guard what="the open incidents">
          <IncidentsPanel onChoose={setChosen} className="order-3 min-w-0" />
        </Guard>
      </div>
    </main>
  );
}
