/** Short names for the types generated from the server's OpenAPI description. */
import type { components } from '@/lib/api/schema';

type Schemas = components['schemas'];

export type Alert = Schemas['AlertOut'];
export type AlertsRead = Schemas['AlertsRead'];
export type Bars = Schemas['BarsOut'];
export type EquityCurve = Schemas['EquityCurve'];
export type Login = Schemas['LoginIn'];
export type Model = Schemas['ModelOut'];
export type Portfolio = Schemas['PortfolioOut'];
export type Register = Schemas['RegisterIn'];
export type Session = Schemas['SessionOut'];
export type Signal = Schemas['SignalOut'];
export type Strategy = Schemas['StrategyOut'];
export type Token = Schemas['TokenOut'];
export type Trade = Schemas['TradeOut'];
export type User = Schemas['UserOut'];
