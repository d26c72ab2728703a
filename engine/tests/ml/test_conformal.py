"""Split and adaptive conformal prediction: worked rows, laws, and what real folds keep of it."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError, ModelError
from cryptovolt.features import Labels, fixed_horizon, forward_return
from cryptovolt.features.labels import volatility_of
from cryptovolt.market.reading import read_bars
from cryptovolt.ml.calibration import fit_platt
from cryptovolt.ml.conformal import (
    Conformal,
    ConformalInterval,
    class_scores,
    fit_conformal,
    fit_conformal_interval,
)
from cryptovolt.ml.conformal_adaptive import (
    AdaptiveConformal,
    AdaptiveSettings,
    adaptive_bounds,
)
from cryptovolt.ml.conformal_coverage import CoverageReport, empirical_coverage, measure_coverage
from cryptovolt.ml.split import WalkForward

HOUR_MS = 3_600_000
HORIZON = 6
TOLERANCE = 0.02


def bounded(bound: float) -> Conformal:
    return Conformal(coverage=0.9, bound=bound, n_scores=100, n_independent=50.0)


EXPECTED = [
    # bound, P(up), a rise is expected, a fall is expected
    (0.6, 0.70, True, False),
    (0.6, 0.30, False, True),
    (0.6, 0.50, True, True),  # unsure: both
    (0.6, 0.60, True, True),
    (0.3, 0.75, True, False),
    (0.3, 0.50, False, False),  # unsure: neither
    (1.0, 0.99, True, True),  # too few rows to exclude anything
    (0.6, float("nan"), False, False),
]


@pytest.mark.parametrize(("bound", "probability", "up", "down"), EXPECTED)
def test_what_is_expected(bound: float, probability: float, up: bool, down: bool) -> None:
    sets = bounded(bound).sets(np.array([probability]))
    assert (sets.up[0], sets.down[0]) == (up, down)
    assert sets.unsure[0] == (up == down)
    assert sets.hold(np.array([True]))[0] == up
    assert sets.hold(np.array([False]))[0] == down


def test_the_bound_is_the_score_a_share_kept_to() -> None:
    # Scores 0.01 .. 0.99: of 100 independent rows, one of them new, 90 must be expected.
    scores = np.arange(1, 100) / 100
    up = np.arange(99) % 2 == 0
    probability = np.where(up, 1.0 - scores, scores)
    found = fit_conformal(probability, up, np.ones(99), 0.9)
    assert found.bound == pytest.approx(0.90)
    assert (found.n_scores, found.n_independent) == (99, 99.0)
    # The same rows, worth nine independent ones: the largest score; worth eight: no promise.
    assert fit_conformal(probability, up, np.full(99, 9 / 99), 0.9).bound == pytest.approx(0.99)
    assert fit_conformal(probability, up, np.full(99, 8 / 99), 0.9).bound == 1.0


@settings(max_examples=40)
@given(seed=st.integers(0, 2**31), coverage=st.floats(0.5, 0.95))
def test_rows_in_any_order_keep_the_promise(seed: int, coverage: float) -> None:
    rng = np.random.default_rng(seed)
    probability = rng.beta(4.0, 4.0, 6_000)
    up = rng.random(6_000) < probability
    found = fit_conformal(probability[:3_000], up[:3_000], np.ones(3_000), coverage)
    held = found.sets(probability[3_000:]).hold(up[3_000:])
    # Five standard errors of two samples of 3,000 rows.
    assert held.mean() == pytest.approx(coverage, abs=5.0 * np.sqrt(0.5 / 3_000))


def test_an_interval_is_as_wide_as_the_errors_were() -> None:
    predicted, actual = np.zeros(99), np.arange(1, 100) / 100 * np.where(np.arange(99) % 2, 1, -1)
    plain = fit_conformal_interval(predicted, actual, np.ones(99), 0.9)
    low, high = plain.around(np.array([0.5, -0.5]))
    assert low.tolist() == pytest.approx([-0.4, -1.4])
    assert high.tolist() == pytest.approx([1.4, 0.4])
    scaled = fit_conformal_interval(predicted, actual, np.ones(99), 0.9, np.full(99, 2.0))
    low, high = scaled.around(np.zeros(2), np.array([1.0, 4.0]))
    assert high.tolist() == pytest.approx([0.45, 1.8])
    assert low.tolist() == (-high).tolist()


def test_state_survives_json() -> None:
    split = bounded(0.5123456789012345)
    assert Conformal.from_record(json.loads(json.dumps(split.to_record()))) == split
    width = ConformalInterval(coverage=0.8, bound=1.5, n_scores=9, n_independent=9.0, scaled=True)
    assert ConformalInterval.from_record(json.loads(json.dumps(width.to_record()))) == width
    state = AdaptiveConformal(AdaptiveSettings(coverage=0.8, window=5))
    for score in (0.5, 0.2, 0.9, 0.4, 0.7, 0.6, 0.1):
        state.observe(score, state.bound)
    again = AdaptiveConformal.from_record(json.loads(json.dumps(state.to_record())))
    assert again.to_record() == state.to_record()
    assert again.bound == state.bound


def told_one_by_one(
    score: FloatArray, row: IntArray, end: IntArray, how: AdaptiveSettings
) -> list[float]:
    state, bounds = AdaptiveConformal(how), list[float]()
    open_ = set[int]()
    for i, bar in enumerate(row.tolist()):
        for j in sorted((j for j in open_ if end[j] <= bar), key=lambda j: (end[j], row[j])):
            state.observe(float(score[j]), bounds[j])
            open_.remove(j)
        bounds.append(state.bound)
        open_.add(i)
    return bounds


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**31),
    window=st.integers(1, 40),
    rate=st.sampled_from([0.0, 0.02, 0.3]),
    coverage=st.floats(0.5, 0.95),
)
def test_following_in_batch_and_live_gives_the_same_bits(
    seed: int, window: int, rate: float, coverage: float
) -> None:
    score, row, end = random_scores(seed, 150)
    how = AdaptiveSettings(coverage=coverage, rate=rate, window=window)
    assert adaptive_bounds(score, row, end, how).tolist() == told_one_by_one(score, row, end, how)


@settings(max_examples=40)
@given(seed=st.integers(0, 2**31), cut=st.integers(20, 280))
def test_a_bound_knows_complete_outcomes_only(seed: int, cut: int) -> None:
    score, row, end = random_scores(seed, 200)
    changed = np.where(end > row[0] + cut, 1.0 - score, score)
    before = row <= row[0] + cut
    whole, other = adaptive_bounds(score, row, end), adaptive_bounds(changed, row, end)
    assert whole[before].tolist() == other[before].tolist()


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**31),
    drift=st.floats(-3.0, 3.0),
    rate=st.sampled_from([0.005, 0.02, 0.1]),
    coverage=st.floats(0.6, 0.95),
)
def test_whatever_the_market_does_the_promise_is_kept(
    seed: int, drift: float, rate: float, coverage: float
) -> None:
    score, row, end = random_scores(seed, 1_500)
    score = score * np.exp(drift * np.linspace(0.0, 1.0, score.size)) + (row // 300 % 2)
    bounds = adaptive_bounds(score, row, end, AdaptiveSettings(coverage=coverage, rate=rate))
    complete = end <= row[-1]
    missed = float((score > bounds)[complete].mean())
    allowed = (1.0 + rate * (HORIZON + 1)) / (rate * int(complete.sum()))
    assert abs(missed - (1.0 - coverage)) <= allowed + 1e-9


def random_scores(seed: int, n_labels: int) -> tuple[FloatArray, IntArray, IntArray]:
    rng = np.random.default_rng(seed)
    row = np.sort(rng.choice(2 * n_labels, n_labels, replace=False))
    return np.round(rng.random(n_labels), 2), row, row + rng.integers(1, HORIZON + 1, n_labels)


def market(n_bars: int, seed: int, memory: float) -> Bars:
    # Volatility with a memory (GARCH), and returns that follow the last six where memory is not 0.
    rng = np.random.default_rng(seed)
    noise, change = rng.standard_t(5, n_bars) / np.sqrt(5 / 3), np.zeros(n_bars)
    variance = 1e-4
    for t in range(n_bars):
        shock = noise[t] * np.sqrt(variance)
        change[t] = shock + memory * change[max(0, t - 6) : t].sum()
        variance = 2e-6 + 0.08 * shock**2 + 0.9 * variance
    close = 100.0 * np.exp(change.cumsum())
    open_ = np.concatenate([[100.0], close[:-1]])
    return Bars(
        symbol="BTCUSDT", timeframe="1h", timestamp=np.arange(n_bars) * HOUR_MS, open=open_,
        high=np.maximum(open_, close), low=np.minimum(open_, close), close=close,
        volume=np.ones(n_bars),
    )  # fmt: skip


def out_of_fold(bars: Bars) -> tuple[FloatArray, Labels]:
    # A model of one column: Platt's two numbers on the newest six bars' change, by walk-forward.
    labels = fixed_horizon(bars, HORIZON, 0.2)
    signal = np.log(bars.close[labels.row] / bars.close[labels.row - 6])
    signal /= volatility_of(bars)[labels.row]
    said = np.full(len(labels), np.nan)
    for fold in WalkForward(first_train=0.2, n_folds=4).split(labels):
        platt = fit_platt(signal[fold.train], labels.up[fold.train], labels.weight[fold.train])
        margin = platt.slope * signal[fold.test] + platt.intercept
        said[fold.test] = 1.0 / (1.0 + np.exp(-margin))
    tested = np.isfinite(said)
    return said[tested], labels.select(tested)


def btc(real_data: Callable[[str], Path]) -> Bars:
    path = real_data("bars/BTC_USDT-1h-2017-2022.feather")
    return read_bars(path, symbol="BTCUSDT", timeframe="1h")


def check_kept(report: CoverageReport) -> None:
    found = report.adaptive.held
    assert found.estimate == pytest.approx(report.coverage, abs=TOLERANCE)
    assert found.low - TOLERANCE < report.coverage < found.high + TOLERANCE
    assert json.loads(json.dumps(report.to_record()))["adaptive"]["held"] == found.estimate


@pytest.mark.parametrize("coverage", [0.6, 0.8, 0.9])
@pytest.mark.parametrize("memory", [0.0, 0.12], ids=["random walk", "planted edge"])
def test_later_blocks_of_made_markets_keep_the_promise(memory: float, coverage: float) -> None:
    said, labels = out_of_fold(market(12_000, 11, memory))
    report = measure_coverage(said, labels, np.random.default_rng(1), coverage, 200)
    check_kept(report)
    assert report.n_rows == len(labels) - len(labels) // 2


@pytest.mark.parametrize("coverage", [0.6, 0.8, 0.9])
def test_later_blocks_of_bitcoin_keep_the_promise(
    coverage: float, real_data: Callable[[str], Path]
) -> None:
    said, labels = out_of_fold(btc(real_data))
    check_kept(measure_coverage(said, labels, np.random.default_rng(1), coverage, 200))


def test_who_knows_something_is_unsure_less_often() -> None:
    unsure: list[float] = []
    for memory in (0.0, 0.06, 0.12):
        said, labels = out_of_fold(market(12_000, 11, memory))
        report = measure_coverage(said, labels, np.random.default_rng(1), 0.8, 2)
        unsure.append(report.adaptive.unsure)
    assert all(more > less for more, less in pairwise(unsure))


def held_intervals(bars: Bars, coverage: float) -> BoolArray:
    # The best forecast of a random walk is no change; what is wide or narrow is the market.
    targets = forward_return(bars, HORIZON)
    scale = volatility_of(bars)[targets.row]
    known = np.isfinite(scale)
    score = np.abs(targets.value[known]) / scale[known]
    how = AdaptiveSettings(coverage=coverage, rate=0.005)
    bounds = adaptive_bounds(score, targets.row[known], targets.end[known], how)
    return score <= bounds


@pytest.mark.parametrize("coverage", [0.8, 0.9])
@pytest.mark.parametrize("memory", [0.0, 0.12], ids=["random walk", "planted edge"])
def test_intervals_of_later_blocks_keep_the_promise(memory: float, coverage: float) -> None:
    check_later(held_intervals(market(12_000, 12, memory), coverage), coverage)


@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_intervals_of_later_blocks_of_bitcoin_keep_the_promise(
    coverage: float, real_data: Callable[[str], Path]
) -> None:
    check_later(held_intervals(btc(real_data), coverage), coverage)


def check_later(held: BoolArray, coverage: float) -> None:
    later = empirical_coverage(held[held.size // 2 :], HORIZON, np.random.default_rng(2), 100)
    assert later.estimate == pytest.approx(coverage, abs=TOLERANCE)


ONE = np.ones(20)
HALF = np.full(20, 0.5)
UP = np.arange(20) % 2 == 0
BAD: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: fit_conformal(HALF, UP, ONE, 1.0), ConfigurationError, r"coverage in \(0, 1\)"),
    (lambda: fit_conformal(HALF + np.nan, UP, ONE), ModelError, r"probabilities in \[0, 1\]"),
    (lambda: fit_conformal(HALF + 1.0, UP, ONE), ModelError, r"probabilities in \[0, 1\]"),
    (lambda: fit_conformal(HALF[:0], UP[:0], ONE[:0]), ModelError, "found 0 scores"),
    (lambda: fit_conformal(HALF, UP, ONE[:3]), ModelError, "20 scores .* 3 weights"),
    (lambda: fit_conformal(HALF, UP, 0.0 * ONE), ModelError, r"weights in \(0, 1\]"),
    (lambda: fit_conformal_interval(HALF, HALF, 0.1 * ONE), ModelError, "found 2.0; give more"),
    (lambda: fit_conformal_interval(HALF, HALF, ONE, 0.5, 0 * ONE), ModelError, "scale above 0"),
    (lambda: fit_conformal_interval(HALF, HALF, ONE, 0.5).around(HALF, ONE), ModelError, "scale"),
    (lambda: bounded(1.5), ConfigurationError, r"bound in \[0, 1\]"),
    (lambda: Conformal.from_record({"bound": 0.5}), ModelError, "conformal record with coverage"),
    (lambda: Conformal.from_record([1]), ModelError, "conformal record with coverage"),
    (lambda: Conformal.from_record({**bounded(0.5).to_record(), "bound": "x"}), ModelError, "num"),
    (lambda: AdaptiveSettings(rate=1.0), ConfigurationError, "rate in"),
    (lambda: AdaptiveConformal().observe(float("nan"), 0.5), ModelError, "finite score"),
    (lambda: AdaptiveConformal.from_record({}), ModelError, "record of an adaptive state"),
    (lambda: adaptive_bounds(HALF, np.arange(3), np.arange(3)), ModelError, "one finite score"),
]


@pytest.mark.parametrize(("ask", "error", "words"), BAD)
def test_bad_input_is_refused(ask: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        ask()


def test_too_few_rows_to_measure_are_refused() -> None:
    said, labels = out_of_fold(market(2_000, 11, 0.0))
    few = np.arange(99)
    with pytest.raises(ModelError, match="at least 100 out-of-fold rows, found 99 for 99"):
        measure_coverage(said[few], labels.select(few), np.random.default_rng(1))


def test_scores_say_how_far_off_the_model_was() -> None:
    found = class_scores(np.array([0.7, 0.7]), np.array([True, False]))
    assert found.tolist() == pytest.approx([0.3, 0.7])
