"""The last 24 hours of an instrument, kept up to date bar by bar."""

from collections import deque
from typing import NamedTuple

from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt_venue.feed import Feed
from cryptovolt_venue.paths import make_paths, sum_paths


class DayStatistics(NamedTuple):
    """What the tickers say, in counts of the instrument's decimals."""

    open_ms: int
    close_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    quote_volume: int
    first_trade: int
    n_trades: int


class Day:
    """The rolling window of one feed, of whole bars and what the current one has so far."""

    __slots__ = ("_feed", "_first", "_high", "_low", "_quotes", "_stop", "_totals", "_volumes")

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._first = self._stop = 0
        self._volumes: deque[int] = deque()
        self._quotes: deque[int] = deque()
        self._totals = (0, 0)
        self._high = self._low = 0

    def at(self, now_ms: int) -> DayStatistics:
        """Return the statistics; the feed is at now."""
        feed, series = self._feed, self._feed.series
        stop = min(feed.row, series.n_rows)
        first = min(series.row_at(now_ms - DAY_MS), stop)
        if (first, stop) != (self._first, self._stop):
            self._move(first, stop)
        row = series.block(first, first + 1) if first < series.n_rows else None
        whole = stop > first
        opening = int(row.open[0]) if row is not None and whole else feed.open
        before = int(row.first_trade[0]) if row is not None else feed.n_trades
        return DayStatistics(
            now_ms - DAY_MS,
            now_ms,
            opening,
            max(self._high, feed.high) if whole else feed.high,
            min(self._low, feed.low) if whole else feed.low,
            feed.last_price,
            self._totals[0] + feed.volume,
            self._totals[1] + feed.quote_volume,
            before,
            feed.n_trades - before,
        )

    def _move(self, first: int, stop: int) -> None:
        if not self._first <= first <= self._stop <= stop:
            self._volumes.clear()
            self._quotes.clear()
            self._first = self._stop = first
            self._totals = (0, 0)
        volume, quote = self._totals
        for _ in range(first - self._first):
            volume -= self._volumes.popleft()
            quote -= self._quotes.popleft()
        for more, value in self._more(self._stop, stop):
            self._volumes.append(more)
            self._quotes.append(value)
            volume, quote = volume + more, quote + value
        self._totals, self._first, self._stop = (volume, quote), first, stop
        if stop > first:
            block = self._feed.series.block(first, stop)
            self._high, self._low = int(block.high.max()), int(block.low.min())

    def _more(self, first: int, stop: int) -> list[tuple[int, int]]:
        if stop <= first:
            return []
        block = self._feed.series.block(first, stop)
        at_hand = self._feed.quote_volume_of(first) if stop == first + 1 else None
        quotes: list[int] = (
            sum_paths(make_paths(self._feed.series, block)).quote_volume.tolist()
            if at_hand is None
            else [at_hand]
        )
        return list(zip(block.volume.tolist(), quotes, strict=True))
