"""Every kind of model walks through one validation; a search never sees a test row."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.features import Features, Labels, build_features, triple_barrier
from cryptovolt.ml import BoosterSettings, load_classifier
from cryptovolt.ml.calibration import Calibration, Isotonic, Platt
from cryptovolt.ml.lightgbm_classifier import LightGBMSettings, LightGBMTrainer
from cryptovolt.ml.linear_classifier import LinearSettings, LinearTrainer
from cryptovolt.ml.model import Trainer, load_model
from cryptovolt.ml.split import WalkForward
from cryptovolt.ml.xgboost_classifier import CalibratedSettings, XGBoostTrainer
from cryptovolt.research import evaluate_classifier
from cryptovolt.research.label_gates import label_permutation
from cryptovolt.research.ledger import FileLedger
from cryptovolt.research.model_search import Found, rows_before_test, search_trainer

WALK = WalkForward(n_folds=2, first_train=0.5)


@pytest.fixture(scope="module")
def given() -> tuple[Bars, Features, Labels]:
    rng = np.random.default_rng(3)
    n_bars = 2_600
    drift = np.repeat(rng.choice([-1.0, 1.0], n_bars // 20), 20)
    close = 100.0 * np.exp((0.006 * (rng.normal(size=n_bars) + 0.25 * drift)).cumsum())
    open_ = np.concatenate([[100.0], close[:-1]])
    bars = Bars(
        symbol="BTCUSDT",
        timeframe="1h",
        timestamp=np.arange(450_000, 450_000 + n_bars) * 3_600_000,
        open=open_,
        high=np.maximum(open_, close) * 1.002,
        low=np.minimum(open_, close) / 1.002,
        close=close,
        volume=rng.lognormal(3.0, 0.7, n_bars) * np.exp(drift),
    )
    every = build_features(bars)
    return bars, every.select(every.names[:30]), triple_barrier(bars, 6)


@pytest.mark.parametrize(
    "make",
    [
        LinearTrainer,
        lambda: LightGBMTrainer(LightGBMSettings(n_rounds=30)),
        lambda: XGBoostTrainer(BoosterSettings(n_rounds=30)),
    ],
    ids=["linear", "lightgbm", "xgboost"],
)
def test_every_kind_is_evaluated_stored_and_gated_alike(
    make: Callable[[], Trainer], given: tuple[Bars, Features, Labels], tmp_path: Path
) -> None:
    trainer = make()
    if trainer.kind == "lightgbm":
        pytest.importorskip("lightgbm")
    _, features, labels = given
    evaluation = evaluate_classifier(
        features,
        labels,
        rng=np.random.default_rng(1),
        walk=WALK,
        trainer=trainer,
        provenance={"parent": "f" * 64},
        n_resamples=30,
    )
    assert evaluation.model.kind == trainer.kind
    assert evaluation.scores["auc"].value > 0.5
    assert evaluation.model.manifest["provenance"]["parent"] == "f" * 64
    found = load_model(evaluation.model.save(tmp_path))
    assert found.artefact_hash == evaluation.model.artefact_hash
    gate = label_permutation(features, evaluation, np.random.default_rng(2))
    assert gate.passed, gate.text


def test_a_fold_is_fitted_to_rows_before_its_test_set_only(
    given: tuple[Bars, Features, Labels],
) -> None:
    _, features, labels = given
    evaluation = evaluate_classifier(
        features, labels, rng=np.random.default_rng(1), walk=WALK, trainer=LinearTrainer(),
        n_resamples=20,
    )  # fmt: skip
    for result in evaluation.folds:
        first = int(evaluation.labels.row[result.fold.test].min())
        assert max(result.fitted_until.values()) < first


@pytest.mark.parametrize(("method", "kind"), [("isotonic", Isotonic), ("platt", Platt)])
def test_a_trainer_says_how_its_margins_are_calibrated(
    given: tuple[Bars, Features, Labels], method: str, kind: type[Calibration], tmp_path: Path
) -> None:
    _, features, labels = given
    settings = CalibratedSettings(n_rounds=10, calibration=method)
    evaluation = evaluate_classifier(
        features, labels, rng=np.random.default_rng(1), walk=WALK, settings=settings, n_resamples=20
    )
    found = load_classifier(evaluation.model.save(tmp_path))
    assert isinstance(found.calibration, kind)
    assert found.artefact_hash == evaluation.model.artefact_hash


def test_a_trainer_beside_settings_is_refused(given: tuple[Bars, Features, Labels]) -> None:
    _, features, labels = given
    with pytest.raises(ConfigurationError, match="expected a trainer or settings, found both"):
        evaluate_classifier(
            features, labels, rng=np.random.default_rng(1), trainer=LinearTrainer(),
            settings=BoosterSettings(),
        )  # fmt: skip


def searched(given: tuple[Bars, Features, Labels], **more: Any) -> Found:
    pytest.importorskip("optuna")
    _, features, labels = given
    labels = rows_before_test(features, labels, WalkForward(first_train=0.8))
    walk = WalkForward(n_folds=2, first_train=0.6)
    return search_trainer(features, labels, LinearTrainer(), walk=walk, **more)


def test_only_rows_before_the_first_test_row_are_searched(
    given: tuple[Bars, Features, Labels],
) -> None:
    _, features, labels = given
    walk = WalkForward(first_train=0.5)
    evaluation = evaluate_classifier(
        features, labels, rng=np.random.default_rng(1), walk=walk, trainer=LinearTrainer(),
        n_resamples=20,
    )  # fmt: skip
    inside = rows_before_test(features, labels, walk)
    first_test = int(evaluation.labels.row[evaluation.folds[0].fold.test[0]])
    assert int(inside.end.max()) < first_test - walk.embargo_bars(evaluation.labels)


def test_the_best_trial_is_taken_and_the_same_seed_finds_it_again(
    given: tuple[Bars, Features, Labels],
) -> None:
    said: list[tuple[int, int]] = []

    def progress(done: int, total: int, message: str) -> None:
        assert message.startswith(f"trial {done}, log loss 0.")
        said.append((done, total))

    found = searched(given, n_trials=4, seed=5, progress=progress)
    assert said == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert found.log_loss == min(loss for _, loss in found.tried)
    assert isinstance(found.trainer.settings, LinearSettings)
    assert found.trainer.settings.ridge == found.trainer.settings.most_ridge
    assert searched(given, n_trials=4, seed=5).tried == found.tried
    assert searched(given, n_trials=4, seed=6).tried != found.tried


def test_a_search_goes_on_from_its_storage(
    given: tuple[Bars, Features, Labels], tmp_path: Path
) -> None:
    optuna: Any = pytest.importorskip("optuna")
    journal = optuna.storages.journal
    storage = optuna.storages.JournalStorage(journal.JournalFileBackend(str(tmp_path / "study")))
    first = searched(given, n_trials=2, seed=5, storage=storage)
    whole = searched(given, n_trials=4, seed=5, storage=storage)
    assert whole.tried[:2] == first.tried
    assert whole.tried == searched(given, n_trials=4, seed=5).tried
    assert searched(given, n_trials=4, seed=5, storage=storage).tried == whole.tried


def test_a_budget_of_time_ends_the_search(given: tuple[Bars, Features, Labels]) -> None:
    assert len(searched(given, seconds=0.01).tried) == 1


def test_every_fit_of_a_search_is_in_the_ledger(
    given: tuple[Bars, Features, Labels], tmp_path: Path
) -> None:
    pytest.importorskip("optuna")
    bars, features, labels = given
    ledger = FileLedger(tmp_path / "trials.jsonl")
    search_trainer(
        features, labels, XGBoostTrainer(BoosterSettings(n_rounds=5)), n_trials=2,
        walk=WALK, ledger=ledger, bars=bars,
    )  # fmt: skip
    last = int(bars.timestamp[-1])
    trials = ledger.trials(("BTCUSDT",), int(bars.timestamp[0]), last)
    # Two folds and a final model for each of two configurations.
    assert len(trials) == 6
    assert len({trial.choice for trial in trials}) == 2


@pytest.mark.parametrize("budget", [{}, {"n_trials": 0}, {"seconds": -1.0}])
def test_a_search_without_a_budget_is_refused(
    given: tuple[Bars, Features, Labels], budget: dict[str, Any]
) -> None:
    with pytest.raises(ConfigurationError, match="expected n_trials or seconds above 0"):
        searched(given, **budget)


class _Forest(LinearTrainer):
    @property
    def kind(self) -> str:
        return "forest"


def test_a_kind_without_a_space_is_refused(given: tuple[Bars, Features, Labels]) -> None:
    pytest.importorskip("optuna")
    _, features, labels = given
    with pytest.raises(ConfigurationError, match=r"expected a trainer of kind .*, found 'forest'"):
        search_trainer(features, labels, _Forest(), n_trials=1)
