"""The card of a model: what it was made from, and how good it was on rows its making never saw.

Each measure stands with its 95 % block-bootstrap interval, with the same measure of what needs no
model or hardly one (majority, last direction, a logistic regression under the same split; holding,
for money), and apart for each fold and each regime.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator

from cryptovolt.backtest.baseline import buy_and_hold_of
from cryptovolt.backtest.run import Run
from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.features.build import Features
from cryptovolt.ml.linear_classifier import LinearTrainer
from cryptovolt.performance.bootstrap import Interval, bootstrap_interval
from cryptovolt.performance.classification import (
    Measure,
    expected_calibration_error,
    mean_recall,
    of_rows,
)
from cryptovolt.research.evaluation import Evaluation
from cryptovolt.research.gate import Gate
from cryptovolt.research.regimes import regimes
from cryptovolt.research.replay import period_returns
from cryptovolt.research.scores import baseline_probabilities, statistic_of
from cryptovolt.research.shown_gates import followed
from cryptovolt.research.stress import Stress, stresses
from cryptovolt.research.walkforward import evaluate_classifier

CLASSIFIED = ("accuracy", "precision", "recall", "auc", "brier", "log_loss")
ADDED: Mapping[str, Measure] = {
    "balanced_accuracy": mean_recall,
    "calibration_error": expected_calibration_error,
}
INFORMATION, MONEY = "information_coefficient", "total_return"
LESS_IS_BETTER = frozenset({"brier", "log_loss", "calibration_error"})
HOLDING = "holding"

Statistic = Callable[[IntArray], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class CardEntry:
    """One measure of a model.

    Parameters
    ----------
    name : str
    value : float
        Over all test rows; NaN where it is not defined.
    interval : Interval
        95 %, by blocks of rows (of days, for money).
    baselines : mapping
        Baseline to the same measure.
    folds : tuple of float
        In order of time.
    regimes : mapping
        Regime to the measure of its rows.
    """

    name: str
    value: float
    interval: Interval
    baselines: Mapping[str, float]
    folds: tuple[float, ...]
    regimes: Mapping[str, float]

    @property
    def less_is_better(self) -> bool:
        """Whether a smaller value is the better one."""
        return self.name in LESS_IS_BETTER


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelCard:
    """Everything that is known of a model; `to_record` gives it as JSON knows it.

    Parameters
    ----------
    manifest : mapping
        Of the model: kind, columns, settings, provenance, library versions and hashes.
    standing, verdict, rule : str
        The word, the sentence, and the rule behind both.
    n_trials : int or None
        Models tried on this data by the ledger; None without one.
    n_rows, n_train : int
        Test rows, and labels the final model was trained on.
    n_regime_rows : mapping
        Regime to its test rows.
    entries : tuple of CardEntry
        One for each measure.
    hardships : tuple of Stress
        The account that follows the model, under harder costs.
    gates : tuple of Gate
        As far as they were run.
    """

    manifest: Mapping[str, Any]
    standing: str
    verdict: str
    rule: str
    n_trials: int | None
    n_rows: int
    n_train: int
    n_regime_rows: Mapping[str, int]
    entries: tuple[CardEntry, ...]
    hardships: tuple[Stress, ...]
    gates: tuple[Gate, ...]

    def __getitem__(self, name: str) -> CardEntry:
        """Return the entry of a measure."""
        return next(entry for entry in self.entries if entry.name == name)

    def to_record(self) -> dict[str, Any]:
        """Return the card as JSON knows it; undefined numbers are None."""
        return {
            "artefact_hash": self.manifest["artefact_hash"],
            "kind": self.manifest.get("kind", "xgboost"),
            "provenance": dict(self.manifest["provenance"]),
            "settings": dict(self.manifest["settings"]),
            "n_features": len(self.manifest["feature_names"]),
            "verdict": {"standing": self.standing, "text": self.verdict, "rule": self.rule},
            "n_trials": self.n_trials,
            "n_rows": self.n_rows,
            "n_train": self.n_train,
            "n_regime_rows": dict(self.n_regime_rows),
            "measures": {entry.name: _entry_record(entry) for entry in self.entries},
            "hardships": [
                {
                    "name": one.name,
                    "total_return": _defined(one.total_return),
                    "sharpe": _defined(one.sharpe),
                    "max_drawdown": _defined(one.max_drawdown),
                    "halves_sharpe": one.halves_sharpe,
                }
                for one in self.hardships
            ],
            "gates": [gate.to_record() for gate in self.gates],
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Tested:
    """The test rows of an evaluation, and who said what about them."""

    bars: Bars
    evaluation: Evaluation
    position: IntArray
    fold: IntArray
    said: Mapping[str, FloatArray]
    regime: Mapping[str, BoolArray]

    @property
    def up(self) -> BoolArray:
        return self.evaluation.labels.up[self.position]

    @property
    def row(self) -> IntArray:
        return self.evaluation.labels.row[self.position]


def model_card(
    bars: Bars,
    features: Features,
    evaluation: Evaluation,
    *,
    rng: Generator,
    gates: Sequence[Gate] = (),
    n_resamples: int = 500,
) -> ModelCard:
    """Return the card of an evaluated model.

    Parameters
    ----------
    bars : Bars
        That features and labels were made from.
    features : Features
        That it was trained on; the logistic baseline learns from them too.
    evaluation : Evaluation
        From :func:`cryptovolt.evaluate_classifier`.
    rng : numpy.random.Generator
        Draws the blocks, and the fills that are missed under hardship.
    gates : sequence of Gate, optional
        From :func:`cryptovolt.run_gates`.
    n_resamples : int, default=500
        Behind every interval, at least 2.

    Returns
    -------
    ModelCard

    Raises
    ------
    DataError
        If bars and features are not of the same times.
    """
    if not np.array_equal(bars.timestamp, features.timestamp):
        raise DataError("expected the bars that the features were built from, found others")
    tested = _tested(bars, features, evaluation)
    run = followed(bars, evaluation.probability)
    entries = [_entry(tested, name, rng, n_resamples) for name in (*CLASSIFIED, *ADDED)]
    entries.append(_entry(tested, INFORMATION, rng, n_resamples))
    entries.append(_money(tested, run, rng, n_resamples))
    trials = evaluation.verdict.trials
    return ModelCard(
        manifest=evaluation.model.manifest,
        standing=evaluation.verdict.standing.value,
        verdict=evaluation.verdict.text,
        rule=evaluation.verdict.rule,
        n_trials=None if trials is None else trials.n_trials,
        n_rows=tested.position.size,
        n_train=len(evaluation.labels),
        n_regime_rows={name: int(inside.sum()) for name, inside in tested.regime.items()},
        entries=tuple(entries),
        hardships=stresses(run, rng),
        gates=tuple(gates),
    )


def _tested(bars: Bars, features: Features, evaluation: Evaluation) -> _Tested:
    labels, position = evaluation.labels, evaluation.tested
    rows = labels.row[position]
    logistic = evaluate_classifier(
        features,
        labels,
        rng=np.random.default_rng(0),
        walk=evaluation.walk,
        trainer=LinearTrainer(),
        n_resamples=2,
    )
    baselines: dict[str, list[FloatArray]] = {}
    for result in evaluation.folds:
        fold = result.fold
        for name, said in baseline_probabilities(labels, fold.train, fold.test).items():
            baselines.setdefault(name, []).append(said)
    return _Tested(
        bars=bars,
        evaluation=evaluation,
        position=position,
        fold=evaluation.fold_of,
        said={
            "model": evaluation.probability[rows],
            **{name: np.concatenate(said) for name, said in baselines.items()},
            "logistic": logistic.probability[rows],
        },
        regime={name: inside[rows] for name, inside in regimes(bars).items()},
    )


def _entry(tested: _Tested, name: str, rng: Generator, n_resamples: int) -> CardEntry:
    by = {who: _statistic(tested, name, said) for who, said in tested.said.items()}
    own, rows = by.pop("model"), np.arange(tested.position.size)
    block = min(2 * tested.evaluation.labels.horizon, rows.size)
    interval = bootstrap_interval(rows, own, rng, n_resamples, block)
    folds = [np.flatnonzero(tested.fold == fold) for fold in np.unique(tested.fold)]
    return CardEntry(
        name=name,
        value=interval.estimate,
        interval=interval,
        baselines={who: statistic(rows) for who, statistic in by.items()},
        folds=tuple(own(part) for part in folds),
        regimes={
            regime: own(np.flatnonzero(inside)) if inside.any() else np.nan
            for regime, inside in tested.regime.items()
        },
    )


def _statistic(tested: _Tested, name: str, said: FloatArray) -> Statistic:
    if name == INFORMATION:
        outcome = tested.evaluation.labels.outcome[tested.position]
        return _rank_correlation(said, outcome, tested.fold)
    if name in ADDED:
        return of_rows(ADDED[name], tested.up, said)
    return statistic_of(name, tested.up, said, tested.fold)


def _rank_correlation(said: FloatArray, outcome: FloatArray, fold: IntArray) -> Statistic:
    # Ranks within a fold: what different models say cannot be compared.
    first, second = _ranks_within(said, fold), _ranks_within(outcome, fold)

    def statistic(rows: IntArray) -> float:
        x, y = first[rows], second[rows]
        x, y = x - x.mean(), y - y.mean()
        spread = float((x @ x) * (y @ y))
        return float(x @ y) / spread**0.5 if spread > 1e-12 else np.nan

    return statistic


def _ranks_within(values: FloatArray, fold: IntArray) -> FloatArray:
    ranks = np.empty(values.size)
    for number in np.unique(fold):
        inside = fold == number
        _, place, count = np.unique(values[inside], return_inverse=True, return_counts=True)
        # Ties share the middle of their places.
        middle = np.cumsum(count) - (count + 1) / 2.0
        ranks[inside] = (middle[place] + 0.5) / place.size - 0.5
    return ranks


def _money(tested: _Tested, run: Run, rng: Generator, n_resamples: int) -> CardEntry:
    growth = np.log1p(np.nan_to_num(run.returns))
    first = int(tested.row[0])
    days = np.log1p(np.nan_to_num(period_returns(run)))
    interval = bootstrap_interval(days, _compounded, rng, n_resamples)
    starts = [int(tested.row[tested.fold == fold][0]) - first for fold in np.unique(tested.fold)]
    inside = regimes(tested.bars)
    baselines = {
        name: _total(followed(tested.bars, _over_bars(tested, said)))
        for name, said in tested.said.items()
        if name != "model"
    }
    return CardEntry(
        name=MONEY,
        value=_total(run),
        interval=interval,
        baselines={**baselines, HOLDING: _total(buy_and_hold_of(run))},
        folds=tuple(_compounded(part) for part in np.split(growth, starts[1:])),
        regimes={
            name: _compounded(growth[kept[first : first + growth.size]])
            for name, kept in inside.items()
        },
    )


def _over_bars(tested: _Tested, said: FloatArray) -> FloatArray:
    probability = np.full(len(tested.bars), np.nan)
    probability[tested.row] = said
    return probability


def _compounded(growth: FloatArray) -> float:
    return float(np.expm1(growth.sum()))


def _total(run: Run) -> float:
    return float(run.equity[-1] / run.trading.cash - 1.0)


def _entry_record(entry: CardEntry) -> dict[str, Any]:
    return {
        "value": _defined(entry.value),
        "low": _defined(entry.interval.low),
        "high": _defined(entry.interval.high),
        "less_is_better": entry.less_is_better,
        "baselines": {name: _defined(value) for name, value in entry.baselines.items()},
        "folds": [_defined(value) for value in entry.folds],
        "regimes": {name: _defined(value) for name, value in entry.regimes.items()},
    }


def _defined(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
