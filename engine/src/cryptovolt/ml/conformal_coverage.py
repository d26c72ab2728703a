"""How often what happened was expected, measured on rows later than those the bound came from."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator

from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.errors import ModelError
from cryptovolt.features.labels import Labels
from cryptovolt.ml.conformal import COVERAGE, PredictionSets, class_scores, fit_conformal
from cryptovolt.ml.conformal_adaptive import AdaptiveSettings, adaptive_bounds
from cryptovolt.ml.split import purge
from cryptovolt.performance.bootstrap import Interval, bootstrap_interval

LEAST_ROWS = 100
"""Fewer out-of-fold rows are too few to fit a bound and to measure it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Share of rows whose outcome was expected, and share of rows without a vote."""

    held: Interval
    unsure: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageReport:
    """What two bounds kept of one promise on the later half of the out-of-fold rows.

    `fixed` is the bound of the earlier half, as votes use it; `adaptive` follows the outcomes.
    """

    coverage: float
    n_rows: int
    fixed: Measured
    adaptive: Measured

    def to_record(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        kinds = {"fixed": self.fixed, "adaptive": self.adaptive}
        return {
            "coverage": self.coverage,
            "n_rows": self.n_rows,
            **{
                name: {
                    "held": found.held.estimate,
                    "low": found.held.low,
                    "high": found.held.high,
                    "unsure": found.unsure,
                }
                for name, found in kinds.items()
            },
        }


def measure_coverage(
    probability_up: FloatArray,
    labels: Labels,
    rng: Generator,
    coverage: float = COVERAGE,
    n_resamples: int = 500,
) -> CoverageReport:
    """Return what is kept of a promise on the later half of out-of-fold rows.

    Parameters
    ----------
    probability_up : ndarray of shape (n_labels,)
        What models said of rows they were not fitted to.
    labels : Labels
        Of these rows.
    rng : numpy.random.Generator
        For the intervals.
    coverage : float, default=0.9
        Share of rows whose outcome is to be expected, in (0, 1).
    n_resamples : int, default=500
        Of the block bootstrap; blocks are two horizons long.

    Returns
    -------
    CoverageReport

    Raises
    ------
    ModelError
        If there are fewer than `LEAST_ROWS` rows, or a probability is not in [0, 1].
    """
    if probability_up.shape != labels.row.shape or len(labels) < LEAST_ROWS:
        raise ModelError(
            f"expected one probability for each of at least {LEAST_ROWS} out-of-fold rows, found "
            f"{probability_up.size} for {len(labels)} rows"
        )
    half = len(labels) // 2
    # The later half may not know a bound that an outcome inside it helped to make.
    fit = purge(labels, np.arange(half), int(labels.row[half]))
    said, up = probability_up[half:], labels.up[half:]
    fixed = fit_conformal(probability_up[fit], labels.up[fit], labels.weight[fit], coverage)
    bounds = adaptive_bounds(
        class_scores(probability_up, labels.up),
        labels.row,
        labels.end,
        AdaptiveSettings(coverage=coverage),
    )[half:]
    followed = PredictionSets(1.0 - said <= bounds, said <= bounds)
    measured = [
        Measured(
            held=empirical_coverage(sets.hold(up), labels.horizon, rng, n_resamples),
            unsure=float(sets.unsure.mean()),
        )
        for sets in (fixed.sets(said), followed)
    ]
    return CoverageReport(
        coverage=coverage, n_rows=said.size, fixed=measured[0], adaptive=measured[1]
    )


def empirical_coverage(
    held: BoolArray, horizon: int, rng: Generator, n_resamples: int = 1000
) -> Interval:
    """Return how often what happened was expected, with its block-bootstrap interval.

    Parameters
    ----------
    held : ndarray of shape (n_rows,)
        Rows in order of time, later than those the bound was fitted to.
    horizon : int
        Bars a label is open; blocks are twice as long.
    rng : numpy.random.Generator
        Source of randomness.
    n_resamples : int, default=1000
        Of the bootstrap.
    """
    block = float(min(2 * horizon, held.size))
    return bootstrap_interval(held.astype(np.float64), _mean, rng, n_resamples, block)


def _mean(values: FloatArray) -> float:
    return float(values.mean())
