"""The result of a simulation: fills and equity at once, everything else when it is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import numpy as np
import polars as pl

from cryptovolt.backtest.statistics import held_bars, statistics_of
from cryptovolt.backtest.trades import in_units, per_symbol, trades_frame
from cryptovolt.domain.arrays import FloatArray, IntArray, read_only
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.orders import Fill
from cryptovolt.domain.timeframe import periods_per_year
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.performance.returns import returns_of
from cryptovolt.portfolio.round_trips import RoundTrips, round_trips
from cryptovolt.trading import step
from cryptovolt.trading.books import Books, reason_of
from cryptovolt.trading.prefix_check import PrefixCheck

FLATTERING = "FLATTERING: costs are off"


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """What one simulation found.

    Made by :func:`cryptovolt.simulate`. `fill_rows` and `equity_units` are the exact integers of
    the compiled step, `books` its state after the last bar. `check` says whether the strategy was
    found to read ahead; None where targets were handed over without one.
    """

    bars: Mapping[str, Bars]
    target: FloatArray
    trading: TradingSettings
    rules: Mapping[str, SymbolRules]
    books: Books
    fill_rows: IntArray
    equity_units: IntArray
    check: PrefixCheck | None = None

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
        return _frozen(in_units(self.equity_units, self.books.grid.quote_unit))

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
                "quantity": per_symbol(np.abs(lots), column, grid.steps),
                "price": per_symbol(rows[:, step.F_PRICE], column, grid.ticks),
                "notional": in_units(rows[:, step.F_NOTIONAL], grid.quote_unit),
                "fee": in_units(rows[:, step.F_FEE], grid.quote_unit),
                "reason": [reason_of(code).value for code in codes],
                "pnl": in_units(rows[:, step.F_PNL], grid.quote_unit),
            },
            schema_overrides={"symbol": pl.String, "side": pl.String, "reason": pl.String},
        )

    @cached_property
    def trades(self) -> pl.DataFrame:
        """Round trips in the order they were closed; those still open last, without an exit.

        ``pnl`` is after the fees of both sides; an open trade is valued at the last close.
        ``return`` is ``pnl`` over the entry value, ``bars`` the number of bars held.
        """
        return trades_frame(
            self.round_trips, self.fill_rows[:, step.F_BAR], self.bars, self.books.grid
        )

    @cached_property
    def round_trips(self) -> RoundTrips:
        """The trades in exact integers."""
        rows = self.fill_rows
        return round_trips(
            symbol=rows[:, step.F_SYMBOL],
            lots=rows[:, step.F_LOTS],
            value=rows[:, step.F_NOTIONAL],
            fee=rows[:, step.F_FEE],
            reason=rows[:, step.F_REASON],
        )

    @cached_property
    def statistics(self) -> dict[str, float]:
        """Standard measures of this run; NaN where one is undefined."""
        return statistics_of(
            equity=self.equity,
            returns=self.returns,
            cash=self.trading.cash,
            periods_per_year=self.periods_per_year,
            orders=self.orders,
            trades=self.trades,
            held=held_bars(self.round_trips, self.fill_rows[:, step.F_BAR], len(self)),
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
            **({} if self.check is None else {"look_ahead_check": self.check.to_record()}),
        }

    @property
    def stamps(self) -> tuple[str, ...]:
        """Warnings that belong on every page that shows this run."""
        flattering = (FLATTERING,) if self.trading.costs.flattering else ()
        return flattering + (self.check.stamps if self.check else ())

    def _times(self, rows: IntArray) -> pl.Series:
        times = pl.Series("time", self.timestamp[rows])
        return times.cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")


def _frozen(array: FloatArray) -> FloatArray:
    read_only(array)
    return array
