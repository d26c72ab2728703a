"""The result of a simulation: fills and equity at once, everything else when it is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property

import numpy as np
import polars as pl

from cryptovolt.backtest.statistics import statistics_of
from cryptovolt.domain.arrays import FloatArray, IntArray, read_only
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.orders import Fill, FillReason
from cryptovolt.domain.timeframe import periods_per_year
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.performance.returns import returns_of
from cryptovolt.portfolio.round_trips import FillRow, RoundTrip, round_trips
from cryptovolt.trading import step
from cryptovolt.trading.books import Books, reason_of

FLATTERING = "FLATTERING: costs are off"


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """What one simulation found.

    Made by :func:`cryptovolt.simulate`. `fill_rows` and `equity_units` are the exact integers of
    the compiled step, `books` its state after the last bar.
    """

    bars: Mapping[str, Bars]
    target: FloatArray
    trading: TradingSettings
    rules: Mapping[str, SymbolRules]
    books: Books
    fill_rows: IntArray
    equity_units: IntArray

    def __len__(self) -> int:
        return self.equity_units.size

    def __repr__(self) -> str:
        return (
            f"Run({', '.join(self.bars)}, {len(self):,} bars, {len(self.fill_rows):,} fills, "
            f"equity {self.equity[-1]:,.2f})"
        )

    @cached_property
    def timestamp(self) -> IntArray:
        """Bar opens, int64 milliseconds UTC, shape (n_bars,)."""
        return next(iter(self.bars.values())).timestamp

    @property
    def timeframe(self) -> str:
        """Time frame of the bars."""
        return next(iter(self.bars.values())).timeframe

    @property
    def periods_per_year(self) -> float:
        """Bars in a year of 365 days."""
        return periods_per_year(self.timeframe)

    @cached_property
    def equity(self) -> FloatArray:
        """Cash and positions at each close, quote currency, shape (n_bars,)."""
        return _frozen(_floats(self.equity_units, self.books.grid.quote_unit))

    @cached_property
    def returns(self) -> FloatArray:
        """Change of equity per bar as a fraction, shape (n_bars,); NaN after ruin."""
        return _frozen(returns_of(self.equity, self.trading.cash))

    @property
    def fills(self) -> list[Fill]:
        """Every fill as a record with exact money, in order."""
        return self.books.fills(self.fill_rows, self.timestamp)

    @cached_property
    def orders(self) -> pl.DataFrame:
        """Every fill, in order: quantity in base, all money in quote currency."""
        rows, grid = self.fill_rows, self.books.grid
        lots, column = rows[:, step.F_LOTS], rows[:, step.F_SYMBOL]
        symbols: list[int] = column.tolist()
        codes: list[int] = rows[:, step.F_REASON].tolist()
        return pl.DataFrame(
            {
                "time": self._times(rows[:, step.F_BAR]),
                "symbol": [grid.symbols[s] for s in symbols],
                "side": ["BUY" if number > 0 else "SELL" for number in lots.tolist()],
                "quantity": _per_symbol(np.abs(lots), column, grid.steps),
                "price": _per_symbol(rows[:, step.F_PRICE], column, grid.ticks),
                "notional": _floats(rows[:, step.F_NOTIONAL], grid.quote_unit),
                "fee": _floats(rows[:, step.F_FEE], grid.quote_unit),
                "reason": [reason_of(code).value for code in codes],
                "pnl": _floats(rows[:, step.F_PNL], grid.quote_unit),
            },
            schema_overrides={"symbol": pl.String, "side": pl.String, "reason": pl.String},
        )

    @cached_property
    def trades(self) -> pl.DataFrame:
        """Round trips in the order they were closed; those still open last, without an exit.

        ``pnl`` is after the fees of both sides; an open trade is valued at the last close.
        ``return`` is ``pnl`` over the entry value, ``bars`` the number of bars held.
        """
        records = [self._trade(trip) for trip in round_trips(self._fill_rows())]
        frame = pl.DataFrame(records, schema=_TRADE_COLUMNS, orient="row")
        moments = ("entry_time", "exit_time")
        return frame.with_columns(
            pl.col(moment).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC") for moment in moments
        )

    @cached_property
    def statistics(self) -> dict[str, float]:
        """Standard measures of this run; NaN where one is undefined."""
        held = np.zeros(len(self), np.bool_)
        for trip in round_trips(self._fill_rows()):
            held[trip.entry_bar : len(self) if trip.is_open else trip.exit_bar + 1] = True
        return statistics_of(
            equity=self.equity,
            returns=self.returns,
            cash=self.trading.cash,
            periods_per_year=self.periods_per_year,
            orders=self.orders,
            trades=self.trades,
            exposure=float(held.mean()),
        )

    @cached_property
    def settings(self) -> dict[str, object]:
        """Everything that, with the target, decides this result; hashes of the bars included."""
        first, last = (
            datetime.fromtimestamp(t / 1000, UTC).isoformat() for t in self.timestamp[[0, -1]]
        )
        trading = self.trading
        return {
            "symbols": list(self.bars),
            "timeframe": self.timeframe,
            "first_bar": first,
            "last_bar": last,
            "n_bars": len(self),
            "cash": trading.cash,
            "leverage": trading.leverage,
            "fee": trading.costs.fee,
            "slippage": trading.costs.slippage,
            "stop_loss": trading.stop_loss,
            "take_profit": trading.take_profit,
            "trailing_stop": trading.trailing_stop,
            "max_daily_loss": trading.max_daily_loss,
            "rebalance_band": trading.rebalance_band,
            "rules": {
                symbol: {
                    "tick_size": rule.tick_size,
                    "step_size": rule.step_size,
                    "min_notional": rule.min_notional,
                }
                for symbol, rule in self.rules.items()
            },
            "quote_unit": str(self.books.grid.quote_unit),
            "data_hash": {symbol: bars.content_hash() for symbol, bars in self.bars.items()},
        }

    @property
    def stamps(self) -> tuple[str, ...]:
        """Warnings that belong on every page that shows this run."""
        return (FLATTERING,) if self.trading.costs.flattering else ()

    def _times(self, rows: IntArray) -> pl.Series:
        times = pl.Series("time", self.timestamp[rows])
        return times.cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")

    def _fill_rows(self) -> list[FillRow]:
        return [
            FillRow(
                bar=row[step.F_BAR],
                symbol=row[step.F_SYMBOL],
                lots=row[step.F_LOTS],
                value=row[step.F_NOTIONAL],
                fee=row[step.F_FEE],
                reason=row[step.F_REASON],
            )
            for row in self.fill_rows.tolist()
        ]

    def _trade(self, trip: RoundTrip) -> tuple[object, ...]:
        grid, s = self.books.grid, trip.symbol
        symbol, lot = grid.symbols[s], grid.steps[s]
        last = round(float(self.bars[symbol].close[-1]) / float(grid.ticks[s])) * grid.units[s]
        pnl = trip.pnl(last)
        reason = None if trip.is_open else reason_of(trip.reason)
        closed = not trip.is_open
        return (
            symbol,
            "long" if trip.side > 0 else "short",
            int(self.timestamp[trip.entry_bar]),
            int(self.timestamp[trip.exit_bar]) if closed else None,
            float(grid.money(trip.entry_value) / (trip.opened * lot)),
            float(grid.money(trip.exit_value) / (trip.closed * lot)) if closed else None,
            float(trip.opened * lot),
            float(grid.money(pnl)),
            pnl / trip.entry_value,
            float(grid.money(trip.fees)),
            (trip.exit_bar if closed else len(self) - 1) - trip.entry_bar,
            reason,
        )


_TRADE_COLUMNS = {
    "symbol": pl.String,
    "side": pl.String,
    "entry_time": pl.Int64,
    "exit_time": pl.Int64,
    "entry_price": pl.Float64,
    "exit_price": pl.Float64,
    "quantity": pl.Float64,
    "pnl": pl.Float64,
    "return": pl.Float64,
    "fees": pl.Float64,
    "bars": pl.Int64,
    "exit_reason": pl.Enum([reason.value for reason in FillReason]),
}


def _floats(numbers: IntArray, unit: Decimal) -> FloatArray:
    # An exact ratio first, so that 3 ticks of 0.1 are 0.3.
    numerator, denominator = unit.as_integer_ratio()
    return np.asarray(numbers * float(numerator) / float(denominator), np.float64)


def _per_symbol(numbers: IntArray, column: IntArray, units: tuple[Decimal, ...]) -> FloatArray:
    result = np.empty(numbers.shape)
    for s, unit in enumerate(units):
        result[column == s] = _floats(numbers[column == s], unit)
    return result


def _frozen(array: FloatArray) -> FloatArray:
    read_only(array)
    return array
