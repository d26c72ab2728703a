import { StateBadge } from '@/features/feeds/components/state-badge';
import { age, barsBehind, formatCount, lastBar, type Moment } from '@/features/feeds/sentences';
import { keyOf, shownReason, shownState, type SeriesKey } from '@/features/feeds/standing';
import type { FedSeries } from '@/lib/api/types';
import { formatTime, UNDEFINED } from '@/lib/format';

// On a phone time frame and source stand below the symbol, age and reason below the state.
const WIDE = 'hidden md:table-cell';
const HEADINGS: readonly (readonly [string, string])[] = [
  ['Symbol', 'text-left'],
  ['Time frame', `text-left ${WIDE}`],
  ['Source', `text-left ${WIDE}`],
  ['State', 'text-left'],
  ['Reason', `text-left w-2/5 ${WIDE}`],
  ['Since', `text-right ${WIDE}`],
  ['Last bar', 'text-right'],
  ['Repaired', `text-right ${WIDE}`],
  ['Replaced', `text-right ${WIDE}`],
  ['Absent', `text-right ${WIDE}`],
];
const CELL = 'px-3 py-1.5 align-top';

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
  const since = age(series.since, moment.now);
  const last = lastBar(series, moment);
  return (
    <tr
      className={`cursor-pointer hover:bg-track ${isChosen ? 'bg-track' : ''}`}
      onClick={() => onChoose({ symbol, timeframe, source })}
    >
      <th scope="row" className={`${CELL} text-left font-normal`}>
        <button type="button" id={rowId(keyOf(series))} aria-pressed={isChosen} className="link text-left break-all">
          {symbol}
        </button>
        <span className="block text-xs text-soft md:hidden">
          {timeframe} · {source}
        </span>
      </th>
      <td className={`${CELL} ${WIDE}`}>{timeframe}</td>
      <td className={`${CELL} ${WIDE}`}>{source}</td>
      <td className={CELL}>
        <StateBadge state={shownState(series)} />
        <span className="block text-xs text-soft md:hidden">
          for {since}
          {reason !== null && <Reason text={reason} />}
        </span>
      </td>
      <td className={`${CELL} ${WIDE}`}>
        <Reason text={reason} />
      </td>
      <td title={`${formatTime(series.since)} UTC`} className={`${CELL} ${WIDE} text-right whitespace-nowrap`}>
        {since}
      </td>
      <td title={`bar of ${formatTime(series.last_open)} UTC`} className={`${CELL} text-right md:whitespace-nowrap`}>
        {last.text}
        {last.behind > 0 && <span className="block text-xs text-soft">{barsBehind(last.behind)}</span>}
      </td>
      <td className={`${CELL} ${WIDE} text-right`}>{formatCount(series.repaired)}</td>
      <td className={`${CELL} ${WIDE} text-right`}>{formatCount(series.replaced)}</td>
      <td className={`${CELL} ${WIDE} text-right`}>{formatCount(series.absent)}</td>
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
    <div className="overflow-x-auto">
      <table className="w-full text-sm tabular-nums">
        <thead>
          <tr className="border-b border-line text-xs text-soft">
            {HEADINGS.map(([heading, look]) => (
              <th key={heading} scope="col" className={`px-3 py-1.5 font-normal ${look}`}>
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
