"""Trades of the past: made again from the bars whenever somebody asks for them."""

from typing import NamedTuple

import numpy as np

from cryptovolt_venue.feed import Feed
from cryptovolt_venue.paths import make_paths

_BARS_AT_ONCE = 256


class PastTrade(NamedTuple):
    """One trade, in counts of the instrument's decimals."""

    trade_id: int
    time_ms: int
    price: int
    quantity: int
    buyer_is_maker: bool


def newest(feed: Feed, limit: int) -> list[PastTrade]:
    """Return the newest trades, oldest first; the feed is at now."""
    return from_number(feed, max(0, feed.n_trades - limit), limit)


def from_number(feed: Feed, number: int, limit: int) -> list[PastTrade]:
    """Return trades from the one on that `number` trades come before."""
    found: list[PastTrade] = []
    stop = min(feed.n_trades, number + limit)
    while number < stop:
        row = feed.series.row_of_trade(number)
        made = _trades_of(feed, row, min(row + _BARS_AT_ONCE, feed.row + 1))
        first = made[0].trade_id - feed.first_id
        found.extend(made[number - first : stop - first])
        number = first + len(made)
    return found


def between(feed: Feed, start_ms: int, end_ms: int, limit: int) -> list[PastTrade]:
    """Return the oldest trades from `start_ms` to `end_ms`, both included."""
    row = max(0, feed.series.row_at(start_ms + 1) - 1)
    found: list[PastTrade] = []
    while row <= feed.row and row < feed.series.n_rows and len(found) < limit:
        if feed.series.open_ms(row) > end_ms:
            break
        stop = min(row + _BARS_AT_ONCE, feed.row + 1, feed.series.n_rows)
        made = _trades_of(feed, row, stop)
        found.extend(trade for trade in made if start_ms <= trade.time_ms <= end_ms)
        row = stop
    last = feed.last_id
    return [trade for trade in found[:limit] if trade.trade_id <= last]


def _trades_of(feed: Feed, first: int, stop: int) -> list[PastTrade]:
    block = feed.series.block(first, min(stop, feed.series.n_rows))
    paths = make_paths(feed.series, block)
    real = paths.quantity > 0
    ids = feed.first_id + int(block.first_trade[0]) + np.arange(int(real.sum()))
    columns = [ids.tolist(), *(column[real].tolist() for column in paths)]
    return [PastTrade(*row) for row in zip(*columns, strict=True)]
