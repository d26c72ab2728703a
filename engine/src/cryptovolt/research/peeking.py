"""The look-ahead stamp for functions that make targets: asked again while the future is missing.

A function that is handed the same bars, cut off at bar ``t``, must say the same about every bar up
to ``t``, to the last bit. Half of the cuts are drawn among the bars at which the target changes;
none leaves less than a fifth of the bars, which many functions could not work with.
"""

from collections.abc import Callable

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.trading.prefix_check import N_PREFIXES, Difference, PrefixCheck, changed_rows
from cryptovolt.trading.target_strategy import Markets, first_place

SEED = 7
"""Draws the prefixes of every check, so that the same function is always asked the same."""


def check_function(
    make: Callable[[int], FloatArray], markets: Markets, target: FloatArray
) -> PrefixCheck:
    """Return whether targets change when later bars are missing.

    Parameters
    ----------
    make : callable
        Takes a number of bars and returns the targets made from so many, ``(n, n_symbols)``.
    markets : mapping of str to Bars
        All bars, in the order of the columns.
    target : ndarray of shape (n_bars, n_symbols)
        What was made from all bars.
    """
    rows = _cuts(target, np.random.default_rng(SEED))
    prefixes = tuple(row + 1 for row in rows)
    for row in rows:
        part = make(row + 1)
        differs = changed_rows(target[: row + 1], part)
        if differs.any():
            at, column = first_place(differs)
            symbol, bars = list(markets.items())[column]
            again = changed_rows(target, make(len(target)))
            difference = Difference(
                symbol=symbol,
                timestamp=int(bars.timestamp[at]),
                last_timestamp=int(bars.timestamp[row]),
                whole=float(target[at, column]),
                part=float(part[at, column]),
                repeatable=not again.any(),
            )
            return PrefixCheck(seed=SEED, prefixes=prefixes, difference=difference)
    return PrefixCheck(seed=SEED, prefixes=prefixes, difference=None)


def _cuts(target: FloatArray, rng: np.random.Generator) -> list[int]:
    # At the last bar nothing would be cut off.
    rows = np.arange(len(target) // 5, len(target) - 1)
    changes = np.flatnonzero(changed_rows(target[1:], target[:-1]).any(axis=1)) + 1
    chosen = _drawn(np.intersect1d(changes, rows), N_PREFIXES // 2, rng)
    rest = np.setdiff1d(rows, chosen)
    return sorted({*chosen, *_drawn(rest, N_PREFIXES - len(chosen), rng)})


def _drawn(rows: IntArray, n: int, rng: np.random.Generator) -> list[int]:
    drawn: list[int] = rng.choice(rows, min(n, rows.size), replace=False).tolist()
    return drawn
