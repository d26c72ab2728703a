"""Measures of trades, worked out by hand."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.performance import (
    average_loss,
    average_win,
    expectancy,
    kelly_fraction,
    longest_losing_streak,
    longest_winning_streak,
    payoff_ratio,
    profit_factor,
    system_quality_number,
    win_rate,
)

PNL = np.array([5.0, 1.0, -2.0, 0.0, -4.0, -1.0, 3.0])
NOTHING = np.empty(0)

KNOWN: list[tuple[str, float, float]] = [
    ("win rate", win_rate(PNL), 3 / 7),
    ("profit factor", profit_factor(PNL), 9 / 7),
    ("expectancy", expectancy(PNL), 2 / 7),
    ("average win", average_win(PNL), 3.0),
    ("average loss", average_loss(PNL), 7 / 3),
    ("payoff", payoff_ratio(PNL), 9 / 7),
    ("Kelly", kelly_fraction(PNL), 3 / 7 - 3 / 7 / (9 / 7)),
    ("winning streak", longest_winning_streak(PNL), 2),
    # A trade of exactly 0 ends the streak of −2 and begins none.
    ("losing streak", longest_losing_streak(PNL), 2),
    ("no streak", longest_losing_streak(NOTHING), 0),
    # Mean 2, standard deviation 1: √3 · 2.
    ("system quality", system_quality_number(np.array([1.0, 2.0, 3.0])), 2 * math.sqrt(3)),
]


@pytest.mark.parametrize(("name", "found", "expected"), KNOWN, ids=[row[0] for row in KNOWN])
def test_known_values(name: str, found: float, expected: float) -> None:
    assert found == pytest.approx(expected, rel=1e-12), name


UNDEFINED: list[tuple[str, Callable[[FloatArray], float], list[float]]] = [
    ("average win of losses", average_win, [-1.0]),
    ("average loss of wins", average_loss, [1.0]),
    ("payoff without a loss", payoff_ratio, [1.0]),
    ("Kelly without a win", kelly_fraction, [-1.0]),
    ("Kelly without a trade", kelly_fraction, []),
    ("system quality of one trade", system_quality_number, [1.0]),
    ("system quality of equal trades", system_quality_number, [0.1, 0.1, 0.1]),
]


@pytest.mark.parametrize(("name", "measure", "values"), UNDEFINED, ids=[r[0] for r in UNDEFINED])
def test_what_is_undefined_is_nan(
    name: str, measure: Callable[[FloatArray], float], values: list[float]
) -> None:
    assert math.isnan(measure(np.array(values))), name


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=40), st.floats(0.1, 10.0))
def test_the_size_of_the_account_changes_no_ratio(values: list[int], scale: float) -> None:
    pnl = np.array(values, np.float64)
    for measure in (win_rate, profit_factor, payoff_ratio, kelly_fraction, system_quality_number):
        assert measure(pnl * scale) == pytest.approx(measure(pnl), nan_ok=True)


@given(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), max_size=30))
def test_streaks_turn_with_the_sign_and_fit_into_the_trades(values: list[float]) -> None:
    pnl = np.array(values)
    assert longest_winning_streak(pnl) == longest_losing_streak(-pnl)
    text = "".join("w" if value > 0 else "." for value in values)
    assert longest_winning_streak(pnl) == max(map(len, text.split(".")))
