"""A challenger takes over when the evidence is there, and seldom when it is luck."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import Generator, default_rng

from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.research.sequential import (
    Decision,
    Outcome,
    SequentialTest,
    log_loss_saved,
)
from cryptovolt.research.sequential_capital import STAKES, Capital
from cryptovolt.research.sequential_settings import SequentialSettings

SETTINGS = SequentialSettings(block=24, horizon=4)
PROBABILITY = st.floats(0.001, 0.999)


def _run(
    test: SequentialTest, n_blocks: int, edge: float, rng: Generator, first: int = 0
) -> Decision:
    """Let a challenger with an edge in words and returns trade until a decision falls."""
    for bar in range(first, first + 24 * n_blocks):
        up = bool(rng.random() < 0.5 + edge)
        outcome = Outcome(bar - 4, up, 0.5, 0.5 + edge + float(rng.normal(0.0, 0.02)))
        change = 0.005 * float(rng.standard_t(3))
        over = test.observe(bar, 0.0, change + edge * 0.01, [outcome])
        if over and test.standing().decision is not Decision.GO_ON:
            break
    return test.standing().decision


def test_the_capital_is_the_product_of_the_bets() -> None:
    capital = Capital(0.5)
    for difference in (0.1, -0.2, 0.5):
        capital.bet(difference)
    above = np.mean((1 + STAKES * 0.2) * (1 - STAKES * 0.4) * (1 + STAKES))
    below = np.mean((1 - STAKES * 0.2) * (1 + STAKES * 0.4) * (1 - STAKES))
    assert capital.values() == pytest.approx((above, below), rel=1e-12)
    assert capital.mean == pytest.approx(0.4 / 3)


def test_the_capital_is_not_expected_to_grow_on_a_fair_coin() -> None:
    # All 2^10 paths of ten fair bets: the mean is 1 to rounding.
    ends: list[float] = []
    for path in range(1 << 10):
        capital = Capital(1.0)
        for k in range(10):
            capital.bet(0.3 if path >> k & 1 else -0.3)
        ends.append(capital.values()[0])
    assert np.mean(ends) == pytest.approx(1.0, abs=1e-12)


@given(champion=PROBABILITY, challenger=PROBABILITY, up=st.booleans())
def test_what_a_row_saves_has_the_sign_of_the_log_loss_and_a_bound(
    champion: float, challenger: float, up: bool
) -> None:
    saved = log_loss_saved(Outcome(0, up, champion, challenger), 0.35)
    first, second = (champion, challenger) if up else (1.0 - champion, 1.0 - challenger)
    whole = math.log(second / first)
    assert abs(saved) <= 0.35 + 1e-12
    assert abs(saved) <= abs(whole) + 1e-12
    assert saved * whole >= 0.0
    other = log_loss_saved(Outcome(0, not up, champion, challenger), 0.35)
    # Nobody gains whatever happens.
    assert min(saved, other) <= 0.0


def test_close_probabilities_are_compared_as_they_are() -> None:
    assert log_loss_saved(Outcome(0, True, 0.5, 0.55), 0.35) == pytest.approx(math.log(1.1))
    assert log_loss_saved(Outcome(0, False, 0.5, 0.55), 0.35) == pytest.approx(math.log(0.9))
    assert log_loss_saved(Outcome(0, True, math.nan, 0.9), 0.35) == 0.0


def test_equals_are_seldom_promoted_although_one_looks_at_every_block() -> None:
    # With alpha = 0.2, 12 of 60 are allowed.
    rule = replace(SETTINGS, alpha=0.2)
    found = [_run(SequentialTest(rule), 60, 0.0, default_rng([7, k])) for k in range(60)]
    assert found.count(Decision.PROMOTE) <= 12


def test_a_better_challenger_is_promoted_and_the_sentence_says_why() -> None:
    test = SequentialTest(SETTINGS)
    assert _run(test, 200, 0.1, default_rng(1)) is Decision.PROMOTE
    standing = test.standing()
    assert standing.better >= 20.0 > standing.worse
    assert standing.n_blocks < 100
    assert standing.text.startswith(f"promote: in {standing.n_blocks} blocks of 24 bars")
    assert "is better" in standing.text


def test_a_worse_challenger_is_rolled_back() -> None:
    test = SequentialTest(SETTINGS)
    rng = default_rng(2)
    for bar in range(24 * 60):
        up = bool(rng.random() < 0.5)
        test.observe(bar, 0.0, -0.0005, [Outcome(bar - 4, up, 0.5, 0.4 if up else 0.6)])
    standing = test.standing()
    assert standing.decision is Decision.ROLL_BACK
    assert standing.text.startswith("roll back: ")


def test_more_challengers_need_more_evidence() -> None:
    assert SETTINGS.needed == pytest.approx(20.0)
    assert replace(SETTINGS, n_challengers=3).needed == pytest.approx(60.0)


def test_better_words_with_losses_are_not_promoted() -> None:
    test = SequentialTest(SETTINGS)
    rng = default_rng(3)
    for bar in range(24 * 80):
        up = bool(rng.random() < 0.5)
        said = 0.65 if up else 0.35
        test.observe(bar, 0.0, -1e-5, [Outcome(bar - 4, up, 0.5, said)])
    standing = test.standing()
    assert standing.better > 20.0
    assert standing.decision is Decision.GO_ON
    assert standing.text.endswith("enough, but it is behind by one measure")


def test_outcomes_that_reach_past_their_block_do_not_count() -> None:
    def saved(rows: range) -> float:
        test = SequentialTest(SETTINGS)
        for bar in range(48):
            test.observe(bar, 0.0, 0.0, [Outcome(r, True, 0.5, 0.6) for r in rows if r + 4 == bar])
        return test.standing().mean["log_loss"]

    assert saved(range(20)) > 0.0
    assert saved(range(20, 24)) == 0.0
    assert saved(range(24)) == saved(range(20))


def test_a_loss_beyond_the_bound_is_told() -> None:
    test = SequentialTest(SETTINGS)
    for bar in range(24):
        test.observe(bar, 0.0, -0.5 if bar == 3 else 0.0)
    standing = test.standing()
    assert standing.n_clipped == 1
    assert standing.mean["returns"] == pytest.approx(-0.2)
    assert "1 blocks count as ±20%" in standing.text


@settings(max_examples=20, deadline=None)
@given(cut=st.integers(1, 119), seed=st.integers(0, 1_000))
def test_a_test_read_back_goes_on_to_the_last_bit(cut: int, seed: int) -> None:
    returns = default_rng(seed).normal(0.0, 0.01, (120, 2))
    said = default_rng(seed + 1).uniform(0.4, 0.6, (120, 2))

    def feed(test: SequentialTest, bars: range) -> None:
        for t in bars:
            p, q = said[t].tolist()
            a, b = returns[t].tolist()
            test.observe(t, a, b, [Outcome(t - 4, bool(t % 3), p, q)])

    whole = SequentialTest(SETTINGS)
    feed(whole, range(120))
    part = SequentialTest(SETTINGS)
    feed(part, range(cut))
    again = SequentialTest(SETTINGS, json.loads(json.dumps(part.state())))
    feed(again, range(cut, 120))
    assert again.state() == whole.state()
    assert again.standing() == whole.standing()


def test_what_cannot_be_is_refused() -> None:
    test = SequentialTest(SETTINGS)
    test.observe(7, 0.0, 0.0)
    with pytest.raises(DataError, match="expected bar 8, found 7; begin a new test"):
        test.observe(7, 0.0, 0.0)
    with pytest.raises(DataError, match="finite returns"):
        test.observe(8, 0.0, math.nan)
    with pytest.raises(DataError, match="found a later one"):
        test.observe(8, 0.0, 0.0, [Outcome(8, True, 0.5, 0.5)])
    with pytest.raises(DataError, match="NaN for none"):
        log_loss_saved(Outcome(0, True, 1.0, 0.5), 0.35)
    with pytest.raises(ConfigurationError, match="less than half of the 24 bars"):
        SequentialSettings(block=24, horizon=12)
    with pytest.raises(ConfigurationError, match="alpha in"):
        SequentialSettings(alpha=0.0)
    with pytest.raises(ConfigurationError, match="worst_return in"):
        SequentialSettings(worst_return=0.0)
