"""The result of a simulation: fills and equity at once, everything else when it is asked for."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from cryptovolt.backtest.capacity import VOLUME_SHARE, Capacity, capacity_of, fill_shares_of
from cryptovolt.backtest.frames import daily_series, drawdown_frame
from cryptovolt.backtest.statistics import statistics_of
from cryptovolt.backtest.trades import Played, in_units, per_symbol, trades_frame
from cryptovolt.domain.arrays import FloatArray, IntArray, read_only
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.funding import FundingPayment, FundingRates
from cryptovolt.domain.orders import Fill
from cryptovolt.domain.timeframe import periods_per_year, timeframe_ms
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.market.listings import RELISTED_DAYS, relisted_rows
from cryptovolt.performance.bootstrap import ReturnIntervals, return_intervals
from cryptovolt.performance.calendar import Month, Year, monthly_returns, yearly_returns
from cryptovolt.performance.relative import Relative, hold_returns, relative_to
from cryptovolt.performance.returns import returns_of
from cryptovolt.portfolio.round_trips import RoundTrips, round_trips
from cryptovolt.trading.books import Books, reason_of
from cryptovolt.trading.prefix_check import PrefixCheck
from cryptovolt.trading.step import layout as at

if TYPE_CHECKING:
    import pandas as pd

INTERVAL_SEED = 0
"""The seed of every run's bootstrap, so that the same run shows the same intervals."""

FLATTERING = "FLATTERING: costs are off"
RELISTED = "RELISTED"


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """What one simulation found.

    Made by :func:`cryptovolt.simulate`. `fill_rows` and `equity_units` are the exact integers of
    the compiled step, `books` its state after the last bar. `check` says whether the strategy was
    found to read ahead; None where targets were handed over without one. `payment_rows` are the
    funding payments, `exact_times` the opens of the detail bars in which the fills happened; None
    without detail bars.
    """

    bars: Mapping[str, Bars]
    target: FloatArray
    trading: TradingSettings
    rules: Mapping[str, SymbolRules]
    books: Books
    fill_rows: IntArray
    equity_units: IntArray
    check: PrefixCheck | None = None
    payment_rows: IntArray = field(default_factory=lambda: np.zeros((0, at.N_PAYMENT), np.int64))
    exact_times: IntArray | None = None
    funding: FundingRates | Mapping[str, FundingRates] | None = None
    detail_bars: Bars | Mapping[str, Bars] | None = None

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
        rows = self.fill_rows
        if self.exact_times is None:
            return self.books.fills(rows, self.timestamp)
        rows = rows.copy()
        rows[:, at.F_BAR] = np.arange(len(rows))
        return self.books.fills(rows, self.exact_times)

    @property
    def payments(self) -> list[FundingPayment]:
        """Funding that was paid or received, in order; valued at the open of its bar."""
        return self.books.payments(self.payment_rows, self._played.bars[0].timestamp)

    @cached_property
    def _played(self) -> Played:
        given = self.bars if self.detail_bars is None else self.detail_bars
        bars = [given] if isinstance(given, Bars) else list(given.values())
        if self.exact_times is None:
            return Played(bars, self.fill_rows[:, at.F_BAR])
        return Played(bars, np.searchsorted(bars[0].timestamp, self.exact_times))

    @cached_property
    def orders(self) -> pl.DataFrame:
        """Every fill, in order: quantity in base, money in quote; order_id 0 where none stood."""
        rows, grid = self.fill_rows, self.books.grid
        lots, column = rows[:, at.F_LOTS], rows[:, at.F_SYMBOL]
        symbols: list[int] = column.tolist()
        codes: list[int] = rows[:, at.F_REASON].tolist()
        return pl.DataFrame(
            {
                "time": self._fill_times(),
                "symbol": [grid.symbols[s] for s in symbols],
                "side": ["BUY" if number > 0 else "SELL" for number in lots.tolist()],
                "quantity": per_symbol(np.abs(lots), column, grid.steps),
                "price": per_symbol(rows[:, at.F_PRICE], column, grid.ticks),
                "notional": in_units(rows[:, at.F_NOTIONAL], grid.quote_unit),
                "fee": in_units(rows[:, at.F_FEE], grid.quote_unit),
                "reason": [reason_of(code).value for code in codes],
                "pnl": in_units(rows[:, at.F_PNL], grid.quote_unit),
                "order_id": rows[:, at.F_ORDER],
            },
            schema_overrides={"symbol": pl.String, "side": pl.String, "reason": pl.String},
        )

    @cached_property
    def trades(self) -> pl.DataFrame:
        """Round trips in the order they were closed; those still open last, without an exit.

        ``pnl`` is after the fees of both sides; an open trade is valued at the last close.
        ``return`` is ``pnl`` over the entry value, ``bars`` the number of bars held; ``mae`` and
        ``mfe`` are the largest moves against and for it, fractions of the entry price; told from
        the detail bars where there are such.
        """
        rows, grid = self.fill_rows, self.books.grid
        prices = per_symbol(rows[:, at.F_PRICE], rows[:, at.F_SYMBOL], grid.ticks)
        bars, trips, played = self.bars, self.round_trips, self._played
        return trades_frame(trips, rows[:, at.F_BAR], prices, bars, grid, played)

    @cached_property
    def round_trips(self) -> RoundTrips:
        """The trades in exact integers."""
        return round_trips_of(self.fill_rows)

    @cached_property
    def statistics(self) -> dict[str, float]:
        """Standard measures of this run; NaN where one is undefined."""
        return statistics_of(self)

    @cached_property
    def benchmark(self) -> FloatArray:
        """Returns of buying equal shares at the second open, without costs; shape (n_bars,)."""
        series = self.bars.values()
        return _frozen(hold_returns([s.open for s in series], [s.close for s in series]))

    def against(self, benchmark: FloatArray) -> Relative:
        """Return alpha, beta and information ratio against returns per bar, shape (n_bars,)."""
        known = np.isfinite(self.returns)
        return relative_to(self.returns[known], benchmark[known], self.periods_per_year)

    @cached_property
    def intervals(self) -> ReturnIntervals:
        """95 % intervals of Sharpe ratio, growth and largest drawdown; the seed is in them."""
        returns = self.returns[np.isfinite(self.returns)]
        rng = np.random.default_rng(INTERVAL_SEED)
        return return_intervals(returns, self.periods_per_year, rng)._replace(seed=INTERVAL_SEED)

    @property
    def monthly_returns(self) -> list[Month]:
        """Return of every UTC month, partial ones marked."""
        bar = timeframe_ms(self.timeframe)
        return monthly_returns(self.timestamp, self.equity, self.trading.cash, bar)

    @property
    def yearly_returns(self) -> list[Year]:
        """Return of every UTC year, partial ones marked."""
        bar = timeframe_ms(self.timeframe)
        return yearly_returns(self.timestamp, self.equity, self.trading.cash, bar)

    @cached_property
    def drawdown_table(self) -> pl.DataFrame:
        """Every drawdown, the deepest first; ``recovery`` is null where there is none yet."""
        return drawdown_frame(self.timestamp, self.equity, self.trading.cash)

    def capacity(
        self,
        volume_share: float = VOLUME_SHARE,
        return_share: float = 0.5,
        coefficient: float = 1.0,
    ) -> Capacity:
        """Return the account sizes this run could carry; see `backtest.capacity`."""
        cash = self.trading.cash
        growth = float(self.equity[-1]) / cash
        shares = fill_shares_of(self)
        return capacity_of(shares, cash, growth, volume_share, return_share, coefficient)

    def to_quantstats(self) -> "pd.Series":
        """Return daily returns as a pandas Series that quantstats takes.

        The index is the UTC day without a zone, as quantstats expects; days after ruin are left
        out. Hand ``periods_per_year=365`` to quantstats: its default is 252.
        """
        return daily_series(self.timestamp, self.equity, self.trading.cash)

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
            **_flat(trading),
            **({"funding_payments": len(self.payment_rows)} if self.funding is not None else {}),
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

    @cached_property
    def fill_opens(self) -> FloatArray:
        """Open of the bar each fill happened in, quote currency, shape (n_fills,)."""
        played, column = self._played, self.fill_rows[:, at.F_SYMBOL]
        opens = np.empty(column.size)
        for s, series in enumerate(played.bars):
            opens[column == s] = series.open[played.rows[column == s]]
        return _frozen(opens)

    @property
    def stamps(self) -> tuple[str, ...]:
        """Warnings that belong on every page that shows this run."""
        flattering = (FLATTERING,) if self.trading.costs.flattering else ()
        joined = tuple(
            f"{RELISTED}: {bars.symbol} had no bars for at least {RELISTED_DAYS} days"
            for bars in self.bars.values()
            if relisted_rows(bars).size
        )
        return flattering + joined + (self.check.stamps if self.check else ())

    def _fill_times(self) -> pl.Series:
        exact = self.exact_times
        times = self.timestamp[self.fill_rows[:, at.F_BAR]] if exact is None else exact
        return pl.Series("time", times).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")


def round_trips_of(rows: IntArray) -> RoundTrips:
    """Return the round trips of the step's fill table."""
    return round_trips(
        symbol=rows[:, at.F_SYMBOL],
        lots=rows[:, at.F_LOTS],
        value=rows[:, at.F_NOTIONAL],
        fee=rows[:, at.F_FEE],
        reason=rows[:, at.F_REASON],
    )


def _flat(trading: TradingSettings) -> dict[str, object]:
    # All settings by their own names; those of costs and protections beside the others.
    record = asdict(trading)
    costs, protections = record.pop("costs"), record.pop("protections")
    return {**record, **costs, **protections}


def _frozen(array: FloatArray) -> FloatArray:
    read_only(array)
    return array
