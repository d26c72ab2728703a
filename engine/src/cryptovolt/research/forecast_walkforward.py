"""Evaluate a forecaster as it would have been used: always on rows it had not seen.

For each fold, in order of time: scales and network are fitted to the older part of the purged
training set, its newest part decides when to stop; how far forecasts are shrunk towards "no change"
is fitted to out-of-sample forecasts of earlier folds (in the first fold, to the part that stopped
the training); then the test rows are forecast once, by the graph that would be served. Forecasts of
different networks are compared in units of their spread on the rows that stopped them.

A forecaster may vote only if its squared error is below that of the last price with a whole
interval of a paired block bootstrap.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray, read_only
from cryptovolt.domain.errors import DataError, ModelError
from cryptovolt.domain.ports import Progress
from cryptovolt.features.build import Features
from cryptovolt.features.targets import Targets
from cryptovolt.ml.forecaster_scaling import fit_shrinkage
from cryptovolt.ml.lstm_forecaster import LSTMForecaster, make_forecaster
from cryptovolt.ml.lstm_settings import LSTMSettings
from cryptovolt.ml.sequences import whole_windows
from cryptovolt.ml.split import Fold, WalkForward, purge
from cryptovolt.performance.bootstrap import Interval
from cryptovolt.research.forecast_evaluation import ForecastEvaluation, ForecastFold
from cryptovolt.research.forecast_fit import FittedLSTM, fit_lstm
from cryptovolt.research.forecast_scores import (
    ForecastRows,
    against_last_price,
    beats_last_price,
    forecast_measures,
    forecast_scores,
    gain_on_last_price,
)

MIN_WINDOWS = 500
"""Fewer whole windows with a target than this say nothing that would hold."""


@dataclass(slots=True)
class _Seen:
    """Out-of-sample forecasts so far, in units of their spread, and where in the targets."""

    said: list[FloatArray] = field(default_factory=list[FloatArray])
    position: list[IntArray] = field(default_factory=list[IntArray])

    def known(self, targets: Targets, first_bar: int) -> tuple[FloatArray, IntArray]:
        """Return those whose target was complete before a bar."""
        if not self.said:
            return np.empty(0), np.empty(0, np.int64)
        position = purge(targets.directions, np.concatenate(self.position), first_bar)
        return np.concatenate(self.said)[: position.size], position


def evaluate_forecaster(
    features: Features,
    targets: Targets,
    *,
    rng: Generator,
    walk: WalkForward | None = None,
    settings: LSTMSettings | None = None,
    n_resamples: int = 500,
    progress: Progress | None = None,
) -> ForecastEvaluation:
    """Train and test an LSTM by purged, embargoed walk-forward.

    Parameters
    ----------
    features : Features
        Of the bars that the targets are of.
    targets : Targets
        From :func:`cryptovolt.features.targets.forward_return`.
    rng : numpy.random.Generator
        For the intervals; training has its own fixed seed.
    walk : WalkForward, optional
        Five anchored folds if not given.
    settings : LSTMSettings, optional
        How networks are trained.
    n_resamples : int, default=500
        Of the bootstrap behind every interval.
    progress : Progress, optional
        Told after each pass of each fold.

    Returns
    -------
    ForecastEvaluation

    Raises
    ------
    ModelError
        If PyTorch is not installed, there are too few whole windows, the targets never change, or
        a column is constant or never finite.
    DataError
        If features and targets are not of the same bars.
    """
    walk = WalkForward() if walk is None else walk
    settings = LSTMSettings() if settings is None else settings
    targets = usable_targets(features, targets, settings.n_steps)
    values = np.ascontiguousarray(features.values)
    folds = walk.split(targets.directions)
    seen, tested, results = _Seen(), list[ForecastRows](), list[ForecastFold]()
    for fold in folds:
        told = _share_of(progress, fold.number, len(folds) + 1, f"fold {fold.number + 1}")
        rows, result = _run_fold(values, targets, fold, settings, seen, told)
        tested.append(rows)
        results.append(result)
    told = _share_of(progress, len(folds), len(folds) + 1, "final model")
    final = fit_lstm(values, targets, np.arange(len(targets)), settings, told)
    rows = ForecastRows.joined(tested)
    block = float(min(2 * targets.horizon, len(rows)))
    gain = gain_on_last_price(rows, block, rng, n_resamples)
    forecast = np.full(len(features), np.nan)
    forecast[targets.row[np.concatenate([fold.test for fold in folds])]] = rows.said
    read_only(forecast)
    return ForecastEvaluation(
        forecast=forecast,
        scores=forecast_scores(rows, block, rng, n_resamples),
        gain=gain,
        folds=tuple(results),
        model=_model(features, targets, final, settings, seen, gain, rows),
        targets=targets,
        walk=walk,
        settings=settings,
    )


def usable_targets(features: Features, targets: Targets, n_steps: int) -> Targets:
    """Return the targets whose rows end a whole window, after refusing what cannot be learned.

    Raises
    ------
    ModelError
        If there are too few, they never change, or a column is constant or never finite.
    DataError
        If features and targets are not of the same bars.
    """
    inside = targets.row < len(features)
    if not inside.all() or (features.timestamp[targets.row] != targets.timestamp).any():
        raise DataError("expected features and targets of the same bars, found different times")
    after = features.values[features.warmup :]
    if len(after):
        holes = _named(features, np.count_nonzero(np.isfinite(after), axis=0) == 0)
        if holes:
            raise ModelError(f"expected numbers in every column, found none in {holes}")
    kept = targets.select(whole_windows(features, n_steps)[targets.row])
    if len(kept) < MIN_WINDOWS:
        raise ModelError(
            f"expected at least {MIN_WINDOWS} windows of {n_steps} rows without a gap after the "
            f"warm-up of {features.warmup} bars, found {len(kept)}; give more bars"
        )
    if not np.ptp(kept.value) > 0.0:
        raise ModelError("expected targets that vary to learn from, found all of them equal")
    values = features.values[kept.row]
    constant = _named(features, (values == values[0]).all(axis=0))
    if constant:
        raise ModelError(f"expected columns that vary, found {constant} constant")
    return kept


def _run_fold(
    values: FloatArray,
    targets: Targets,
    fold: Fold,
    settings: LSTMSettings,
    seen: _Seen,
    progress: Progress | None,
) -> tuple[ForecastRows, ForecastFold]:
    fitted = fit_lstm(values, targets, fold.train, settings, progress)
    test, tail = fold.test, fitted.tail
    said = fitted.forecast(values, targets.row[test])
    # Forecasts of earlier folds count once their targets were known.
    known, where = seen.known(targets, int(targets.row[test[0]]))
    if known.size < MIN_WINDOWS:
        known, where = fitted.tail_said / fitted.spread, tail
    factor = _factor(known, targets, where, fitted)
    seen.said.append(said / fitted.spread)
    seen.position.append(test)
    rows = ForecastRows(
        realised=targets.value[test],
        said=said * factor,
        mean=np.full(test.size, targets.value[fold.train].mean()),
        fold=np.full(test.size, fold.number),
    )
    until = {**fitted.fitted_until, "shrinkage": int(targets.end[where].max())}
    until["training mean"] = int(targets.end[fold.train].max())
    trained = fitted.trained
    return rows, ForecastFold(
        fold=fold,
        measures=forecast_measures(rows),
        fitted_until=until,
        shrinkage=factor,
        n_epochs=trained.n_epochs,
        losses=trained.losses,
    )


def _factor(said: FloatArray, targets: Targets, where: IntArray, fitted: FittedLSTM) -> float:
    # Shrunk, never enlarged: a network that was too timid on few rows stays so.
    slope = fit_shrinkage(said, targets.value[where], targets.weight[where])
    return min(1.0, slope / fitted.spread)


def _model(
    features: Features,
    targets: Targets,
    fitted: FittedLSTM,
    settings: LSTMSettings,
    seen: _Seen,
    gain: Interval,
    rows: ForecastRows,
) -> LSTMForecaster:
    where = np.concatenate(seen.position)
    factor = _factor(np.concatenate(seen.said), targets, where, fitted)
    provenance = {
        "symbol": features.symbol,
        "timeframe": features.timeframe,
        "features_sha256": features.content_hash(),
        "label": "forward return",
        "horizon": targets.horizon,
        "n_labels": len(targets),
        "first_timestamp": int(targets.timestamp[0]),
        "last_timestamp": int(targets.timestamp[-1]),
    }
    may_vote = beats_last_price(gain) and factor > 0.0
    return make_forecaster(
        fitted.trained,
        fitted.scaling,
        features.names,
        targets.horizon,
        settings,
        provenance,
        shrinkage=factor,
        spread=float(np.std(rows.said)),
        silence=None if may_vote else against_last_price(gain),
    )


def _share_of(progress: Progress | None, part: int, n_parts: int, name: str) -> Progress | None:
    if progress is None:
        return None

    def told(done: int, total: int, message: str) -> None:
        progress(part * total + done, n_parts * total, f"{name}, {message}")

    return told


def _named(features: Features, found: BoolArray) -> str:
    return ", ".join(np.array(features.names)[np.flatnonzero(found)].tolist())
