"""What a model may still expect: sets of outcomes that come true as often as they promise.

Split conformal prediction. On rows the model was not fitted to, a *score* says how far what
happened was from what it said. The *bound* is the score that a share `coverage` of them kept to;
whatever would keep to it on a new row is expected there. Where rise and fall both are, or neither,
the model is *unsure* and abstains.

The promise holds for rows that could have come in any order. Markets are not like that: it is
measured on later blocks, and :mod:`~cryptovolt.ml.conformal_adaptive` follows a market that
changes. The scores must be out of fold; those of fitted rows are too small, and so is the bound.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import ceil, isfinite
from typing import Any, NamedTuple

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.errors import ConfigurationError, ModelError

COVERAGE = 0.9
"""Share of rows whose outcome is expected, unless something else is asked for."""


class PredictionSets(NamedTuple):
    """What is expected of each row: whether a rise is, and whether a fall is.

    Bool arrays of shape ``(n_rows,)``; neither where the model cannot say.
    """

    up: BoolArray
    down: BoolArray

    @property
    def unsure(self) -> BoolArray:
        """Where both are expected or neither is."""
        return self.up == self.down

    def hold(self, up: BoolArray) -> BoolArray:
        """Return where what happened was expected."""
        return np.where(up, self.up, self.down)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conformal:
    """Split conformal prediction of a classifier; stored in its manifest under ``conformal``.

    Parameters
    ----------
    coverage : float
        Share of rows whose outcome is promised to be expected, in (0, 1).
    bound : float
        Largest 1 − P(what happened) that is expected, in [0, 1]; with 1 everything is.
    n_scores : int
        Rows it was fitted to.
    n_independent : float
        How many of them are independent: the sum of their weights.
    """

    coverage: float
    bound: float
    n_scores: int
    n_independent: float

    def __post_init__(self) -> None:
        _check_coverage(self.coverage)
        if not 0.0 <= self.bound <= 1.0 or not self.n_scores >= 1 or not self.n_independent > 0.0:
            raise ConfigurationError(
                f"expected a bound in [0, 1] fitted to at least one row, found {self}"
            )

    def sets(self, probability_up: FloatArray) -> PredictionSets:
        """Return what is expected where the model says `probability_up`, shape ``(n_rows,)``."""
        return PredictionSets(1.0 - probability_up <= self.bound, probability_up <= self.bound)

    def to_record(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Any) -> "Conformal":
        """Read what :meth:`to_record` returned.

        Raises
        ------
        ModelError
            If it is something else.
        """
        return cls(**_read(record, ("coverage", "bound", "n_scores", "n_independent")))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformalInterval:
    """Split conformal prediction of a forecaster: an interval around what it says.

    Parameters
    ----------
    coverage : float
        Share of rows that are promised to lie inside, in (0, 1).
    bound : float
        Half its width, in units of the scale, at least 0.
    n_scores : int
        Rows it was fitted to.
    n_independent : float
        How many of them are independent: the sum of their weights.
    scaled : bool
        Whether it is counted in a scale known at each row, e.g. the volatility.
    """

    coverage: float
    bound: float
    n_scores: int
    n_independent: float
    scaled: bool

    def __post_init__(self) -> None:
        _check_coverage(self.coverage)
        if not (self.bound >= 0.0 and isfinite(self.bound) and self.n_scores >= 1):
            raise ConfigurationError(f"expected a finite bound of at least 0, found {self}")

    def around(
        self, predicted: FloatArray, scale: FloatArray | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Return the lower and upper ends, shape ``(n_rows,)``, in the unit of `predicted`.

        Raises
        ------
        ModelError
            If there is a scale where none was fitted, or none where one was.
        """
        if (scale is not None) != self.scaled:
            raise ModelError(
                f"expected a scale as at fitting ({'one' if self.scaled else 'none'}), found "
                f"{'none' if scale is None else 'one'}"
            )
        half = self.bound * (np.ones_like(predicted) if scale is None else scale)
        return predicted - half, predicted + half

    def to_record(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Any) -> "ConformalInterval":
        """Read what :meth:`to_record` returned.

        Raises
        ------
        ModelError
            If it is something else.
        """
        names = ("coverage", "bound", "n_scores", "n_independent", "scaled")
        return cls(**_read(record, names))


def class_scores(probability_up: FloatArray, up: BoolArray) -> FloatArray:
    """Return 1 − P(what happened), in [0, 1], shape ``(n_rows,)``."""
    return np.where(up, 1.0 - probability_up, probability_up)


def fit_conformal(
    probability_up: FloatArray, up: BoolArray, weight: FloatArray, coverage: float = COVERAGE
) -> Conformal:
    """Return the bound of a classifier's sets.

    Parameters
    ----------
    probability_up : ndarray of shape (n_rows,)
        What models said of rows they were not fitted to, calibration included.
    up : ndarray of shape (n_rows,)
        What happened.
    weight : ndarray of shape (n_rows,)
        Uniqueness of each row. Every row counts the same for the bound; the sum says how many
        are independent, and so how much the bound must give way to chance.
    coverage : float, default=0.9
        Share of rows whose outcome is to be expected, in (0, 1).

    Returns
    -------
    Conformal
        With a bound of 1 where there are too few rows to promise anything less.

    Raises
    ------
    ModelError
        If there is no row, or a probability is not in [0, 1].
    ConfigurationError
        If `coverage` is out of range.

    References
    ----------
    Vladimir Vovk, Alexander Gammerman and Glenn Shafer, *Algorithmic Learning in a Random World*,
    2005, ch. 2; Mauricio Sadinle, Jing Lei and Larry Wasserman, "Least Ambiguous Set-Valued
    Classifiers With Bounded Error Levels", JASA 114, 2019.
    """
    if not ((probability_up >= 0.0) & (probability_up <= 1.0)).all():
        raise ModelError("expected out-of-fold probabilities in [0, 1], found others")
    bound = _quantile(class_scores(probability_up, up), weight, coverage)
    return Conformal(
        coverage=coverage,
        bound=min(bound, 1.0),
        n_scores=up.size,
        n_independent=float(weight.sum()),
    )


def fit_conformal_interval(
    predicted: FloatArray,
    actual: FloatArray,
    weight: FloatArray,
    coverage: float = COVERAGE,
    scale: FloatArray | None = None,
) -> ConformalInterval:
    """Return the width of a forecaster's intervals.

    Parameters
    ----------
    predicted : ndarray of shape (n_rows,)
        What models said of rows they were not fitted to.
    actual : ndarray of shape (n_rows,)
        What happened.
    weight : ndarray of shape (n_rows,)
        Uniqueness of each row, as for :func:`fit_conformal`.
    coverage : float, default=0.9
        Share of rows that are to lie inside, in (0, 1).
    scale : ndarray of shape (n_rows,), optional
        Known at each row and above 0, e.g. its volatility; the width is then counted in it.

    Returns
    -------
    ConformalInterval

    Raises
    ------
    ModelError
        If a number is not finite, a scale not above 0, or there are too few rows for `coverage`.
    ConfigurationError
        If `coverage` is out of range.

    References
    ----------
    Jing Lei et al., "Distribution-Free Predictive Inference for Regression", JASA 113, 2018,
    section 2.2, and 5.2 for a scale.
    """
    score = np.abs(actual - predicted)
    if scale is not None:
        if not (scale > 0.0).all():
            raise ModelError("expected a scale above 0 on every row, found others")
        score = score / scale
    bound = _quantile(score, weight, coverage)
    if not isfinite(bound):
        raise ModelError(
            f"expected enough independent rows for intervals that hold {coverage:.0%}, found "
            f"{float(weight.sum()):.1f}; give more bars or ask for less"
        )
    return ConformalInterval(
        coverage=coverage,
        bound=bound,
        n_scores=score.size,
        n_independent=float(weight.sum()),
        scaled=scale is not None,
    )


def _quantile(score: FloatArray, weight: FloatArray, coverage: float) -> float:
    _check_coverage(coverage)
    if not score.size or score.shape != weight.shape or not np.isfinite(score).all():
        raise ModelError(
            f"expected out-of-fold scores, each with a weight, found {score.size} scores of which "
            f"{int(np.isfinite(score).sum())} are numbers and {weight.size} weights"
        )
    n_independent = float(weight.sum())
    if not ((weight > 0.0) & (weight <= 1.0 + 1e-9)).all():
        raise ModelError("expected weights in (0, 1], found others")
    # A new row is one more: of m + 1 independent ones the share must hold, not of m.
    place = ceil(coverage * (1.0 + 1.0 / n_independent) * score.size - 1e-9)
    return float(np.partition(score, place - 1)[place - 1]) if place <= score.size else float("inf")


def _check_coverage(coverage: float) -> None:
    if not 0.0 < coverage < 1.0:
        raise ConfigurationError(f"expected a coverage in (0, 1), found {coverage}")


def _read(record: Any, names: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(record, Mapping) or set(record) != set(names):  # pyright: ignore[reportUnknownArgumentType]
        raise ModelError(f"expected a conformal record with {', '.join(names)}, found {record!r}")
    found: dict[str, Any] = {name: record[name] for name in names}
    if not all(isinstance(value, int | float) for value in found.values()):
        raise ModelError(f"expected numbers in a conformal record, found {record!r}")
    return found
