"""Channels that send at intervals of real time, if something changed: tickers, marks, levels."""

from cryptovolt_venue.exchange import Exchange
from cryptovolt_venue.feed import Feed
from cryptovolt_venue.tape import Market
from cryptovolt_venue.web import frames
from cryptovolt_venue.web.channels import Channel
from cryptovolt_venue.web.frame_faults import FrameFaults


class PeriodicChannel(Channel):
    """Sends something about one symbol at intervals, if it changed."""

    def __init__(
        self,
        exchange: Exchange,
        faults: FrameFaults,
        market: Market,
        name: str,
        feed: Feed,
        period_s: float = 1.0,
    ) -> None:
        super().__init__(exchange, faults, market, name)
        self._feed, self.period_s = feed, period_s
        self._sent: tuple[int, int] | None = None

    def tick(self) -> None:
        """Send what changed."""
        feed = self._feed
        feed.sync(self.exchange.now_ms)
        state = (feed.last_id, feed.row)
        if state != self._sent and not feed.stopped:
            self._sent = state
            payload = self._payload()
            if payload is not None:
                self.publish(payload)

    def _payload(self) -> str | None:
        feed = self._feed
        if self.kind == "depth":
            levels = self.name.split("@")[1].removeprefix("depth")
            return frames.partial_depth(feed, int(levels))
        if self.kind == "markPrice":
            found = self.exchange.mark_price(feed.symbol)
            return None if found is None else frames.mark_price(found)
        day = self.exchange.day(feed)
        return (frames.mini_ticker if self.kind == "miniTicker" else frames.ticker)(feed, day)


class AllSymbols(Channel):
    """Sends an array about all symbols that changed, once a second."""

    period_s = 1.0

    def __init__(self, exchange: Exchange, faults: FrameFaults, market: Market, name: str) -> None:
        super().__init__(exchange, faults, market, name)
        self._sent: dict[str, int] = {}

    def tick(self) -> None:
        """Send what changed."""
        rows: list[str] = []
        for (market, symbol), feed in self.exchange.feeds.items():
            if market != self.market or feed.stopped:
                continue
            feed.sync(self.exchange.now_ms)
            if feed.n_trades and self._sent.get(symbol) != feed.last_id:
                self._sent[symbol] = feed.last_id
                rows.append(self._row(feed))
        if rows:
            self.publish(f"[{','.join(rows)}]")

    def _row(self, feed: Feed) -> str:
        if self.kind == "markPrice":
            found = self.exchange.mark_price(feed.symbol)
            return "{}" if found is None else frames.mark_price(found)
        day = self.exchange.day(feed)
        return (frames.mini_ticker if self.kind == "miniTicker" else frames.ticker)(feed, day)
