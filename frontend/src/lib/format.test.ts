import { describe, expect, it } from 'vitest';

import {
  formatAge,
  formatChange,
  formatGain,
  formatMoney,
  formatPercent,
  formatPrice,
  formatQuantity,
  formatScore,
  formatTime,
  toNumber,
} from '@/lib/format';

describe('prices', () => {
  it.each([
    [64_123.456, '64,123.46'],
    ['64123.4', '64,123.40'],
    [1.23456, '1.2346'],
    ['0.00001234', '0.000012340'],
    [0, '0.00'],
    [null, '–'],
    [undefined, '–'],
    ['NaN', '–'],
  ])('%s is written %s', (value, expected) => {
    expect(formatPrice(value)).toBe(expected);
  });
});

describe('gains', () => {
  it.each([
    ['12.345', '+12.35'],
    ['-12.345', '−12.35'],
    ['0.001', '0.00'],
    ['-0.001', '0.00'],
    ['1234567.8', '+1,234,567.80'],
  ])('%s is written %s: the sign is a word of its own, and nothing has none', (value, expected) => {
    expect(formatGain(value)).toBe(expected);
  });
});

describe('fractions', () => {
  it('are written as percent', () => {
    expect(formatPercent(0.1234)).toBe('12.3 %');
    expect(formatPercent('0.6', 0)).toBe('60 %');
    expect(formatChange(-0.02)).toBe('−2.0 %');
    expect(formatChange(0.02)).toBe('+2.0 %');
    expect(formatPercent(null)).toBe('–');
  });
});

it('quantities keep what matters and no more', () => {
  expect(formatQuantity('0.01500000')).toBe('0.015');
  expect(formatQuantity('1500')).toBe('1,500');
});

it('scores show their direction when they have one', () => {
  expect(formatScore(0.5, true)).toBe('+0.500');
  expect(formatScore(-0.0421, true)).toBe('−0.042');
  expect(formatScore(0.5312)).toBe('0.531');
});

it('money keeps the minus of a loss', () => {
  expect(formatMoney('-3')).toBe('−3.00');
});

it('an empty text is not zero', () => {
  expect(toNumber('')).toBeNull();
  expect(toNumber('0')).toBe(0);
});

describe('times', () => {
  it.each([
    ['2024-03-01T12:00:00Z', '2024-03-01 12:00'],
    ['2024-03-01T12:00:00+02:00', '2024-03-01 10:00'],
    [1_709_294_405_000, '2024-03-01 12:00:05'],
    ['yesterday', '–'],
    [null, '–'],
  ])('%s is %s in UTC', (value, expected) => {
    expect(formatTime(value)).toBe(expected);
  });
});

describe('ages', () => {
  it.each([
    [-50, '0 s'],
    [3_400, '3 s'],
    [59_400, '59 s'],
    [60_000, '1 min'],
    [7_300_000, '2 h'],
    [200_000_000, '2 d'],
  ])('%i ms is %s', (millis, expected) => {
    expect(formatAge(millis)).toBe(expected);
  });
});
