"""Series: the bars of one instrument in exact integers, from a file or made up.

Prices count ``10 ** -price_decimals`` and volumes ``10 ** -quantity_decimals`` of the instrument.
A series answers for any rows, so that history and replay read the same bars.
"""

import hashlib
from abc import ABC, abstractmethod
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import PRICE_COLUMNS, Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.timeframe import timeframe_ms
from cryptovolt.market.checking import require_clean
from cryptovolt.market.precision import decimals
from cryptovolt_venue.instruments import Instrument, split_symbol
from cryptovolt_venue.tape import Market

FEW_TRADES = 4
"""A bar needs this many trades to touch its open, high, low and close."""


class Block(NamedTuple):
    """Consecutive bars as arrays of shape ``(n_bars,)``."""

    row: IntArray
    open_ms: IntArray
    open: IntArray
    high: IntArray
    low: IntArray
    close: IntArray
    volume: IntArray
    n_trades: IntArray
    first_trade: IntArray
    """Trades of this instrument before each bar."""


class Series(ABC):
    """The bars of one instrument; rows count from 0 at the first bar."""

    def __init__(
        self, instrument: Instrument, timeframe: str, seed: int, trades_per_bar: int
    ) -> None:
        if trades_per_bar < FEW_TRADES:
            raise ValueError(f"expected at least {FEW_TRADES} trades per bar, was {trades_per_bar}")
        self.instrument = instrument
        self.timeframe = timeframe
        self.interval_ms = timeframe_ms(timeframe)
        self.trades_per_bar = trades_per_bar
        self.key = key_of(seed, instrument.market, instrument.symbol)
        self.typical_price = self.typical_quantity = 1
        """Price and quantity of a trade, roughly and for ever: the book is drawn to their scale."""

    @property
    @abstractmethod
    def n_rows(self) -> int:
        """How many bars there are."""

    @abstractmethod
    def row_at(self, time_ms: int) -> int:
        """Return how many bars open before `time_ms`, which is the first row that does not."""

    @abstractmethod
    def open_ms(self, row: int) -> int:
        """Return when a bar opens."""

    @abstractmethod
    def block(self, first: int, stop: int) -> Block:
        """Return the bars of rows ``first`` to ``stop - 1``."""

    @abstractmethod
    def traded_row(self, row: int) -> int:
        """Return the last row up to `row` in which anything was traded, -1 if there is none."""

    @abstractmethod
    def row_of_trade(self, number: int) -> int:
        """Return the row of the trade that `number` trades come before."""


class FileSeries(Series):
    """The bars of a file."""

    def __init__(
        self,
        bars: Bars,
        market: Market,
        *,
        seed: int,
        trades_per_bar: int,
        shift_ms: int = 0,
    ) -> None:
        require_clean(bars)
        if not len(bars):
            raise DataError(f"expected bars of {bars.symbol}, found none")
        price_decimals = _most_decimals(*(getattr(bars, name) for name in PRICE_COLUMNS))
        quantity_decimals = _volume_decimals(bars.volume)
        opens = bars.timestamp + shift_ms
        instrument = make_instrument(
            bars.symbol, market, price_decimals, quantity_decimals, int(opens[0])
        )
        super().__init__(instrument, bars.timeframe, seed, trades_per_bar)
        self._opens: IntArray = opens
        self._prices = {
            name: _counts(getattr(bars, name), price_decimals, bars.symbol)
            for name in PRICE_COLUMNS
        }
        self._volume = _counts(bars.volume, quantity_decimals, bars.symbol)
        self._n_trades = np.where(
            self._volume >= trades_per_bar,
            trades_per_bar,
            np.where(self._volume > 0, FEW_TRADES, 0),
        ).astype(np.int64)
        self._before = np.concatenate([[0], np.cumsum(self._n_trades)[:-1]]).astype(np.int64)
        self.typical_price = int(self._prices["open"][0])
        self.typical_quantity = max(1, int(self._volume[:100].mean()) // trades_per_bar)
        rows = np.arange(len(bars), dtype=np.int64)
        self._traded: IntArray = np.maximum.accumulate(np.where(self._n_trades > 0, rows, -1))

    @property
    def n_rows(self) -> int:
        """How many bars there are."""
        return self._opens.size

    def row_at(self, time_ms: int) -> int:
        """Return the first row that does not open before `time_ms`."""
        return int(np.searchsorted(self._opens, time_ms))

    def open_ms(self, row: int) -> int:
        """Return when a bar opens."""
        return int(self._opens[row])

    def block(self, first: int, stop: int) -> Block:
        """Return the bars of rows ``first`` to ``stop - 1``."""
        rows = slice(first, stop)
        return Block(
            row=np.arange(first, stop, dtype=np.int64),
            open_ms=self._opens[rows],
            open=self._prices["open"][rows],
            high=self._prices["high"][rows],
            low=self._prices["low"][rows],
            close=self._prices["close"][rows],
            volume=self._volume[rows],
            n_trades=self._n_trades[rows],
            first_trade=self._before[rows],
        )

    def traded_row(self, row: int) -> int:
        """Return the last row up to `row` with trades, -1 if there is none."""
        return int(self._traded[row]) if row >= 0 else -1

    def row_of_trade(self, number: int) -> int:
        """Return the row of the trade that `number` trades come before."""
        return int(np.searchsorted(self._before, number, side="right")) - 1


def make_instrument(
    symbol: str, market: Market, price_decimals: int, quantity_decimals: int, listed_ms: int
) -> Instrument:
    """Return an instrument whose steps are the last decimal that its bars are written with."""
    base, quote = split_symbol(symbol)
    step = Decimal(1).scaleb(-quantity_decimals)
    return Instrument(
        symbol=symbol,
        market=market,
        base=base,
        quote=quote,
        tick=Decimal(1).scaleb(-price_decimals),
        step=step,
        min_qty=step,
        max_qty=step * 10**12,
        min_notional=Decimal(5) if quote not in {"BTC", "ETH", "BNB"} else Decimal("0.0001"),
        price_decimals=price_decimals,
        quantity_decimals=quantity_decimals,
        listed_ms=listed_ms,
    )


def key_of(seed: int, market: str, symbol: str) -> int:
    """Return the 63 bits from which everything random about an instrument follows."""
    digest = hashlib.blake2b(f"{seed}|{market}|{symbol}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def _most_decimals(*columns: FloatArray) -> int:
    return max(int(decimals(column).max()) for column in columns)


def _volume_decimals(volume: FloatArray) -> int:
    places = _most_decimals(volume)
    traded = volume[volume > 0]
    # Four trades of at least one step each have to fit into the smallest bar.
    if traded.size and round(float(traded.min()) * 10**places) < FEW_TRADES:
        return places + 1
    return places


def _counts(values: FloatArray, places: int, symbol: str) -> IntArray:
    scaled = np.round(values * 10.0**places)
    if scaled.size and float(scaled.max()) >= 2.0**53:
        raise DataError(
            f"expected numbers of at most 15 digits in the bars of {symbol}, found "
            f"{float(values.max())!r} with {places} decimals"
        )
    return scaled.astype(np.int64)
