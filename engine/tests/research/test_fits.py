"""Every fit is a row of the ledger; folds and checks do not count as trials of their own."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cryptovolt.backtest.simulate import simulate
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.trials import Trial, TrialKind, choices_of
from cryptovolt.features import Features, Labels, build_features, triple_barrier
from cryptovolt.ml import BoosterSettings
from cryptovolt.ml.split import WalkForward
from cryptovolt.research import Evaluation, evaluate_classifier, run_gates
from cryptovolt.research.gates import promotable
from cryptovolt.research.ledger import FileLedger
from cryptovolt.research.robustness import assess
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.research.trials import judge_selection
from cryptovolt.research.verdict import Standing

SMALL = BoosterSettings(n_rounds=12, early_stopping=6)


@pytest.fixture(scope="module")
def bars() -> Bars:
    return synthetic_bars(2_400, end=1_700_000_000_000, rng=np.random.default_rng(5))


@pytest.fixture(scope="module")
def features(bars: Bars) -> Features:
    return build_features(bars)


@pytest.fixture(scope="module")
def labels(bars: Bars) -> Labels:
    return triple_barrier(bars, 6)


@pytest.fixture
def ledger(tmp_path: Path) -> FileLedger:
    return FileLedger(tmp_path / "trials.jsonl")


def fitted(
    made: tuple[Bars, Features, Labels],
    ledger: FileLedger,
    settings: BoosterSettings = SMALL,
    n_folds: int = 3,
    study: str = "XGBoost",
) -> Evaluation:
    bars, features, labels = made
    return evaluate_classifier(
        features, labels, rng=np.random.default_rng(1), walk=WalkForward(n_folds=n_folds),
        settings=settings, n_resamples=20, ledger=ledger, bars=bars, study=study,
    )  # fmt: skip


@pytest.fixture(scope="module")
def made(bars: Bars, features: Features, labels: Labels) -> tuple[Bars, Features, Labels]:
    return bars, features, labels


def rows_of(ledger: FileLedger, bars: Bars) -> tuple[Trial, ...]:
    return ledger.trials((bars.symbol,), 0, int(bars.timestamp[-1]))


def count_of(ledger: FileLedger, bars: Bars) -> int:
    counted = judge_selection(simulate(bars, np.ones(len(bars))), ledger).trials
    return 0 if counted is None else counted.n_trials


def test_each_fold_and_the_final_model_are_rows_that_say_what_was_fitted_to_what(
    made: tuple[Bars, Features, Labels], ledger: FileLedger
) -> None:
    bars, features, _ = made
    evaluation = fitted(made, ledger)
    rows = rows_of(ledger, bars)
    assert [row.parameters["fold"] for row in rows] == [0, 1, 2, None]
    assert {(row.kind, row.study, row.choice) for row in rows} == {
        (TrialKind.FIT, "XGBoost", rows[0].choice)
    }
    kept = evaluation.labels
    for row, result in zip(rows, evaluation.folds, strict=False):
        train, test = kept.row[result.fold.train], kept.row[result.fold.test]
        assert row.parameters["train_first"] == bars.timestamp[train[0]]
        assert row.parameters["train_last"] == bars.timestamp[kept.end[result.fold.train[-1]]]
        assert (row.first, row.last) == tuple(bars.timestamp[test[[0, -1]]].tolist())
        assert bars.timestamp[kept.end[result.fold.train[-1]]] < row.first
        assert row.data_hash == bars[int(test[0]) : int(test[-1]) + 1].content_hash()
        assert row.parameters["features_sha256"] == features.content_hash()
        assert row.parameters["seed"] == SMALL.seed
        assert row.parameters["max_depth"] == SMALL.max_depth
        assert row.result["auc"] == result.measures["auc"]
    assert len({row.parameters["trees_sha256"] for row in rows[:3]}) == 3
    whole = rows[-1]
    assert whole.parameters["model"] == evaluation.model.artefact_hash
    assert whole.result["auc"] == evaluation.scores["auc"].value
    assert (whole.first, whole.last) == (rows[0].first, rows[2].last)


def test_the_returns_of_a_row_are_those_of_following_the_model(
    made: tuple[Bars, Features, Labels], ledger: FileLedger
) -> None:
    bars = made[0]
    evaluation = fitted(made, ledger)
    whole = rows_of(ledger, bars)[-1]
    known = np.flatnonzero(np.isfinite(evaluation.probability))
    part = slice(int(known[0]), int(known[-1]) + 1)
    said = evaluation.probability[part]
    target: FloatArray = np.where(np.isnan(said), np.nan, np.where(said > 0.5, 1.0, 0.0))
    run = simulate(bars[part], target)
    assert whole.sharpe == pytest.approx(run.statistics["sharpe"] / np.sqrt(365 * 24), rel=1e-9)
    assert whole.result["total_return"] == run.statistics["total_return"]


@pytest.mark.parametrize("n_folds", [2, 5])
def test_ten_parameter_sets_are_ten_trials_whatever_the_number_of_folds(
    made: tuple[Bars, Features, Labels], ledger: FileLedger, n_folds: int
) -> None:
    for depth in range(1, 11):
        # Renaming resets nothing.
        fitted(made, ledger, replace(SMALL, max_depth=depth, n_rounds=4), n_folds, f"no. {depth}")
    assert ledger.verify().n_trials == 10 * (n_folds + 1)
    assert count_of(ledger, made[0]) == 10


def test_fitting_the_same_again_is_no_other_choice_and_another_seed_is(
    made: tuple[Bars, Features, Labels], ledger: FileLedger
) -> None:
    for settings, n_trials in (
        (SMALL, 1),
        (SMALL, 1),
        (replace(SMALL, n_threads=2), 1),
        (replace(SMALL, seed=8), 2),
    ):
        fitted(made, ledger, settings)
        assert count_of(ledger, made[0]) == n_trials
    assert ledger.verify().n_trials == 16
    fitted(made, ledger, SMALL, n_folds=4)
    assert count_of(ledger, made[0]) == 3
    bars, features, labels = made
    fitted((bars, features.select(features.names[:-1]), labels), ledger)
    assert count_of(ledger, bars) == 4


def test_a_fit_that_was_interrupted_is_not_forgotten(
    made: tuple[Bars, Features, Labels], ledger: FileLedger
) -> None:
    bars, features, labels = made

    def stop_at_the_third(done: int, total: int, message: str) -> None:
        if done == 2:
            raise TimeoutError(f"{message}: {done} of {total}")

    with pytest.raises(TimeoutError, match="fold 3: 2 of 5"):
        evaluate_classifier(
            features, labels, rng=np.random.default_rng(1), walk=WalkForward(n_folds=3),
            settings=SMALL, n_resamples=20, ledger=ledger, bars=bars, progress=stop_at_the_third,
        )  # fmt: skip
    assert [row.parameters["fold"] for row in rows_of(ledger, bars)] == [0, 1]
    assert count_of(ledger, bars) == 1
    # Done again, it is the same choice, and now the whole stands for it.
    fitted(made, ledger)
    assert count_of(ledger, bars) == 1
    (choice,) = choices_of(rows_of(ledger, bars))
    assert choice.parameters["fold"] is None


def test_what_gates_fit_are_checks_that_are_kept_and_do_not_count(
    made: tuple[Bars, Features, Labels], ledger: FileLedger
) -> None:
    bars, features, _ = made
    evaluation = fitted(made, ledger)
    before = count_of(ledger, bars)
    gates = run_gates(bars, features, evaluation, rng=np.random.default_rng(2), ledger=ledger)
    checks = [row for row in rows_of(ledger, bars) if row.kind is TrialKind.CHECK]
    assert len(checks) == 5
    assert len({row.parameters["labels_sha256"] for row in checks}) == 5
    assert {row.parameters["model"] for row in checks} == {evaluation.model.artefact_hash}
    assert all(0.3 < (row.result["auc"] or 0.0) < 0.7 for row in checks)
    assert ledger.verify().intact
    assert count_of(ledger, bars) == before == 1
    # The ledger changes nothing of what the other gates find; without one nobody counts.
    alone = run_gates(bars, features, evaluation, rng=np.random.default_rng(2))
    differing = {
        one.name for one, other in zip(gates, alone, strict=True) if one.text != other.text
    }
    assert differing == {"trials_counted"}
    assert next(gate for gate in gates if gate.name == "trials_counted").passed
    assert not promotable(alone)


def test_what_an_assessment_draws_at_random_adds_no_row(
    made: tuple[Bars, Features, Labels], ledger: FileLedger
) -> None:
    bars = made[0]
    fitted(made, ledger)
    rows = ledger.verify().n_trials
    assess(simulate(bars, np.ones(len(bars))), ledger=ledger, n_random=20, n_paths=20)
    assert ledger.verify().n_trials == rows


def test_a_model_is_judged_by_all_models_on_its_data(
    made: tuple[Bars, Features, Labels], ledger: FileLedger
) -> None:
    for depth in (1, 2, 3):
        verdict = fitted(made, ledger, replace(SMALL, max_depth=depth)).verdict
        assert verdict.trials is not None
        assert verdict.trials.n_trials == depth
        # A random walk.
        assert verdict.standing is Standing.NO_EDGE
    assert verdict.trials.best_by_luck > 0.5


def test_a_ledger_without_the_bars_is_refused(made: tuple[Bars, Features, Labels]) -> None:
    bars, features, labels = made
    ledger = FileLedger("unused.jsonl")
    rng = np.random.default_rng(1)
    with pytest.raises(ConfigurationError, match="expected bars= beside ledger=, found none"):
        evaluate_classifier(features, labels, rng=rng, ledger=ledger)
    with pytest.raises(DataError, match="the bars that the features were built from"):
        evaluate_classifier(features, labels, rng=rng, ledger=ledger, bars=bars[1:])


def test_the_ledger_changes_no_bit_of_the_model(
    made: tuple[Bars, Features, Labels], ledger: FileLedger
) -> None:
    _, features, labels = made
    with_ledger = fitted(made, ledger)
    without = evaluate_classifier(
        features, labels, rng=np.random.default_rng(1), walk=WalkForward(n_folds=3),
        settings=SMALL, n_resamples=20,
    )  # fmt: skip
    assert with_ledger.model.artefact_hash == without.model.artefact_hash
    np.testing.assert_array_equal(with_ledger.probability, without.probability)
