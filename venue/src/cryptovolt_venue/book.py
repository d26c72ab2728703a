"""The order book: a ladder around the last trade, the same whenever it is asked for.

The side that was hit last stands at the price of the trade, the other one tick away; deeper levels
lie on a grid, and what is offered at a level depends on the instrument and the price only. Hence a
snapshot and the stream of differences agree exactly, whatever the order they are asked for in.
"""

from typing import NamedTuple

from cryptovolt_venue.feed import Feed

DEPTH = 25
"""Levels on each side."""

_MASK = 0xFFFFFFFFFFFFFFFF


class Top(NamedTuple):
    """Best bid and ask in counts of the instrument's decimals."""

    bid: int
    bid_quantity: int
    ask: int
    ask_quantity: int


def top(feed: Feed) -> Top:
    """Return the best bid and ask after the last trade."""
    bid = feed.last_price if feed.last_maker else max(1, feed.last_price - 1)
    return Top(bid, offered(feed, bid), bid + 1, offered(feed, bid + 1))


def levels(feed: Feed, depth: int = DEPTH) -> tuple[list[int], list[int]]:
    """Return the prices of bids, best first, and of asks, best first."""
    best = feed.last_price if feed.last_maker else max(1, feed.last_price - 1)
    step = spacing(feed)
    below = (best - 1) // step * step
    above = ((best + 1) // step + 1) * step
    bids = [best, *range(below, max(0, below - step * (depth - 1)), -step)]
    asks = [best + 1, *range(above, above + step * (depth - 1), step)]
    return bids, asks


def spacing(feed: Feed) -> int:
    """Return the distance of deeper levels: a hundredth of a per cent of a typical price."""
    return max(1, feed.series.typical_price // 10_000)


def offered(feed: Feed, price: int) -> int:
    """Return the quantity that stands at a price."""
    mixed = (feed.series.key + price * 0x9E3779B97F4A7C15) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    share = (mixed >> 40) / float(1 << 24)
    return 1 + int(feed.series.typical_quantity * (0.2 + 4.0 * share * share))
