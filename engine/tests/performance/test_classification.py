"""Classification measures against scikit-learn, and what the interval must hold."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.errors import DataError
from cryptovolt.performance.bootstrap import bootstrap_interval
from cryptovolt.performance.classification import (
    MEASURES,
    accuracy,
    auc,
    balanced_accuracy,
    brier_score,
    class_counts,
    confusion,
    expected_calibration_error,
    log_loss,
    macro_f1,
    of_rows,
    precision,
    recall,
    share_right,
)

# Its types differ from one function to the next.
oracle: Any = sklearn_metrics


def said_and_happened(seed: int, n_rows: int = 200) -> tuple[BoolArray, FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    # One decimal only, so that many probabilities tie.
    probability = rng.random(n_rows).round(1)
    up = rng.random(n_rows) < 0.3 + 0.4 * probability
    up[:2] = (True, False)
    return up, probability, rng.integers(1, 5, n_rows).astype(np.float64)


@given(st.integers(0, 2**32 - 1))
def test_every_measure_agrees_with_scikit_learn(seed: int) -> None:
    up, probability, weight = said_and_happened(seed)
    called = probability > 0.5
    given_weight: dict[str, Any] = {"sample_weight": weight}
    assert auc(up, probability, weight) == pytest.approx(
        oracle.roc_auc_score(up, probability, **given_weight)
    )
    assert brier_score(up, probability, weight) == pytest.approx(
        oracle.brier_score_loss(up, probability, **given_weight)
    )
    assert log_loss(up, np.clip(probability, 0.01, 0.99), weight) == pytest.approx(
        oracle.log_loss(up, np.clip(probability, 0.01, 0.99), **given_weight)
    )
    assert accuracy(up, probability, weight) == pytest.approx(
        oracle.accuracy_score(up, called, **given_weight)
    )
    assert precision(up, probability, weight) == pytest.approx(
        oracle.precision_score(up, called, **given_weight)
    )
    assert recall(up, probability, weight) == pytest.approx(
        oracle.recall_score(up, called, **given_weight)
    )


def test_confusion_counts_what_was_said_and_what_happened() -> None:
    up = np.array([True, True, False, False, False])
    counts = confusion(up, np.array([0.9, 0.5, 0.6, 0.2, 0.1]))
    assert (counts.true_up, counts.false_up, counts.true_down, counts.false_down) == (1, 1, 2, 1)


@given(st.integers(0, 2**32 - 1))
def test_auc_depends_on_order_only_and_turns_with_it(seed: int) -> None:
    up, probability, _ = said_and_happened(seed)
    assert auc(up, probability**3) == pytest.approx(auc(up, probability))
    assert auc(up, 1.0 - probability) == pytest.approx(1.0 - auc(up, probability))


def test_what_is_not_defined_is_nan() -> None:
    rose = np.array([True, True])
    assert np.isnan(auc(rose, np.array([0.1, 0.9])))
    assert np.isnan(precision(rose, np.array([0.1, 0.2])))
    assert np.isnan(recall(~rose, np.array([0.1, 0.9])))


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
@pytest.mark.parametrize("wrong", [np.nan, -0.1, 1.1])
def test_a_probability_out_of_range_is_refused(measure: object, wrong: float) -> None:
    assert callable(measure)
    with pytest.raises(DataError, match=r"expected probabilities in \[0, 1\]"):
        measure(np.array([True, False]), np.array([0.5, wrong]))


def test_no_rows_are_refused() -> None:
    with pytest.raises(DataError, match="at least one row"):
        accuracy(np.array([], dtype=np.bool_), np.array([]))


def test_the_interval_has_the_width_of_the_published_standard_error() -> None:
    # Without skill and with independent rows: sd of the AUC is sqrt((n1 + n0 + 1) / (12 n1 n0)).
    rng = np.random.default_rng(3)
    up, probability = rng.random(2_000) < 0.5, rng.random(2_000)
    interval = bootstrap_interval(
        np.arange(2_000), of_rows(auc, up, probability), rng, mean_block=1
    )
    n_up = int(up.sum())
    sd = np.sqrt(2_001 / (12 * n_up * (2_000 - n_up)))
    assert (interval.high - interval.low) / (2 * 1.96 * sd) == pytest.approx(1.0, abs=0.12)
    assert interval.estimate == auc(up, probability)
    assert interval.estimate in interval


def test_blocks_widen_the_interval_of_rows_that_repeat() -> None:
    # Every row five times: the interval must be that of a fifth of the rows.
    rng = np.random.default_rng(4)
    up, probability = np.repeat(rng.random(400) < 0.5, 5), np.repeat(rng.random(400), 5)
    rows, statistic = np.arange(2_000), of_rows(auc, up, probability)
    alone = bootstrap_interval(rows, statistic, rng, mean_block=1)
    blocks = bootstrap_interval(rows, statistic, rng, mean_block=40)
    ratio = (blocks.high - blocks.low) / (alone.high - alone.low)
    assert ratio == pytest.approx(np.sqrt(5), rel=0.2)


@given(st.integers(0, 2**32 - 1))
def test_a_measure_of_drawn_rows_is_that_of_the_rows_themselves(seed: int) -> None:
    up, probability, _ = said_and_happened(seed)
    rows = np.random.default_rng(seed).integers(0, up.size, up.size)
    for name, measure in MEASURES.items():
        found = of_rows(measure, up, probability)(rows)
        assert found == pytest.approx(measure(up[rows], probability[rows], None), nan_ok=True), name


@given(seed=st.integers(0, 2**32 - 1), n_classes=st.integers(2, 4))
def test_measures_of_several_classes_are_scikit_learns(seed: int, n_classes: int) -> None:
    rng = np.random.default_rng(seed)
    happened, predicted = rng.integers(0, n_classes, (2, 80))
    happened[:n_classes] = np.arange(n_classes)
    weight = rng.integers(1, 4, 80).astype(np.float64)
    counts = class_counts(happened, predicted, n_classes, weight)
    expected = oracle.confusion_matrix(happened, predicted, sample_weight=weight)
    np.testing.assert_array_equal(counts, expected)
    again = {"sample_weight": weight}
    assert share_right(counts) == pytest.approx(oracle.accuracy_score(happened, predicted, **again))
    assert balanced_accuracy(counts) == pytest.approx(
        oracle.balanced_accuracy_score(happened, predicted, **again)
    )
    assert macro_f1(counts) == pytest.approx(
        oracle.f1_score(happened, predicted, average="macro", **again)
    )


def test_a_class_that_neither_happened_nor_was_predicted_does_not_count() -> None:
    counts = class_counts(np.array([0, 0, 2]), np.array([0, 2, 2]), 3)
    # F1 of the first is 2 / 3, of the last 2 / 3; the second plays no part.
    assert macro_f1(counts) == pytest.approx(2 / 3)
    assert balanced_accuracy(counts) == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("happened", "predicted"), [([], []), ([0, 1], [0]), ([0, 3], [0, 1]), ([0, -1], [0, 1])]
)
def test_classes_that_cannot_be_counted_are_refused(
    happened: list[int], predicted: list[int]
) -> None:
    with pytest.raises(DataError, match="expected"):
        class_counts(np.array(happened, np.int64), np.array(predicted, np.int64), 3)


def test_the_calibration_error_is_the_mean_gap_of_its_bins() -> None:
    # Bin (0.9, 1]: said 0.95, half came true. Bin (0.1, 0.2]: said 0.2, none did. Weights 1 and 3.
    up = np.array([True, False, False, False])
    probability = np.array([0.95, 0.95, 0.2, 0.2])
    weight = np.array([1.0, 1.0, 3.0, 3.0])
    found = expected_calibration_error(up, probability, weight)
    assert found == pytest.approx((2 * 0.45 + 6 * 0.2) / 8)
    assert expected_calibration_error(np.array([True, False]), np.array([1.0, 0.0])) == 0.0
