"""The exchange: clock, instruments, market and faults in one object that the web layer serves.

Accounts attach themselves: they ask for prices (:meth:`Exchange.best`, :meth:`Exchange.mark`) and
listen to trades, bars, funding and changes of instruments.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Protocol, TypeAlias

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.funding import FundingRates
from cryptovolt_venue import book, history, mishaps
from cryptovolt_venue.clock import VenueClock
from cryptovolt_venue.day import Day, DayStatistics
from cryptovolt_venue.faults import FaultSchedule
from cryptovolt_venue.feed import Feed
from cryptovolt_venue.funding import Funding
from cryptovolt_venue.instruments import DELISTED, Instrument, Instruments
from cryptovolt_venue.limits import Limits
from cryptovolt_venue.replay import Replay
from cryptovolt_venue.series import Series
from cryptovolt_venue.tape import BarUpdate, BookTop, FundingDue, Market, MarkPrice, Trade
from cryptovolt_venue.watchers import Decimals, bar_watcher, trade_watcher

FIRST_ID = 1
FIRST_BIG_ID = 8_389_765_489_680_951_453
"""Where ids begin with the fault of big ids: beyond what a double can count exactly."""

End: TypeAlias = Callable[[], None]


class Accounts(Protocol):
    """The account side of the venue, as far as the market side knows it."""

    def status(self) -> Mapping[str, object]:
        """Return what to show of the accounts in the status."""
        ...


class Exchange:
    """A spot and a USD-M market with everything that belongs to them.

    Parameters
    ----------
    series : iterable of Series
        What is traded, in the order in which it is listed.
    clock : VenueClock
    faults : FaultSchedule, optional
    limits : Limits, optional
    funding : mapping of str to FundingRates, optional
        Recorded rates of perpetual contracts by symbol.
    funding_shift_ms : int, default=0
        Added to the times of the recorded rates, as to those of the bars.
    big_ids : bool, default=False
        Whether ids begin beyond 2**53.
    """

    def __init__(
        self,
        series: Iterable[Series],
        *,
        clock: VenueClock,
        faults: FaultSchedule | None = None,
        limits: Limits | None = None,
        funding: Mapping[str, FundingRates] | None = None,
        funding_shift_ms: int = 0,
        big_ids: bool = False,
    ) -> None:
        self.clock = clock
        self.faults = faults or FaultSchedule(real_ms=clock.real_ms)
        self.limits = limits or Limits(clock.real_ms)
        self.first_id = FIRST_BIG_ID if big_ids else FIRST_ID
        self.instruments = Instruments()
        self.feeds: dict[tuple[Market, str], Feed] = {}
        self.accounts: Accounts | None = None
        self._funding: dict[str, Funding] = {}
        self._days: dict[tuple[Market, str], Day] = {}
        for number, each in enumerate(series):
            self._list(each, number, (funding or {}).get(each.instrument.symbol), funding_shift_ms)
        if not self.feeds:
            raise ConfigurationError("expected at least one instrument to trade, found none")
        self.replay = Replay(clock, list(self.feeds.values()))
        self._funding_listeners: list[Callable[[FundingDue], None]] = []
        self._instrument_listeners: list[Callable[[Instrument], None]] = []
        self._next_funding_ms: dict[str, int] = {
            symbol: each.next(self.now_ms)[0] for symbol, each in self._funding.items()
        }
        self.replay.every(1_000, self._each_second)

    @property
    def now_ms(self) -> int:
        """Market time up to which everything has happened: what answers and events carry."""
        return self.replay.now_ms

    def market_ms(self) -> int:
        """Return market time, see `now_ms`."""
        return self.replay.now_ms

    def wall_ms(self) -> int:
        """Return what the venue says the time is."""
        return self.clock.wall_ms()

    def instrument(self, market: Market, symbol: str) -> Instrument | None:
        """Return an instrument that is or was listed."""
        return self.instruments.find(market, symbol)

    def feed(self, market: Market, symbol: str) -> Feed | None:
        """Return the feed of an instrument, brought up to now; None before its first bar."""
        feed = self.feeds.get((market, symbol))
        if feed is None or feed.series.instrument.listed_ms > self.now_ms:
            return None
        feed.sync(self.now_ms)
        return feed

    def best(self, market: Market, symbol: str) -> BookTop | None:
        """Return the best prices, None before the first trade."""
        feed = self.feed(market, symbol)
        if feed is None or not feed.n_trades:
            return None
        top, decimal = book.top(feed), Decimals(feed)
        return BookTop(
            market,
            symbol,
            feed.last_id,
            feed.last_ms,
            decimal.price(top.bid),
            decimal.quantity(top.bid_quantity),
            decimal.price(top.ask),
            decimal.quantity(top.ask_quantity),
        )

    def depth(
        self, market: Market, symbol: str, levels: int = book.DEPTH
    ) -> tuple[list[tuple[Decimal, Decimal]], list[tuple[Decimal, Decimal]]]:
        """Return bids and asks as pairs of price and quantity, best first."""
        feed = self.feed(market, symbol)
        if feed is None or not feed.n_trades:
            return [], []
        decimal = Decimals(feed)

        def side(prices: list[int]) -> list[tuple[Decimal, Decimal]]:
            return [
                (decimal.price(price), decimal.quantity(book.offered(feed, price)))
                for price in prices
            ]

        bids, asks = book.levels(feed, levels)
        return side(bids), side(asks)

    def last(self, market: Market, symbol: str) -> Decimal | None:
        """Return the price of the last trade, None before the first."""
        feed = self.feed(market, symbol)
        return Decimals(feed).price(feed.last_price) if feed and feed.n_trades else None

    def average(self, market: Market, symbol: str) -> Decimal | None:
        """Return the volume-weighted price of the last five minutes, else that of the last bar."""
        feed = self.feed(market, symbol)
        if feed is None or not feed.n_trades:
            return None
        count = max(1, 300_000 // feed.series.interval_ms)
        rows = history.klines(feed, feed.series.timeframe, self.now_ms, limit=count)
        volume = sum(row.volume for row in rows)
        decimal = Decimals(feed)
        if not volume:
            return decimal.price(feed.last_price)
        value = sum(row.quote_volume for row in rows)
        return decimal.price(round(value / volume))

    def mark(self, symbol: str) -> Decimal | None:
        """Return the mark price of a perpetual contract."""
        found = self.mark_price(symbol)
        return None if found is None else found.mark_price

    def mark_price(self, symbol: str) -> MarkPrice | None:
        """Return mark price, index price and the next funding of a perpetual contract."""
        feed = self.feed("usdm", symbol)
        if feed is None:
            return None
        funding, decimal = self._funding[symbol], Decimals(feed)
        due, rate = funding.next(self.now_ms)
        mark = funding.mark(feed.last_price, self.now_ms)
        return MarkPrice(
            symbol, self.now_ms, decimal.price(mark), decimal.price(feed.last_price), rate, due
        )

    def mark_price_at(self, symbol: str, time_ms: int) -> Decimal:
        """Return the mark price at the open of the bar that holds a time in the past."""
        feed, funding = self.feeds["usdm", symbol], self._funding[symbol]
        row = max(0, feed.series.row_at(time_ms + 1) - 1)
        price = int(feed.series.block(row, row + 1).open[0])
        return Decimals(feed).price(funding.mark(price, time_ms))

    def day(self, feed: Feed) -> DayStatistics:
        """Return the last 24 hours of a feed that is at now."""
        key = (feed.market, feed.symbol)
        if key not in self._days:
            self._days[key] = Day(feed)
        return self._days[key].at(self.seen_ms(feed))

    def seen_ms(self, feed: Feed) -> int:
        """Return up to when a feed was traded: now, or its delisting."""
        found = self.instruments.find(feed.market, feed.symbol)
        ended = None if found is None else found.delisted_ms
        return self.now_ms if ended is None else min(self.now_ms, ended)

    def funding(self, symbol: str) -> Funding | None:
        """Return the funding of a perpetual contract."""
        return self._funding.get(symbol)

    def on_trade(
        self,
        listener: Callable[[Trade], None],
        market: Market | None = None,
        symbol: str | None = None,
    ) -> End:
        """Tell `listener` of trades, of all instruments or of one; call the answer to end it.

        Trades that nobody listens to are not made one by one: ask for those that are needed.
        """
        chosen = self._chosen(market, symbol)
        ends = [self.replay.watch_trades(feed, trade_watcher(listener)) for feed in chosen]

        def end_all() -> None:
            for end in ends:
                end()

        return end_all

    def on_bar(self, listener: Callable[[BarUpdate], None]) -> End:
        """Tell `listener` of every bar that closes; call the answer to end it."""
        watch = bar_watcher(listener)
        for feed in self.feeds.values():
            feed.close_watchers.append(watch)

        def end() -> None:
            for feed in self.feeds.values():
                feed.close_watchers.remove(watch)

        return end

    def on_funding(self, listener: Callable[[FundingDue], None]) -> None:
        """Tell `listener` when funding is paid."""
        self._funding_listeners.append(listener)

    def on_instrument(self, listener: Callable[[Instrument], None]) -> None:
        """Tell `listener` when an instrument was changed or delisted."""
        self._instrument_listeners.append(listener)

    def change(self, market: Market, symbol: str, **values: object) -> Instrument:
        """Change fields of an instrument, for example its tick, from now on."""
        changed = self.instruments.change(market, symbol, self.now_ms, **values)
        for listener in self._instrument_listeners:
            listener(changed)
        return changed

    def delist(self, market: Market, symbol: str) -> Instrument:
        """End the trading of an instrument."""
        feed = self.feeds.get((market, symbol))
        if feed is not None:
            feed.sync(self.now_ms)
            feed.stop()
        return self.change(market, symbol, status=DELISTED, delisted_ms=self.now_ms)

    def _list(
        self, series: Series, number: int, recorded: FundingRates | None, shift_ms: int
    ) -> None:
        instrument = series.instrument
        self.instruments.add(instrument)
        feed = Feed(series, self.first_id, number, self.clock.market_ms())
        self.feeds[(instrument.market, instrument.symbol)] = feed
        if instrument.market == "usdm":
            self._funding[instrument.symbol] = Funding(series, recorded, shift_ms)

    def _chosen(self, market: Market | None, symbol: str | None) -> list[Feed]:
        return [
            feed
            for key, feed in self.feeds.items()
            if market in {None, key[0]} and symbol in {None, key[1]}
        ]

    def _each_second(self, time_ms: int) -> None:
        self._pay_funding(time_ms)
        if self.faults.watches("clock"):
            mishaps.move_clock(self.clock, self.faults.take("clock"))
        if self.faults.watches("instrument"):
            for market, symbol in list(self.feeds):
                action = self.faults.take("instrument", market=market, symbol=symbol)
                mishaps.alter(self, market, symbol, action)

    def _pay_funding(self, time_ms: int) -> None:
        for symbol, due in self._next_funding_ms.items():
            if due > time_ms:
                continue
            funding = self._funding[symbol]
            self._next_funding_ms[symbol] = funding.next(time_ms)[0]
            found = self.mark_price(symbol)
            if found is None or not self._funding_listeners:
                continue
            for paid_ms, rate in funding.paid(due, time_ms + 1):
                for listener in self._funding_listeners:
                    listener(FundingDue(symbol, paid_ms, rate, found.mark_price))
