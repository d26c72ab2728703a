"""The standard measures of one run; each is explained in ``docs/reference/statistics.md``."""

import math
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from cryptovolt.backtest.trades import total_of
from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt.performance import returns as measures
from cryptovolt.performance import trades as trade_measures
from cryptovolt.performance.calendar import daily_equity, monthly_returns
from cryptovolt.performance.selection import probabilistic_sharpe_ratio
from cryptovolt.performance.underwater import find_drawdowns, recovery_factor, time_under_water
from cryptovolt.portfolio.round_trips import RoundTrips
from cryptovolt.trading.step import layout as at

if TYPE_CHECKING:
    from cryptovolt.backtest.run import Run

_RESTING = ("take_profit", "limit", "stop_limit", "fee")
_TRIGGERED = ("stop_loss", "trailing_stop", "stop", "liquidation")


def statistics_of(run: "Run") -> dict[str, float]:
    """Return the standard measures of a run by name; NaN where one is undefined."""
    equity, cash, per_year = run.equity, run.trading.cash, run.periods_per_year
    bars = run.fill_rows[:, at.F_BAR]
    held = held_bars(run.round_trips, bars, equity.size)
    # After ruin there are no returns; the measures tell of the time before it.
    known = np.isfinite(run.returns)
    capacity = run.capacity()
    return {
        "start_equity": cash,
        "final_equity": float(equity[-1]),
        "total_return": measures.total_return(equity, cash),
        "cagr": measures.cagr(equity, cash, per_year),
        **_risk(run.returns[known], per_year),
        **_drawdown(equity, cash, per_year),
        **_calendar(run.timestamp, equity, cash),
        **run.against(run.benchmark)._asdict(),
        "benchmark_return": float(np.exp(np.log1p(run.benchmark).sum()) - 1.0),
        **_trades(run.trades),
        "exposure": float((held[0] | held[1]).mean()),
        "exposure_long": float(held[0].mean()),
        "exposure_short": float(held[1].mean()),
        **_trading(run),
        "capacity_volume": capacity.volume,
        "capacity_impact": capacity.impact,
    }


def held_bars(trips: RoundTrips, fill_bars: IntArray, n_bars: int) -> tuple[BoolArray, BoolArray]:
    """Return in which bars a long, and in which a short, was held at any moment."""
    first = fill_bars[trips.first_fill]
    last = np.where(trips.is_open, n_bars - 1, fill_bars[trips.last_fill])

    def held(side: int) -> BoolArray:
        own = trips.side == side
        change = np.bincount(first[own], minlength=n_bars + 1)
        change -= np.bincount(last[own] + 1, minlength=n_bars + 1)
        return np.cumsum(change)[:n_bars] > 0

    return held(1), held(-1)


def slippage_paid(orders: pl.DataFrame, opens: FloatArray, fraction: float) -> float:
    """Return what fills cost against the price without slippage, quote currency.

    A market order is measured against the open of its bar. What a stop was triggered at is not
    kept: there it is the fixed part of the slippage. An order that rests at its price pays none.

    Parameters
    ----------
    orders : DataFrame
        One row per fill: side, price, quantity, reason.
    opens : ndarray of shape (n_fills,)
        The open of each fill's bar, quote currency.
    fraction : float
        Fixed part of the slippage, of the price.
    """
    price, reason = orders["price"].to_numpy(), orders["reason"]
    side = np.where((orders["side"] == "BUY").to_numpy(), 1.0, -1.0)
    at_stop = price - price / (1.0 + side * fraction)
    paid = np.where(reason.is_in(_TRIGGERED).to_numpy(), at_stop, price - opens) * side
    paid[reason.is_in(_RESTING).to_numpy()] = 0.0
    return float(np.dot(paid, orders["quantity"].to_numpy()))


def _risk(known: FloatArray, periods_per_year: float) -> dict[str, float]:
    skewness, kurtosis = measures.skewness(known), measures.kurtosis(known)
    sharpe = measures.sharpe_ratio(known)
    return {
        "volatility": measures.volatility(known, periods_per_year),
        "sharpe": sharpe * math.sqrt(periods_per_year),
        "probabilistic_sharpe": probabilistic_sharpe_ratio(sharpe, known.size, skewness, kurtosis),
        "sortino": measures.sortino_ratio(known, periods_per_year),
        "omega": measures.omega_ratio(known),
        "tail_ratio": measures.tail_ratio(known),
        "value_at_risk": measures.value_at_risk(known),
        "expected_shortfall": measures.expected_shortfall(known),
        "skewness": skewness,
        "kurtosis": kurtosis,
    }


def _drawdown(equity: FloatArray, cash: float, periods_per_year: float) -> dict[str, float]:
    whole = np.concatenate([[cash], equity])
    found = find_drawdowns(equity, cash)
    return {
        "max_drawdown": measures.max_drawdown(whole),
        "mean_drawdown": float(found.depth.mean()) if len(found) else math.nan,
        "longest_drawdown_bars": float(found.length.max()) if len(found) else 0.0,
        "time_under_water": time_under_water(equity, cash),
        "ulcer_index": measures.ulcer_index(whole),
        "calmar": measures.calmar_ratio(equity, cash, periods_per_year),
        "recovery_factor": recovery_factor(equity, cash),
    }


def _calendar(timestamp: IntArray, equity: FloatArray, cash: float) -> dict[str, float]:
    days = measures.returns_of(daily_equity(timestamp, equity), cash)
    months = np.array([month.change for month in monthly_returns(timestamp, equity, cash)])
    days, months = days[np.isfinite(days)], months[np.isfinite(months)]
    return {
        "best_day": float(days.max()),
        "worst_day": float(days.min()),
        "best_month": float(months.max()),
        "worst_month": float(months.min()),
        "positive_months": float((months > 0).mean()),
    }


def _trades(trades: pl.DataFrame) -> dict[str, float]:
    closed = trades.filter(pl.col("exit_time").is_not_null())
    pnl, bars = closed["pnl"].to_numpy(), closed["bars"].to_numpy()
    shares = closed["return"].to_numpy()
    found = {
        "n_trades": float(len(closed)),
        "n_open_trades": float(len(trades) - len(closed)),
        "win_rate": trade_measures.win_rate(pnl),
        "profit_factor": trade_measures.profit_factor(pnl),
        "expectancy": trade_measures.expectancy(pnl),
        "average_win": trade_measures.average_win(pnl),
        "average_loss": trade_measures.average_loss(pnl),
        "payoff_ratio": trade_measures.payoff_ratio(pnl),
        "kelly_fraction": trade_measures.kelly_fraction(pnl),
        "system_quality_number": trade_measures.system_quality_number(shares),
        "longest_winning_streak": float(trade_measures.longest_winning_streak(pnl)),
        "longest_losing_streak": float(trade_measures.longest_losing_streak(pnl)),
    }
    summaries = {
        "best_trade": (shares, np.max),
        "worst_trade": (shares, np.min),
        "mean_bars_held": (bars, np.mean),
        "median_bars_held": (bars, np.median),
        "longest_bars_held": (bars, np.max),
        "mean_mae": (closed["mae"].to_numpy(), np.mean),
        "mean_mfe": (closed["mfe"].to_numpy(), np.mean),
    }
    for name, (values, summary) in summaries.items():
        found[name] = float(summary(values)) if values.size else math.nan
    return found


def _trading(run: "Run") -> dict[str, float]:
    equity, orders, unit = run.equity, run.orders, run.books.grid.quote_unit
    mean_equity, years = float(equity.mean()), equity.size / run.periods_per_year
    traded, fees = (total_of(run.fill_rows[:, k], unit) for k in (at.F_NOTIONAL, at.F_FEE))
    costs = run.trading.costs
    slippage = slippage_paid(orders, run.fill_opens, costs.slippage + costs.spread / 2.0)
    funding = total_of(run.payment_rows[:, at.P_PAID], unit)
    gross = float(equity[-1]) - run.trading.cash + fees + slippage + funding
    return {
        "n_fills": float(len(orders)),
        "turnover": traded / mean_equity / years if mean_equity > 0 else math.nan,
        "fees_paid": fees,
        "slippage_paid": slippage,
        "funding_paid": funding,
        "costs_of_gross_profit": (fees + slippage + funding) / gross if gross > 0 else math.nan,
    }
