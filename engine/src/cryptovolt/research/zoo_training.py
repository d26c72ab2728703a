"""Labels, splits and trainings that deceive themselves, and clean ones.

Most train once more in the leaky way and put what that says in the place of what an honest
evaluation said, with the numbers that follow from it, as their authors report them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.ports import TrialLedger
from cryptovolt.features.build import Features
from cryptovolt.features.labels import Labels, triple_barrier
from cryptovolt.ml.split import Fold, WalkForward, validation_tail
from cryptovolt.ml.xgboost_classifier import BoosterSettings, XGBoostTrainer
from cryptovolt.performance.classification import auc
from cryptovolt.research.evaluation import Evaluation
from cryptovolt.research.model_verdict import judge
from cryptovolt.research.scores import baseline_probabilities, score
from cryptovolt.research.walkforward import evaluate_classifier

Training = Callable[[Features, Labels, TrialLedger | None, Bars | None], Evaluation]

SETTINGS = BoosterSettings(n_rounds=80, early_stopping=20, learning_rate=0.1)
_DEEP = BoosterSettings(n_rounds=100, max_depth=6, learning_rate=0.1, min_child_weight=5.0)
_RESAMPLES = 100
_BEST_COLUMNS = 10
_SEEDS = 6
_SEED = 1


def honest(
    features: Features,
    labels: Labels,
    ledger: TrialLedger | None = None,
    bars: Bars | None = None,
    walk: WalkForward | None = None,
    settings: BoosterSettings = SETTINGS,
) -> Evaluation:
    """Return the evaluation as it should be."""
    return evaluate_classifier(
        features,
        labels,
        rng=np.random.default_rng(_SEED),
        walk=walk,
        settings=settings,
        n_resamples=_RESAMPLES,
        ledger=ledger,
        bars=bars,
    )


def _without_trials(
    features: Features, labels: Labels, ledger: TrialLedger | None, bars: Bars | None
) -> Evaluation:
    # The best of several seeds on the test rows, shown as the only one there was.
    del ledger, bars
    tried = [
        honest(features, labels, settings=replace(SETTINGS, seed=seed)) for seed in range(_SEEDS)
    ]
    return max(tried, key=lambda one: one.scores["auc"].value)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shuffled(WalkForward):
    def split(self, labels: Labels) -> tuple[Fold, ...]:
        order = np.random.default_rng(_SEED).permutation(len(labels))
        parts = np.array_split(order, self.n_folds)
        return tuple(
            Fold(number, np.setdiff1d(order, test), np.sort(test))
            for number, test in enumerate(parts)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unpurged(WalkForward):
    def split(self, labels: Labels) -> tuple[Fold, ...]:
        folds = WalkForward.split(self, labels)
        return tuple(replace(fold, train=np.arange(int(fold.test[0]))) for fold in folds)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Resampled(WalkForward):
    def split(self, labels: Labels) -> tuple[Fold, ...]:
        # Rows drawn with replacement before the split: copies stand on both sides of it.
        rng = np.random.default_rng(_SEED)
        folds = WalkForward.split(self, labels)
        return tuple(
            replace(
                fold,
                train=np.sort(
                    np.concatenate([fold.train, rng.choice(fold.test, fold.test.size // 2)])
                ),
            )
            for fold in folds
        )


def _split_by(walk: WalkForward) -> Training:
    def training(
        features: Features, labels: Labels, ledger: TrialLedger | None, bars: Bars | None
    ) -> Evaluation:
        return honest(features, labels, ledger, bars, walk, _DEEP)

    return training


def _said_instead(evaluation: Evaluation, said: dict[int, FloatArray]) -> Evaluation:
    labels, tested = evaluation.labels, evaluation.tested
    probability = evaluation.probability.copy()
    baselines: dict[str, list[FloatArray]] = {}
    for result in evaluation.folds:
        fold = result.fold
        probability[labels.row[fold.test]] = said[fold.number]
        for name, column in baseline_probabilities(labels, fold.train, fold.test).items():
            baselines.setdefault(name, []).append(column)
    scores = score(
        labels.up[tested],
        probability[labels.row[tested]],
        {name: np.concatenate(columns) for name, columns in baselines.items()},
        2 * labels.horizon,
        np.random.default_rng(_SEED),
        _RESAMPLES,
        evaluation.fold_of,
    )
    verdict = judge(scores, evaluation.verdict.trials)
    return replace(evaluation, probability=probability, scores=scores, verdict=verdict)


def _refitted(
    evaluation: Evaluation,
    values: FloatArray,
    fit: IntArray,
    stop: IntArray,
    test: IntArray,
    settings: BoosterSettings = SETTINGS,
) -> FloatArray:
    labels, given = evaluation.labels, values[evaluation.labels.row]
    fitted = XGBoostTrainer(settings).fit(
        given[fit], labels.up[fit], labels.weight[fit],
        given[stop], labels.up[stop], labels.weight[stop],
    )  # fmt: skip
    return fitted.calibrated(given[test], None)[1]


def _stopped_by_test_rows(
    features: Features, labels: Labels, ledger: TrialLedger | None, bars: Bars | None
) -> Evaluation:
    found = honest(features, labels, ledger, bars)
    said = {
        one.fold.number: _refitted(
            found, features.values, one.fold.train, one.fold.test, one.fold.test
        )
        for one in found.folds
    }
    return _said_instead(found, said)


def _threshold_of_test_rows(
    features: Features, labels: Labels, ledger: TrialLedger | None, bars: Bars | None
) -> Evaluation:
    found = honest(features, labels, ledger, bars)
    said: dict[int, FloatArray] = {}
    for one in found.folds:
        test = one.fold.test
        p, up = found.probability[found.labels.row[test]], found.labels.up[test]
        cuts = np.quantile(p, np.linspace(0.02, 0.98, 49))
        best = max(cuts.tolist(), key=lambda cut: float(((p > cut) == up).mean()))
        said[one.fold.number] = np.clip(p - best + 0.5, 0.0, 1.0)
    return _said_instead(found, said)


def _calibrated_on_test_rows(
    features: Features, labels: Labels, ledger: TrialLedger | None, bars: Bars | None
) -> Evaluation:
    found = honest(features, labels, ledger, bars)
    said: dict[int, FloatArray] = {}
    for one in found.folds:
        test = one.fold.test
        p, up = found.probability[found.labels.row[test]], found.labels.up[test]
        # The share of rises in each twentieth of the test rows, in the order of what was said.
        place = np.minimum(np.argsort(np.argsort(p)) * 20 // p.size, 19)
        said[one.fold.number] = (np.bincount(place, up, 20) / np.bincount(place))[place]
    return _said_instead(found, said)


def _columns_chosen_on_all_rows(
    features: Features, labels: Labels, ledger: TrialLedger | None, bars: Bars | None
) -> Evaluation:
    kept = labels.select(features.usable[labels.row])
    ranks = np.argsort(np.argsort(features.values[kept.row], axis=0), axis=0) / len(kept)
    strength = [abs(auc(kept.up, column) - 0.5) for column in ranks.T]
    best: list[int] = sorted(np.argsort(strength)[-_BEST_COLUMNS:].tolist())
    return honest(features.select([features.names[at] for at in best]), labels, ledger, bars)


def _components_of_all_rows(
    features: Features, labels: Labels, ledger: TrialLedger | None, bars: Bars | None
) -> Evaluation:
    usable = features.values[features.usable]
    centre, spread = usable.mean(axis=0), usable.std(axis=0) + 1e-12
    _, _, axes = np.linalg.svd((usable - centre) / spread, full_matrices=False)
    values = ((features.values - centre) / spread) @ axes.T
    return honest(replace(features, values=values), labels, ledger, bars)


def _tested_on_training_rows(
    features: Features, labels: Labels, ledger: TrialLedger | None, bars: Bars | None
) -> Evaluation:
    found = honest(features, labels, ledger, bars)
    said: dict[int, FloatArray] = {}
    for one in found.folds:
        everything = np.arange(len(found.labels))
        fit, stop = validation_tail(found.labels, everything, SETTINGS.validation)
        said[one.fold.number] = _refitted(
            found, features.values, np.union1d(fit, one.fold.test), stop, one.fold.test, _DEEP
        )
    return _said_instead(found, said)


def _shifted(bars: Bars, horizon: int) -> Labels:
    # Labelled with what has happened already: shifted by the horizon in the wrong direction.
    labels = triple_barrier(bars, horizon)
    return replace(labels, value=np.roll(labels.value, horizon))


def _unfinished(bars: Bars, horizon: int) -> Labels:
    # "NaN > threshold" is False: the rows whose horizon is not over become falls.
    labels = triple_barrier(bars, horizon)
    row = np.arange(int(labels.row[-1]) + 1, len(bars) - 1)
    n = row.size
    return Labels(
        row=np.append(labels.row, row),
        timestamp=np.append(labels.timestamp, bars.timestamp[row]),
        value=np.append(labels.value, np.full(n, -1, np.int8)),
        end=np.append(labels.end, np.full(n, len(bars) - 1)),
        weight=np.append(labels.weight, np.ones(n)),
        outcome=np.append(labels.outcome, np.full(n, -1e-9)),
        last_direction=np.append(labels.last_direction, np.ones(n, np.int8)),
        horizon=horizon,
    )


LABELS: dict[str, tuple[str | None, Callable[..., Labels]]] = {
    "labels shifted by the horizon": ("label_alignment", _shifted),
    "unfinished labels counted as falls": ("complete_labels", _unfinished),
}
"""Name to the gate that is to refuse it, and what makes the labels."""

TRAININGS: dict[str, tuple[str | None, Training]] = {
    "shuffled split": ("split_audit", _split_by(_Shuffled())),
    "overlapping labels without a purge": ("split_audit", _split_by(_Unpurged())),
    "rows resampled before the split": ("split_audit", _split_by(_Resampled())),
    "early stopping on test rows": ("unseen_rows", _stopped_by_test_rows),
    "threshold chosen on test rows": ("unseen_rows", _threshold_of_test_rows),
    "calibration on test rows": ("unseen_rows", _calibrated_on_test_rows),
    "columns chosen on all rows": ("unseen_rows", _columns_chosen_on_all_rows),
    "principal components of all rows": ("unseen_rows", _components_of_all_rows),
    "tested on rows it was trained on": ("unseen_rows", _tested_on_training_rows),
    "best of many seeds, the others unsaid": ("trials_counted", _without_trials),
    "clean: another split": (
        None,
        _split_by(WalkForward(n_folds=4, first_train=0.5, anchored=False)),
    ),
}
"""Name to the gate that is to refuse it, and how it is trained."""
