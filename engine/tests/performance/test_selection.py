"""Selection-aware measures against published numbers and simulation."""

import math

import numpy as np
import pytest

from cryptovolt.domain.errors import DataError
from cryptovolt.performance import (
    deflated_sharpe_ratio,
    expected_maximum_sharpe,
    minimum_track_record_length,
    probabilistic_sharpe_ratio,
    probability_of_backtest_overfitting,
)

# Bailey and López de Prado 2014, numerical example: an annual Sharpe ratio of 2.5 over five years
# of 250 days, skewness −3, kurtosis 10, found among 100 trials with an annual variance of 1/2.
VARIANCE = 0.5 / 250


def test_the_published_example_is_reproduced() -> None:
    assert expected_maximum_sharpe(100, VARIANCE) == pytest.approx(0.1132, abs=5e-5)
    found = deflated_sharpe_ratio(
        sharpe=2.5 / math.sqrt(250),
        n_observations=1250,
        skewness=-3.0,
        kurtosis=10.0,
        n_trials=100,
        sharpe_variance=VARIANCE,
    )
    assert found == pytest.approx(0.9004, abs=5e-5)


def test_the_best_of_ten_unskilled_trials() -> None:
    # Bailey, Borwein, López de Prado and Zhu 2014 ("Pseudo-mathematics …") give 1.57.
    assert expected_maximum_sharpe(10, 1.0) == pytest.approx(1.57, abs=0.005)


def test_the_expected_maximum_agrees_with_simulation() -> None:
    draws = np.random.default_rng(1).normal(size=(20_000, 50)).max(axis=1)
    # The formula is asymptotic: 0.03 too high for 50 trials.
    assert expected_maximum_sharpe(50, 1.0) == pytest.approx(draws.mean(), abs=0.05)


def test_one_trial_is_not_deflated() -> None:
    assert deflated_sharpe_ratio(0.1, 500, 0.0, 3.0, 1, 0.5) == probabilistic_sharpe_ratio(
        0.1, 500, 0.0, 3.0
    )


def test_a_track_record_of_the_minimum_length_just_convinces() -> None:
    length = minimum_track_record_length(0.1, -0.5, 5.0, confidence=0.95)
    assert probabilistic_sharpe_ratio(0.1, math.ceil(length), -0.5, 5.0) >= 0.95
    assert probabilistic_sharpe_ratio(0.1, math.floor(length), -0.5, 5.0) < 0.95


def test_what_is_undefined_is_nan() -> None:
    assert math.isnan(minimum_track_record_length(0.1, 0.0, 3.0, benchmark=0.2))
    assert math.isnan(probabilistic_sharpe_ratio(0.1, 1, 0.0, 3.0))
    assert math.isnan(probabilistic_sharpe_ratio(math.nan, 100, 0.0, 3.0))


def test_no_trial_is_refused() -> None:
    with pytest.raises(ValueError, match="found 0 and"):
        expected_maximum_sharpe(0, 1.0)


def test_choosing_among_noise_is_a_coin_toss_and_a_skilled_trial_is_found_again() -> None:
    rng = np.random.default_rng(5)
    noise = [
        probability_of_backtest_overfitting(rng.normal(size=(400, 20)), n_blocks=8)
        for _ in range(40)
    ]
    assert 0.35 < np.mean(noise) < 0.65
    skilled = rng.normal(size=(400, 20))
    skilled[:, 3] += 0.5
    assert probability_of_backtest_overfitting(skilled, n_blocks=8) == 0.0


def test_overfitting_of_two_mirrored_trials_by_hand() -> None:
    # Trial A earns in the first half and loses in the second, B the other way round: whichever
    # wins in one half loses in the other.
    earns, loses = [0.02, 0.01, 0.03], [-0.02, -0.01, -0.03]
    matrix = np.array([earns + loses, loses + earns]).T
    assert probability_of_backtest_overfitting(matrix, n_blocks=2) == 1.0


def test_a_matrix_that_is_too_small_is_refused() -> None:
    with pytest.raises(DataError, match="at least 32 periods and 2 trials"):
        probability_of_backtest_overfitting(np.zeros((31, 3)))
    with pytest.raises(ValueError, match="even n_blocks"):
        probability_of_backtest_overfitting(np.zeros((100, 3)), n_blocks=5)
