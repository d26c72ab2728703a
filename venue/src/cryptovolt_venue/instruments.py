"""Instruments: what is traded, in which steps, and since when.

Inside the venue prices are integer counts of ``10 ** -price_decimals`` and quantities of
``10 ** -quantity_decimals``; texts and Decimals are made where they leave.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt_venue.tape import Market

TRADING = "TRADING"
HALTED = "BREAK"
DELISTED = "SETTLING"
QUOTES = ("USDT", "USDC", "FDUSD", "TUSD", "BUSD", "DAI", "EUR", "USD", "BTC", "ETH", "BNB", "TRY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A symbol of one market and its trading rules; money in quote currency."""

    symbol: str
    market: Market
    base: str
    quote: str
    tick: Decimal
    step: Decimal
    min_qty: Decimal
    max_qty: Decimal
    min_notional: Decimal
    price_decimals: int
    quantity_decimals: int
    listed_ms: int
    delisted_ms: int | None = None
    status: str = TRADING

    @property
    def trading(self) -> bool:
        """Whether orders are accepted and the market moves."""
        return self.status == TRADING

    def filters(self) -> list[dict[str, object]]:
        """Return the filters as the venue's clients know them."""
        highest = self.tick * 10**9
        lots = {"minQty": _plain(self.min_qty), "maxQty": _plain(self.max_qty)}
        step = _plain(self.step)
        price: dict[str, object] = {
            "filterType": "PRICE_FILTER",
            "minPrice": _plain(self.tick),
            "maxPrice": _plain(highest),
            "tickSize": _plain(self.tick),
        }
        sizes: list[dict[str, object]] = [
            {"filterType": "LOT_SIZE", **lots, "stepSize": step},
            {"filterType": "MARKET_LOT_SIZE", **lots, "stepSize": step},
        ]
        if self.market == "usdm":
            return [
                price,
                *sizes,
                {"filterType": "MAX_NUM_ORDERS", "limit": 200},
                {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": 10},
                {"filterType": "MIN_NOTIONAL", "notional": _plain(self.min_notional)},
            ]
        return [
            price,
            *sizes,
            {
                "filterType": "NOTIONAL",
                "minNotional": _plain(self.min_notional),
                "applyMinToMarket": True,
                "maxNotional": "9000000.00000000",
                "applyMaxToMarket": False,
                "avgPriceMins": 5,
            },
            {
                "filterType": "PERCENT_PRICE_BY_SIDE",
                "bidMultiplierUp": "5",
                "bidMultiplierDown": "0.2",
                "askMultiplierUp": "5",
                "askMultiplierDown": "0.2",
                "avgPriceMins": 5,
            },
            {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
        ]


class Instruments:
    """All instruments of the venue, by market and symbol."""

    def __init__(self) -> None:
        self._all: dict[tuple[Market, str], Instrument] = {}
        self.changes: list[dict[str, object]] = []

    def add(self, instrument: Instrument) -> None:
        """List an instrument."""
        key = (instrument.market, instrument.symbol)
        if key in self._all:
            raise ConfigurationError(
                f"expected each symbol once per market, found {instrument.symbol} twice on "
                f"{instrument.market}"
            )
        self._all[key] = instrument

    def find(self, market: Market, symbol: str) -> Instrument | None:
        """Return an instrument, or None where it was never listed."""
        return self._all.get((market, symbol))

    def of(self, market: Market) -> Iterator[Instrument]:
        """Yield the instruments of a market, in the order they were listed."""
        return (found for found in self._all.values() if found.market == market)

    def change(self, market: Market, symbol: str, time_ms: int, **values: object) -> Instrument:
        """Replace fields of an instrument from now on, and remember the change."""
        found = self._all.get((market, symbol))
        if found is None:
            raise ConfigurationError(f"expected a listed symbol of {market}, found {symbol!r}")
        changed = replace(found, **values)  # pyright: ignore[reportArgumentType]
        self._all[(market, symbol)] = changed
        told = {name: str(value) for name, value in values.items()}
        self.changes.append({"time_ms": time_ms, "market": market, "symbol": symbol, **told})
        return changed

    def __len__(self) -> int:
        return len(self._all)


def split_symbol(symbol: str) -> tuple[str, str]:
    """Return base and quote asset of a symbol such as BTCUSDT."""
    for quote in QUOTES:
        if symbol.endswith(quote) and len(symbol) > len(quote):
            return symbol[: -len(quote)], quote
    raise ConfigurationError(
        f"expected a symbol that ends with one of {', '.join(QUOTES)}, found {symbol!r}"
    )


def text(value: int, decimals: int) -> str:
    """Return an integer count of ``10 ** -decimals`` as a plain decimal number."""
    if not decimals:
        return str(value)
    if value < 0:
        return "-" + text(-value, decimals)
    digits = str(value).rjust(decimals + 1, "0")
    return f"{digits[:-decimals]}.{digits[-decimals:]}"


def _plain(value: Decimal) -> str:
    return format(value, "f")
