"""Channels: what a stream name stands for, and when its frames are made.

A channel exists while somebody listens. Those of trades, best prices and klines follow the events
of the replay, that of the book sends at intervals of real time what changed. Nothing is made that
nobody listens to.
"""

from collections.abc import Callable
from typing import TypeAlias

from cryptovolt.domain.timeframe import timeframe_ms
from cryptovolt_venue import book, history
from cryptovolt_venue.exchange import Exchange
from cryptovolt_venue.feed import Feed
from cryptovolt_venue.history import Kline
from cryptovolt_venue.tape import Market
from cryptovolt_venue.web import frames
from cryptovolt_venue.web.connections import Connection, encode
from cryptovolt_venue.web.frame_faults import FrameFaults

Make: TypeAlias = Callable[[Feed], str]

_ON_TRADE: dict[str, Make] = {
    "trade": frames.trade,
    "aggTrade": frames.aggregate_trade,
    "bookTicker": frames.book_ticker,
}
_DEPTH_PERIODS = {"100ms": 0.1, "250ms": 0.25, "500ms": 0.5, "1000ms": 1.0, "0ms": 0.1}
_DEFAULT_DEPTH_S: dict[Market, float] = {"spot": 1.0, "usdm": 0.25}
_SHORTEST_UPDATE_MS = 250.0


class Channel:
    """One stream and who listens to it."""

    period_s: float | None = None
    """How often :meth:`tick` is called, None for never."""

    def __init__(self, exchange: Exchange, faults: FrameFaults, market: Market, name: str) -> None:
        self.exchange, self.faults, self.market, self.name = exchange, faults, market, name
        self.listeners: list[Connection] = []
        self.n_frames = 0
        self.due_s = 0.0
        stem = name.split("@", 2)[1] if "@" in name and name[0] != "!" else name.strip("!")
        self.kind = stem.split("_")[0].split("@")[0].rstrip("0123456789")
        self.symbol = "" if name[0] == "!" else name.split("@", 1)[0].upper()

    def publish(self, payload: str) -> None:
        """Send a frame to all who listen."""
        if self.faults.idle:
            self.send(payload)
        else:
            self.faults.pass_on(
                self.send, payload, market=self.market, channel=self.kind, symbol=self.symbol
            )

    def send(self, payload: str) -> None:
        """Queue a frame for all who listen, encoded once."""
        raw = combined = None
        self.n_frames += 1
        for connection in self.listeners:
            if connection.combined:
                if combined is None:
                    combined = encode(f'{{"stream":"{self.name}","data":{payload}}}')
                connection.pending.append(combined)
            else:
                if raw is None:
                    raw = encode(payload)
                connection.pending.append(raw)

    def open(self) -> None:
        """Begin to make frames."""

    def close(self) -> None:
        """Make no frames any more."""

    def tick(self) -> None:
        """Send what changed."""


class TradeChannel(Channel):
    """Sends a frame with every trade."""

    def __init__(
        self, exchange: Exchange, faults: FrameFaults, market: Market, name: str, feed: Feed
    ) -> None:
        super().__init__(exchange, faults, market, name)
        self._feed, self._make = feed, _ON_TRADE[self.kind]
        self._end: Callable[[], None] | None = None

    def open(self) -> None:
        """Listen to the trades."""
        self._end = self.exchange.replay.watch_trades(self._feed, self._on_trade)

    def close(self) -> None:
        """Listen no more."""
        if self._end is not None:
            self._end()

    def _on_trade(self, feed: Feed) -> None:
        self.publish(self._make(feed))


class AllBookTickers(Channel):
    """Sends the best prices of every symbol with every trade."""

    def __init__(self, exchange: Exchange, faults: FrameFaults, market: Market, name: str) -> None:
        super().__init__(exchange, faults, market, name)
        self._ends: list[Callable[[], None]] = []

    def open(self) -> None:
        """Listen to all trades."""
        self._ends = [
            self.exchange.replay.watch_trades(feed, self._on_trade)
            for (market, _), feed in self.exchange.feeds.items()
            if market == self.market
        ]

    def close(self) -> None:
        """Listen no more."""
        for end in self._ends:
            end()

    def _on_trade(self, feed: Feed) -> None:
        self.publish(frames.book_ticker(feed))


class KlineChannel(Channel):
    """Sends the forming kline now and then, and every one that closes."""

    def __init__(
        self,
        exchange: Exchange,
        faults: FrameFaults,
        market: Market,
        name: str,
        feed: Feed,
        interval: str,
    ) -> None:
        super().__init__(exchange, faults, market, name)
        self._feed, self._interval = feed, interval
        self._length_ms = timeframe_ms(interval)
        self._before: Kline | None = None
        self._sent_ms = 0
        self._every_ms = 0.0
        self._end: Callable[[], None] | None = None

    def open(self) -> None:
        """Listen to the bars, and to the trades where updates come between two closes."""
        feed = self._feed
        # The real venue updates every two seconds; faster replays do it four times a second.
        usual = 1000.0 if self._interval == "1s" else 2000.0
        self._every_ms = max(usual, _SHORTEST_UPDATE_MS * self.exchange.clock.speed)
        feed.sync(self.exchange.now_ms)
        self._before = history.before_current(feed, self._interval)
        feed.close_watchers.append(self._on_close)
        if self._every_ms < feed.series.interval_ms:
            self._end = self.exchange.replay.watch_trades(feed, self._on_trade)

    def close(self) -> None:
        """Listen no more."""
        self._feed.close_watchers.remove(self._on_close)
        if self._end is not None:
            self._end()
            self._end = None

    def _on_trade(self, feed: Feed) -> None:
        if feed.last_ms - self._sent_ms < self._every_ms:
            return
        row = history.current(feed)
        if self._before is not None:
            row = history.join(self._before, row)
        elif self._length_ms != feed.series.interval_ms:
            row = history.in_bucket(row, self._interval)
        self._sent_ms = feed.last_ms
        self.publish(frames.kline(feed, row, self._interval, feed.last_ms, closed=False))

    def _on_close(self, feed: Feed) -> None:
        row = history.current(feed)
        if self._length_ms == feed.series.interval_ms:
            self._publish_closed(feed, row)
            return
        opened = history.bucket_ms(row.open_ms, self._interval)
        before, self._before = self._before, None
        if before is not None and before.open_ms == opened:
            row = history.join(before, row)
        else:
            # A gap in the bars: the bucket before ended without its last bar.
            row = history.in_bucket(row, self._interval)
        if feed.close_ms == opened + self._length_ms:
            self._publish_closed(feed, row)
        else:
            self._before = row

    def _publish_closed(self, feed: Feed, row: Kline) -> None:
        self._sent_ms = feed.close_ms
        self.publish(frames.kline(feed, row, self._interval, feed.close_ms, closed=True))


class DepthChannel(Channel):
    """Sends at intervals what changed in the book, with update ids that follow one another."""

    def __init__(
        self, exchange: Exchange, faults: FrameFaults, market: Market, name: str, feed: Feed
    ) -> None:
        super().__init__(exchange, faults, market, name)
        self._feed = feed
        self.period_s = _DEPTH_PERIODS.get(name.rsplit("@", 1)[-1], _DEFAULT_DEPTH_S[market])
        self._sent_id = 0
        self._shown: tuple[set[int], set[int]] = (set(), set())
        self._touched: tuple[set[int], set[int]] = (set(), set())
        self._end: Callable[[], None] | None = None

    def open(self) -> None:
        """Remember the book as it is."""
        self._feed.sync(self.exchange.now_ms)
        self._sent_id = self._feed.last_id
        self._shown = self._levels()
        self._touched = (set(), set())
        self._end = self.exchange.replay.watch_trades(self._feed, self._on_trade)

    def close(self) -> None:
        """Listen no more."""
        if self._end is not None:
            self._end()

    def tick(self) -> None:
        """Send the levels that changed since the last frame."""
        feed = self._feed
        if feed.last_id == self._sent_id:
            return
        sides = [
            [
                (price, book.offered(feed, price) if price in shown else 0)
                for price in sorted(touched)
            ]
            for touched, shown in zip(self._touched, self._shown, strict=True)
        ]
        before, self._sent_id = self._sent_id, feed.last_id
        self._touched = (set(), set())
        self.publish(frames.depth_update(feed, before + 1, before, sides[0], sides[1]))

    def _on_trade(self, _: Feed) -> None:
        now = self._levels()
        for touched, before, after in zip(self._touched, self._shown, now, strict=True):
            touched.update(before ^ after)
        self._shown = now

    def _levels(self) -> tuple[set[int], set[int]]:
        bids, asks = book.levels(self._feed)
        return set(bids), set(asks)
