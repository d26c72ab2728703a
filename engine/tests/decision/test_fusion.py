from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.decision import FusionPolicy, actions, fuse, fuse_scores, influence
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.signal import Action, ActionCode, Source, Vote

NOON = 1_643_630_400_000
POLICY = FusionPolicy()
SCORES = st.floats(-1.0, 1.0)

SCENARIOS = [
    #  ml, rules, sentiment, expected action, score; all off the exact threshold
    (+1.0, +1.0, +1.0, Action.BUY, +1.00),
    (-1.0, -1.0, -1.0, Action.SELL, -1.00),
    (+0.5, -1.0, +0.0, Action.HOLD, +0.00),
    (+0.51, +0.0, -1.0, Action.BUY, +0.206),  # just above the threshold
    (+0.49, +0.0, -1.0, Action.HOLD, +0.194),  # just below it
    (None, +0.6, +0.1, Action.HOLD, +0.19),  # no model: the rest may not speak louder
    (None, +0.6, +0.3, Action.BUY, +0.21),
    (-0.3, -0.3, None, Action.SELL, -0.27),
    (-0.3, -0.3, +1.0, Action.HOLD, -0.17),  # good news keeps it from selling
    (None, None, -1.0, Action.HOLD, -0.10),  # news alone never trades
]


def votes_of(ml: float | None, rules: float | None, sentiment: float | None) -> list[Vote]:
    scores = zip(Source, (ml, rules, sentiment), strict=True)
    return [Vote(source=s, score=x, as_of=NOON) for s, x in scores if x is not None]


def votes_from(scores: dict[Source, float]) -> list[Vote]:
    return [Vote(source=source, score=score, as_of=NOON) for source, score in scores.items()]


def array(*values: float | None) -> FloatArray:
    return np.array([np.nan if value is None else value for value in values])


@pytest.mark.parametrize(("ml", "rules", "sentiment", "action", "score"), SCENARIOS)
def test_scenarios(
    ml: float | None, rules: float | None, sentiment: float | None, action: Action, score: float
) -> None:
    signal = fuse("BTCUSDT", NOON, votes_of(ml, rules, sentiment), POLICY)
    assert signal.action is action
    assert signal.score == pytest.approx(score, abs=1e-12)
    assert signal.confidence == abs(signal.score)


def test_arrays_decide_the_scenarios_like_records_bit_for_bit() -> None:
    ml = array(*(row[0] for row in SCENARIOS))
    rules = array(*(row[1] for row in SCENARIOS))
    sentiment = array(*(row[2] for row in SCENARIOS))
    scores = fuse_scores(ml, rules, sentiment, POLICY)
    codes = actions(scores, POLICY)
    signals = [fuse("BTCUSDT", NOON, votes_of(*row[:3]), POLICY) for row in SCENARIOS]
    assert scores.tolist() == [signal.score for signal in signals]
    assert [ActionCode(code).action for code in codes] == [signal.action for signal in signals]


@given(SCORES, SCORES, SCORES)
def test_a_bar_has_the_bits_of_the_sum_from_left_to_right(
    ml: float, rules: float, sentiment: float
) -> None:
    score = fuse_scores(array(ml), array(rules), array(sentiment), POLICY)[0]
    assert score == 0.6 * ml + 0.3 * rules + 0.1 * sentiment


@given(SCORES, SCORES, SCORES, st.sampled_from(list(Source)))
def test_a_silent_source_never_makes_the_others_louder(
    ml: float, rules: float, sentiment: float, silent: Source
) -> None:
    quiet, zero = (
        fuse_scores(
            array(instead if silent is Source.ML else ml),
            array(instead if silent is Source.RULES else rules),
            array(instead if silent is Source.SENTIMENT else sentiment),
            POLICY,
        )
        for instead in (None, 0.0)
    )
    assert quiet[0] == zero[0]


GRID = np.linspace(-1.0, 1.0, 41)
# Moved off the multiples of 0.05 a little, so that no score meets the threshold exactly.
SHIFTS = (0.003, 0.001, 0.002)


def grid_votes() -> tuple[FloatArray, FloatArray, FloatArray]:
    ml, rules, sentiment = np.meshgrid(*(np.clip(GRID + s, -1, 1) for s in SHIFTS), indexing="ij")
    return ml.ravel(), rules.ravel(), sentiment.ravel()


@pytest.mark.parametrize("source", list(Source))
def test_every_source_can_change_the_decision(source: Source) -> None:
    """For each source there are votes of the others with which it alone decides."""
    others = [s for s in Source if s is not source]
    decided: set[tuple[Action, Action]] = set()
    for first, second in product((-0.9, -0.29, 0.0, 0.29, 0.9), repeat=2):
        fixed = {others[0]: first, others[1]: second}
        against, silent, agreeing = (
            fuse("BTCUSDT", NOON, votes_from(fixed | {source: x}), POLICY).action
            for x in (-0.95, 0.0, 0.95)
        )
        decided |= {(against, silent), (silent, agreeing)}
    assert (Action.HOLD, Action.BUY) in decided
    assert (Action.SELL, Action.HOLD) in decided


def test_how_often_each_source_decides_on_a_grid_of_all_votes() -> None:
    changed = influence(*grid_votes(), POLICY)
    ml, rules, sentiment = (changed[source].mean() for source in Source)
    assert 0.5 < ml < 0.7
    assert 0.2 < rules < 0.3
    assert 0.05 < sentiment < 0.1


def test_a_source_without_weight_changes_nothing() -> None:
    policy = FusionPolicy(weights={Source.ML: 0.7, Source.RULES: 0.3, Source.SENTIMENT: 0.0})
    changed = influence(*grid_votes(), policy)
    assert not changed[Source.SENTIMENT].any()
    assert changed[Source.RULES].any()


def test_a_veto_turns_buy_into_hold_and_is_named() -> None:
    signal = fuse("BTCUSDT", NOON, votes_of(1.0, 1.0, -0.5), POLICY, vetoes=["volatility"])
    assert (signal.action, signal.vetoes) == (Action.HOLD, ("volatility",))
    assert signal.score == pytest.approx(0.85)


def test_a_veto_never_keeps_anyone_in_a_position() -> None:
    signal = fuse("BTCUSDT", NOON, votes_of(-1.0, -1.0, -1.0), POLICY, vetoes=["volatility"])
    assert (signal.action, signal.vetoes) == (Action.SELL, ())


def test_a_signal_says_why() -> None:
    votes = [
        Vote(source=Source.RULES, score=0.5, as_of=NOON - 5, reason="RSI 61"),
        Vote(source=Source.ML, score=0.25, as_of=NOON, reason="P(up) 0.62"),
    ]
    signal = fuse("BTCUSDT", NOON, votes, POLICY, target=0.3)
    assert signal.reasons == (
        "ml +0.25 × 0.6: P(up) 0.62",
        "rules +0.50 × 0.3: RSI 61",
        "sentiment silent",
    )
    assert [vote.source for vote in signal.votes] == [Source.ML, Source.RULES]
    assert (signal.as_of, signal.target) == (NOON, 0.3)


def test_no_vote_or_two_of_one_source_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least one vote"):
        fuse("BTCUSDT", NOON, [], POLICY)
    with pytest.raises(ConfigurationError, match=r"found \['ml', 'ml'\]"):
        fuse("BTCUSDT", NOON, votes_of(0.1, None, None) * 2, POLICY)


@pytest.mark.parametrize(
    "weights",
    [
        {Source.ML: 0.6, Source.RULES: 0.4},
        {Source.ML: 0.6, Source.RULES: 0.3, Source.SENTIMENT: 0.2},
        {Source.ML: 1.2, Source.RULES: -0.3, Source.SENTIMENT: 0.1},
        {Source.ML: float("nan"), Source.RULES: 0.3, Source.SENTIMENT: 0.1},
    ],
)
def test_weights_that_make_no_sense_are_refused(weights: dict[Source, float]) -> None:
    with pytest.raises(ConfigurationError, match="expected weights"):
        FusionPolicy(weights=weights)


@pytest.mark.parametrize("threshold", [0.0, 1.0, -0.2, float("nan")])
def test_a_threshold_outside_its_range_is_refused(threshold: float) -> None:
    with pytest.raises(ConfigurationError, match="expected a threshold"):
        FusionPolicy(threshold=threshold)


def test_votes_outside_their_range_are_refused() -> None:
    with pytest.raises(DataError, match=r"votes of rules in \[-1, 1\], found 1.5 at row 1"):
        fuse_scores(array(0, 0), array(0, 1.5), array(0, 0), POLICY)
    with pytest.raises(DataError, match="one length"):
        fuse_scores(array(0, 0), array(0), array(0, 0), POLICY)


def test_a_policy_cannot_be_changed_from_outside() -> None:
    weights = {Source.ML: 0.6, Source.RULES: 0.3, Source.SENTIMENT: 0.1}
    policy = FusionPolicy(weights=weights)
    weights[Source.ML] = 5.0
    assert policy.weights[Source.ML] == 0.6
