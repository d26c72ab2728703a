import { expect, it } from 'vitest';

import { readFunding } from '@/features/sessions/funding';

it('a perpetual says whether funding is charged', () => {
  const text = 'Funding is not charged: no funding rates of BTCUSDT (binance-usdm) are known.';
  expect(readFunding({ settings: { funding: { charged: false, text } } })).toEqual({ charged: false, text });
  expect(readFunding({ settings: { funding: { charged: true, text: 'at 50 rates' } } })?.charged).toBe(true);
});

it('what cannot be read was not charged', () => {
  expect(readFunding({ settings: { funding: {} } })).toEqual({ charged: false, text: '' });
});

it.each([[null], [{}], [{ funding: null }]])('a market without funding says nothing: %j', (settings) => {
  expect(readFunding({ settings })).toBeNull();
});
