"""Markets without an edge have none, planted ones have the one that was asked for."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.features import Features, Labels, build_features, triple_barrier
from cryptovolt.ml import BoosterSettings
from cryptovolt.research import Evaluation, evaluate_classifier
from cryptovolt.research.edge_gates import (
    Pipeline,
    in_random_order,
    planted_column,
    planted_edge,
    random_walk,
)
from cryptovolt.research.feature_gates import future_alteration, live_equals_batch, warm_up
from cryptovolt.research.shown_gates import stability
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.research.verdict import Standing
from cryptovolt.research.zoo_search import Search, searched

BARS = synthetic_bars(3_000, end=1_700_000_000_000, rng=np.random.default_rng(9))


def train(features: Features, labels: Labels) -> Evaluation:
    return evaluate_classifier(
        features,
        labels,
        rng=np.random.default_rng(1),
        settings=BoosterSettings(n_rounds=40),
        n_resamples=50,
    )


def few_columns(bars: Bars, sentiment: SentimentSeries | None) -> Features:
    made = build_features(bars, sentiment)
    return made.select(made.names[:8])


PIPELINE = Pipeline(
    bars=BARS,
    sentiment=None,
    build=few_columns,
    label=partial(triple_barrier, horizon=6),
    train=train,
)


def test_bars_in_random_order_keep_their_shapes_and_times_and_nothing_else() -> None:
    walk = in_random_order(BARS, np.random.default_rng(1), 2_000)
    newest = BARS[-2_000:]
    np.testing.assert_array_equal(walk.timestamp, newest.timestamp)
    body = np.sort(np.log(newest.close / newest.open))
    np.testing.assert_allclose(np.sort(np.log(walk.close / walk.open)), body, atol=1e-12)
    np.testing.assert_array_equal(np.sort(walk.volume), np.sort(newest.volume))
    np.testing.assert_array_equal(walk.open[1:], walk.close[:-1])
    # Volatility of neighbours is alike in the market, and not in the walk.
    move, walked = np.abs(np.diff(np.log(newest.close))), np.abs(np.diff(np.log(walk.close)))
    assert np.corrcoef(move[1:], move[:-1])[0, 1] > 0.08
    assert abs(np.corrcoef(walked[1:], walked[:-1])[0, 1]) < 0.08


@pytest.mark.parametrize("coefficient", [0.3, 0.6])
def test_a_planted_column_has_the_coefficient_that_was_asked_for(coefficient: float) -> None:
    walk = in_random_order(BARS, np.random.default_rng(1), 3_000)
    column = planted_column(walk, 6, np.random.default_rng(2), coefficient)
    ahead = np.log(walk.close[6:] / walk.close[:-6])
    found = np.corrcoef(column[:-6], ahead)[0, 1]
    assert found == pytest.approx(coefficient, abs=0.08)


def test_an_honest_pipeline_sees_no_edge_in_random_order_and_the_planted_one() -> None:
    assert random_walk(PIPELINE, 2, np.random.default_rng(1)).passed
    found = planted_edge(PIPELINE, 2, np.random.default_rng(1))
    assert found.passed, found.text


def test_a_pipeline_that_peeks_sees_an_edge_where_there_is_none() -> None:
    def peeking(bars: Bars, sentiment: SentimentSeries | None) -> Features:
        made = few_columns(bars, sentiment)
        ahead = np.append(np.log(bars.close[3:] / bars.close[:-3]), np.zeros(3))
        return replace(
            made, names=(*made.names, "ahead"), values=np.column_stack([made.values, ahead])
        )

    gate = random_walk(replace(PIPELINE, build=peeking), 2, np.random.default_rng(1))
    assert not gate.passed, gate.text


def test_a_pipeline_that_always_says_no_does_not_find_what_is_there() -> None:
    def timid(features: Features, labels: Labels) -> Evaluation:
        return train(features.select(features.names[:-1]), labels)

    gate = planted_edge(replace(PIPELINE, train=timid), 2, np.random.default_rng(1))
    assert not gate.passed, gate.text


def test_what_stands_beside_the_bars_is_altered_and_cut_with_them() -> None:
    rng = np.random.default_rng(3)
    times = BARS.timestamp[::8].copy()
    rates = FundingRates(timestamp=times, rate=rng.normal(0.0, 1e-4, times.size))
    leader = replace(in_random_order(BARS, rng, 3_000), symbol="LEADER")
    honest = partial(build_features, funding=rates, leader=leader, n_threads=1)
    made = honest(BARS, None)
    for gate in (future_alteration, live_equals_batch, warm_up):
        found = gate(BARS, None, made, honest, np.random.default_rng(1))
        assert found.passed, found.text

    def early(bars: Bars, sentiment: SentimentSeries | None, *, funding: FundingRates) -> Features:
        # The rate that is paid at the end of an interval, known at its beginning.
        at = np.minimum(np.searchsorted(funding.timestamp, bars.timestamp + 1), len(funding) - 1)
        features = build_features(bars, sentiment)
        values = np.column_stack([features.values, funding.rate[at]])
        return replace(features, names=(*features.names, "next funding"), values=values)

    leaky = partial(early, funding=rates)
    found = future_alteration(BARS, None, leaky(BARS, None), leaky, np.random.default_rng(1))
    assert not found.passed
    assert "next funding" in found.text


def test_a_window_that_is_longer_than_the_declared_warm_up_is_refused() -> None:
    def long_memory(bars: Bars, sentiment: SentimentSeries | None) -> Features:
        made = build_features(bars, sentiment)
        # An average that forgets one half in 400 bars, under a warm-up of 500.
        mean, kept = np.empty(len(bars)), 0.5 ** (1 / 400)
        mean[0] = change = 0.0
        moves = np.diff(np.log(bars.close), prepend=np.log(bars.close[0]))
        for t in range(1, len(bars)):
            change = kept * change + (1.0 - kept) * moves[t]
            mean[t] = change
        return replace(
            made, names=(*made.names, "slow"), values=np.column_stack([made.values, mean])
        )

    found = warm_up(BARS, None, long_memory(BARS, None), long_memory, np.random.default_rng(1))
    assert not found.passed
    assert "slow" in found.text


def test_stability_is_near_zero_of_the_same_kind_and_large_once_it_moved() -> None:
    rng = np.random.default_rng(1)
    before, now = rng.normal(size=20_000), rng.normal(size=2_000)
    assert stability(before, now) < 0.02
    assert stability(before, now + 1.0) > 0.25
    # By hand: two bins of one half each, of which one quarter and three quarters are filled.
    halves, quarters = np.repeat([0.0, 1.0], 50), np.repeat([0.0, 1.0], [25, 75])
    assert stability(halves, quarters) == pytest.approx(0.25 * np.log(3.0), abs=1e-9)


@pytest.mark.parametrize(("coefficient", "found"), [(0.0, False), (0.5, True)])
def test_a_search_finds_what_was_planted_and_nothing_else(coefficient: float, found: bool) -> None:
    search = Search(coefficient=coefficient, n_trials=2, n_resamples=50)
    seen = [
        searched(search, np.random.default_rng([1, number])).verdict.standing
        is not Standing.NO_EDGE
        for number in range(5)
    ]
    assert sum(seen) >= 4 if found else sum(seen) <= 1
