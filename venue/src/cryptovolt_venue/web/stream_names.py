"""Stream names, for example ``btcusdt@kline_1m`` or ``!miniTicker@arr``."""

import re

from cryptovolt_venue import history
from cryptovolt_venue.exchange import Exchange
from cryptovolt_venue.feed import Feed
from cryptovolt_venue.tape import Market
from cryptovolt_venue.web.channels import (
    AllBookTickers,
    Channel,
    DepthChannel,
    KlineChannel,
    TradeChannel,
)
from cryptovolt_venue.web.frame_faults import FrameFaults
from cryptovolt_venue.web.periodic import AllSymbols, PeriodicChannel

_ALL = re.compile(r"!(miniTicker|ticker|markPrice)@arr(@1s|@3s)?")
_ONE = re.compile(
    r"[a-z0-9]+@(trade|aggTrade|bookTicker|miniTicker|ticker|kline_[0-9]+[smhdw]"
    r"|markPrice(@1s|@3s)?|depth(5|10|20)?(@[0-9]+ms)?)"
)


def is_stream_name(name: str) -> bool:
    """Return whether a text is made as a stream name is; its symbol may be unknown."""
    return bool(name == "!bookTicker" or _ALL.fullmatch(name) or "@" in name)


def open_channel(exchange: Exchange, faults: FrameFaults, market: Market, name: str) -> Channel:
    """Return the channel of a stream, open; of an unknown one never anything comes."""
    channel = _channel(exchange, faults, market, name)
    channel.open()
    return channel


def _channel(exchange: Exchange, faults: FrameFaults, market: Market, name: str) -> Channel:
    common = (exchange, faults, market, name)
    if name == "!bookTicker":
        return AllBookTickers(*common)
    if _ALL.fullmatch(name):
        return AllSymbols(*common)
    feed = exchange.feeds.get((market, name.split("@", maxsplit=1)[0].upper()))
    if feed is None or not _ONE.fullmatch(name):
        return Channel(*common)
    kind = name.split("@")[1]
    if kind in {"trade", "aggTrade", "bookTicker"}:
        return TradeChannel(*common, feed)
    if kind.startswith("kline_"):
        return _kline(exchange, faults, market, name, feed)
    if kind == "depth":
        return DepthChannel(*common, feed)
    period = 0.1 if name.endswith("@100ms") else 3.0 if name.endswith("markPrice") else 1.0
    return PeriodicChannel(*common, feed, period)


def _kline(
    exchange: Exchange, faults: FrameFaults, market: Market, name: str, feed: Feed
) -> Channel:
    interval = name.split("@kline_")[1]
    if not history.offers(feed.series, interval):
        return Channel(exchange, faults, market, name)
    return KlineChannel(exchange, faults, market, name, feed, interval)
