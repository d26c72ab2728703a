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
  // Beside the table where there is room; on a phone before it.
  return (
    <main className="grid items-start gap-3 p-3 lg:grid-cols-[minmax(0,1fr)_22rem] xl:grid-cols-[minmax(0,1fr)_26rem]">
      <Guard what="the live feeds">
        <FeedsPanel className="min-w-0" />
      </Guard>
      <Guard what="the open incidents">
        <IncidentsPanel onChoose={setChosen} className="min-w-0" />
      </Guard>
      {chosen && (
        <Guard key={key} what="the series that was chosen">
          <SeriesDetail
            series={chosen}
            onClose={close}
            className="min-w-0 lg:sticky lg:top-3 lg:order-2 lg:max-h-[calc(100vh-1.5rem)] lg:overflow-y-auto"
          />
        </Guard>
      )}
      <Guard what="the series">
        <SeriesPanel
          chosen={key}
          onChoose={setChosen}
          className={`min-w-0 lg:order-1 ${chosen ? '' : 'lg:col-span-2'}`}
        />
      </Guard>
    </main>
  );
}
