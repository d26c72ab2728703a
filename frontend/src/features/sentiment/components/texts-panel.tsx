import { useMemo, useState } from 'react';

import { Empty, Panel } from '@/components/panel';
import { useSources } from '@/features/sentiment/api/get-sources';
import { MOST_ROWS, useTexts } from '@/features/sentiment/api/get-texts';
import { TextCard } from '@/features/sentiment/components/text-card';
import { formatCount } from '@/features/sentiment/sentences';
import { EVERYTHING, itemsOf, KINDS, type Wanted } from '@/features/sentiment/texts';
import { useFailure } from '@/hooks/use-failure';
import { useNow } from '@/hooks/use-now';

const STEP = 25;
const FIELD = 'min-w-0 flex-1 basis-28 rounded-md border border-line bg-page px-2 py-1.5';

interface ChoiceProps {
  name: string;
  value: string;
  choices: readonly string[];
  onChoose: (value: string) => void;
}

function Choice({ name, value, choices, onChoose }: ChoiceProps) {
  const all = value === '' || choices.includes(value) ? choices : [...choices, value];
  return (
    <select aria-label={`Filter by ${name}`} className={FIELD} value={value} onChange={(event) => onChoose(event.target.value)}>
      <option value="">every {name}</option>
      {all.map((one) => (
        <option key={one} value={one}>
          {one}
        </option>
      ))}
    </select>
  );
}

interface FiltersProps {
  wanted: Wanted;
  symbols: readonly string[];
  onChange: (wanted: Wanted) => void;
}

function Filters({ wanted, symbols, onChange }: FiltersProps) {
  const sources = useSources();
  const names = (sources.data ?? []).map(({ name }) => name);
  return (
    <div className="flex flex-wrap gap-2 border-b border-line p-3 text-sm">
      <Choice name="symbol" value={wanted.symbol} choices={symbols} onChoose={(symbol) => onChange({ ...wanted, symbol })} />
      <Choice name="source" value={wanted.source} choices={names} onChoose={(source) => onChange({ ...wanted, source })} />
      <Choice name="kind" value={wanted.kind} choices={KINDS} onChoose={(kind) => onChange({ ...wanted, kind })} />
    </div>
  );
}

interface TextsPanelProps extends FiltersProps {
  className?: string;
}

/** The newest texts with their scores, and why they were taken to be about a symbol. */
export function TextsPanel({ wanted, symbols, onChange, className = '' }: TextsPanelProps) {
  const texts = useTexts(wanted);
  const now = useNow();
  const items = useMemo(() => itemsOf(texts.data ?? []), [texts.data]);
  const [most, setMost] = useState(STEP);
  const isFiltered = wanted.symbol !== '' || wanted.source !== '' || wanted.kind !== '';
  return (
    <Panel
      title="Newest texts"
      aside={texts.data && `${formatCount(items.length)} texts${texts.data.length === MOST_ROWS ? ', the newest' : ''}`}
      failure={useFailure(texts)}
      updatedAt={texts.dataUpdatedAt}
      onRetry={() => void texts.refetch()}
      className={className}
    >
      <Filters wanted={wanted} symbols={symbols} onChange={onChange} />
      {texts.data && items.length === 0 && (
        <Empty>
          {isFiltered ? (
            <>
              No text fits the filters.{' '}
              <button type="button" className="link" onClick={() => onChange(EVERYTHING)}>
                Show every text
              </button>
            </>
          ) : (
            <>
              No text is stored that the scorer in use has scored. Collect with <code>cryptovolt sentiment fetch</code>,
              or score older ones with <code>cryptovolt sentiment score</code>.
            </>
          )}
        </Empty>
      )}
      <ul className="divide-y divide-line">
        {items.slice(0, most).map((item) => (
          <TextCard key={item.text.sentiment_id} item={item} now={now} />
        ))}
      </ul>
      {items.length > most && (
        <button type="button" className="button m-3" onClick={() => setMost(most + STEP)}>
          Show {formatCount(Math.min(STEP, items.length - most))} more of {formatCount(items.length - most)}
        </button>
      )}
    </Panel>
  );
}
