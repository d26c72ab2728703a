"""The frame of round trips, from exact integers to quote and base currency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import polars as pl

from cryptovolt.backtest.excursions import Holding, excursions
from cryptovolt.backtest.frames import utc
from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.orders import FillReason
from cryptovolt.execution.grid import Grid
from cryptovolt.portfolio.round_trips import RoundTrips, WholeNumbers
from cryptovolt.trading.books import reason_of

_REASON = pl.Enum([reason.value for reason in FillReason])


@dataclass(frozen=True, slots=True)
class Played:
    """The bars that fills happened in: the detail bars where there are such.

    `bars` are in the order of the symbols, `rows` those of the fills in them, shape (n_fills,).
    """

    bars: Sequence[Bars]
    rows: IntArray


def in_units(numbers: WholeNumbers, unit: Decimal) -> FloatArray:
    """Return whole numbers of a unit as floats; 3 ticks of 0.1 are 0.3."""
    numerator, denominator = unit.as_integer_ratio()
    return np.asarray(numbers * float(numerator) / float(denominator), np.float64)


def total_of(numbers: IntArray, unit: Decimal) -> float:
    """Return the sum of whole numbers of a unit, rounded once; it may be beyond 64 bits."""
    numerator, denominator = unit.as_integer_ratio()
    total = (int((numbers >> 32).sum()) << 32) + int((numbers & 0xFFFFFFFF).sum())
    return total * numerator / denominator


def per_symbol(numbers: WholeNumbers, column: IntArray, units: tuple[Decimal, ...]) -> FloatArray:
    """Return whole numbers as floats, each in the unit of its symbol's column."""
    result = np.empty(numbers.shape)
    for s, unit in enumerate(units):
        result[column == s] = in_units(numbers[column == s], unit)
    return result


def trades_frame(
    trips: RoundTrips,
    fill_bars: IntArray,
    fill_prices: FloatArray,
    bars: Mapping[str, Bars],
    grid: Grid,
    played: Played,
) -> pl.DataFrame:
    """Return one row per round trip; what only an exit has is null in those still open.

    Parameters
    ----------
    trips : RoundTrips
        Of one run.
    fill_bars : ndarray of shape (n_fills,)
        The bar of every fill.
    fill_prices : ndarray of shape (n_fills,)
        The price of every fill, quote currency.
    bars : mapping of str to Bars
        In the order of the grid's symbols.
    grid : Grid
        What the whole numbers are worth.
    played : Played
        What the excursions are read from.
    """
    timestamp = next(iter(bars.values())).timestamp
    is_open, column = trips.is_open, trips.symbol
    entry_bar, exit_bar = fill_bars[trips.first_fill], fill_bars[trips.last_fill]
    last_bar = np.where(is_open, timestamp.size - 1, exit_bar)
    entry_price = _price(trips.entry_value, trips.opened, column, grid)
    mae, mfe = _excursions(trips, fill_prices, entry_price, played)
    pnl = trips.pnl(_marks(bars, grid))
    reasons = [
        None if still else reason_of(code).value
        for still, code in zip(is_open.tolist(), trips.reason.tolist(), strict=True)
    ]
    return pl.DataFrame(
        {
            "symbol": pl.Series([grid.symbols[s] for s in column.tolist()], dtype=pl.String),
            "side": np.where(trips.side > 0, "long", "short"),
            "entry_time": utc(timestamp[entry_bar]),
            "exit_time": _closed_only(utc(timestamp[exit_bar]), is_open),
            "entry_price": entry_price,
            "exit_price": _closed_only(
                pl.Series(_price(trips.exit_value, trips.closed, column, grid)), is_open
            ),
            "quantity": per_symbol(trips.opened, column, grid.steps),
            "pnl": in_units(pnl, grid.quote_unit),
            "return": np.asarray(pnl / trips.entry_value, np.float64),
            "fees": in_units(trips.fees, grid.quote_unit),
            "bars": last_bar - entry_bar,
            "exit_reason": pl.Series(reasons, dtype=_REASON),
            "mae": mae,
            "mfe": mfe,
        },
        schema_overrides={"side": pl.String},
    )


def _excursions(
    trips: RoundTrips, fill_prices: FloatArray, entry_price: FloatArray, played: Played
) -> tuple[FloatArray, FloatArray]:
    adverse, favourable = np.empty(len(trips)), np.empty(len(trips))
    rows, final = played.rows, len(played.bars[0]) - 1
    for column, series in enumerate(played.bars):
        own = trips.symbol == column
        is_open, first, last = trips.is_open[own], trips.first_fill[own], trips.last_fill[own]
        held = Holding(
            side=trips.side[own],
            first_bar=rows[first],
            last_bar=np.where(is_open, final, rows[last]),
            is_open=is_open,
            first_price=fill_prices[first],
            last_price=fill_prices[last],
            entry_price=entry_price[own],
        )
        adverse[own], favourable[own] = excursions(held, series)
    return adverse, favourable


def _marks(bars: Mapping[str, Bars], grid: Grid) -> IntArray:
    # Quote units a lot at the last close.
    return np.array(
        [
            round(float(series.close[-1]) / float(tick)) * unit
            for series, tick, unit in zip(bars.values(), grid.ticks, grid.units, strict=True)
        ],
        np.int64,
    )


def _price(value: WholeNumbers, lots: WholeNumbers, column: IntArray, grid: Grid) -> FloatArray:
    # Whole ticks first, so that fills at one price give exactly that price.
    tick_value = np.maximum(1, lots * np.array(grid.units)[column])
    ticks, rest = value // tick_value, value % tick_value
    below = np.asarray(rest / tick_value, np.float64)
    sizes = np.array([float(tick) for tick in grid.ticks])[column]
    return per_symbol(ticks, column, grid.ticks) + below * sizes


def _closed_only(values: pl.Series, is_open: np.ndarray) -> pl.Series:
    return values.set(pl.Series(is_open), None)
