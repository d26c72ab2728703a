import { afterEach, expect, it } from 'vitest';

import { linkCode, takeLinkCode } from '@/features/auth/api/boot';

afterEach(() => window.history.replaceState(null, '', '/'));

it.each([
  ['#link=abc', 'abc'],
  ['link=abc', 'abc'],
  ['#link=a%2Bb', 'a+b'],
  ['#link=', null],
  ['#other=abc', null],
  ['', null],
])('the code of %j is %j', (fragment, code) => {
  expect(linkCode(fragment)).toBe(code);
});

it('taking the code removes it from the address and the history', () => {
  window.history.replaceState(null, '', '/?a=1#link=secret');
  const entries = window.history.length;
  expect(takeLinkCode()).toBe('secret');
  expect(window.location.href).toMatch(/\/\?a=1$/);
  expect(window.history.length).toBe(entries);
});

it('another fragment is left alone', () => {
  window.history.replaceState(null, '', '/#trades');
  expect(takeLinkCode()).toBeNull();
  expect(window.location.hash).toBe('#trades');
});
