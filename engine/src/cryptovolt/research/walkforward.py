"""Evaluate a classifier as it would have been used: always on rows it had not seen.

For each fold, in order of time: a model is fitted to the older part of the purged training set and
stopped by its newest part; the calibration is fitted to out-of-sample margins of earlier folds (in
the first fold, to the part that stopped the trees); then the test rows are scored once. Margins of
different models are compared in units of their spread on the rows that stopped them, because more
trees say the same thing louder.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.random import Generator

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray, read_only
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError, DataError, ModelError
from cryptovolt.domain.ports import Model, Progress, TrialLedger
from cryptovolt.features.build import Features
from cryptovolt.features.labels import Labels
from cryptovolt.ml.calibration import calibrate
from cryptovolt.ml.model import Fitted, Trainer, training_range
from cryptovolt.ml.split import Fold, WalkForward, purge, validation_tail
from cryptovolt.ml.xgboost_classifier import BoosterSettings, XGBoostTrainer
from cryptovolt.performance.classification import MEASURES
from cryptovolt.research.evaluation import Evaluation, FoldResult
from cryptovolt.research.fits import STUDY, FitRecord, recorder_of
from cryptovolt.research.model_verdict import ModelTrials, judge, model_trials
from cryptovolt.research.overfitting import overfitting_of
from cryptovolt.research.scores import Score, baseline_probabilities, score

MIN_LABELS = 500
"""Fewer labelled rows than this say nothing that would hold."""


@dataclass(slots=True)
class _Seen:
    margin: list[FloatArray] = field(default_factory=list[FloatArray])
    position: list[IntArray] = field(default_factory=list[IntArray])


def evaluate_classifier(
    features: Features,
    labels: Labels,
    *,
    rng: Generator,
    walk: WalkForward | None = None,
    settings: BoosterSettings | None = None,
    trainer: Trainer | None = None,
    provenance: Mapping[str, Any] | None = None,
    n_resamples: int = 500,
    progress: Progress | None = None,
    ledger: TrialLedger | None = None,
    bars: Bars | None = None,
    study: str = STUDY,
) -> Evaluation:
    """Train and test a classifier by purged, embargoed walk-forward.

    Parameters
    ----------
    features : Features
        Of the bars that were labelled.
    labels : Labels
        E.g. from :func:`cryptovolt.triple_barrier`.
    rng : numpy.random.Generator
        For the intervals; training has its own fixed seed.
    walk : WalkForward, optional
        Five anchored folds if not given.
    settings : BoosterSettings, optional
        How trees are grown by XGBoost, where no trainer is given.
    trainer : Trainer, optional
        What is trained: :class:`~cryptovolt.ml.xgboost_classifier.XGBoostTrainer` if not given.
    provenance : mapping, optional
        Kept in the manifest beside what is known here, e.g. ``data_sha256``, ``parent``, ``code``.
    n_resamples : int, default=500
        Of the bootstrap behind every interval.
    progress : Progress, optional
        Told after each fold.
    ledger : TrialLedger, optional
        Every fit becomes a row there: each fold as soon as it was fitted, then the final model.
        Together they count as one choice. Without, the verdict is *weak* at most.
    bars : Bars, optional
        That the features were built from; needed beside `ledger`.
    study : str, default="XGBoost"
        What the rows are called.

    Returns
    -------
    Evaluation

    Raises
    ------
    ModelError
        If there are too few rows, one class only, or a column that is constant or never finite.
    DataError
        If features, labels and bars are not of the same bars, or the ledger is broken.
    ConfigurationError
        If there is a ledger but no bars, or a trainer beside settings.
    """
    walk = WalkForward() if walk is None else walk
    trainer = _trainer(trainer, settings)
    labels = usable_labels(features, labels)
    values = np.ascontiguousarray(features.values[labels.row])
    folds = walk.split(labels)
    record = recorder_of(ledger, bars, features, labels, walk, trainer.settings, study)
    seen, results = _Seen(), list[FoldResult]()
    probability = np.full(len(features), np.nan)
    baselines: dict[str, list[FloatArray]] = {}
    for fold in folds:
        _report(progress, fold.number, len(folds) + 2, f"fold {fold.number + 1}")
        result, content, said = _run_fold(values, labels, fold, trainer, seen)
        results.append(result)
        probability[labels.row[fold.test]] = said
        if record is not None:
            record.keep_fold(result, content, probability)
        for name, column in baseline_probabilities(labels, fold.train, fold.test).items():
            baselines.setdefault(name, []).append(column)
    _report(progress, len(folds), len(folds) + 2, "final model")
    model, n_trees = _final_model(features, values, labels, trainer, seen, provenance or {})
    _report(progress, len(folds) + 1, len(folds) + 2, "intervals")
    tested = np.concatenate([fold.test for fold in folds])
    scores = score(
        labels.up[tested],
        probability[labels.row[tested]],
        {name: np.concatenate(columns) for name, columns in baselines.items()},
        min(2 * labels.horizon, tested.size),
        rng,
        n_resamples,
        np.concatenate([np.full(fold.test.size, fold.number) for fold in folds]),
    )
    read_only(probability)
    return Evaluation(
        probability=probability,
        scores=scores,
        folds=tuple(results),
        verdict=judge(scores, _kept(record, model, n_trees, probability, scores)),
        model=model,
        labels=labels,
        walk=walk,
        trainer=trainer,
    )


def usable_labels(features: Features, labels: Labels) -> Labels:
    """Return the labels whose rows have every feature, after refusing what cannot be learned.

    Raises
    ------
    ModelError
        If there are too few rows, one class only, or a column that is constant or never finite.
    DataError
        If features and labels are not of the same bars.
    """
    inside = labels.row < len(features)
    if not inside.all() or (features.timestamp[labels.row] != labels.timestamp).any():
        raise DataError("expected features and labels of the same bars, found different times")
    after = features.values[features.warmup :]
    holes = _named(features, ~np.isfinite(after), after.shape[0])
    if holes:
        raise ModelError(f"expected numbers in every column, found none in {', '.join(holes)}")
    kept = labels.select(features.usable[labels.row])
    if len(kept) < MIN_LABELS:
        raise ModelError(
            f"expected at least {MIN_LABELS} labelled rows after the warm-up of "
            f"{features.warmup} bars, found {len(kept)}; give more bars"
        )
    if kept.up.all() or not kept.up.any():
        raise ModelError("expected rises and falls to learn from, found one of them only")
    values = features.values[kept.row]
    constant = _named(features, values == values[0], len(kept))
    if constant:
        raise ModelError(f"expected columns that vary, found {', '.join(constant)} constant")
    return kept


def _named(features: Features, found: BoolArray, n_rows: int) -> list[str]:
    counts = np.count_nonzero(found, axis=0)
    return [
        name
        for name, count in zip(features.names, counts.tolist(), strict=True)
        if n_rows and count == n_rows
    ]


def _run_fold(
    values: FloatArray, labels: Labels, fold: Fold, trainer: Trainer, seen: _Seen
) -> tuple[FoldResult, bytes, FloatArray]:
    fit, tail = validation_tail(labels, fold.train, trainer.validation)
    fitted = _fit(values, labels, fit, tail, trainer)
    scale = _scale(fitted, values[tail])
    # Margins of earlier folds count once their labels were known.
    known, margin = _known_margins(labels, seen, int(labels.row[fold.test[0]]))
    if known.size < MIN_LABELS or labels.up[known].all() or not labels.up[known].any():
        known, margin = tail, fitted.calibrated(values[tail], None)[0] / scale
    calibration = calibrate(
        margin,
        labels.up[known],
        labels.weight[known],
        method=trainer.calibration,
        overlap=labels.horizon,
    ).per(scale)
    test_margin, said = fitted.calibrated(values[fold.test], calibration)
    seen.margin.append(test_margin / scale)
    seen.position.append(fold.test)
    up = labels.up[fold.test]
    fitted_until = {
        "trees and class weights": int(labels.end[fit].max()),
        "early stopping": int(labels.end[tail].max()),
        "calibration": int(labels.end[known].max()),
        "baselines": int(labels.end[fold.train].max()),
    }
    measures = {name: measure(up, said, None) for name, measure in MEASURES.items()}
    result = FoldResult(fold, measures, fitted_until, calibration, fitted.n_trees)
    return result, fitted.content, said


def _kept(
    record: FitRecord | None,
    model: Model,
    n_trees: int,
    probability: FloatArray,
    scores: Mapping[str, Score],
) -> ModelTrials | None:
    if record is None:
        return None
    measures = {name: one.value for name, one in scores.items()}
    run = record.keep_model(model, n_trees, probability, measures)
    labels = record.labels
    tested = np.isfinite(probability[labels.row])
    chance = overfitting_of(run, record.ledger, None).probability
    areas = record.areas_of_models(run)
    return model_trials(scores["auc"], labels.up[tested], labels.horizon, areas, chance)


def _known_margins(labels: Labels, seen: _Seen, first_bar: int) -> tuple[IntArray, FloatArray]:
    if not seen.position:
        return np.empty(0, np.int64), np.empty(0)
    position, margin = np.concatenate(seen.position), np.concatenate(seen.margin)
    known = purge(labels, position, first_bar)
    return known, margin[: known.size]


def _trainer(trainer: Trainer | None, settings: BoosterSettings | None) -> Trainer:
    if trainer is None:
        return XGBoostTrainer(BoosterSettings() if settings is None else settings)
    if settings is not None:
        raise ConfigurationError(
            "expected a trainer or settings, found both; a trainer has its own"
        )
    return trainer


def _fit(
    values: FloatArray, labels: Labels, fit: IntArray, tail: IntArray, trainer: Trainer
) -> Fitted:
    return trainer.fit(
        values[fit],
        labels.up[fit],
        labels.weight[fit],
        values[tail],
        labels.up[tail],
        labels.weight[tail],
    )


def _final_model(
    features: Features,
    values: FloatArray,
    labels: Labels,
    trainer: Trainer,
    seen: _Seen,
    provenance: Mapping[str, Any],
) -> tuple[Model, int]:
    fit, tail = validation_tail(labels, np.arange(len(labels)), trainer.validation)
    fitted = _fit(values, labels, fit, tail, trainer)
    position, margin = np.concatenate(seen.position), np.concatenate(seen.margin)
    calibration = calibrate(
        margin,
        labels.up[position],
        labels.weight[position],
        method=trainer.calibration,
        overlap=labels.horizon,
    ).per(_scale(fitted, values[tail]))
    known = {"label": "triple barrier", **provenance, **_provenance(features, labels)}
    training = training_range(values)
    return trainer.model(fitted, features.names, calibration, known, training), fitted.n_trees


def _provenance(features: Features, labels: Labels) -> dict[str, Any]:
    return {
        "symbol": features.symbol,
        "timeframe": features.timeframe,
        "features_sha256": features.content_hash(),
        "horizon": labels.horizon,
        "n_labels": len(labels),
        "first_timestamp": int(labels.timestamp[0]),
        "last_timestamp": int(labels.timestamp[-1]),
    }


def _scale(fitted: Fitted, values: FloatArray) -> float:
    # A model that found nothing says the same everywhere; any scale will do for it.
    return float(np.std(fitted.calibrated(values, None)[0])) or 1.0


def _report(progress: Progress | None, done: int, total: int, message: str) -> None:
    if progress is not None:
        progress(done, total, message)
