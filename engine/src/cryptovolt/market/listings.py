"""When a market was not what its name says: halted, delisted and listed again, off its peg.

All functions take bars in order of time, without duplicates and without NaN.
"""

import itertools

import numpy as np

from cryptovolt.domain.arrays import BoolArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.market.naming import base_asset, venue_symbol

RELISTED_DAYS = 30
"""A market that never closes and shows no bar for so many days was closed; what trades under its
name afterwards may be another coin."""

HALT_BARS = 3
"""So many bars without a trade are a halt, where the market else trades in every bar."""

PEG_WIDTH = 0.03
"""A stablecoin this far away from one dollar is off its peg."""

_FILLED_SHARE = 0.01
_STABLECOINS = frozenset(
    {
        *("BUSD", "DAI", "FDUSD", "FRAX", "GUSD", "LUSD", "MIM", "PAX", "PYUSD", "SUSD", "TUSD"),
        *("USD1", "USDC", "USDD", "USDE", "USDN", "USDP", "USDS", "USDT", "UST", "USTC"),
    }
)
_DOLLARS = frozenset({*_STABLECOINS, "USD"})


def split_listings(bars: Bars) -> tuple[Bars, ...]:
    """Cut bars where the market was closed for so long that another coin may trade afterwards.

    Parameters
    ----------
    bars : Bars
        In order of time, without duplicates.

    Returns
    -------
    tuple of Bars
        One after the other; the bars themselves where nothing is to be cut. A cut is made before
        every bar that follows at least 30 days without one.
    """
    edges = [0, *relisted_rows(bars).tolist(), len(bars)]
    return tuple(bars[start:end] for start, end in itertools.pairwise(edges))


def relisted_rows(bars: Bars) -> IntArray:
    """Return the rows that follow at least `RELISTED_DAYS` days without a bar."""
    if len(bars) < 2:
        return np.zeros(0, dtype=np.int64)
    without = np.diff(bars.timestamp) - bars.interval_ms
    return np.flatnonzero(without >= RELISTED_DAYS * DAY_MS).astype(np.int64) + 1


def filled_bars(bars: Bars) -> BoolArray:
    """Return which bars somebody filled in: no volume, one price, in a market that always trades.

    A bar without a trade is normal for a thin coin. Where fewer than 1 % of the bars are without
    one, they are the recorder's stand-in for an outage.
    """
    filled = (bars.volume == 0.0) & (bars.high == bars.low)
    if filled.sum() >= _FILLED_SHARE * len(bars):
        return np.zeros(len(bars), dtype=np.bool_)
    return filled


def runs(which: BoolArray) -> tuple[IntArray, IntArray]:
    """Return the first row and the length of every run of true values."""
    edges = np.flatnonzero(np.diff(which.astype(np.int8), prepend=0, append=0)).astype(np.int64)
    return edges[::2], edges[1::2] - edges[::2]


def halts(bars: Bars) -> tuple[IntArray, IntArray]:
    """Return the first row and the number of bars of every halt that the recorder filled in."""
    starts, lengths = runs(filled_bars(bars))
    long = lengths >= HALT_BARS
    return starts[long], lengths[long]


def off_peg(bars: Bars) -> BoolArray:
    """Return which bars close off the peg; none where the pair is not two kinds of dollar."""
    base = base_asset(bars.symbol)
    quote = venue_symbol(bars.symbol).replace("-", "").removeprefix(base)
    if base not in _STABLECOINS or quote not in _DOLLARS:
        return np.zeros(len(bars), dtype=np.bool_)
    return ~(np.abs(bars.close - 1.0) <= PEG_WIDTH)
