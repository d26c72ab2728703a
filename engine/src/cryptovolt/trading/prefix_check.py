"""The look-ahead stamp: a strategy asked again while the future is missing.

A target may depend on bars up to its own. So a strategy that is handed the same bars, cut off at
bar ``t``, must say the same about every bar up to ``t``. Half of the cuts are drawn among the bars
at which the target changes: there a strategy that read ahead had its reason to.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt.domain.errors import LookAheadError
from cryptovolt.market.windows import Window, anchored_windows
from cryptovolt.trading.target_strategy import Decider, Markets, cut, first_place, moment

N_PREFIXES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first target that was another one when later bars were missing.

    Parameters
    ----------
    symbol : str
        Whose target.
    timestamp : int
        Open of the bar, milliseconds UTC.
    last_timestamp : int
        Open of the last bar that was handed over.
    whole, part : float
        The target with all bars of the block, and with those up to `last_timestamp`.
    repeatable : bool
        Whether the strategy says the same twice when it is asked the same.
    """

    symbol: str
    timestamp: int
    last_timestamp: int
    whole: float
    part: float
    repeatable: bool

    def __str__(self) -> str:
        where = f"the target of {self.symbol} at {moment(self.timestamp)}"
        if not self.repeatable:
            return (
                f"NOT REPRODUCIBLE: {where} is {self.whole:g} and, asked again with the same bars, "
                "another one"
            )
        return (
            f"LOOK-AHEAD: {where} is {self.whole:g} with later bars known, {self.part:g} when the "
            f"bars end at {moment(self.last_timestamp)}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixCheck:
    """What asking again with fewer bars found.

    Parameters
    ----------
    seed : int
        The prefixes were drawn with it.
    prefixes : tuple of int
        Bars in each of them.
    difference : Difference or None
        The first one; None where every target was the same.
    """

    seed: int
    prefixes: tuple[int, ...]
    difference: Difference | None

    @property
    def stamps(self) -> tuple[str, ...]:
        """What every page that shows the run must say."""
        return () if self.difference is None else (str(self.difference),)

    def to_record(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return {
            "seed": self.seed,
            "prefixes": list(self.prefixes),
            "difference": None if self.difference is None else str(self.difference),
        }


def check_prefixes(
    decider: Decider,
    markets: Markets,
    target: FloatArray,
    *,
    seed: int,
    n_prefixes: int = N_PREFIXES,
) -> PrefixCheck:
    """Ask a strategy again on random prefixes and compare every target, bit for bit.

    Parameters
    ----------
    decider : Decider
        As it was before it was first asked: it must remember nothing.
    markets : mapping of str to Bars
        What it decided on.
    target : ndarray of shape (n_bars, n_symbols)
        What it decided.
    seed : int
        Draws the prefixes.
    n_prefixes : int, default=20
        How many; fewer where there are fewer bars after the warm-up.
    """
    first, warmup = next(iter(markets.values())), decider.warmup
    windows = list(anchored_windows(first, warmup))
    rows = _cuts(windows, target, warmup, np.random.default_rng(seed), n_prefixes)
    difference = None
    for row in rows:
        window = next(one for one in windows if one.first <= row < one.stop)
        if difference is not None and first.timestamp[window.first] > difference.timestamp:
            break
        found = _compare(decider, markets, target, window, row)
        if found is not None and (difference is None or found.timestamp < difference.timestamp):
            difference = found
    return PrefixCheck(seed=seed, prefixes=tuple(row + 1 for row in rows), difference=difference)


def require_no_look_ahead(check: PrefixCheck, name: str) -> None:
    """Refuse to trade a strategy whose targets changed.

    Raises
    ------
    LookAheadError
        If they did.
    """
    if check.difference is not None:
        raise LookAheadError(
            f"expected {name} to decide from bars up to its own, found {check.difference}; it does "
            "not trade: `cryptovolt lookahead` names the line"
        )


def changed_rows(target: FloatArray, other: FloatArray) -> BoolArray:
    """Return where two targets differ; NaN equals NaN."""
    return (target != other) & ~(np.isnan(target) & np.isnan(other))


def _cuts(
    windows: list[Window],
    target: FloatArray,
    warmup: int,
    rng: np.random.Generator,
    n_prefixes: int,
) -> list[int]:
    open_rows = np.arange(len(target)) >= warmup
    # At the end of a block nothing would be cut off.
    open_rows[[window.stop - 1 for window in windows]] = False
    changes = np.zeros(len(target), np.bool_)
    changes[1:] = changed_rows(target[1:], target[:-1]).any(axis=1)
    chosen = _drawn(np.flatnonzero(open_rows & changes), n_prefixes // 2, rng)
    open_rows[chosen] = False
    rest = np.flatnonzero(open_rows)
    return sorted({*chosen, *_drawn(rest, n_prefixes - len(chosen), rng)})


def _drawn(rows: IntArray, n: int, rng: np.random.Generator) -> list[int]:
    return rng.choice(rows, min(n, rows.size), replace=False).tolist()


def _compare(
    decider: Decider, markets: Markets, target: FloatArray, window: Window, row: int
) -> Difference | None:
    def asked(stop: int) -> FloatArray:
        part = decider.fresh().decide(cut(markets, window.start, stop))
        return part[window.first - window.start :]

    part = asked(row + 1)
    whole = target[window.first : row + 1]
    differs = changed_rows(whole, part)
    differs[: max(0, decider.warmup - window.first)] = False
    if not differs.any():
        return None
    at, column = first_place(differs)
    symbol, bars = list(markets.items())[column]
    rows = slice(max(window.first, decider.warmup), window.stop)
    again = changed_rows(target[rows], asked(window.stop)[rows.start - window.first :])
    return Difference(
        symbol=symbol,
        timestamp=int(bars.timestamp[window.first + at]),
        last_timestamp=int(bars.timestamp[row]),
        whole=float(whole[at, column]),
        part=float(part[at, column]),
        repeatable=not again.any(),
    )
