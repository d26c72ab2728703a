"""Rules for a symbol nobody gave rules for."""

import math

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import PRICE_COLUMNS, Bars
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.execution.quantise import LARGEST

# Rounding to a tick then moves a fill by at most a tenth of a basis point.
_COARSEST_TICK = 1e-5
_FINEST_TICK = 1e-7
_STEP_OF_CASH = 1e-5
_MIN_NOTIONAL_OF_CASH = 1e-4


def infer_rules(bars: Bars, cash: float = 10_000.0) -> SymbolRules:
    """Return rules fine enough not to change what a simulation finds.

    The tick is the largest power of ten of which every price is a multiple and which is at most
    1e-5 of the lowest price; where prices have more digits than 1e-7 of the lowest price, they are
    rounded to that, or to the finest grid that can count the highest price. The step is the largest
    power of ten that is worth at most 1e-5 of the cash at the highest price and keeps tick × step
    at 1e-8 where it can. Orders below 1e-4 of the cash are not sent. A venue's own rules are
    better: hand them in where they are known.

    Parameters
    ----------
    bars : Bars
        At least one bar, prices above 0.
    cash : float, default=10_000.0
        Quote currency at the start.

    Returns
    -------
    SymbolRules

    Raises
    ------
    ConfigurationError
        If there is no cash.
    """
    if not 0.0 < cash < math.inf:
        raise ConfigurationError(f"expected cash above 0, found {cash}")
    prices = [getattr(bars, name) for name in PRICE_COLUMNS]
    lowest, highest = float(np.min(bars.low)), float(np.max(bars.high))
    coarsest = math.floor(math.log10(lowest * _COARSEST_TICK) + 1e-9)
    finest = math.floor(math.log10(lowest * _FINEST_TICK) + 1e-9)
    # The highest price must still be a number of ticks that 64 bits can count.
    finest = max(finest, math.ceil(math.log10(2.0 * highest / LARGEST)))
    exponent = coarsest
    while exponent > finest and not _are_multiples(prices, exponent):
        exponent -= 1
    step = min(-8 - exponent, math.floor(math.log10(cash * _STEP_OF_CASH / highest) + 1e-9))
    return SymbolRules(
        tick_size=float(f"1e{exponent}"),
        step_size=float(f"1e{step}"),
        min_notional=cash * _MIN_NOTIONAL_OF_CASH,
    )


def _are_multiples(columns: list[FloatArray], exponent: int) -> bool:
    per_unit = float(f"1e{-exponent}")
    # A few rows first: most grids that are too coarse fail on them.
    for rows in (slice(0, 64), slice(None)):
        for values in columns:
            ticks = values[rows] * per_unit
            if not (np.abs(ticks - np.rint(ticks)) <= 1e-6 + 1e-12 * ticks).all():
                return False
    return True
