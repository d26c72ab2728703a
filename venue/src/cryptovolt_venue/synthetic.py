"""A synthetic market: symbols that move together, of any length, the same for the same seed.

Prices are random walks (:mod:`cryptovolt_venue.brownian`), so history has no end in either
direction and needs no memory, and no strategy has an edge. Every symbol is a share of the market's
path and a path of its own.
"""

from functools import lru_cache

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.timeframe import timeframe_ms
from cryptovolt_venue.brownian import brownian
from cryptovolt_venue.paths import uniform
from cryptovolt_venue.series import Block, Series, key_of, make_instrument
from cryptovolt_venue.tape import Market

KNOWN = (
    ("BTCUSDT", 60_000.0, 2, 5), ("ETHUSDT", 3_000.0, 2, 4), ("BNBUSDT", 550.0, 2, 3),
    ("SOLUSDT", 150.0, 2, 3), ("XRPUSDT", 0.6, 4, 1), ("DOGEUSDT", 0.15, 5, 0),
    ("ADAUSDT", 0.45, 4, 1), ("LTCUSDT", 80.0, 2, 3), ("LINKUSDT", 15.0, 2, 2),
    ("SHIBUSDT", 0.00002, 8, 0),
)  # fmt: skip
"""Symbol, price, price decimals, quantity decimals; the others are SYN011USDT and so on."""

_CHUNK = 512
_HOURLY = 0.006


class SyntheticSeries(Series):
    """Made-up bars of one symbol from `listed_ms` on, without end.

    Parameters
    ----------
    number : int
        Which of the synthetic symbols; 0 is BTCUSDT, whose path the others share in part.
    """

    def __init__(
        self,
        number: int,
        market: Market,
        *,
        timeframe: str,
        seed: int,
        trades_per_bar: int,
        listed_ms: int,
    ) -> None:
        symbol, price, price_decimals, quantity_decimals = synthetic_symbol(number, seed)
        interval = timeframe_ms(timeframe)
        first = -(-listed_ms // interval)
        instrument = make_instrument(
            symbol, market, price_decimals, quantity_decimals, first * interval
        )
        super().__init__(instrument, timeframe, seed, trades_per_bar)
        self._first = first
        self._level = price * 10.0**price_decimals
        # Spot and perpetual of one symbol are one path: the same keys for both markets.
        self._own = key_of(seed, "path", symbol)
        self._common = key_of(seed, "path", "market")
        self._share = 1.0 if number == 0 else 0.4 + 0.6 * float(_one(self._own, 50))
        self._turnover = 10.0 ** (4.5 + 2.0 * float(_one(self._own, 51)))
        self._unit = 10.0**quantity_decimals / price
        minutes = self.interval_ms / 60_000
        self.typical_price = max(1, round(self._level))
        self.typical_quantity = max(
            1, round(self._turnover * minutes * self._unit / trades_per_bar)
        )
        self._chunk = lru_cache(maxsize=5)(self._make_chunk)

    @property
    def n_rows(self) -> int:
        """How many bars there are."""
        return 2**40

    def row_at(self, time_ms: int) -> int:
        """Return the first row that does not open before `time_ms`."""
        return max(0, -(-time_ms // self.interval_ms) - self._first)

    def open_ms(self, row: int) -> int:
        """Return when a bar opens."""
        return (self._first + row) * self.interval_ms

    def traded_row(self, row: int) -> int:
        """Return the last row up to `row` with trades, -1 if there is none."""
        return row

    def row_of_trade(self, number: int) -> int:
        """Return the row of the trade that `number` trades come before."""
        return number // self.trades_per_bar

    def block(self, first: int, stop: int) -> Block:
        """Return the bars of rows ``first`` to ``stop - 1``."""
        numbers = range((self._first + first) // _CHUNK, (self._first + stop - 1) // _CHUNK + 1)
        if not numbers or stop <= first:
            return Block(*(np.empty(0, np.int64) for _ in Block._fields))
        chunks = [self._chunk(number) for number in numbers]
        start = self._first + first - numbers[0] * _CHUNK
        rows = slice(start, start + stop - first)
        o, h, lo, c, v = (np.concatenate(parts)[rows] for parts in zip(*chunks, strict=True))
        row = np.arange(first, stop, dtype=np.int64)
        return Block(
            row=row,
            open_ms=(self._first + row) * self.interval_ms,
            open=o,
            high=h,
            low=lo,
            close=c,
            volume=v,
            n_trades=np.full(row.shape, self.trades_per_bar, dtype=np.int64),
            first_trade=row * self.trades_per_bar,
        )

    def _make_chunk(self, number: int) -> tuple[IntArray, ...]:
        row = number * _CHUNK + np.arange(_CHUNK, dtype=np.int64)
        edges = np.append(row, row[-1] + 1)
        level = self._path(edges)
        opening, closing = level[:-1], level[1:]
        reach = _HOURLY * (self.interval_ms / 3_600_000) ** 0.5
        up, down = uniform(self._own, row, 0, 40), uniform(self._own, row, 0, 41)
        high = np.maximum(opening, closing) * (1 + reach * 0.7 * up**2)
        low = np.minimum(opening, closing) * (1 - reach * 0.7 * down**2)
        busy = np.exp(1.5 * (uniform(self._own, row, 0, 42) + up + down - 1.5))
        minutes = self.interval_ms / 60_000
        volume = self._turnover * minutes * busy * self._unit
        whole = [_whole(column) for column in (opening, high, low, closing)]
        volumes = np.maximum(_whole(volume), self.trades_per_bar)
        return (*whole, volumes)

    def _path(self, row: IntArray) -> FloatArray:
        common = _common_path(self._common, int(row[0]), row.size, self.interval_ms)
        own = brownian(self._own, row * self.interval_ms) if self._share < 1 else 0.0
        moved = self._share * common + (1 - self._share**2) ** 0.5 * own
        return self._level * np.exp(_HOURLY / 3_600_000**0.5 * moved)


def synthetic_symbol(number: int, seed: int) -> tuple[str, float, int, int]:
    """Return symbol, price level, price decimals and quantity decimals of a synthetic symbol."""
    if number < 0:
        raise ConfigurationError(f"expected a number of symbols from 1 on, found {number}")
    if number < len(KNOWN):
        return KNOWN[number]
    name = f"SYN{number + 1:03d}USDT"
    price = 10.0 ** (-2.0 + 4.5 * float(_one(key_of(seed, "price", name), 60)))
    places = max(0, 4 - int(np.floor(np.log10(price))))
    return name, price, places, max(0, 6 - places)


@lru_cache(maxsize=64)
def _common_path(key: int, first: int, count: int, interval_ms: int) -> FloatArray:
    return brownian(key, np.arange(first, first + count, dtype=np.int64) * interval_ms)


def _one(key: int, salt: int) -> float:
    return float(uniform(key, np.zeros(1, dtype=np.int64), 0, salt)[0])


def _whole(values: FloatArray) -> IntArray:
    return np.maximum(np.round(values), 1).astype(np.int64)
