/** Short names for the types generated from the server's OpenAPI description. */
import type { components } from '@/lib/api/schema';

type Schemas = components['schemas'];

export type Alert = Schemas['AlertOut'];
export type AlertsRead = Schemas['AlertsRead'];
export type Bars = Schemas['BarsOut'];
export type Coverage = Schemas['CoverageOut'];
export type EquityCurve = Schemas['EquityCurve'];
export type Feed = Schemas['FeedOut'];
export type Feeds = Schemas['FeedsOut'];
export type FedSeries = Schemas['SeriesFeedOut'];
export type Finding = Schemas['FindingOut'];
export type Gaps = Schemas['GapsOut'];
export type Incident = Schemas['IncidentOut'];
export type Login = Schemas['LoginIn'];
export type Model = Schemas['ModelOut'];
export type Portfolio = Schemas['PortfolioOut'];
export type Quality = Schemas['QualityOut'];
export type Register = Schemas['RegisterIn'];
export type Repair = Schemas['RepairOut'];
export type SentimentDetail = Schemas['SentimentDetail'];
export type SentimentSeries = Schemas['SentimentSeriesOut'];
export type SentimentSource = Schemas['SentimentSourceOut'];
export type SentimentText = Schemas['SentimentOut'];
export type SentimentWindow = Schemas['SentimentWindowOut'];
export type Session = Schemas['SessionOut'];
export type Signal = Schemas['SignalOut'];
export type Strategy = Schemas['StrategyOut'];
export type StoredSeries = Schemas['SymbolOut'];
export type Token = Schemas['TokenOut'];
export type Trade = Schemas['TradeOut'];
export type User = Schemas['UserOut'];
