/** Numbers and times as people read them. Everything undefined is shown as an en dash. */

export const UNDEFINED = '–';

const MINUS = '\u2212';

/** Return the number behind a JSON number or decimal string, or null where there is none. */
export function toNumber(value: number | string | null | undefined): number | null {
  if (value === null || value === undefined || value === '') return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

type Value = number | string | null | undefined;

function write(value: Value, render: (magnitude: number) => string, signed: boolean): string {
  const number = toNumber(value);
  if (number === null) return UNDEFINED;
  const text = render(Math.abs(number));
  // What rounds to zero carries no sign: "−0.00" would claim a loss.
  const isZero = !/[1-9]/.test(text);
  if (isZero) return text;
  return (number < 0 ? MINUS : signed ? '+' : '') + text;
}

const fixed = (digits: number) =>
  new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
const byDigits = new Map<number, Intl.NumberFormat>();

function withDigits(magnitude: number, digits: number): string {
  let format = byDigits.get(digits);
  if (!format) byDigits.set(digits, (format = fixed(digits)));
  return format.format(magnitude);
}

/** Decimals a price of this size is shown with: at least five significant digits. */
export function priceDigits(price: number): number {
  const magnitude = Math.abs(price);
  if (!(magnitude > 0)) return 2;
  return Math.min(10, Math.max(2, 4 - Math.floor(Math.log10(magnitude))));
}

export const formatPrice = (value: Value): string =>
  write(value, (size) => withDigits(size, priceDigits(size)), false);

const quantityFormat = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 8 });

export const formatQuantity = (value: Value): string =>
  write(value, (size) => quantityFormat.format(size), false);

/** An amount in quote currency with two decimals. */
export const formatMoney = (value: Value): string =>
  write(value, (size) => withDigits(size, 2), false);

/** A gain or loss in quote currency: the sign is always written. */
export const formatGain = (value: Value): string =>
  write(value, (size) => withDigits(size, 2), true);

/** A fraction as percent: 0.1234 is "12.3 %". */
export const formatPercent = (value: Value, digits = 1): string => {
  const number = toNumber(value);
  return number === null ? UNDEFINED : write(number * 100, (size) => `${withDigits(size, digits)} %`, false);
};

/** A fraction as signed percent: 0.1234 is "+12.3 %". */
export const formatChange = (value: Value, digits = 1): string => {
  const number = toNumber(value);
  return number === null ? UNDEFINED : write(number * 100, (size) => `${withDigits(size, digits)} %`, true);
};

/** A score, vote or metric: three decimals, sign written when it has a direction. */
export const formatScore = (value: Value, signed = false): string =>
  write(value, (size) => withDigits(size, 3), signed);

/** Return milliseconds UTC of an ISO string or a number of milliseconds, or null. */
export function toMillis(value: string | number | null | undefined): number | null {
  if (value === null || value === undefined) return null;
  const millis = typeof value === 'number' ? value : Date.parse(value);
  return Number.isFinite(millis) ? millis : null;
}

/** "2024-03-01 12:00" in UTC, to the minute; seconds only when there are some. */
export function formatTime(value: string | number | null | undefined): string {
  const millis = toMillis(value);
  if (millis === null) return UNDEFINED;
  const iso = new Date(millis).toISOString();
  return iso.slice(0, 10) + ' ' + (millis % 60_000 === 0 ? iso.slice(11, 16) : iso.slice(11, 19));
}

/** "12:00:05" in the reader's own time zone, for things that happen on this screen. */
export const formatClock = (millis: number): string =>
  new Date(millis).toLocaleTimeString('en-GB', { hour12: false });

/** How long ago, in one unit: "3 s", "4 min", "2 h", "5 d". */
export function formatAge(millis: number): string {
  const seconds = Math.max(0, Math.round(millis / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
