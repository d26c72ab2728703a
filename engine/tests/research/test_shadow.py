"""Two accounts on the same bars: paired figures, and the test as it was bar by bar."""

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.random import default_rng

from cryptovolt.domain.costs import Costs
from cryptovolt.domain.errors import DataError
from cryptovolt.research.sequential import Outcome, SequentialTest
from cryptovolt.research.sequential_settings import SequentialSettings
from cryptovolt.research.shadow import Followed, Outcomes, compare

N = 200
SETTINGS = SequentialSettings(block=24, horizon=4)


def _followed(name: str, seed: int) -> Followed:
    rng = default_rng(seed)
    probability = rng.uniform(0.4, 0.6, N)
    probability[rng.random(N) < 0.1] = np.nan
    return Followed(
        name=name,
        costs=Costs(),
        timestamp=3_600_000 * np.arange(N),
        equity=10_000.0 * np.exp(rng.normal(0.0, 0.01, N).cumsum()),
        traded=np.full(N, 50.0),
        probability=probability,
    )


CHAMPION, CHALLENGER = _followed("old", 1), _followed("new", 2)
ROWS = np.arange(N - 4)
OUTCOMES = Outcomes(row=ROWS, end=ROWS + 4, up=default_rng(3).random(N - 4) < 0.5)


def test_the_record_stands_where_the_live_test_stands() -> None:
    test = SequentialTest(SETTINGS)
    first, second = CHAMPION.probability, CHALLENGER.probability
    for bar in range(1, N):
        row = bar - 4
        known = (
            [Outcome(row, bool(OUTCOMES.up[row]), float(first[row]), float(second[row]))]
            if row >= 0
            else []
        )
        gains = (CHAMPION.returns[bar - 1], CHALLENGER.returns[bar - 1])
        test.observe(bar, float(gains[0]), float(gains[1]), known)
    found = compare(CHAMPION, CHALLENGER, OUTCOMES, SETTINGS)
    assert found.standing == test.standing()
    assert len(found.moments) == (N - 1) // 24
    assert found.moments[0].timestamp == 24 * 3_600_000
    assert found.moments[-1].better == found.standing.better


def test_figures_are_paired_and_known() -> None:
    found = compare(CHAMPION, CHALLENGER, OUTCOMES, SETTINGS)
    both = ~(np.isnan(CHAMPION.probability) | np.isnan(CHALLENGER.probability))[: N - 4]
    said, up = CHAMPION.probability[: N - 4][both], OUTCOMES.up[both]
    figures = found.champion
    assert figures.n_rows == found.challenger.n_rows == both.sum()
    assert figures.log_loss == pytest.approx(-float(np.log(np.where(up, said, 1.0 - said)).mean()))
    assert figures.brier == pytest.approx(float(((said - up) ** 2).mean()))
    assert figures.abstained == np.isnan(CHAMPION.probability).mean()
    assert figures.turnover == pytest.approx(float((50.0 / CHAMPION.equity).mean()))
    assert figures.total_return == CHAMPION.equity[-1] / CHAMPION.equity[0] - 1.0
    json.dumps(found.to_record(), allow_nan=False)


def test_later_bars_change_no_earlier_moment() -> None:
    whole = compare(CHAMPION, CHALLENGER, OUTCOMES, SETTINGS).moments
    keep = 100

    def cut(followed: Followed) -> Followed:
        columns = ("timestamp", "equity", "traded", "probability")
        return replace(followed, **{name: getattr(followed, name)[:keep] for name in columns})

    known = OUTCOMES.end < keep
    part = Outcomes(OUTCOMES.row[known], OUTCOMES.end[known], OUTCOMES.up[known])
    assert compare(cut(CHAMPION), cut(CHALLENGER), part, SETTINGS).moments == whole[:4]


def test_without_outcomes_there_is_no_loss_to_show() -> None:
    nothing = np.zeros(0, np.int64)
    found = compare(CHAMPION, CHALLENGER, Outcomes(nothing, nothing, nothing > 0), SETTINGS)
    assert found.champion.log_loss is None
    assert found.champion.n_rows == 0


def test_other_bars_other_costs_and_ruin_are_refused() -> None:
    with pytest.raises(DataError, match="on the same bars"):
        compare(CHAMPION, replace(CHALLENGER, timestamp=CHALLENGER.timestamp + 1), OUTCOMES)
    with pytest.raises(DataError, match="the same costs"):
        compare(CHAMPION, replace(CHALLENGER, costs=Costs(fee=0.0)), OUTCOMES)
    with pytest.raises(DataError, match="in the order of their rows"):
        compare(CHAMPION, CHALLENGER, Outcomes(ROWS, ROWS, OUTCOMES.up))
    with pytest.raises(DataError, match="equity above 0 of old"):
        replace(CHAMPION, equity=np.zeros(N))
    with pytest.raises(DataError, match="at least two bars"):
        replace(CHAMPION, traded=np.zeros(3))
