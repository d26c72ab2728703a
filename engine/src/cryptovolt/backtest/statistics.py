"""The standard measures of one run."""

import math

import numpy as np
import polars as pl

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt.performance import returns as measures
from cryptovolt.performance.trades import expectancy, profit_factor, win_rate
from cryptovolt.portfolio.round_trips import RoundTrips


def statistics_of(
    *,
    equity: FloatArray,
    returns: FloatArray,
    cash: float,
    periods_per_year: float,
    orders: pl.DataFrame,
    trades: pl.DataFrame,
    held: tuple[BoolArray, BoolArray],
) -> dict[str, float]:
    """Return the standard measures by name; NaN where one is undefined.

    Trade measures (win rate, profit factor, expectancy) count closed round trips only. Turnover is
    traded notional over mean equity, per year; exposure the share of bars that held a position.
    """
    closed = trades.filter(pl.col("exit_time").is_not_null())
    pnl = closed["pnl"].to_numpy()
    traded = float(orders["notional"].sum())
    years = equity.size / periods_per_year
    mean_equity = float(equity.mean())
    return {
        "start_equity": cash,
        "final_equity": float(equity[-1]),
        "total_return": measures.total_return(equity, cash),
        "cagr": measures.cagr(equity, cash, periods_per_year),
        **_risk(equity, returns, cash, periods_per_year),
        "win_rate": win_rate(pnl),
        "profit_factor": profit_factor(pnl),
        "expectancy": expectancy(pnl),
        "mean_bars_held": float(closed["bars"].to_numpy().mean()) if len(closed) else math.nan,
        "exposure": float((held[0] | held[1]).mean()),
        "exposure_long": float(held[0].mean()),
        "exposure_short": float(held[1].mean()),
        "n_trades": float(len(closed)),
        "n_open_trades": float(len(trades) - len(closed)),
        "n_fills": float(len(orders)),
        "turnover": traded / mean_equity / years if mean_equity > 0 else math.nan,
        "fees_paid": float(orders["fee"].sum()),
    }


def _risk(
    equity: FloatArray, returns: FloatArray, cash: float, periods_per_year: float
) -> dict[str, float]:
    # After ruin there are no returns; the measures tell of the time before it.
    known = returns[np.isfinite(returns)]
    whole = np.concatenate([[cash], equity])
    return {
        "volatility": measures.volatility(known, periods_per_year),
        "sharpe": measures.sharpe_ratio(known, periods_per_year),
        "sortino": measures.sortino_ratio(known, periods_per_year),
        "calmar": measures.calmar_ratio(equity, cash, periods_per_year),
        "max_drawdown": measures.max_drawdown(whole),
        "ulcer_index": measures.ulcer_index(whole),
        "value_at_risk": measures.value_at_risk(known),
        "expected_shortfall": measures.expected_shortfall(known),
        "omega": measures.omega_ratio(known),
        "skewness": measures.skewness(known),
        "kurtosis": measures.kurtosis(known),
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
