import { StateBadge } from '@/features/feeds/components/state-badge';
import { barsBehind, formatCount, lastBar, stateAge, type Moment } from '@/features/feeds/sentences';
import { keyOf, shownReason, shownState, type SeriesKey } from '@/features/feeds/standing';
import type { FedSeries } from '@/lib/api/types';
import { formatTime, UNDEFINED } from '@/lib/format';

// What has no column of its own where the table is narrow stands below the symbol or the state.
const LABELS = 'hidden @5xl:table-cell';
const COUNTS = 'hidden @3xl:table-cell';
const REASON = 'hidden @2xl:table-cell';
const HEADINGS: readonly (readonly [string, string])[] = [
  ['Symbol', 'text-left'],
  ['Time frame', `text-left ${LABELS}`],
  ['Source', `text-left ${LABELS}`],
  ['State', 'text-left'],
  ['Reason', `w-full text-left ${REASON}`],
  ['Since', `text-right ${REASON}`],
  ['Last bar', 'text-right'],
  ['Repaired', `text-right ${COUNTS}`],
  ['Replaced', `text-right ${COUNTS}`],
  ['Absent', `text-right ${COUNTS}`],
];
const CELL = 'px-2 py-1.5 align-top first:pl-3 last:pr-3';

/** Where the table finds the row of a series again. */
export const rowId = (key: string): string => `series-${key}`;

interface RowProps {
  series: FedSeries;
  moment: Moment;
  isChosen: boolean;
  onChoose: (series: SeriesKey) => void;
}

function Reason({ text }: { text: string | null }) {
  return (
    <span title={text ?? undefined} className="line-clamp-3 [overflow-wrap:anywhere]">
      {text ?? UNDEFINED}
    </span>
  );
}

function SeriesRow({ series, moment, isChosen, onChoose }: RowProps) {
  const { symbol, timeframe, source } = series;
  const reason = shownReason(series);
  const since = stateAge(series, moment.now);
  const last = lastBar(series, moment);
  return (
    <tr
      className={`cursor-pointer hover:bg-track ${isChosen ? 'bg-track' : ''}`}
      onClick={() => onChoose({ symbol, timeframe, source })}
    >
      <th scope="row" className={`${CELL} min-w-28 text-left font-normal ${isChosen ? 'shadow-[inset_3px_0_var(--accent)]' : ''}`}>
        <button
          type="button"
          id={rowId(keyOf(series))}
          aria-pressed={isChosen}
          className="link text-left [overflow-wrap:anywhere] @2xl:whitespace-nowrap"
        >
          {symbol}
        </button>
        <span className="block text-xs text-soft [overflow-wrap:anywhere] @5xl:hidden">
          {timeframe} · {source}
        </span>
      </th>
      <td className={`${CELL} ${LABELS}`}>{timeframe}</td>
      <td className={`${CELL} ${LABELS} whitespace-nowrap`}>{source}</td>
      <td className={CELL}>
        <StateBadge state={shownState(series)} />
        <span className="block text-xs text-soft @2xl:hidden">
          {since !== null && `for ${since}`}
          {reason !== null && <Reason text={reason} />}
        </span>
      </td>
      <td className={`${CELL} ${REASON}`}>
        <Reason text={reason} />
      </td>
      <td title={`${formatTime(series.since)} UTC`} className={`${CELL} ${REASON} text-right whitespace-nowrap`}>
        {since ?? UNDEFINED}
      </td>
      <td title={`bar of ${formatTime(series.last_open)} UTC`} className={`${CELL} text-right @2xl:whitespace-nowrap`}>
        <span className={last.isAge ? 'whitespace-nowrap' : ''}>{last.text}</span>
        {last.behind > 0 && <span className="block text-xs text-soft">{barsBehind(last.behind)}</span>}
      </td>
      <td className={`${CELL} ${COUNTS} text-right`}>{formatCount(series.repaired)}</td>
      <td className={`${CELL} ${COUNTS} text-right`}>{formatCount(series.replaced)}</td>
      <td className={`${CELL} ${COUNTS} text-right`}>{formatCount(series.absent)}</td>
    </tr>
  );
}

interface SeriesTableProps {
  rows: readonly FedSeries[];
  moment: Moment;
  chosen: string | null;
  onChoose: (series: SeriesKey) => void;
}

export function SeriesTable({ rows, moment, chosen, onChoose }: SeriesTableProps) {
  return (
    <div className="@container overflow-x-auto">
      <table className="w-full text-sm tabular-nums">
        <thead>
          <tr className="border-b border-line text-xs text-soft">
            {HEADINGS.map(([heading, look]) => (
              <th key={heading} scope="col" className={`px-2 py-1.5 font-normal whitespace-nowrap first:pl-3 last:pr-3 ${look}`}>
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {rows.map((series) => {
            const key = keyOf(series);
            return (
              <SeriesRow key={key} series={series} moment={moment} isChosen={key === chosen} onChoose={onChoose} />
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
