"""Drift of what a model is shown and of what it says: whether live rows left the reference.

Each column's newest rows are compared with the reference by the population stability index. What
the index is without a change depends on how much neighbouring rows resemble each other, so the
usual limits (0.1, 0.25) mean nothing here. The thresholds are drawn from the reference instead:
whole periods in blocks, all columns together, and of each the largest look. They hold for all
columns at once: the probability of *any* alarm in a period without a change is the settings' rate.
How near that comes where neighbours resemble each other is in ``docs/reference/living-models.md``.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.random import Generator

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import DataError
from cryptovolt.research.drift_settings import DriftAlarm, DriftSettings
from cryptovolt.research.drift_stability import (
    Bins,
    Edges,
    count_bins,
    fit_edges,
    largest_indices,
    stability_index,
)

SAID = "P(up)"
"""What the column of the model's probability is called."""

_LEAST_THRESHOLD = 0.02
_DIGITS = "0123456789a"


@dataclass(frozen=True, slots=True, eq=False)
class DriftReference:
    """What the columns looked like, and how far chance takes a window from it.

    Parameters
    ----------
    names : tuple of str
        Of the columns.
    edges : Edges
        Of their bins.
    counts : ndarray of shape (n_columns, 11)
        Rows of the reference in each bin.
    threshold : ndarray of shape (n_columns,)
        Of each column's index.
    settings : DriftSettings
        What the thresholds are for.
    """

    names: tuple[str, ...]
    edges: Edges
    counts: IntArray
    threshold: FloatArray
    settings: DriftSettings

    def index(self, values: FloatArray) -> FloatArray:
        """Return the stability index of every column of rows ``(n_rows, n_columns)``."""
        live = count_bins(self.edges.bins(values))
        return self.index_of(live)

    def index_of(self, live: IntArray) -> FloatArray:
        """Return the stability index of every column from counts ``(n_columns, 11)``."""
        return np.array([stability_index(a, b) for a, b in zip(self.counts, live, strict=True)])

    def to_record(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        edges = [[edge for edge in row if np.isfinite(edge)] for row in self.edges.values.tolist()]
        return {
            "names": list(self.names),
            "edges": edges,
            "counts": self.counts.tolist(),
            "threshold": self.threshold.tolist(),
            "settings": asdict(self.settings),
        }


def fit_drift(
    names: Sequence[str],
    values: FloatArray,
    rng: Generator,
    settings: DriftSettings | None = None,
    probability: FloatArray | None = None,
) -> DriftReference:
    """Return what live rows will be compared with.

    Parameters
    ----------
    names : sequence of str
        Of the columns.
    values : ndarray of shape (n_rows, n_columns)
        Features of the rows a model was trained on, oldest first; NaN where one is missing.
    rng : numpy.random.Generator
        Draws the periods.
    settings : DriftSettings, optional
        The defaults if not given.
    probability : ndarray of shape (n_rows,), optional
        P(up) that was said of each row *out of sample*; rows without it (NaN) are left out. It
        becomes one more column, :data:`SAID`.

    Returns
    -------
    DriftReference
        To be stored with the model.

    Raises
    ------
    DataError
        If shapes differ, or there are fewer rows than five windows.

    Notes
    -----
    A live window also differs because the reference is a sample itself; the thresholds are raised
    by ``1 + window / n_rows`` for it.
    """
    settings = settings or DriftSettings()
    names, values = _columns(names, values, probability)
    settings.enough(len(values))
    edges = fit_edges(values)
    bins = edges.bins(values)
    counts = count_bins(bins)
    found = np.array(
        [
            largest_indices(
                bins, settings.path(len(bins), rng), counts, settings.window, settings.step
            )
            for _ in range(settings.n_resamples)
        ]
    )
    limits = np.maximum(settings.limits(found, len(bins)), _LEAST_THRESHOLD)
    threshold = limits * (1.0 + settings.window / len(bins))
    return DriftReference(tuple(names), edges, counts, threshold, settings)


def read_drift(record: Mapping[str, Any]) -> DriftReference:
    """Return a reference from what :meth:`DriftReference.to_record` gave."""
    edges = np.full((len(record["names"]), 9), np.inf)
    for row, known in zip(edges, record["edges"], strict=True):
        row[: len(known)] = known
    return DriftReference(
        tuple(record["names"]),
        Edges(edges),
        np.array(record["counts"], np.int64),
        np.array(record["threshold"], np.float64),
        DriftSettings(**record["settings"]),
    )


def _columns(
    names: Sequence[str], values: FloatArray, probability: FloatArray | None
) -> tuple[list[str], FloatArray]:
    if values.ndim != 2 or not len(names) or values.shape[1] != len(names):
        raise DataError(f"expected {len(names)} columns, found the shape {values.shape}")
    if probability is None:
        return list(names), values
    if probability.shape != (len(values),):
        raise DataError(f"expected a probability for each row, found {probability.shape}")
    said = ~np.isnan(probability)
    return [*names, SAID], np.column_stack([values[said], probability[said]])


class DriftMonitor:
    """Watches live rows, one after the other.

    What it says depends on the rows it was given and on nothing else: a monitor that was stored and
    read back, or fed again from the start, gives the same alarms to the last bit.

    Parameters
    ----------
    reference : DriftReference
        What is compared with.
    state : mapping, optional
        What :meth:`state` gave; a new monitor if not given.

    Raises
    ------
    DataError
        If the state belongs to other columns.
    """

    def __init__(self, reference: DriftReference, state: Mapping[str, Any] | None = None) -> None:
        state = state or {"n_seen": 0, "rows": [], "moved": []}
        self.reference = reference
        self._n_seen = int(state["n_seen"])
        self._moved = {str(name) for name in state["moved"]}
        self._rows: deque[Bins] = deque(self._read(row) for row in state["rows"])

    def state(self) -> dict[str, Any]:
        """Return what the next row needs, as JSON knows it: a character for each value."""
        rows = ["".join(_DIGITS[k] for k in row.tolist()) for row in self._rows]
        return {"n_seen": self._n_seen, "rows": rows, "moved": sorted(self._moved)}

    def observe(
        self, values: FloatArray, at: int, probability: float | None = None
    ) -> tuple[DriftAlarm, ...]:
        """Take one row; return alarms of columns that were still in place at the look before.

        Parameters
        ----------
        values : ndarray of shape (n_features,)
            NaN where one is missing.
        at : int
            What the row is called in an alarm, e.g. milliseconds UTC.
        probability : float, optional
            What the model said, NaN for nothing; needed where the reference has it.

        Raises
        ------
        DataError
            If the number of values is another.
        """
        said = [] if probability is None else [probability]
        row = np.append(values, said)[None]
        self._rows.append(self.reference.edges.bins(row)[0])
        self._n_seen += 1
        settings = self.reference.settings
        if len(self._rows) > settings.window:
            self._rows.popleft()
        return self._look(at) if settings.is_look(self._n_seen) else ()

    def index(self) -> dict[str, float]:
        """Return every column's index now; nothing before the first window is full."""
        if len(self._rows) < self.reference.settings.window:
            return {}
        found = self.reference.index_of(count_bins(np.array(self._rows)))
        return dict(zip(self.reference.names, found.tolist(), strict=True))

    def _look(self, at: int) -> tuple[DriftAlarm, ...]:
        limits = dict(zip(self.reference.names, self.reference.threshold.tolist(), strict=True))
        index = self.index()
        moved = {name for name, found in index.items() if found > limits[name]}
        new = [name for name in index if name in moved - self._moved]
        self._moved = moved
        return tuple(self._alarm(name, at, index[name], limits[name]) for name in new)

    def _alarm(self, name: str, at: int, found: float, limit: float) -> DriftAlarm:
        s = self.reference.settings
        text = (
            f"{name} has moved: the stability index of the last {s.window} rows is {found:.2f}, "
            f"chance explains up to {limit:.2f}; in {s.period} rows without a change any column "
            f"gives an alarm with a probability of {s.rate:.0%}"
        )
        return DriftAlarm(name, at, found, limit, s.rate, s.period, text)

    def _read(self, row: str) -> Bins:
        if len(row) != len(self.reference.names):
            raise DataError(
                f"expected rows of {len(self.reference.names)} columns in the state, "
                f"found {len(row)}; begin a new monitor"
            )
        return np.array([_DIGITS.index(k) for k in row], np.uint8)
