"""The word about a model: weak at most for one evaluation, deflated by what else was tried."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.performance.bootstrap import Interval
from cryptovolt.research.model_verdict import RULE, ModelTrials, judge, model_trials
from cryptovolt.research.scores import Score
from cryptovolt.research.verdict import Standing

HALF = np.arange(1_200) % 2 == 0


def scores(auc: float = 0.56, low: float = 0.53, accuracy: float = 0.54) -> dict[str, Score]:
    def one(value: float, low: float, high: float, baseline: float) -> Score:
        baselines = {"majority": baseline, "last_direction": baseline}
        return Score(value, Interval(value, low, high), baselines)

    return {
        "auc": one(auc, low, 2 * auc - low, 0.5),
        "accuracy": one(accuracy, 0.5, 0.6, 0.52),
        "log_loss": one(0.68, 0.66, 0.7, 0.693),
    }


def tried(n: int = 3, deflated: float = 0.99, overfitting: float | None = 0.1) -> ModelTrials:
    return ModelTrials(n_trials=n, best_by_luck=0.52, deflated=deflated, overfitting=overfitting)


VERDICTS: list[tuple[dict[str, Score], ModelTrials | None, str, str]] = [
    # scores, trials, word, what is said
    (scores(), None, "weak", "nobody knows how many models were tried"),
    (scores(low=0.49), None, "no edge shown", "AUC 0.560 has the interval 0.490 to 0.630"),
    (scores(low=math.nan), None, "no edge shown", "has the interval nan to nan"),
    (scores(accuracy=0.52), None, "no edge shown", "0.5200 is no better than majority 0.5200"),
    (scores(), tried(), "holds up", "by luck the best of 3 models reaches an AUC of 0.520"),
    (scores(low=0.49), tried(), "no edge shown", "AUC 0.560 has the interval"),
    (scores(), tried(n=1), "weak", "the ledger holds no other model"),
    (scores(), tried(deflated=0.94), "weak", "with a probability of 0.94"),
    (scores(), tried(deflated=0.79), "no edge shown", "with a probability of 0.79"),
    (scores(), tried(deflated=math.nan), "no edge shown", "with a probability of nan"),
    (scores(), tried(overfitting=0.25), "weak", "probability of backtest overfitting is 0.25"),
    (scores(), tried(overfitting=None), "weak", "backtest overfitting is not known"),
    (scores(), tried(overfitting=math.nan), "weak", "backtest overfitting is nan"),
]


@pytest.mark.parametrize(("found", "trials", "word", "said"), VERDICTS)
def test_the_word_and_its_reason(
    found: dict[str, Score], trials: ModelTrials | None, word: str, said: str
) -> None:
    verdict = judge(found, trials)
    assert verdict.standing == word
    assert verdict.text.startswith(f"{word}: ")
    assert said in verdict.text
    assert verdict.rule == RULE
    if verdict.standing is not Standing.NO_EDGE:
        assert verdict.text.endswith("whether it pays is not tested")


def test_the_best_by_luck_and_the_probability_by_hand() -> None:
    # 600 rises and 600 falls, labels over 4 bars: σ² = 1201 / (12 · 600 · 600) · 4 = 0.0011120,
    # σ = 0.033347. The best of ten independent ones is at 1.5746 σ (E[max of 10] = 1.57).
    area = scores(auc=0.58, low=0.57)["auc"]
    found = model_trials(area, HALF, 4, [0.5] * 10, None)
    assert found.best_by_luck == pytest.approx(0.5 + 1.5746 * 0.033347, abs=1e-5)
    # (0.58 − 0.552509) / 0.033347 = 0.82440, and Φ(0.82440) = 0.79514 in tables of the normal.
    assert found.deflated == pytest.approx(0.79514, abs=5e-5)
    alone = model_trials(area, HALF, 4, [0.58], None)
    assert alone.best_by_luck == 0.5
    # A wide interval counts more than the formula: 0.08 / 0.102043 of a standard error.
    wide = model_trials(scores(auc=0.58, low=0.38)["auc"], HALF, 4, [0.58], None)
    assert wide.deflated == pytest.approx(0.78347, abs=5e-5)


def test_models_that_lie_further_apart_than_luck_raise_the_bar() -> None:
    area = scores()["auc"]
    near = model_trials(area, HALF, 1, [0.5, 0.51, 0.56], None)
    far = model_trials(area, HALF, 1, [0.3, 0.5, 0.56], None)
    assert far.best_by_luck > near.best_by_luck
    unknown = model_trials(area, HALF, 1, [math.nan, math.nan, 0.56], None)
    assert unknown.n_trials == 3
    # One AUC varies by nothing that could be seen, so luck it is.
    assert unknown.best_by_luck == model_trials(area, HALF, 1, [0.56] * 3, None).best_by_luck


@given(n=st.integers(1, 200))
def test_more_models_never_leave_more(n: int) -> None:
    area = scores()["auc"]
    less, more = (model_trials(area, HALF, 6, [0.5] * k, None).deflated for k in (n + 1, n))
    assert less <= more


def test_rows_of_one_class_show_nothing() -> None:
    found = model_trials(scores()["auc"], np.ones(100, np.bool_), 6, [0.5], None)
    assert math.isnan(found.deflated)
    assert judge(scores(), found).standing is Standing.NO_EDGE
