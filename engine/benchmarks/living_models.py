"""False alarms, delays, false promotions and power of what watches living models.

Run with ``./cv python engine/benchmarks/living_models.py [N] [drift|calibration|test]``: N worlds
of every kind, each with its seed. The tables of ``docs/reference/living-models.md`` come from here.
"""

import os
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numba import njit
from numpy.random import Generator, default_rng

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.research.drift import DriftMonitor, fit_drift
from cryptovolt.research.drift_calibration import CalibrationMonitor, fit_calibration_drift
from cryptovolt.research.drift_settings import DriftSettings
from cryptovolt.research.sequential import (
    Decision,
    Outcome,
    SequentialTest,
)
from cryptovolt.research.sequential_settings import SequentialSettings

DRIFT = DriftSettings(n_resamples=200)
N_REFERENCE = 20_000
N_LIVE = 2_400
HORIZON = 12


@njit(cache=True)
def filtered(drawn: FloatArray, phi: float) -> FloatArray:
    found = np.empty_like(drawn)
    last = 0.0
    for t in range(drawn.size):
        last = phi * last + drawn[t]
        found[t] = last
    return found


def wave(phi: float, n: int, rng: Generator) -> FloatArray:
    """Variance 1, and neighbours have the correlation phi."""
    drawn = rng.normal(size=n + 1_000) * np.sqrt(1.0 - phi * phi)
    return filtered(drawn, phi)[1_000:]


def mean_of(values: FloatArray, bars: int) -> FloatArray:
    sums = np.concatenate([np.zeros(bars), np.cumsum(values)])
    return (sums[bars:] - sums[:-bars]) / bars


def columns(n: int, rng: Generator, memory: float, changed: int, change: str) -> FloatArray:
    """Twelve columns: four waves, and eight of a market with waves of volatility and fat tails."""
    after = np.arange(n) >= changed
    volatility = np.exp(0.4 * wave(memory, n, rng))
    volatility = np.where(after & (change == "volatility"), 2.0 * volatility, volatility)
    returns = volatility * rng.standard_t(4, n)
    found = [wave(phi, n, rng) for phi in (0.0, 0.5, 0.9, memory)]
    for bars in (1, 6, 24, 72):
        found += [mean_of(returns, bars), np.log(mean_of(np.abs(returns), bars) + 1e-9)]
    found[2] = np.where(after & (change == "shift"), found[2] + 1.0, found[2])
    return np.column_stack(found)[72:]


def drift_world(memory: float, change: str, rng: Generator) -> int | None:
    """Rows from the change, a window after the reference, to an alarm; None if there is none."""
    lead = DRIFT.window
    changed = 72 + N_REFERENCE + lead
    values = columns(changed + N_LIVE, rng, memory, changed, change)
    names = [f"f{k}" for k in range(values.shape[1])]
    monitor = DriftMonitor(fit_drift(names, values[:N_REFERENCE], rng, DRIFT))
    live = values[N_REFERENCE:]
    return first(lambda t: monitor.observe(live[t], t), lead, change)


def calibration_world(spread: float, change: str, rng: Generator) -> int | None:
    """The same for outcomes of overlapping labels: a sum of 12 returns that a wave predicts."""
    lead = DRIFT.window
    n = N_REFERENCE + lead + N_LIVE + HORIZON
    height = wave(0.9, n, rng)
    drawn = wave(0.0, n, rng)
    # Twelve neighbours share their noise; its mean has a variance of 1/12.
    noise = mean_of(drawn, HORIZON) * np.sqrt(HORIZON)
    turned = (np.arange(n) >= N_REFERENCE + lead) & (change == "turned")
    up = np.where(turned, -1.0, 1.0) * spread * height + np.roll(noise, -HORIZON) > 0.0
    probability = 0.5 + 0.5 * np.tanh(0.8 * spread * height)
    reference = fit_calibration_drift(
        up[:N_REFERENCE], probability[:N_REFERENCE], HORIZON, rng, DRIFT
    )
    monitor = CalibrationMonitor(reference)
    live = slice(N_REFERENCE, None)
    happened, said = up[live].tolist(), probability[live].tolist()
    return first(lambda t: monitor.observe(happened[t], said[t], t), lead, change)


def first(observe: Callable[[int], object], lead: int, change: str) -> int | None:
    # The first look, before any change, can only be a false alarm.
    since = lead - 1 if change == "none" else lead
    for t in range(lead + N_LIVE):
        if observe(t) and t >= since:
            return t + 1 - lead
    return None


def tell(name: str, found: list[int | None]) -> None:
    """Alarms within a period, and the delay of those that come at all."""
    rows = np.array([np.inf if x is None else x for x in found])
    quick = float((rows <= DRIFT.period).mean())
    error = np.sqrt(quick * (1.0 - quick) / rows.size)
    middle, late = np.quantile(rows, [0.5, 0.9], method="higher")
    print(
        f"{name:34s} in {DRIFT.period} rows {quick:6.1%} ± {error:.1%}   in {N_LIVE} "
        f"{np.isfinite(rows).mean():6.1%}   delay median {middle:g}, nine of ten {late:g}",
        flush=True,
    )


def trial(edge: float, gain: float, n_weeks: int, rng: Generator) -> tuple[Decision, int]:
    """Two models on a market with fat tails and waves of volatility, until a decision falls.

    The champion knows one weak wave. The challenger has its own of the same strength, plus `edge`
    of the spread; its account gains `gain` a bar on top. Both hold positions for about ten bars.
    """
    settings = SequentialSettings()
    n = settings.block * n_weeks
    volatility = 0.006 * np.exp(0.4 * wave(0.97, n, rng))
    returns = volatility * rng.standard_t(3, n) / np.sqrt(3.0)
    returns += 0.1 * np.concatenate([[0.0], returns[:-1]])
    old, new = wave(0.9, n, rng), wave(0.9, n, rng)
    gained = (np.sign(new) - np.sign(old)) * 0.5 * returns + gain
    # Blocks of twelve rows share what happens, as overlapping labels do.
    shared = rng.random(n // HORIZON + 1).repeat(HORIZON)[:n]
    spread = 0.04
    truth = 0.5 + spread * np.clip(old, -2, 2) + spread * (1 + edge) * np.clip(new, -2, 2)
    up = shared < truth
    first_said = 0.5 + spread * np.clip(old, -2, 2)
    second_said = 0.5 + spread * (1 + edge) * np.clip(new, -2, 2)
    test = SequentialTest(settings)
    for bar in range(n):
        row = bar - HORIZON
        known = (
            [Outcome(row, bool(up[row]), float(first_said[row]), float(second_said[row]))]
            if row >= 0
            else []
        )
        if test.observe(bar, 0.0, float(gained[bar]), known):
            decision = test.standing().decision
            if decision is not Decision.GO_ON:
                return decision, (bar + 1) // settings.block
    return Decision.GO_ON, n_weeks


def tell_trials(name: str, edge: float, gain: float, n: int) -> None:
    n_weeks = 104
    found = [trial(edge, gain, n_weeks, default_rng([3, k])) for k in range(n)]
    promoted = [weeks for decision, weeks in found if decision is Decision.PROMOTE]
    back = sum(decision is Decision.ROLL_BACK for decision, _ in found)
    middle = float(np.median(promoted)) if promoted else float("nan")
    print(
        f"{name:44s} in {n_weeks} weeks: promoted {len(promoted) / n:6.1%}, "
        f"rolled back {back / n:6.1%}, median weeks to promotion {middle:g}",
        flush=True,
    )


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    parts = sys.argv[2:] or ["drift", "calibration", "test"]
    started = time.perf_counter()
    for memory in (0.9, 0.97, 0.99) if "drift" in parts else ():
        for change in ("none", "volatility", "shift"):
            found = [drift_world(memory, change, default_rng([1, k])) for k in range(n)]
            tell(f"drift, memory {memory}, {change}", found)
    for spread in (0.1, 0.3, 1.0) if "calibration" in parts else ():
        for change in ("none", "turned"):
            found = [calibration_world(spread, change, default_rng([2, k])) for k in range(n)]
            tell(f"calibration, spread {spread}, {change}", found)
    if "test" in parts:
        for edge, gain in ((0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (0.0, 1e-4), (0.5, 1e-4)):
            tell_trials(f"test, edge {edge}, {gain * 1e4:g} basis points a bar", edge, gain, n)
    print(f"{n} worlds each, {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
