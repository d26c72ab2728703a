"""The grid of exact integers on which money is counted.

A price is a whole number of ticks, a quantity a whole number of lots (steps), and money a whole
number of quote units. One tick on one lot is then a whole number of quote units too, so that cash,
position values and fees add up without any rounding.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from cryptovolt.domain.arrays import IntArray
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.execution.settings import TradingSettings

QUOTE_DECIMALS = 8
"""A quote unit is 1e-8, unless tick × step needs a finer one or the account a coarser one."""


BOUND = 2**61
"""Largest amount of quote units in one product: half of what int64 can hold, twice."""


# How many times an account may grow, where tick × step allows it.
_HEADROOM = 100


@dataclass(frozen=True, slots=True)
class Grid:
    """Ticks, lots and quote units of the symbols of one account.

    Parameters
    ----------
    symbols : tuple of str
        In the order of every array.
    ticks, steps : tuple of Decimal
        Price of one tick in quote currency, size of one lot in base currency.
    quote_unit : Decimal
        Quote currency per unit of money.
    units : tuple of int
        Quote units that one tick on one lot is worth.
    min_notionals : tuple of int
        Smallest order, quote units.
    """

    symbols: tuple[str, ...]
    ticks: tuple[Decimal, ...]
    steps: tuple[Decimal, ...]
    quote_unit: Decimal
    units: tuple[int, ...]
    min_notionals: tuple[int, ...]

    @classmethod
    def of(cls, rules: Mapping[str, SymbolRules], settings: TradingSettings) -> "Grid":
        """Return the grid on which all these symbols and this much money are counted together."""
        ticks = tuple(_decimal(rule.tick_size) for rule in rules.values())
        steps = tuple(_decimal(rule.step_size) for rule in rules.values())
        values = [tick * step for tick, step in zip(ticks, steps, strict=True)]
        exposure = settings.cash * settings.leverage * _HEADROOM
        countable = min(QUOTE_DECIMALS, math.floor(math.log10(BOUND / exposure)))
        decimals = max(0, countable, *(_decimals(value) for value in values))
        scale = Decimal(10) ** decimals
        units = tuple(int(value * scale) for value in values)
        if max(units) >= BOUND:
            raise ConfigurationError(
                f"expected symbols whose tick × step are of similar size, found {values}; "
                "simulate them in separate accounts or give coarser rules"
            )
        smallest = tuple(
            min(BOUND, _ceiling(_decimal(rule.min_notional) * scale)) for rule in rules.values()
        )
        return cls(tuple(rules), ticks, steps, 1 / scale, units, smallest)

    def units_of(self, amount: float) -> int:
        """Return an amount of quote currency in quote units, rounded to the nearest."""
        return round(_decimal(amount) / self.quote_unit)

    def money(self, units: int) -> Decimal:
        """Return quote units as quote currency."""
        return units * self.quote_unit

    def largest_lots(self, highest_ticks: IntArray) -> IntArray:
        """Return the largest position per symbol whose value can never leave int64.

        Parameters
        ----------
        highest_ticks : ndarray of shape (n_symbols,)
            Highest price of each symbol.
        """
        lots = [
            BOUND // (len(self.units) * unit * max(1, highest))
            for unit, highest in zip(self.units, highest_ticks.tolist(), strict=True)
        ]
        return np.array(lots, np.int64)


def _decimal(value: float) -> Decimal:
    # repr is the shortest text that means this float: 0.1 stays 0.1.
    return Decimal(repr(float(value)))


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -int(exponent))


def _ceiling(value: Decimal) -> int:
    return -int(-value // 1)
