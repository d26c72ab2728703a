"""Measures of forecasts, each with its interval and with what saying nothing would have reached.

Two baselines stand beside the forecaster. *Last price* says that the price stays where it is: a
return of 0. *Training mean* says the mean return of the training rows. The information coefficient
ranks rows of one fold among themselves, because the levels of different models do not compare.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from cryptovolt.domain.arrays import FloatArray, IntArray, read_only
from cryptovolt.domain.errors import DataError
from cryptovolt.performance.bootstrap import Interval, bootstrap_interval
from cryptovolt.research.scores import Score

FORECAST_MEASURES = (
    "mae",
    "rmse",
    "r2_last_price",
    "r2_training_mean",
    "directional_accuracy",
    "information_coefficient",
)
"""Mean absolute and root mean squared error in log return; the share of the baseline's squared
error that is gone (above 0 is better than it); the share of moves whose direction was right, in
[0, 1]; the rank correlation of forecast and return, in [−1, 1]."""

LOWER_IS_BETTER = frozenset({"mae", "rmse"})


@dataclass(frozen=True, slots=True, eq=False)
class ForecastRows:
    """Forecasts beside what happened; arrays of shape ``(n_rows,)``, in order of time.

    Parameters
    ----------
    realised : ndarray
        Log return.
    said : ndarray
        Forecast of it, finite.
    mean : ndarray
        Mean return of the rows the fold was trained on.
    fold : ndarray
        Number of the fold whose model spoke, int64 of at least 0.
    """

    realised: FloatArray
    said: FloatArray
    mean: FloatArray
    fold: IntArray

    def __post_init__(self) -> None:
        columns = (self.realised, self.said, self.mean)
        if self.fold.size == 0 or any(column.shape != self.fold.shape for column in columns):
            raise DataError("expected one return, forecast, mean and fold per row, and a row")
        if not all(np.isfinite(column).all() for column in columns):
            raise DataError("expected finite returns and forecasts, found NaN or infinity")
        for column in (*columns, self.fold):
            read_only(column)

    def __len__(self) -> int:
        return self.fold.size

    @classmethod
    def joined(cls, parts: Sequence["ForecastRows"]) -> "ForecastRows":
        """Return the rows of all parts, in their order."""
        return cls(
            realised=np.concatenate([part.realised for part in parts]),
            said=np.concatenate([part.said for part in parts]),
            mean=np.concatenate([part.mean for part in parts]),
            fold=np.concatenate([part.fold for part in parts]),
        )

    def of_baseline(self, said: FloatArray) -> "ForecastRows":
        """Return the same rows with other forecasts."""
        return ForecastRows(self.realised, said, self.mean, self.fold)


def measure_of(name: str, tested: ForecastRows) -> Callable[[IntArray], float]:
    """Return a measure as a statistic of row numbers; NaN where it is undefined.

    Parameters
    ----------
    name : str
        One of `FORECAST_MEASURES`.
    tested : ForecastRows
        What was said and what happened.
    """
    error = tested.realised - tested.said
    if name == "mae":
        return _mean(np.abs(error))
    if name == "rmse":
        squared = _mean(error**2)
        return lambda rows: float(np.sqrt(squared(rows)))
    if name == "r2_last_price":
        return _explained(error**2, tested.realised**2)
    if name == "r2_training_mean":
        return _explained(error**2, (tested.realised - tested.mean) ** 2)
    if name == "directional_accuracy":
        return _accuracy(tested)
    return _correlation(_ranks(tested.said, tested.fold), _ranks(tested.realised, tested.fold))


def forecast_scores(
    tested: ForecastRows, block: float, rng: Generator, n_resamples: int
) -> dict[str, Score]:
    """Return every measure with its block-bootstrap interval and its baselines.

    Parameters
    ----------
    tested : ForecastRows
        What was said and what happened.
    block : float
        Mean rows per block of the bootstrap.
    rng : numpy.random.Generator
        Draws the blocks.
    n_resamples : int
        Of the bootstrap.

    Returns
    -------
    dict
        By the names of `FORECAST_MEASURES`.
    """
    rows = np.arange(len(tested))
    baselines = {
        "last_price": tested.of_baseline(np.zeros(rows.size)),
        "training_mean": tested.of_baseline(tested.mean.copy()),
    }
    found: dict[str, Score] = {}
    for name in FORECAST_MEASURES:
        interval = bootstrap_interval(rows, measure_of(name, tested), rng, n_resamples, block)
        found[name] = Score(
            value=interval.estimate,
            interval=interval,
            baselines={key: measure_of(name, one)(rows) for key, one in baselines.items()},
        )
    return found


def forecast_measures(tested: ForecastRows) -> Mapping[str, float]:
    """Return every measure of some rows, without intervals."""
    rows = np.arange(len(tested))
    return {name: measure_of(name, tested)(rows) for name in FORECAST_MEASURES}


def gain_on_last_price(
    tested: ForecastRows, block: float, rng: Generator, n_resamples: int
) -> Interval:
    """Return by how much the mean squared error is below that of the last price.

    Both errors are of the same rows, so that what moved the market in a block moves both (a paired
    bootstrap). In units of the mean squared return of all rows; 0 is no gain, 1 no error left.
    """
    gain = tested.realised**2 - (tested.realised - tested.said) ** 2
    scale = float(np.mean(tested.realised**2)) or 1.0
    return bootstrap_interval(
        gain / scale, lambda values: float(values.mean()), rng, n_resamples, block
    )


def beats_last_price(gain: Interval) -> bool:
    """Return whether the whole interval of the gain lies above 0."""
    return gain.low > 0.0


def against_last_price(gain: Interval) -> str:
    """Return in one sentence how a forecaster did against the last price."""
    verb = "is worse than" if gain.high < 0.0 else "does not beat"
    return (
        f"it {'beats' if beats_last_price(gain) else verb} the last price: {gain.estimate:+.2%} of "
        f"its squared error is gone (interval {gain.low:+.2%} to {gain.high:+.2%})"
    )


def rank_correlation(first: FloatArray, second: FloatArray) -> float:
    """Return Spearman's correlation, in [−1, 1]; NaN where one of both never varies."""
    fold = np.zeros(first.size, np.int64)
    return _correlation(_ranks(first, fold), _ranks(second, fold))(np.arange(first.size))


def _mean(values: FloatArray) -> Callable[[IntArray], float]:
    return lambda rows: float(values[rows].mean())


def _explained(error: FloatArray, baseline: FloatArray) -> Callable[[IntArray], float]:
    def statistic(rows: IntArray) -> float:
        total = float(baseline[rows].sum())
        return 1.0 - float(error[rows].sum()) / total if total > 0.0 else float("nan")

    return statistic


def _accuracy(tested: ForecastRows) -> Callable[[IntArray], float]:
    # A forecast of exactly 0 has no direction, and a price that stayed has none to be right about.
    counts = (tested.realised != 0.0) & (tested.said != 0.0)
    right = counts & ((tested.realised > 0.0) == (tested.said > 0.0))

    def statistic(rows: IntArray) -> float:
        n_moves = int(np.count_nonzero(counts[rows]))
        return int(np.count_nonzero(right[rows])) / n_moves if n_moves else float("nan")

    return statistic


def _ranks(values: FloatArray, fold: IntArray) -> FloatArray:
    """Return the mean rank of each row among those of its fold, centred, in [−1/2, 1/2]."""
    ranks = np.zeros(values.size)
    for number in np.unique(fold).tolist():
        own = fold == number
        _, place, counts = np.unique(values[own], return_inverse=True, return_counts=True)
        mean = np.cumsum(counts) - (counts - 1) / 2.0
        ranks[own] = (mean[place] - 0.5) / place.size - 0.5
    return ranks


def _correlation(first: FloatArray, second: FloatArray) -> Callable[[IntArray], float]:
    def statistic(rows: IntArray) -> float:
        a, b = first[rows], second[rows]
        a, b = a - a.mean(), b - b.mean()
        scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
        return float((a * b).sum()) / scale if scale > 1e-12 else float("nan")

    return statistic
