"""What a walk-forward evaluation found."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.features.labels import Labels
from cryptovolt.ml.calibration import Platt
from cryptovolt.ml.split import Fold, WalkForward
from cryptovolt.ml.xgboost_classifier import BoosterSettings, XGBoostClassifier
from cryptovolt.research.model_verdict import ModelTrials, Verdict
from cryptovolt.research.scores import Score


@dataclass(frozen=True, slots=True, eq=False)
class FoldResult:
    """What one fold gave.

    Parameters
    ----------
    fold : Fold
        Training and test positions.
    measures : mapping
        Measure name to its value on the test rows.
    fitted_until : mapping
        Each fitted step to the last bar of any label it was fitted to.
    calibration : Platt
        Used on the test rows.
    n_trees : int
        Grown before validation stopped it.
    """

    fold: Fold
    measures: Mapping[str, float]
    fitted_until: Mapping[str, int]
    calibration: Platt
    n_trees: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """A walk-forward evaluation and the model trained on everything afterwards.

    Parameters
    ----------
    probability : ndarray of shape (n_bars,)
        Out-of-sample P(up) of every test row, NaN elsewhere.
    scores : mapping
        Measure name to its pooled value, interval and baselines.
    folds : tuple of FoldResult
        In order of time.
    verdict : Verdict
        What can be said of it in one word, and why.
    model : XGBoostClassifier
        For rows after the last label.
    labels : Labels
        The rows that had features.
    walk : WalkForward
        How they were split.
    settings : BoosterSettings
        How trees were grown.
    """

    probability: FloatArray
    scores: Mapping[str, Score]
    folds: tuple[FoldResult, ...]
    verdict: Verdict
    model: XGBoostClassifier
    labels: Labels
    walk: WalkForward
    settings: BoosterSettings

    def to_record(self) -> dict[str, Any]:
        """Return everything but the arrays, as JSON knows it; undefined numbers are None."""
        return {
            "verdict": {
                "standing": self.verdict.standing.value,
                "text": self.verdict.text,
                "rule": self.verdict.rule,
                "trials": _trials_record(self.verdict.trials),
            },
            "scores": {
                name: {
                    "value": _defined(entry.value),
                    "low": _defined(entry.interval.low),
                    "high": _defined(entry.interval.high),
                    "baselines": {key: _defined(x) for key, x in entry.baselines.items()},
                }
                for name, entry in self.scores.items()
            },
            "folds": [
                {
                    "n_train": int(result.fold.train.size),
                    "n_test": int(result.fold.test.size),
                    "n_trees": result.n_trees,
                    "measures": {key: _defined(x) for key, x in result.measures.items()},
                }
                for result in self.folds
            ],
            "n_labels": len(self.labels),
            "horizon": self.labels.horizon,
            "artefact_hash": self.model.artefact_hash,
        }


def _trials_record(trials: ModelTrials | None) -> dict[str, float | None] | None:
    if trials is None:
        return None
    return {
        key: None if value is None else _defined(value) for key, value in asdict(trials).items()
    }


def _defined(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
