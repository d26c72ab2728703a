import { Badge, type Tone } from '@/components/badge';

const SHOWN: Record<string, { tone: Tone; sign: string }> = {
  live: { tone: 'good', sign: '●' },
  repairing: { tone: 'warn', sign: '…' },
  starting: { tone: 'warn', sign: '…' },
  stopped: { tone: 'neutral', sign: '■' },
  stale: { tone: 'bad', sign: '✕' },
  halted: { tone: 'bad', sign: '✕' },
  refused: { tone: 'bad', sign: '✕' },
};

/** The state of a series in words, with a sign and a colour that only repeat them. */
export function StateBadge({ state }: { state: string }) {
  const { tone, sign } = SHOWN[state] ?? { tone: 'warn', sign: '?' };
  return (
    <Badge tone={tone}>
      <span aria-hidden="true">{sign} </span>
      {state}
    </Badge>
  );
}
