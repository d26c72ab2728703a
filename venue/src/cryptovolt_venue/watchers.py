"""From the counts of a feed to the events of the tape, for those who listen."""

from collections.abc import Callable
from decimal import Decimal

from cryptovolt_venue.feed import Feed, Watcher
from cryptovolt_venue.tape import BarUpdate, Trade


class Decimals:
    """Turns the counts of a feed into Decimals."""

    __slots__ = ("_price", "_quantity")

    def __init__(self, feed: Feed) -> None:
        instrument = feed.series.instrument
        self._price, self._quantity = -instrument.price_decimals, -instrument.quantity_decimals

    def price(self, count: int) -> Decimal:
        """Return a price."""
        return Decimal(count).scaleb(self._price)

    def quantity(self, count: int) -> Decimal:
        """Return a quantity."""
        return Decimal(count).scaleb(self._quantity)

    def value(self, count: int) -> Decimal:
        """Return a price times a quantity."""
        return Decimal(count).scaleb(self._price + self._quantity)


def trade_watcher(listener: Callable[[Trade], None]) -> Watcher:
    """Return a watcher that hands each trade of a feed to a listener."""

    def watch(feed: Feed) -> None:
        decimal = Decimals(feed)
        listener(
            Trade(
                feed.market,
                feed.symbol,
                feed.last_id,
                feed.last_ms,
                decimal.price(feed.last_price),
                decimal.quantity(feed.last_quantity),
                feed.last_maker,
            )
        )

    return watch


def bar_watcher(listener: Callable[[BarUpdate], None]) -> Watcher:
    """Return a watcher that hands each closed bar of a feed to a listener."""

    def watch(feed: Feed) -> None:
        decimal = Decimals(feed)
        listener(
            BarUpdate(
                feed.market,
                feed.symbol,
                feed.series.timeframe,
                feed.open_ms,
                decimal.price(feed.open),
                decimal.price(feed.high),
                decimal.price(feed.low),
                decimal.price(feed.close),
                decimal.quantity(feed.volume),
                decimal.value(feed.quote_volume),
                feed.n_row_trades,
                closed=True,
            )
        )

    return watch
