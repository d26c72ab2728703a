import { Badge } from '@/components/badge';
import { Direction, wayOf } from '@/components/direction';
import { because, delayOf, seenAt } from '@/features/sentiment/sentences';
import { badgesOf, hostOf, safeAddress, type Item } from '@/features/sentiment/texts';
import { formatPercent, formatScore, formatTime } from '@/lib/format';

function Marks({ item }: { item: Item }) {
  const { spam, repeats, dayOnly, synthetic, index } = badgesOf(item);
  return (
    <>
      {synthetic && (
        <Badge tone="warn" title="Made up by a loopback press; it says nothing about any market.">
          SYNTHETIC
        </Badge>
      )}
      {spam !== null && <Badge tone="bad" title="It weighs less for it.">✕ spam {formatPercent(spam, 0)}</Badge>}
      {repeats && <Badge title="A near-duplicate of a text that was seen before; both count once.">= repeat</Badge>}
      {dayOnly && <Badge title="Its source says no hour.">day only</Badge>}
      {index && <Badge title="A number, not a text; the vote does not read it.">index</Badge>}
    </>
  );
}

function Address({ text: { url, synthetic } }: Pick<Item, 'text'>) {
  // What was made up has no page; its address must not send anybody to somebody else's.
  const address = synthetic ? null : safeAddress(url);
  if (address === null) return null;
  return (
    <a href={address} target="_blank" rel="noopener noreferrer" className="link break-all">
      {hostOf(address)}
    </a>
  );
}

/** One text as it was collected: as text, whatever it holds. */
export function TextCard({ item, now }: { item: Item; now: number }) {
  const { text, symbols, matches } = item;
  const score = text.sentiment_score;
  return (
    <li className="grid grid-cols-[4.5rem_minmax(0,1fr)] gap-x-2 px-3 py-2 text-sm">
      <div className="text-right text-sm font-semibold tabular-nums">
        <Direction way={wayOf(score)}>{formatScore(score, true)}</Direction>
        {text.weight !== null && text.weight < 1 && (
          <span className="block text-xs font-normal text-soft" title="Credibility × (1 − spam)">
            × {text.weight.toFixed(2)}
          </span>
        )}
      </div>
      <div className="min-w-0 space-y-1">
        <p lang={text.language ?? undefined} dir="auto" className="line-clamp-4 whitespace-pre-line [overflow-wrap:anywhere]">
          <bdi>{text.text}</bdi>
        </p>
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-xs text-soft tabular-nums">
          <strong className="text-text">{symbols.join(' · ')}</strong>
          <span>{text.source}</span>
          {text.kind !== null && <span>{text.kind}</span>}
          <Address text={text} />
          <Marks item={item} />
        </p>
        <p className="text-xs text-soft tabular-nums">
          <span title={`written ${formatTime(text.timestamp)} UTC, seen ${formatTime(text.observed_at)} UTC`}>
            seen {seenAt(text, now)}, {delayOf(text)}
          </span>
          {matches.length > 0 && <span className="[overflow-wrap:anywhere]"> · {matches.map(because).join('; ')}</span>}
        </p>
      </div>
    </li>
  );
}
