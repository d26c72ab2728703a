"""Measures against two independent libraries.

The numbers are those of quantstats 0.0.86 and empyrical-reloaded 0.7.1 (pandas 3.1.1, NumPy 2.4.6)
for the 500 daily returns below, from 2021-01-15 on, with 365 periods a year. Where a definition
differs, the conversion is written out here and explained in ``docs/reference/statistics.md``.
"""

import math

import numpy as np
import pytest

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.performance import (
    alpha,
    average_loss,
    average_win,
    beta,
    cagr,
    calmar_ratio,
    expected_shortfall,
    find_drawdowns,
    information_ratio,
    kelly_fraction,
    kurtosis,
    longest_losing_streak,
    longest_winning_streak,
    max_drawdown,
    monthly_returns,
    omega_ratio,
    payoff_ratio,
    probabilistic_sharpe_ratio,
    profit_factor,
    sharpe_ratio,
    skewness,
    sortino_ratio,
    tail_ratio,
    ulcer_index,
    value_at_risk,
    volatility,
    win_rate,
    yearly_returns,
)

DAY = 86_400_000
N = 500
T = np.arange(float(N))
RETURNS: FloatArray = 0.012 * np.sin(1.7 * T) + 0.009 * np.cos(0.37 * T * T) + 0.0006
BENCHMARK = 0.02 * np.sin(1.7 * T + 0.4) + 0.006 * np.cos(0.11 * T * T) + 0.0004
EQUITY: FloatArray = np.cumprod(1.0 + RETURNS).astype(np.float64)
WHOLE = np.concatenate([[1.0], EQUITY])
TIMES = 1_610_668_800_000 + np.arange(N) * DAY

#  measure, ours, theirs; the libraries agree where both are named
SAME: list[tuple[str, float, float]] = [
    ("Sharpe, both", sharpe_ratio(RETURNS, 365.0), 1.40075022010554),
    ("Sortino, both", sortino_ratio(RETURNS, 365.0), 2.10366274651759),
    ("CAGR, both", cagr(EQUITY, 1.0, 365.0), 0.292224576804706),
    ("Calmar, both", calmar_ratio(EQUITY, 1.0, 365.0), 4.27807083443794),
    ("drawdown, both", -max_drawdown(WHOLE), -0.0683075592045681),
    ("volatility, both", volatility(RETURNS, 365.0), 0.196884559051047),
    ("omega, both", omega_ratio(RETURNS), 1.1981521519732),
    ("beta, both", beta(RETURNS, BENCHMARK), 0.517505546958046),
    ("tail ratio, both", tail_ratio(RETURNS), 1.13127255011286),
    ("information ratio, both", information_ratio(RETURNS, BENCHMARK), 0.0203946553113619),
    ("alpha, quantstats", alpha(RETURNS, BENCHMARK, 365.0), 0.17131361782354143),
    ("value at risk, empyrical", -value_at_risk(RETURNS), -0.0166566746244154),
    ("expected shortfall, both", -expected_shortfall(RETURNS), -0.0188695570756229),
    ("win rate, quantstats", win_rate(RETURNS), 0.528),
    ("profit factor, quantstats", profit_factor(RETURNS), 1.1981521519732),
    ("payoff, quantstats", payoff_ratio(RETURNS), 1.0710754085821),
    ("Kelly, quantstats", kelly_fraction(RETURNS), 0.0873214107820504),
    ("average win, quantstats", average_win(RETURNS), 0.00865284150161959),
    ("average loss, quantstats", -average_loss(RETURNS), -0.00807864827470391),
    ("wins in a row, quantstats", longest_winning_streak(RETURNS), 3),
    ("losses in a row, quantstats", longest_losing_streak(RETURNS), 4),
]

#  what differs: empyrical compounds alpha; quantstats takes moments with sample corrections and
#  divides the ulcer index by n − 1, we by the n + 1 values that begin with the start
CONVERTED: list[tuple[str, float, float]] = [
    (
        "alpha, empyrical",
        (1.0 + alpha(RETURNS, BENCHMARK, 1.0)) ** 365.0 - 1.0,
        0.186815212188127,
    ),
    (
        "skewness, quantstats",
        skewness(RETURNS) * math.sqrt(N * (N - 1)) / (N - 2),
        -0.00395058762556877,
    ),
    (
        "excess kurtosis, quantstats",
        ((N + 1) * (kurtosis(RETURNS) - 3.0) + 6.0) * (N - 1) / ((N - 2) * (N - 3)),
        -0.631133571548603,
    ),
    (
        "ulcer index, quantstats",
        ulcer_index(WHOLE) * math.sqrt((N + 1) / (N - 1)),
        0.0258639683896924,
    ),
]


@pytest.mark.parametrize(("name", "found", "expected"), SAME + CONVERTED)
def test_measures_agree_with_other_libraries(name: str, found: float, expected: float) -> None:
    assert found == pytest.approx(expected, rel=1e-11), name


def test_the_probabilistic_sharpe_ratio_agrees_with_quantstats() -> None:
    # quantstats takes sample moments.
    found = probabilistic_sharpe_ratio(
        sharpe_ratio(RETURNS), N, -0.00395058762556877, 3.0 - 0.631133571548603
    )
    assert found == pytest.approx(0.949087839816864, rel=1e-9)


def test_months_and_years_agree_with_empyrical() -> None:
    months = monthly_returns(TIMES, EQUITY, 1.0)
    expected = [
        0.0605933477462, 0.0744612116833, 0.0156217453234, -0.0154685539985, 0.0313574690973,
        -0.0287224942579, 0.0584611522481, 0.0082141682059, 0.01237758994, 0.03921001463,
        0.0137834047495, -0.0177771881796, 0.0304795542736, 0.0590621104996, 0.0425107786875,
        -0.00242372927137, -0.0190479092514,
    ]  # fmt: skip
    assert [month.change for month in months] == pytest.approx(expected, rel=1e-10)
    assert [month.partial for month in months] == [True, *[False] * 15, True]
    years = yearly_returns(TIMES, EQUITY, 1.0)
    assert [year.change for year in years] == pytest.approx([0.276093605137, 0.113359120842])


def test_drawdowns_agree_with_quantstats() -> None:
    found = find_drawdowns(EQUITY, 1.0)
    deepest = np.argsort(-found.depth)[:3]
    # quantstats names the last day under water where we name the recovery, a day later.
    told = [
        (*(str(TIMES[row].astype("datetime64[ms]"))[:10] for row in rows), days, percent)
        for rows, days, percent in zip(
            np.column_stack([found.start, found.trough, found.end - 1])[deepest],
            found.length[deepest].tolist(),
            (-100 * found.depth[deepest]).round(6).tolist(),
            strict=True,
        )
    ]
    assert len(found) == 38
    assert told == [
        ("2021-03-18", "2021-04-21", "2021-05-24", 68, -6.830756),
        ("2021-10-29", "2021-11-10", "2021-12-06", 39, -6.511376),
        ("2021-12-16", "2022-01-19", "2022-02-07", 54, -5.97988),
    ]
