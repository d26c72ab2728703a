"""Measures of returns against values worked out by hand and laws."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import DataError
from cryptovolt.performance import (
    cagr,
    calmar_ratio,
    drawdowns,
    expected_shortfall,
    kurtosis,
    max_drawdown,
    omega_ratio,
    profit_factor,
    returns_of,
    sharpe_ratio,
    skewness,
    sortino_ratio,
    tail_ratio,
    total_return,
    ulcer_index,
    value_at_risk,
    volatility,
    win_rate,
)

RETURNS = np.array([0.02, -0.01, 0.03, -0.02, 0.01])
# Mean 0.006; deviations 0.014, −0.016, 0.024, −0.026, 0.004, their squares sum to 0.00172.
EQUITY = np.array([100.0, 120.0, 90.0, 130.0, 117.0])

#  measure, what it gives, worked out by hand
KNOWN: list[tuple[str, float, float]] = [
    ("Sharpe per period", sharpe_ratio(RETURNS), 0.006 / math.sqrt(0.00172 / 4)),
    ("Sharpe per year", sharpe_ratio(RETURNS, 365.0), 0.006 / math.sqrt(0.00043) * math.sqrt(365)),
    ("volatility", volatility(RETURNS, 4.0), math.sqrt(0.00043) * 2),
    ("Sortino", sortino_ratio(RETURNS), 0.006 / math.sqrt(0.0005 / 5)),
    ("omega", omega_ratio(RETURNS), 0.06 / 0.03),
    ("total return", total_return(EQUITY, 100.0), 0.17),
    ("CAGR of five quarters", cagr(EQUITY, 100.0, 4.0), 1.17**0.8 - 1),
    ("drawdown", max_drawdown(EQUITY), 0.25),
    ("Calmar", calmar_ratio(EQUITY, 100.0, 4.0), (1.17**0.8 - 1) / 0.25),
    ("ulcer", ulcer_index(EQUITY), math.sqrt((0.25**2 + 0.1**2) / 5)),
    # The 20 % quantile of five values lies 0.8 of the way from the first to the second.
    ("value at risk", value_at_risk(RETURNS, 0.8), 0.02 - 0.8 * 0.01),
    ("expected shortfall", expected_shortfall(RETURNS, 0.8), 0.02),
    # Quantiles 0.2 and 0.8 of the five values: −0.01 − 0.2 · 0.01 and 0.02 + 0.2 · 0.01.
    ("tail ratio", tail_ratio(RETURNS, 0.8), 0.022 / 0.012),
    ("win rate", win_rate(np.array([5.0, -1.0, 0.0, 2.0])), 0.5),
    ("profit factor", profit_factor(np.array([5.0, -1.0, -1.0])), 2.5),
]


@pytest.mark.parametrize(("name", "found", "expected"), KNOWN, ids=[row[0] for row in KNOWN])
def test_known_values(name: str, found: float, expected: float) -> None:
    assert found == pytest.approx(expected, rel=1e-12), name


def test_moments_agree_with_scipy() -> None:
    from scipy import stats

    values = np.random.default_rng(3).standard_t(5, 500)
    expected = [stats.skew(values), stats.kurtosis(values, fisher=False)]
    np.testing.assert_allclose([skewness(values), kurtosis(values)], expected, rtol=1e-12)


UNDEFINED: list[tuple[str, Callable[[FloatArray], float], list[float]]] = [
    ("Sharpe of one return", sharpe_ratio, [0.01]),
    ("Sharpe of equal returns", sharpe_ratio, [0.1, 0.1, 0.1]),
    ("Sharpe of nothing", sharpe_ratio, []),
    ("Sortino without a loss", sortino_ratio, [0.1, 0.2]),
    ("omega without a loss", omega_ratio, [0.1]),
    ("skewness of equal returns", skewness, [0.1, 0.1]),
    ("tail ratio without a loss", tail_ratio, [0.1, 0.2]),
    ("tail ratio of nothing", tail_ratio, []),
    ("win rate without trades", win_rate, []),
    ("profit factor without a loss", profit_factor, [1.0]),
    ("drawdown of nothing", max_drawdown, []),
]


@pytest.mark.parametrize(("name", "measure", "values"), UNDEFINED, ids=[r[0] for r in UNDEFINED])
def test_what_is_undefined_is_nan(
    name: str, measure: Callable[[FloatArray], float], values: list[float]
) -> None:
    assert math.isnan(measure(np.array(values))), name


def test_growth_too_large_for_a_float_is_undefined() -> None:
    assert math.isnan(cagr(np.array([1e3]), 1.0, 525_600.0))


def test_everything_lost_is_a_growth_of_minus_one() -> None:
    assert cagr(np.array([50.0, -3.0]), 100.0, 1.0) == -1.0
    assert max_drawdown(np.array([100.0, -50.0])) == 1.5


def test_returns_begin_at_the_cash_and_end_with_ruin() -> None:
    found = returns_of(np.array([110.0, 55.0, -11.0, -11.0]), 100.0)
    np.testing.assert_allclose(found, [0.1, -0.5, -1.2, np.nan], rtol=1e-12)


def test_returns_that_are_not_finite_are_refused() -> None:
    with pytest.raises(DataError, match="1 values that are not finite"):
        sharpe_ratio(np.array([0.1, np.nan]))


@given(st.lists(st.floats(1.0, 1e6), min_size=1, max_size=50))
def test_a_drawdown_is_a_fraction_and_zero_at_every_high(values: list[float]) -> None:
    equity = np.array(values)
    found = drawdowns(equity)
    assert ((found >= 0) & (found < 1)).all()
    assert (found[equity == np.maximum.accumulate(equity)] == 0).all()


@given(st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=50), st.floats(0.01, 0.99))
def test_expected_shortfall_is_at_least_the_value_at_risk(
    values: list[float], level: float
) -> None:
    returns = np.array(values)
    assert expected_shortfall(returns, level) >= value_at_risk(returns, level) - 1e-12


@given(st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=50), st.floats(0.01, 1.0))
def test_ratios_do_not_depend_on_the_size_of_returns(values: list[float], scale: float) -> None:
    returns: FloatArray = np.array([round(value, 6) for value in values])
    for measure in (sharpe_ratio, sortino_ratio, omega_ratio, tail_ratio, skewness, kurtosis):
        found = measure(np.multiply(returns, scale))
        assert found == pytest.approx(measure(returns), rel=1e-6, abs=1e-9, nan_ok=True)
