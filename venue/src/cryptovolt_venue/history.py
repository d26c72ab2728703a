"""History: klines of any time frame up to now, the forming one included.

Klines of a longer time frame are made of the bars of the series: buckets are aligned to the Unix
epoch, weeks to Monday. What is asked for is cut as the real venue does: from a start time on the
oldest, else the newest.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from cryptovolt.domain.arrays import IntArray
from cryptovolt.domain.timeframe import alignment_ms, timeframe_ms
from cryptovolt_venue.feed import Feed
from cryptovolt_venue.instruments import text
from cryptovolt_venue.paths import ExactArray, make_paths, sum_paths
from cryptovolt_venue.series import Block, Series

INTERVALS = (
    "1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w",
)  # fmt: skip
"""Time frames of the real venue that have a fixed length."""

_TRADES_AT_ONCE = 400_000

PriceMap: TypeAlias = Callable[[IntArray, IntArray], IntArray]
"""Turns prices, given with the times they hold at, into prices of another kind."""


class Kline(NamedTuple):
    """A bar with all its sums, in counts of the instrument's decimals."""

    open_ms: int
    close_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    quote_volume: int
    n_trades: int
    bought: int
    bought_quote: int
    first_trade: int
    """Trades before the bar; the id of its first is this plus the first id of the instrument."""


def offers(series: Series, interval: str) -> bool:
    """Return whether klines of a time frame can be made."""
    return interval in INTERVALS and timeframe_ms(interval) % series.interval_ms == 0


def bucket_ms(time_ms: int, interval: str) -> int:
    """Return when the bar that holds a time opens."""
    offset, length = alignment_ms(interval), timeframe_ms(interval)
    return (time_ms - offset) // length * length + offset


def klines(
    feed: Feed,
    interval: str,
    now_ms: int,
    *,
    start_ms: int | None = None,
    end_ms: int | None = None,
    limit: int = 500,
    price_map: PriceMap | None = None,
) -> list[Kline]:
    """Return klines, oldest first; the last may be forming."""
    series, length = feed.series, timeframe_ms(interval)
    visible = min(series.row_at(now_ms + 1), series.n_rows)
    stop = visible
    if end_ms is not None and end_ms < now_ms:
        stop = min(visible, series.row_at(bucket_ms(end_ms, interval) + length))
    n_rows = limit * (length // series.interval_ms)
    if start_ms is not None:
        begin = bucket_ms(start_ms + length - 1, interval)
        first = series.row_at(begin)
        stop = min(stop, first + n_rows)
    else:
        first = max(0, stop - n_rows)
        first = series.row_at(bucket_ms(series.open_ms(first), interval)) if stop else 0
    if stop <= first:
        return []
    stop = _whole_buckets(series, stop, visible, interval)
    found = _bucketed(series, interval, first, stop, price_map)
    if stop == visible and not feed.finished:
        _replace_last(feed, found, interval, now_ms, price_map)
    return found[:limit] if start_ms is not None else found[-limit:]


def forming(feed: Feed, interval: str, price_map: PriceMap | None = None) -> Kline:
    """Return the kline of a time frame that the feed's current bar belongs to, as it stands."""
    opened = bucket_ms(feed.open_ms, interval)
    current = _current(feed, opened, interval, price_map)
    first = feed.series.row_at(opened)
    if first >= feed.row:
        return current
    before = _bucketed(feed.series, interval, first, feed.row, price_map)[-1]
    return join(before, current)


def before_current(feed: Feed, interval: str) -> Kline | None:
    """Return what the bars before the feed's current one make of its bucket, None for nothing."""
    if feed.finished or interval == feed.series.timeframe:
        return None
    first = feed.series.row_at(bucket_ms(feed.open_ms, interval))
    if first >= feed.row:
        return None
    return _bucketed(feed.series, interval, first, feed.row, None)[-1]


def in_bucket(kline: Kline, interval: str) -> Kline:
    """Return a bar as the first part of the longer bar that it belongs to."""
    opened = bucket_ms(kline.open_ms, interval)
    return kline._replace(open_ms=opened, close_ms=opened + timeframe_ms(interval) - 1)


def join(before: Kline, after: Kline) -> Kline:
    """Return the kline of two parts of one bucket."""
    return Kline(
        before.open_ms,
        before.close_ms,
        before.open,
        max(before.high, after.high),
        min(before.low, after.low),
        after.close,
        before.volume + after.volume,
        before.quote_volume + after.quote_volume,
        before.n_trades + after.n_trades,
        before.bought + after.bought,
        before.bought_quote + after.bought_quote,
        before.first_trade,
    )


def current(feed: Feed) -> Kline:
    """Return the current bar of the feed; a closed one while its watchers are told of it."""
    return _current(feed, feed.open_ms, feed.series.timeframe, None)


def row_text(kline: Kline, feed: Feed) -> list[Any]:
    """Return a kline as the REST interface writes it."""
    price, quantity = (
        feed.series.instrument.price_decimals,
        feed.series.instrument.quantity_decimals,
    )
    return [
        kline.open_ms,
        text(kline.open, price),
        text(kline.high, price),
        text(kline.low, price),
        text(kline.close, price),
        text(kline.volume, quantity),
        kline.close_ms,
        text(kline.quote_volume, price + quantity),
        kline.n_trades,
        text(kline.bought, quantity),
        text(kline.bought_quote, price + quantity),
        "0",
    ]


def _whole_buckets(series: Series, stop: int, visible: int, interval: str) -> int:
    """Return `stop`, moved to the end of the bucket it cuts."""
    if stop >= visible or interval == series.timeframe:
        return stop
    return min(visible, series.row_at(bucket_ms(series.open_ms(stop - 1), interval)
                                      + timeframe_ms(interval)))  # fmt: skip


def _bucketed(
    series: Series, interval: str, first: int, stop: int, price_map: PriceMap | None
) -> list[Kline]:
    parts: list[Kline] = []
    at_once = max(16, _TRADES_AT_ONCE // series.trades_per_bar)
    for start in range(first, stop, at_once):
        block = series.block(start, min(start + at_once, stop))
        rows = _reduced(series, block, interval, price_map)
        if parts and rows and parts[-1].open_ms == rows[0].open_ms:
            rows[0] = join(parts.pop(), rows[0])
        parts.extend(rows)
    return parts


def _reduced(
    series: Series, block: Block, interval: str, price_map: PriceMap | None
) -> list[Kline]:
    sums = sum_paths(make_paths(series, block))
    offset, length = alignment_ms(interval), timeframe_ms(interval)
    opens = (block.open_ms - offset) // length * length + offset
    starts = np.flatnonzero(np.diff(opens, prepend=opens[:1] - 1))
    ends = np.append(starts[1:], len(opens)) - 1
    prices = _mapped(block, price_map)
    columns: list[ExactArray] = [
        opens[starts],
        opens[starts] + length - 1,
        prices[0][starts],
        np.maximum.reduceat(prices[1], starts),
        np.minimum.reduceat(prices[2], starts),
        prices[3][ends],
        np.add.reduceat(block.volume, starts),
        _total(sums.quote_volume, starts),
        np.add.reduceat(block.n_trades, starts),
        np.add.reduceat(sums.taker_volume, starts),
        _total(sums.taker_quote_volume, starts),
        block.first_trade[starts],
    ]
    return [Kline(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _total(values: ExactArray, starts: IntArray) -> ExactArray:
    if values.dtype != object and float(np.abs(values).max()) * values.size >= 2.0**62:
        values = values.astype(object)
    return np.add.reduceat(values, starts)


def _mapped(block: Block, price_map: PriceMap | None) -> list[IntArray]:
    prices = [block.open, block.high, block.low, block.close]
    return prices if price_map is None else [price_map(price, block.open_ms) for price in prices]


def _current(feed: Feed, opened: int, interval: str, price_map: PriceMap | None) -> Kline:
    prices = (feed.open, feed.high, feed.low, feed.close)
    if price_map is not None:
        at = np.full(4, feed.open_ms, dtype=np.int64)
        mapped: list[int] = price_map(np.array(prices, dtype=np.int64), at).tolist()
        prices = (mapped[0], mapped[1], mapped[2], mapped[3])
    return Kline(
        opened,
        opened + timeframe_ms(interval) - 1,
        *prices,
        feed.volume,
        feed.quote_volume,
        feed.n_in_bar,
        feed.bought,
        feed.bought_quote,
        feed.n_trades - feed.n_in_bar,
    )


def _replace_last(
    feed: Feed, found: list[Kline], interval: str, now_ms: int, price_map: PriceMap | None
) -> None:
    """Put what the feed has traded so far in the place of its whole current bar."""
    feed.sync(now_ms)
    if feed.finished or feed.open_ms > now_ms:
        return
    if found and found[-1].open_ms == bucket_ms(feed.open_ms, interval):
        found[-1] = forming(feed, interval, price_map)
