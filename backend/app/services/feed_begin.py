"""How a series begins, and what it is subscribed to."""

import time
from datetime import UTC, datetime

from app.services.feed_ports import FedMarket, FeedOptions
from app.services.feed_pulse import Pulse
from app.services.feed_series import FedSeries
from app.services.live_bars import SeriesLine
from cryptovolt.domain.timeframe import alignment_ms, timeframe_ms

MAX_BACKFILL_BARS = 10_000
"""A series that is further behind begins anew; `cryptovolt bars fetch` fills what lies before."""


def new_series(
    market: FedMarket, symbol: str, options: FeedOptions, newest_ms: int | None
) -> FedSeries:
    """Return a series that goes on after its newest stored bar, or begins with the forming one."""
    first_ms = first_open(market.clock.market_ms(), options.timeframe, newest_ms)
    line = SeriesLine(timeframe_ms(options.timeframe), first_ms)
    pulse = Pulse(time.monotonic(), market.clock.speed or 1.0)
    return FedSeries(market.source, symbol, options.timeframe, line, pulse, datetime.now(UTC))


def first_open(market_ms: int, timeframe: str, newest_ms: int | None) -> int:
    """Return the open of the first bar that a series expects.

    What is stored may lie after market time, where the venue replays the past once more.
    """
    interval, offset = timeframe_ms(timeframe), alignment_ms(timeframe)
    forming = (market_ms - offset) // interval * interval + offset
    if newest_ms is None or newest_ms > forming:
        return forming
    behind = (forming - newest_ms) // interval
    return newest_ms + interval if behind <= MAX_BACKFILL_BARS else forming


def streams_of(market: FedMarket, options: FeedOptions) -> list[str]:
    """Return the names of the venue's streams for every symbol of a market."""
    channels = [f"kline_{options.timeframe}"]
    channels += [market.trade_channel] if options.trades else []
    channels += ["bookTicker"] if options.tickers else []
    return [f"{symbol.lower()}@{channel}" for symbol in market.symbols for channel in channels]


def symbols_of(streams: tuple[str, ...] | list[str], timeframe: str) -> list[str]:
    """Return the symbols whose bars are among some streams."""
    ending = f"@kline_{timeframe}"
    return [stream.removesuffix(ending).upper() for stream in streams if stream.endswith(ending)]
