"""Drift of calibration: whether what a model says still happens as often as it says.

Two figures of the newest rows whose outcome is known, each against the same figure of the
reference. The *level* is the mean of happened minus said: a model that says 55 % where 45 % rise.
The *strength* is the mean of the same difference times how high the probability was: it falls when
strong words come true less often, and falls below what chance explains when a relation has turned.
The stability index sees neither, for the columns themselves may not have moved.

Labels overlap, so neighbouring rows err together. Blocks that are much longer than a label keep
that in the threshold. A row is taken when its whole horizon is over, in the order of decisions,
also where its label was known earlier: those that are known early are not like the others.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.random import Generator

from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.research.drift_settings import DriftAlarm, DriftSettings

NAMES = ("calibration: level", "calibration: strength")
_FARTHEST = 3.0
_LEAST_SPREAD = 1e-6


@dataclass(frozen=True, slots=True)
class CalibrationReference:
    """How a model erred out of sample, and how far chance takes a window from it.

    Parameters
    ----------
    centre, spread : float
        Mean and standard deviation of the probability.
    expected : tuple of float
        Level and strength of the reference; 0 for a calibrated model.
    threshold : tuple of float
        How far from it either may be.
    horizon : int
        Bars until an outcome is known.
    settings : DriftSettings
        What the thresholds are for.
    """

    centre: float
    spread: float
    expected: tuple[float, float]
    threshold: tuple[float, float]
    horizon: int
    settings: DriftSettings

    def to_record(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return asdict(self)


def fit_calibration_drift(
    up: BoolArray,
    probability: FloatArray,
    horizon: int,
    rng: Generator,
    settings: DriftSettings | None = None,
) -> CalibrationReference:
    """Return what live outcomes will be compared with.

    Parameters
    ----------
    up, probability : ndarray of shape (n_rows,)
        What happened and what was said out of sample, in order of time.
    horizon : int
        Most bars a label takes.
    rng : numpy.random.Generator
        Draws the periods.
    settings : DriftSettings, optional
        The defaults if not given.

    Raises
    ------
    ConfigurationError
        If blocks are shorter than two horizons.
    DataError
        If shapes differ, a probability is outside [0, 1], or there are fewer rows than five
        windows.

    References
    ----------
    D. R. Cox, "Two Further Applications of a Model for Binary Regression", *Biometrika* 45, 1958,
    p. 562-565 (calibration as a level and a slope).
    """
    settings = settings or DriftSettings()
    if settings.block < 2 * horizon:
        raise ConfigurationError(
            f"expected blocks of at least two horizons, {2 * horizon} rows, found {settings.block}"
        )
    if up.shape != probability.shape or not ((probability >= 0.0) & (probability <= 1.0)).all():
        raise DataError("expected a probability in [0, 1] for each outcome")
    settings.enough(up.size)
    centre, spread = float(probability.mean()), max(float(probability.std()), _LEAST_SPREAD)
    errors = _errors(up.astype(np.float64), probability, centre, spread)
    expected = errors.mean(axis=0)
    found = np.array(
        [_largest(errors - expected, settings, rng) for _ in range(settings.n_resamples)]
    )
    threshold = settings.limits(found, up.size) * math.sqrt(1.0 + settings.window / up.size)
    return CalibrationReference(
        centre, spread, _pair(expected), _pair(threshold), horizon, settings
    )


def read_calibration_drift(record: Mapping[str, Any]) -> CalibrationReference:
    """Return a reference from what :meth:`CalibrationReference.to_record` gave."""
    more = {key: record[key] for key in ("centre", "spread", "horizon")}
    return CalibrationReference(
        expected=_pair(np.array(record["expected"])),
        threshold=_pair(np.array(record["threshold"])),
        settings=DriftSettings(**record["settings"]),
        **more,
    )


def _errors(up: FloatArray, said: FloatArray, centre: float, spread: float) -> FloatArray:
    height = np.clip((said - centre) / spread, -_FARTHEST, _FARTHEST)
    return np.column_stack([up - said, (up - said) * height])


def _largest(errors: FloatArray, settings: DriftSettings, rng: Generator) -> FloatArray:
    sums = np.cumsum(errors[settings.path(len(errors), rng)], axis=0)
    ends = np.arange(settings.window - 1, len(sums), settings.step)
    totals = sums[ends]
    totals[1:] -= sums[ends[1:] - settings.window]
    return np.abs(totals).max(axis=0) / settings.window


def _pair(values: FloatArray) -> tuple[float, float]:
    return float(values[0]), float(values[1])


class CalibrationMonitor:
    """Watches what came of a model's words, one row after the other.

    Parameters
    ----------
    reference : CalibrationReference
        What is compared with.
    state : mapping, optional
        What :meth:`state` gave; a new monitor if not given.
    """

    def __init__(
        self, reference: CalibrationReference, state: Mapping[str, Any] | None = None
    ) -> None:
        state = state or {"n_seen": 0, "last": None, "rows": [], "moved": []}
        self.reference = reference
        self._n_seen = int(state["n_seen"])
        self._last: int | None = state["last"]
        self._rows = deque((float(said), float(up)) for said, up in state["rows"])
        self._moved = {str(name) for name in state["moved"]}

    def state(self) -> dict[str, Any]:
        """Return what the next row needs, as JSON knows it."""
        return {
            "n_seen": self._n_seen,
            "last": self._last,
            "rows": [[said, int(up)] for said, up in self._rows],
            "moved": sorted(self._moved),
        }

    def observe(self, up: bool, probability: float, at: int) -> tuple[DriftAlarm, ...]:
        """Take one row; return alarms of figures that were still in place at the look before.

        Parameters
        ----------
        up : bool
            What happened.
        probability : float
            What was said, in [0, 1]; leave rows out of which nothing was said.
        at : int
            Of the decision, e.g. milliseconds UTC; later than the one before.

        Raises
        ------
        DataError
            If the probability is none, or the row is not later than the one before.
        """
        if not 0.0 <= probability <= 1.0:
            raise DataError(f"expected a probability in [0, 1], found {probability}")
        if self._last is not None and not at > self._last:
            raise DataError(f"expected a row after {self._last}, found {at}")
        self._last = at
        self._rows.append((probability, float(up)))
        self._n_seen += 1
        settings = self.reference.settings
        if len(self._rows) > settings.window:
            self._rows.popleft()
        return self._look(at) if settings.is_look(self._n_seen) else ()

    def figures(self) -> dict[str, float]:
        """Return level and strength less the reference's; nothing before the window is full."""
        if len(self._rows) < self.reference.settings.window:
            return {}
        said, up = np.array(self._rows).T
        errors = _errors(up, said, self.reference.centre, self.reference.spread)
        # Exactly rounded sums: the same bits whatever the order of additions is elsewhere.
        means = [math.fsum(column) / len(errors) for column in errors.T.tolist()]
        return {
            name: mean - expected
            for name, mean, expected in zip(NAMES, means, self.reference.expected, strict=True)
        }

    def _look(self, at: int) -> tuple[DriftAlarm, ...]:
        limits = dict[str, float](zip(NAMES, self.reference.threshold, strict=True))
        figures = self.figures()
        moved = {name for name, found in figures.items() if abs(found) > limits[name]}
        new = [name for name in figures if name in moved - self._moved]
        self._moved = moved
        return tuple(self._alarm(name, at, figures[name], limits[name]) for name in new)

    def _alarm(self, name: str, at: int, found: float, limit: float) -> DriftAlarm:
        s = self.reference.settings
        said, up = (math.fsum(column) / len(self._rows) for column in zip(*self._rows, strict=True))
        text = (
            f"{name} has moved by {found:+.3f}, chance explains up to {limit:.3f} either way: of "
            f"the last {s.window} rows {up:.1%} rose and {said:.1%} were said to; in {s.period} "
            f"rows without a change an alarm has a probability of {s.rate:.0%}"
        )
        return DriftAlarm(name, at, found, limit, s.rate, s.period, text)
