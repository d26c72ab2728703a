"""Recursion analysis: which values still change when they are computed from more bars.

An indicator with a memory (an exponential average, say) depends on where its bars begin, ever less
the longer ago that was. At random bars every value is computed from the declared warm-up and from
many more bars; what differs by more than a tolerance needs a longer warm-up. The same with shorter
and longer ones tells the smallest that suffices.

A strategy that sends orders is asked with the account, and with what it keeps in itself, as they
were at that bar: only the history begins elsewhere.

The difference is relative to the value, or to its own spread over the bars where that is larger: a
value near zero is not held to more digits than it has.
"""

from collections.abc import Mapping
from math import inf
from typing import TypeAlias

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import DataError, StrategyError
from cryptovolt.domain.ports import Progress
from cryptovolt.research.leaks import told
from cryptovolt.research.memory import DECISIONS, Memory, RecursiveAnalysis
from cryptovolt.research.order_probe import OrdersProbe
from cryptovolt.research.probes import Probe
from cryptovolt.research.tracing import Key, Trace
from cryptovolt.trading.target_strategy import Markets, cut

TOLERANCE = 1e-9
N_TIMES = 50
_LONGER = 16
_SHORTEST_REFERENCE, _LONGEST_REFERENCE = 4_000, 20_000
_GROWTH = 1.3

_Newest: TypeAlias = dict[Key, tuple[FloatArray, FloatArray]]
"""Of each value the last row and its spread."""

_Worst: TypeAlias = dict[str, float]
"""Largest relative difference of each value, by function, line and name."""


def recursive(
    markets: Markets,
    probe: Probe,
    *,
    rng: np.random.Generator,
    seed: int,
    n_times: int = N_TIMES,
    tolerance: float = TOLERANCE,
    progress: Progress | None = None,
) -> RecursiveAnalysis:
    """Return which values of a strategy or feature set depend on where the bars begin.

    Parameters
    ----------
    markets : mapping of str to Bars
        All with the same times, without errors.
    probe : Probe
        See :mod:`cryptovolt.research.probes`.
    rng : numpy.random.Generator
        Draws the bars.
    seed : int
        What `rng` was made with; kept.
    n_times : int, default=50
        Bars at which every value is compared.
    tolerance : float, default=1e-9
        Relative.
    progress : Progress, optional
        Told after each warm-up tried.

    Raises
    ------
    DataError
        If there are not at least twice as many bars as the warm-up.
    StrategyError
        If the strategy raises.
    """
    n_bars, declared = len(next(iter(markets.values()))), probe.warmup
    useful = min(
        max(_LONGER * declared, _SHORTEST_REFERENCE), max(4 * declared, _LONGEST_REFERENCE)
    )
    # Where there are few bars, half of them are left to compare at.
    reference = min(useful, max(2 * declared, n_bars // 2), n_bars - 1)
    if reference < 2 * declared or reference < 1:
        raise DataError(
            f"expected at least {2 * declared + 2} bars, twice the warm-up of {probe.name}, found "
            f"{n_bars}"
        )
    rows = _rows(n_bars, reference, n_times, rng)
    if isinstance(probe, OrdersProbe):
        probe = probe.situated(markets, rows)
    longest = [_newest(probe, markets, row, reference) for row in rows]
    lengths = _lengths(declared, reference)
    found: dict[int, _Worst] = {}
    for done, length in enumerate(lengths, 1):
        found[length] = _differences(probe, markets, rows, longest, length)
        if progress is not None:
            progress(done, len(lengths), "warm-ups")
    names = dict.fromkeys(told(key) for known in longest for key in known)
    values = tuple(
        Memory(
            name=name,
            difference=found[declared].get(name, 0.0),
            warmup=_settled(name, found, tolerance),
        )
        for name in names
    )
    return RecursiveAnalysis(
        name=probe.name,
        seed=seed,
        warmup=declared,
        reference=reference,
        n_times=len(rows),
        tolerance=tolerance,
        values=values,
        smallest=_smallest(probe, markets, rows, longest, values, tolerance),
    )


def _rows(n_bars: int, reference: int, n_times: int, rng: np.random.Generator) -> list[int]:
    possible = np.arange(reference, n_bars)
    return sorted(rng.choice(possible, min(n_times, possible.size), replace=False).tolist())


def _lengths(declared: int, reference: int) -> list[int]:
    lengths, length = {declared}, 1.0
    while length < reference / 2:
        lengths.add(int(length))
        length = max(length * _GROWTH, length + 1.0)
    return sorted(lengths)


def _look(probe: Probe, markets: Markets, row: int, warmup: int) -> Trace:
    return probe.look(cut(markets, row - warmup, row + 1))


def _newest(probe: Probe, markets: Markets, row: int, warmup: int) -> _Newest:
    seen = _look(probe, markets, row, warmup).values
    # An argument is the value of another name.
    return {
        key: (np.atleast_1d(values[-1]), _spread(values))
        for key, values in seen.items()
        if key.line >= 0
    }


def _spread(values: FloatArray) -> FloatArray:
    finite = np.where(np.isfinite(values), values, np.nan).reshape(len(values), -1)
    known = np.isfinite(finite).any(axis=0)
    spread = np.zeros(finite.shape[1])
    spread[known] = np.nanstd(finite[:, known], axis=0)
    return spread


def _differences(
    probe: Probe, markets: Markets, rows: list[int], longest: list[_Newest], warmup: int
) -> _Worst:
    worst: _Worst = {}
    for row, known in zip(rows, longest, strict=True):
        try:
            seen = _look(probe, markets, row, warmup).values
        except StrategyError:
            if warmup >= probe.warmup:
                raise
            # It cannot be computed from so few bars: they do not suffice.
            return dict.fromkeys((told(key) for key in known), inf)
        for key, (reference, spread) in known.items():
            if key in seen:
                apart = _relative(np.atleast_1d(seen[key][-1]), reference, spread)
                worst[told(key)] = max(worst.get(told(key), 0.0), apart)
    return worst


def _relative(value: FloatArray, reference: FloatArray, spread: FloatArray) -> float:
    if value.shape != reference.shape:
        return inf
    same = (value == reference) | (np.isnan(value) & np.isnan(reference))
    if same.all():
        return 0.0
    scale = np.maximum(np.abs(reference), spread)[~same]
    apart = np.abs(value - reference)[~same]
    if not np.isfinite(apart).all() or (scale == 0.0).any():
        return inf
    return float((apart / scale).max())


def _settled(name: str, found: Mapping[int, _Worst], tolerance: float) -> int | None:
    least = None
    for length in sorted(found, reverse=True):
        if not found[length].get(name, 0.0) <= tolerance:
            break
        least = length
    return least


def _smallest(
    probe: Probe,
    markets: Markets,
    rows: list[int],
    longest: list[_Newest],
    values: tuple[Memory, ...],
    tolerance: float,
) -> int | None:
    target = next((one for one in values if one.name in DECISIONS), None)
    if target is not None and target.warmup is None:
        return None
    settles = {one.name for one in values if one.warmup is not None}
    high = max((one.warmup for one in values if one.warmup is not None), default=0)
    low = int(high / _GROWTH) - 1
    # Between the last that failed and the first that did, to the bar.
    while high - low > 1 and low >= 0:
        middle = (low + high) // 2
        apart = _differences(probe, markets, rows, longest, middle)
        fits = all(apart[name] <= tolerance for name in apart if name in settles)
        low, high = (low, middle) if fits else (middle, high)
    return max(high, 0)
