"""How large the account could be before its own trading spoils the result.

Two bounds, both from the fills of a run, scaled with the account:

*Volume*: every fill takes a share of its bar's volume, which grows in proportion to the account.
The bound is the account whose largest fill takes `volume_share`.

*Impact*: an order of a share *q* of a bar's volume moves the price by ``coefficient · σ · √q``, σ
the standard deviation of the symbol's returns per bar (the square-root law; it holds for any length
of bar, since σ grows with its root and volume with the length itself). Every fill then loses a part
of the equity, and all of them together, which grows with the root of the account, take away from
its logarithmic growth. The bound is the account that loses `return_share` of the growth.

The impact comes on top of what the run was charged, and the prices stay those of the run: both are
upper bounds for patient execution within one bar, not promises.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cryptovolt.backtest.trades import in_units, per_symbol
from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.trading.step import layout as at

if TYPE_CHECKING:
    from cryptovolt.backtest.run import Run

VOLUME_SHARE = 1 / at.PARTS_OF_VOLUME
"""What the simulator lets an order take of a bar."""


class Capacity(NamedTuple):
    """Account sizes in quote currency, and what they were asked for.

    NaN where a bound is undefined: no fill, or, for the impact, no growth.
    """

    volume: float
    impact: float
    volume_share: float
    return_share: float
    coefficient: float


class FillShares(NamedTuple):
    """Fills as shares, arrays of shape ``(n_fills,)``.

    `volume`: quantity over the volume of the bar; `equity`: notional over the equity before the
    bar; `deviation`: standard deviation of the symbol's returns per bar.
    """

    volume: FloatArray
    equity: FloatArray
    deviation: FloatArray


def fill_shares(
    *,
    bar: IntArray,
    symbol: IntArray,
    quantity: FloatArray,
    notional: FloatArray,
    equity: FloatArray,
    cash: float,
    bars: Sequence[Bars],
) -> FillShares:
    """Return what every fill was of the market and of the account.

    Parameters
    ----------
    bar, symbol : ndarray of shape (n_fills,)
        Row and column of each fill.
    quantity, notional : ndarray of shape (n_fills,)
        In base and quote currency.
    equity : ndarray of shape (n_bars,)
        At each close, quote currency; `cash` before the first one.
    cash : float
        Quote currency at the start.
    bars : sequence of Bars
        In the order of the columns.
    """
    volume, deviation = np.empty(bar.size), np.empty(bar.size)
    for column, series in enumerate(bars):
        own = symbol == column
        volume[own] = series.volume[bar[own]]
        deviation[own] = _deviation(series.close) if own.any() else math.nan
    before = np.concatenate([[cash], equity])[bar]
    share = np.full(bar.size, math.inf)
    np.divide(quantity, volume, out=share, where=volume > 0.0)
    part = np.full(bar.size, math.nan)
    np.divide(notional, before, out=part, where=before > 0.0)
    return FillShares(share, part, deviation)


def fill_shares_of(run: "Run") -> FillShares:
    """Return what every fill of a run was of the market and of the account."""
    rows, grid = run.fill_rows, run.books.grid
    column = rows[:, at.F_SYMBOL]
    return fill_shares(
        bar=rows[:, at.F_BAR],
        symbol=column,
        quantity=per_symbol(np.abs(rows[:, at.F_LOTS]), column, grid.steps),
        notional=in_units(rows[:, at.F_NOTIONAL], grid.quote_unit),
        equity=run.equity,
        cash=run.trading.cash,
        bars=list(run.bars.values()),
    )


def capacity_of(
    fills: FillShares,
    cash: float,
    growth: float,
    volume_share: float = VOLUME_SHARE,
    return_share: float = 0.5,
    coefficient: float = 1.0,
) -> Capacity:
    """Return the largest accounts at which the fills still fit.

    Parameters
    ----------
    fills : FillShares
        Of a run.
    cash : float
        The account they were made with, quote currency.
    growth : float
        Final equity over `cash`.
    volume_share : float, default=0.1
        Largest part of a bar's volume one fill may take, in (0, 1].
    return_share : float, default=0.5
        Part of the logarithmic growth that impact may take, in (0, 1].
    coefficient : float, default=1.0
        Of the square-root law; about 1 in every market it was measured in.

    Returns
    -------
    Capacity

    Raises
    ------
    ValueError
        If a parameter is outside its range.

    References
    ----------
    R. Almgren, C. Thum, E. Hauptmann and H. Li, "Direct Estimation of Equity Market Impact", Risk
    18 (7), 2005, p. 58-62. B. Tóth et al., "Anomalous Price Impact and the Critical Nature of
    Liquidity in Financial Markets", Physical Review X 1, 021006, 2011. J. Donier and J. Bonart, "A
    Million Metaorder Analysis of Market Impact on the Bitcoin", Market Microstructure and Liquidity
    1 (2), 2015.
    """
    if not (0.0 < volume_share <= 1.0 and 0.0 < return_share <= 1.0 and coefficient > 0.0):
        raise ValueError(
            "expected volume_share and return_share in (0, 1] and coefficient > 0, found "
            f"{volume_share}, {return_share} and {coefficient}"
        )
    largest = float(fills.volume.max()) if fills.volume.size else math.nan
    loss = float((coefficient * fills.equity * fills.deviation * np.sqrt(fills.volume)).sum())
    by_volume = cash * volume_share / largest if largest > 0.0 else math.nan
    by_impact = math.nan
    if growth > 1.0 and loss > 0.0:
        by_impact = cash * (return_share * math.log(growth) / loss) ** 2
    return Capacity(by_volume, by_impact, volume_share, return_share, coefficient)


def _deviation(close: FloatArray) -> float:
    returns = close[1:] / close[:-1] - 1.0
    return float(returns.std(ddof=1)) if returns.size >= 2 else math.nan
