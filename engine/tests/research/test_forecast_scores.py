"""Measures of forecasts: known numbers, and intervals that mean what they say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import DataError
from cryptovolt.performance.bootstrap import Interval
from cryptovolt.research.forecast_scores import (
    FORECAST_MEASURES,
    ForecastRows,
    against_last_price,
    beats_last_price,
    forecast_measures,
    forecast_scores,
    gain_on_last_price,
    rank_correlation,
)


def rows_of(realised: FloatArray, said: FloatArray, mean: float = 0.0) -> ForecastRows:
    return ForecastRows(
        realised, said, np.full(realised.size, mean), np.zeros(realised.size, np.int64)
    )


def test_measures_counted_by_hand() -> None:
    # errors: 0.01, −0.03, 0.02, 0.01; moves with a direction on both sides: all but the last
    rows = rows_of(np.array([0.02, -0.02, 0.01, 0.01]), np.array([0.01, 0.01, -0.01, 0.0]), 0.01)
    found = forecast_measures(rows)
    assert found["mae"] == pytest.approx(0.0175)
    assert found["rmse"] == pytest.approx(np.sqrt(0.0015 / 4))
    assert found["r2_last_price"] == pytest.approx(1 - 0.0015 / 0.0010)
    assert found["r2_training_mean"] == pytest.approx(1 - 0.0015 / 0.0010)
    assert found["directional_accuracy"] == pytest.approx(1 / 3)
    # ranks 4, 1, 2.5, 2.5 and 3.5, 3.5, 1, 2: Spearman by the textbook
    assert found["information_coefficient"] == pytest.approx(
        np.corrcoef([4, 1, 2.5, 2.5], [3.5, 3.5, 1, 2])[0, 1]
    )


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_rank_correlation_is_that_of_scipy(seed: int) -> None:
    from scipy import stats

    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 9, 50).astype(np.float64), rng.normal(size=50)
    expected = float(np.asarray(stats.spearmanr(a, b))[0])
    assert rank_correlation(a, b) == pytest.approx(expected, abs=1e-12)


def test_forecasts_that_never_vary_have_no_correlation() -> None:
    assert np.isnan(rank_correlation(np.zeros(10), np.arange(10.0)))


def test_levels_of_different_folds_do_not_make_a_correlation() -> None:
    # Within each fold the forecast is noise; its level alone follows the fold's level.
    rng = np.random.default_rng(3)
    fold = np.repeat(np.arange(4), 500)
    realised = fold * 0.05 + rng.normal(0.0, 0.01, fold.size)
    said = fold * 0.05 + rng.normal(0.0, 0.01, fold.size)
    rows = ForecastRows(realised, said, np.zeros(fold.size), fold)
    assert abs(forecast_measures(rows)["information_coefficient"]) < 0.07
    assert rank_correlation(said, realised) > 0.9


def test_baselines_stand_beside_every_measure() -> None:
    rng = np.random.default_rng(1)
    realised = rng.normal(0.001, 0.02, 400)
    scores = forecast_scores(rows_of(realised, realised / 2, 0.001), 24, rng, 100)
    assert tuple(scores) == FORECAST_MEASURES
    mae = scores["mae"]
    assert mae.baselines["last_price"] == pytest.approx(np.abs(realised).mean())
    assert mae.baselines["training_mean"] == pytest.approx(np.abs(realised - 0.001).mean())
    assert mae.interval.low < mae.value < mae.interval.high
    assert scores["r2_last_price"].value == pytest.approx(0.75)
    assert scores["r2_last_price"].baselines["last_price"] == 0.0
    assert np.isnan(scores["directional_accuracy"].baselines["last_price"])


def test_a_real_edge_beats_the_last_price_and_noise_does_not() -> None:
    rng = np.random.default_rng(2)
    known, unknown = rng.normal(0.0, 0.01, (2, 5_000))
    edge = gain_on_last_price(rows_of(known + unknown, known), 24, rng, 200)
    noise = gain_on_last_price(rows_of(unknown, known), 24, rng, 200)
    assert edge.estimate == pytest.approx(0.5, abs=0.05)
    assert beats_last_price(edge)
    assert not beats_last_price(noise)
    assert "is worse than the last price" in against_last_price(noise)


def test_independent_noise_rarely_beats_the_last_price() -> None:
    # A small forecast without skill: the interval may exclude 0 from below in 2.5 % of the cases.
    beaten = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        realised, said = rng.normal(0.0, 0.01, 2_000), rng.normal(0.0, 0.0005, 2_000)
        beaten += beats_last_price(gain_on_last_price(rows_of(realised, said), 24, rng, 200))
    assert beaten <= 5


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.001, 0.02, "it beats"), (-0.01, 0.02, "it does not beat"), (-0.03, -0.01, "it is worse")],
)
def test_the_sentence_follows_the_interval(low: float, high: float, words: str) -> None:
    text = against_last_price(Interval((low + high) / 2, low, high))
    assert text.startswith(words)
    assert f"{low:+.2%} to {high:+.2%}" in text


def test_forecasts_that_say_nothing_gain_nothing() -> None:
    rng = np.random.default_rng(1)
    gain = gain_on_last_price(rows_of(rng.normal(size=100), np.zeros(100)), 5, rng, 50)
    assert (gain.estimate, gain.low, gain.high) == (0.0, 0.0, 0.0)
    assert not beats_last_price(gain)


def test_rows_that_do_not_fit_are_refused() -> None:
    with pytest.raises(DataError, match="expected one return, forecast, mean and fold per row"):
        rows_of(np.zeros(3), np.zeros(2))
    with pytest.raises(DataError, match="expected finite returns and forecasts"):
        rows_of(np.zeros(2), np.array([0.0, np.nan]))
