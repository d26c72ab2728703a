import { useState } from 'react';

import { Badge } from '@/components/badge';
import { Empty, Panel } from '@/components/panel';
import { useFeeds } from '@/features/feeds/api/get-feeds';
import { age, formatCount, incidentName, serverNow } from '@/features/feeds/sentences';
import type { SeriesKey } from '@/features/feeds/standing';
import { useFailure } from '@/hooks/use-failure';
import { useNow } from '@/hooks/use-now';
import type { Incident } from '@/lib/api/types';
import { formatTime } from '@/lib/format';

const STEP = 20;

interface IncidentRowProps {
  incident: Incident;
  now: number;
  onChoose: (series: SeriesKey) => void;
}

function IncidentRow({ incident, now, onChoose }: IncidentRowProps) {
  const name = incidentName(incident);
  return (
    <li className="px-3 py-2 text-sm">
      <p className="flex flex-wrap items-center justify-between gap-x-2">
        {incident.symbol === '' ? (
          <strong className="break-all">{name}</strong>
        ) : (
          <button type="button" className="link text-left break-all" onClick={() => onChoose(incident)}>
            {name}
          </button>
        )}
        <Badge tone="bad">✕ {incident.kind}</Badge>
      </p>
      <p className="break-words">{incident.reason}</p>
      <p className="text-xs text-soft tabular-nums">
        open for {age(incident.opened_at, now)} · since {formatTime(incident.opened_at)} UTC
      </p>
    </li>
  );
}

/** Troubles that are not over, newest first; those of a whole source before those of one series. */
export function IncidentsPanel({ onChoose, className = '' }: { onChoose: (series: SeriesKey) => void; className?: string }) {
  const feeds = useFeeds();
  const now = useNow();
  const [most, setMost] = useState(STEP);
  const data = feeds.data;
  const all = [...(data?.incidents ?? [])].reverse();
  const ordered = [...all.filter(({ symbol }) => symbol === ''), ...all.filter(({ symbol }) => symbol !== '')];
  return (
    <Panel
      title="Open incidents"
      aside={data && `${formatCount(ordered.length)} open`}
      failure={useFailure(feeds)}
      updatedAt={feeds.dataUpdatedAt}
      className={className}
    >
      {data && ordered.length === 0 && (
        <Empty>
          None.{data.feeds.some(({ trouble }) => trouble !== null) && ' A feed in trouble may be unable to tell of one.'}
        </Empty>
      )}
      {data && (
        <ul className="max-h-96 divide-y divide-line overflow-y-auto">
          {ordered.slice(0, most).map((incident) => (
            <IncidentRow
              key={incident.incident_id}
              incident={incident}
              now={serverNow(data.at, feeds.dataUpdatedAt, now)}
              onChoose={onChoose}
            />
          ))}
          {ordered.length > most && (
            <li className="p-2 text-center">
              <button type="button" className="button" onClick={() => setMost(most + 5 * STEP)}>
                Show more of {formatCount(ordered.length)}
              </button>
            </li>
          )}
        </ul>
      )}
    </Panel>
  );
}
