import { describe, expect, it } from 'vitest';

import {
  age,
  clockOffset,
  countLines,
  headline,
  incidentName,
  lastBar,
  newestOpens,
  repairText,
  replaySpeed,
  serverNow,
  stateAge,
  timeframeMillis,
} from '@/features/feeds/sentences';
import type { FedSeries, Feed, Incident, Repair } from '@/lib/api/types';

const NOON = Date.UTC(2024, 2, 1, 12);
const MINUTE = 60_000;
const iso = (millis: number): string => new Date(millis).toISOString();

function series(change: Partial<FedSeries> = {}): FedSeries {
  return {
    source: 'binance',
    symbol: 'BTCUSDT',
    timeframe: '1m',
    state: 'live',
    reason: null,
    since: iso(NOON),
    refusal: null,
    last_open: iso(NOON),
    last_trade_id: null,
    bars: 0,
    repaired: 0,
    replaced: 0,
    absent: 0,
    late: 0,
    refused: 0,
    ...change,
  };
}

function feed(change: Partial<Feed> = {}): Feed {
  return {
    source: 'binance',
    process: 'host:1',
    started_at: iso(NOON),
    heartbeat_at: iso(NOON),
    stopped_at: null,
    speed: 1,
    clock_offset_ms: null,
    clock_checked_at: null,
    trouble: null,
    counts: {},
    ...change,
  };
}

const REFUSED = { state: 'stale', refusal: 'BTCUSDT 1m of binance is stale: silent' };

describe('the first sentence', () => {
  it.each([
    [0, 0, 'No series is fed'],
    [1, 0, '1 of 1 series live'],
    [200, 0, '200 of 200 series live'],
    [197, 3, '197 of 200 series live; 3 may not be traded'],
    [0, 200, '0 of 200 series live; none may be traded'],
    [1_000, 234, '1,000 of 1,234 series live; 234 may not be traded'],
  ])('%d live and %d refused', (live, refused, expected) => {
    const rows = [
      ...Array.from({ length: live }, () => series()),
      ...Array.from({ length: refused }, () => series(REFUSED)),
    ];
    expect(headline(rows)).toBe(expected);
  });
});

describe('time', () => {
  it('ages are counted by the clock of the server, and go on while it is silent', () => {
    const wrongBy = 3 * 3_600_000;
    const arrived = NOON + wrongBy;
    const now = serverNow(iso(NOON), arrived, arrived + 4_000);
    expect(age(iso(NOON - 3_000), now)).toBe('7 s');
    expect(serverNow(iso(NOON), arrived, arrived - 50)).toBe(NOON);
  });

  it('a live state of a feed that died has no age: nobody knows since when it is refused', () => {
    expect(stateAge(series(REFUSED), NOON + 9_000)).toBe('9 s');
    expect(stateAge(series({ refusal: 'not heard of' }), NOON + 9_000)).toBeNull();
  });

  it.each([
    ['1s', 1_000],
    ['15m', 900_000],
    ['4h', 14_400_000],
    ['1w', 604_800_000],
    ['unspecified', null],
    ['0m', null],
    ['1M', null],
  ])('a bar of %s has %d ms', (timeframe, expected) => {
    expect(timeframeMillis(timeframe)).toBe(expected);
  });
});

describe('the last bar', () => {
  const told = (row: FedSeries, now: number, feeds: Feed[] = [feed()], others: FedSeries[] = []) =>
    lastBar(row, { now, feeds, newest: newestOpens([row, ...others]) });

  it('has an age that counts from its close', () => {
    expect(told(series(), NOON + MINUTE + 12_000)).toEqual({ text: '12 s ago', isAge: true, behind: 0 });
  });
  it('that is not there is said so', () => {
    expect(told(series({ last_open: null }), NOON)).toEqual({ text: 'none yet', isAge: false, behind: 0 });
  });
  it('is so many bars behind the newest one of its source and time frame', () => {
    const late = series({ last_open: iso(NOON - 3 * MINUTE) });
    const other = series({ symbol: 'X', source: 'kraken', last_open: iso(NOON + MINUTE) });
    expect(told(late, NOON + MINUTE, [feed()], [series(), other])).toEqual({ text: '3 min ago', isAge: true, behind: 3 });
  });
  it.each([
    ['of a replay', [feed({ speed: 60 })], NOON],
    ['of a market of long ago', [feed()], NOON + 30 * 86_400_000],
    ['without a feed', [], NOON],
  ])('%s is shown by its own time', (_, feeds, now) => {
    expect(told(series(), now, feeds)).toEqual({ text: '2024-03-01 12:00', isAge: false, behind: 0 });
  });
});

describe('a feed', () => {
  it.each([
    [null, 'not known'],
    [0.2, '0 ms'],
    [12.4, '+12 ms'],
    [-2_013.6, '\u22122,014 ms'],
  ])('whose clock is %d ms ahead', (clock_offset_ms, expected) => {
    expect(clockOffset(feed({ clock_offset_ms }))).toBe(expected);
  });
  it.each([
    [1, null],
    [60, '60×'],
    [0.5, '0.5×'],
    [10_000, '10,000×'],
  ])('at %d times', (speed, expected) => {
    expect(replaySpeed(feed({ speed }))).toBe(expected);
  });
  it('shows its counts as texts, whatever they are', () => {
    const counts = { cuts: 3, trades_missed_while_cut: 1_234, odd: { a: [null] } };
    expect(countLines(feed({ counts }))).toEqual([
      ['cuts', '3'],
      ['trades missed while cut', '1,234'],
      ['odd', '{"a":[null]}'],
    ]);
  });
});

it('an incident is of one series or of a whole source', () => {
  const one: Incident = {
    incident_id: '9007199254740993',
    source: 'binance',
    symbol: 'BTCUSDT',
    timeframe: '1m',
    kind: 'silent',
    reason: 'x',
    opened_at: iso(NOON),
  };
  expect(incidentName(one)).toBe('BTCUSDT 1m of binance');
  expect(incidentName({ ...one, symbol: '', timeframe: '' })).toBe('all of binance');
});

describe('a repaired bar', () => {
  const repair = (change: Partial<Repair>): Repair => ({
    timestamp: iso(NOON),
    kind: 'replaced',
    was: [1, 2, 0.5, 1.5, 10],
    now: [1, 2, 0.5, 1.5, 10],
    noted_at: iso(NOON),
    ...change,
  });
  it.each([
    ['one value', { now: [1, 2, 0.5, 1.5, 11] }, 'volume 10 → 11'],
    ['two values', { now: [1, 3, 0.5, 1.25, 10] }, 'high 2.0000 → 3.0000, close 1.5000 → 1.2500'],
    ['a last digit', { now: [1, 2, 0.5, 1.5000000001, 10] }, 'close 1.5 → 1.5000000001'],
    ['nothing', {}, 'the same values'],
    ['a bar that is not there', { kind: 'absent', was: null, now: null }, 'the venue has no such bar'],
    ['values that were not kept', { was: null }, 'replaced'],
  ] as [string, Partial<Repair>, string][])('%s', (_, change, expected) => {
    expect(repairText(repair(change))).toBe(expected);
  });
});
