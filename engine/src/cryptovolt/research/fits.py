"""Every fit of a model as a row of the trial ledger.

A configuration (how trees are grown, columns, labels, split, and the data of all of them) is one
choice. Each of its folds is a row, written as soon as it was fitted, and the final model is the
last one, with what the configuration reached over all folds. Together they count once: a fold is
not another thing to choose from. A fit that was interrupted counts too.

The returns of a row are those of following the model alone on its test bars: long while it says
that a rise is the likelier, at the usual costs.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulate import simulate_account
from cryptovolt.backtest.trial import trial_of
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.ports import Model, TrialLedger
from cryptovolt.domain.timeframe import timeframe_ms
from cryptovolt.domain.trials import Scalar, Trial, TrialKind, choices_of, digest
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.features.build import Features
from cryptovolt.features.labels import Labels
from cryptovolt.ml.model import Settings
from cryptovolt.ml.split import WalkForward
from cryptovolt.research.evaluation import Evaluation, FoldResult

STUDY = "XGBoost"
"""What fits are called where nobody says anything else."""

CHECKS = "label permutation"
"""What fits on permuted labels are called."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FitRecord:
    """Writes the fits of one configuration into a ledger.

    Parameters
    ----------
    ledger : TrialLedger
        Where they are kept.
    bars : Bars
        That the features were built from.
    features : Features
        That are learned from.
    labels : Labels
        The rows that are used.
    walk : WalkForward
        How they are split.
    settings : Settings
        How it is trained.
    study : str
        What the researcher calls it.

    Raises
    ------
    DataError
        If bars and features are not of the same times.
    """

    ledger: TrialLedger
    bars: Bars
    features: Features
    labels: Labels
    walk: WalkForward
    settings: Settings
    study: str = STUDY
    parameters: Mapping[str, Scalar] = field(init=False)
    """What identifies the configuration."""
    choice: str = field(init=False)
    """The configuration as a fingerprint; how many threads worked on it plays no part."""

    def __post_init__(self) -> None:
        if not np.array_equal(self.bars.timestamp, self.features.timestamp):
            raise DataError("expected the bars that the features were built from, found others")
        said: dict[str, Scalar] = {
            **asdict(self.settings),
            **asdict(self.walk),
            "features": len(self.features.names),
            "features_sha256": self.features.content_hash(),
            "label_horizon": self.labels.horizon,
            "labels_sha256": _hash_of(self.labels),
        }
        decisive = {key: value for key, value in said.items() if key != "n_threads"}
        series = [self.features.symbol, self.features.timeframe]
        choice = digest(json.dumps([series, decisive], sort_keys=True))
        object.__setattr__(self, "parameters", said)
        object.__setattr__(self, "choice", choice)

    def keep_fold(self, result: FoldResult, trees: bytes, probability: FloatArray) -> None:
        """Append the fit of one fold; `probability` of shape (n_bars,) is what it said."""
        train, test = result.fold.train, result.fold.test
        window = self._window(int(train[0]), int(train[-1]))
        said = {
            "fold": result.fold.number,
            **window,
            "n_train": train.size,
            "n_trees": result.n_trees,
            "trees_sha256": hashlib.sha256(trees).hexdigest(),
        }
        self._append(
            self._followed(int(test[0]), int(test[-1]), probability), said, result.measures
        )

    def keep_model(
        self,
        model: Model,
        n_trees: int,
        probability: FloatArray,
        measures: Mapping[str, float],
    ) -> Run:
        """Append the final fit with what all folds reached, and return the run that follows it."""
        tested = np.flatnonzero(np.isfinite(probability[self.labels.row]))
        run = self._followed(int(tested[0]), int(tested[-1]), probability)
        said = {
            "fold": None,
            **self._window(0, len(self.labels) - 1),
            "n_train": len(self.labels),
            "n_trees": n_trees,
            "model": model.artefact_hash,
        }
        self._append(run, said, measures)
        return run

    def areas_of_models(self, run: Run) -> list[float]:
        """Return the AUC of every model fitted on data that overlaps with a run, one a choice."""
        first, last = run.timestamp[[0, -1]].tolist()
        found = choices_of(self.ledger.trials(tuple(run.bars), first, last))
        areas = [trial.result.get("auc") for trial in found if trial.kind is TrialKind.FIT]
        return [np.nan if area is None else area for area in areas]

    def _window(self, first: int, last: int) -> dict[str, Scalar]:
        return {
            "train_first": int(self.labels.timestamp[first]),
            "train_last": int(self.bars.timestamp[self.labels.end[last]]),
        }

    def _followed(self, first: int, last: int, probability: FloatArray) -> Run:
        rows = slice(int(self.labels.row[first]), int(self.labels.row[last]) + 1)
        said = probability[rows]
        target = np.where(np.isnan(said), np.nan, (said > 0.5).astype(np.float64))
        return simulate_account(self.bars[rows], target, TradingSettings())

    def _append(self, run: Run, said: Mapping[str, Scalar], measures: Mapping[str, float]) -> None:
        trial = trial_of(run, TrialKind.FIT, self.study, {**self.parameters, **said})
        result = {**trial.result, **measures}
        self.ledger.append([replace(trial, choice=self.choice, result=result)])


def recorder_of(
    ledger: TrialLedger | None,
    bars: Bars | None,
    features: Features,
    labels: Labels,
    walk: WalkForward,
    settings: Settings,
    study: str,
) -> FitRecord | None:
    """Return what writes fits into a ledger, or None without one.

    Raises
    ------
    ConfigurationError
        If there is a ledger but no bars.
    """
    if ledger is None:
        return None
    if bars is None:
        raise ConfigurationError(
            "expected bars= beside ledger=, found none: a trial keeps the returns of following the "
            "model on them"
        )
    return FitRecord(
        ledger=ledger, bars=bars, features=features, labels=labels, walk=walk, settings=settings,
        study=study,
    )  # fmt: skip


def keep_checks(
    ledger: TrialLedger,
    features: Features,
    evaluation: Evaluation,
    found: Sequence[tuple[str, float]],
) -> None:
    """Append the fits on permuted labels as checks: rows that count for no choice.

    Parameters
    ----------
    ledger : TrialLedger
        Where they are kept.
    features : Features
        That were learned from.
    evaluation : Evaluation
        Whose last fold was fitted again.
    found : sequence of (str, float)
        SHA-256 of the permuted labels, and the AUC on the test rows.
    """
    labels, fold = evaluation.labels, evaluation.folds[-1].fold
    first, last = labels.timestamp[fold.test[[0, -1]]].tolist()
    window = {
        "train_first": int(labels.timestamp[fold.train[0]]),
        "train_last": int(features.timestamp[labels.end[fold.train[-1]]]),
    }
    ledger.append(
        [
            Trial(
                kind=TrialKind.CHECK,
                study=CHECKS,
                symbols=(features.symbol,),
                timeframe=features.timeframe,
                first=first,
                last=last,
                data_hash=features.content_hash(),
                parameters={
                    **asdict(evaluation.settings),
                    **window,
                    "model": evaluation.model.artefact_hash,
                    "labels_sha256": permuted,
                },
                n_observations=0,
                sharpe=None,
                skewness=None,
                kurtosis=None,
                returns=np.empty(0, np.float32),
                returns_ms=timeframe_ms(features.timeframe),
                result={"auc": area},
            )
            for permuted, area in found
        ]
    )


def _hash_of(labels: Labels) -> str:
    found = hashlib.sha256()
    for column in (labels.timestamp, labels.value, labels.end, labels.weight, labels.outcome):
        found.update(np.ascontiguousarray(column).tobytes())
    return found.hexdigest()
