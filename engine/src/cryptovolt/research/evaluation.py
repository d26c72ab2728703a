"""What a walk-forward evaluation found."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.ports import Model
from cryptovolt.features.labels import Labels
from cryptovolt.ml.calibration import Calibration
from cryptovolt.ml.model import Settings, Trainer
from cryptovolt.ml.split import Fold, WalkForward
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
    calibration : Platt or Isotonic
        Used on the test rows.
    n_trees : int
        Grown before validation stopped it.
    """

    fold: Fold
    measures: Mapping[str, float]
    fitted_until: Mapping[str, int]
    calibration: Calibration
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
    model : Model
        For rows after the last label.
    labels : Labels
        The rows that had features.
    walk : WalkForward
        How they were split.
    trainer : Trainer
        What fitted it.
    """

    probability: FloatArray
    scores: Mapping[str, Score]
    folds: tuple[FoldResult, ...]
    verdict: Verdict
    model: Model
    labels: Labels
    walk: WalkForward
    trainer: Trainer

    @property
    def settings(self) -> Settings:
        """How it was trained."""
        return self.trainer.settings

    @property
    def tested(self) -> IntArray:
        """Positions of every test row in the labels, shape ``(n_test,)``, in order of time."""
        return np.concatenate([result.fold.test for result in self.folds])

    @property
    def fold_of(self) -> IntArray:
        """Number of the fold of each of them, shape ``(n_test,)``."""
        return np.concatenate(
            [np.full(result.fold.test.size, result.fold.number) for result in self.folds]
        )

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
