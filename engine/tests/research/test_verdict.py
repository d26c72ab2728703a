"""The rule: which conditions make which word."""

from dataclasses import replace

import numpy as np
import pytest

from cryptovolt.domain.trials import TrialCount
from cryptovolt.performance.bootstrap import Interval
from cryptovolt.research.overfitting import Overfitting
from cryptovolt.research.random_entries import RandomEntries
from cryptovolt.research.stress import Stress
from cryptovolt.research.trials import Selection
from cryptovolt.research.verdict import Evidence, Standing, judge_run

COUNT = TrialCount(n_trials=50, n_effective=20, sharpe_variance=1e-4)
SELECTION = Selection(
    sharpe=0.1, n_observations=1000, trials=COUNT, probabilistic=0.999, expected_maximum=0.02,
    deflated=0.98, deflated_by_all=0.97, reason=None,
)  # fmt: skip
UNKNOWN = replace(SELECTION, trials=None, deflated=None, deflated_by_all=None, reason="no ledger")
STRESS = Stress(
    name="costs × 2", total_return=0.2, sharpe=1.0, max_drawdown=0.1, halves_sharpe=False
)


def entries(run_sharpe: float) -> RandomEntries:
    return RandomEntries(
        sharpe=np.arange(100.0), total_return=np.zeros(100), fills=np.zeros(100, np.int64),
        run_sharpe=run_sharpe, run_return=0.0, run_fills=10,
    )  # fmt: skip


GOOD = Evidence(
    stamps=(), n_trades=100, n_days=900.0, total_return=0.5, selection=SELECTION,
    overfitting=Overfitting(probability=0.1, n_trials=40, reason="40 trials"),
    random=entries(1000.0), sharpe=Interval(2.0, 1.0, 3.0), alpha=Interval(0.3, 0.1, 0.5),
    stresses=(STRESS,),
)  # fmt: skip

NO_EDGE = [
    ("FLATTERING", {"stamps": ("FLATTERING: costs are off",)}),
    ("LOOK-AHEAD", {"stamps": ("LOOK-AHEAD: changes with later bars",)}),
    ("too few to tell: 29 closed", {"n_trades": 29}),
    ("in 179 days", {"n_days": 179.0}),
    ("total return −0.1 %", {"total_return": -0.001}),
    ("total return undefined", {"total_return": float("nan")}),
    ("Sharpe ratio (per bar) 0.94", {"selection": replace(SELECTION, probabilistic=0.94)}),
    ("Sharpe ratio (per bar) undefined", {"selection": replace(SELECTION, probabilistic=None)}),
    (
        "deflated Sharpe ratio (per bar) 0.79",
        {"selection": replace(SELECTION, deflated_by_all=0.79)},
    ),
    ("p = 0.0594", {"random": entries(94.5)}),
    ("took no position", {"random": None}),
]
WEAK = [
    ("undefined (no ledger)", {"selection": UNKNOWN}),
    ("Sharpe ratio (per bar) 0.94", {"selection": replace(SELECTION, deflated_by_all=0.94)}),
    (
        "overfitting 0.21",
        {"overfitting": Overfitting(probability=0.21, n_trials=9, reason="9")},
    ),
    (
        "overfitting undefined",
        {"overfitting": Overfitting(probability=None, n_trials=0, reason="none")},
    ),
    ("−0.10 to 3.00", {"sharpe": Interval(2.0, -0.1, 3.0)}),
    ("alpha per year (daily) undefined", {"alpha": None}),
    ("undefined to +50.0 %", {"alpha": Interval(0.3, float("nan"), 0.5)}),
    ("a loss with costs × 2", {"stresses": (replace(STRESS, total_return=-0.1),)}),
    ("no stress was simulated", {"stresses": ()}),
]


def test_a_run_holds_up_only_if_every_condition_is_met() -> None:
    found = judge_run(GOOD)
    assert found.standing is Standing.HOLDS_UP
    assert found.text == "holds up: every condition is met"
    assert all(condition.met for condition in found.conditions)


@pytest.mark.parametrize(("said", "changed"), NO_EDGE)
def test_without_a_basic_condition_no_edge_is_shown(said: str, changed: dict[str, object]) -> None:
    found = judge_run(replace(GOOD, **changed))  # type: ignore[arg-type]
    assert found.standing is Standing.NO_EDGE
    assert said in found.text


@pytest.mark.parametrize(("said", "changed"), WEAK)
def test_without_a_further_condition_it_is_weak(said: str, changed: dict[str, object]) -> None:
    found = judge_run(replace(GOOD, **changed))  # type: ignore[arg-type]
    assert found.standing is Standing.WEAK
    assert said in found.text


@pytest.mark.parametrize("probability", [None, float("nan"), 0.1])
def test_a_run_whose_ledger_holds_a_single_trial_is_at_most_weak(
    probability: float | None,
) -> None:
    one = TrialCount(n_trials=1, n_effective=1, sharpe_variance=None)
    alone = Overfitting(probability=probability, n_trials=1, reason="one trial")
    only = replace(GOOD, selection=replace(SELECTION, trials=one), overfitting=alone)
    found = judge_run(only)
    assert found.standing is Standing.WEAK
    assert [c.name for c in found.conditions if not c.met] == [
        "probability of backtest overfitting ≤ 0.2, with more than one trial in the ledger"
    ]


UNDEFINED = [
    {"total_return": float("nan")},
    {"n_days": float("nan")},
    {"random": None},
    {"random": entries(float("nan"))},
    {"sharpe": None},
    {"sharpe": Interval(2.0, float("nan"), 3.0)},
    {"alpha": None},
    {"alpha": Interval(0.3, float("nan"), 0.5)},
    {"selection": UNKNOWN},
    {"selection": replace(SELECTION, probabilistic=None)},
    {"selection": replace(SELECTION, deflated=None, deflated_by_all=None)},
    {"selection": replace(SELECTION, deflated=float("nan"), deflated_by_all=0.97)},
    {"selection": replace(SELECTION, deflated=0.98, deflated_by_all=float("nan"))},
    {"overfitting": Overfitting(probability=None, n_trials=0, reason="none")},
    {"overfitting": Overfitting(probability=float("nan"), n_trials=2, reason="two")},
    {"stresses": ()},
    {"stresses": (replace(STRESS, total_return=float("nan")),)},
]


@pytest.mark.parametrize("changed", UNDEFINED)
def test_what_is_undefined_is_not_met(changed: dict[str, object]) -> None:
    found = judge_run(replace(GOOD, **changed))  # type: ignore[arg-type]
    assert found.standing is not Standing.HOLDS_UP
    assert not all(condition.met for condition in found.conditions)


def test_no_condition_on_trials_is_met_where_none_are_known() -> None:
    nothing = Overfitting(probability=None, n_trials=0, reason="no ledger")
    found = judge_run(replace(GOOD, selection=UNKNOWN, overfitting=nothing))
    unmet = [condition for condition in found.conditions if not condition.met]
    assert found.standing is Standing.WEAK
    assert len(unmet) == 3
    assert all("deflated" in c.name or "overfitting" in c.name for c in unmet)


def test_a_single_trial_is_said_in_the_singular() -> None:
    one = TrialCount(n_trials=1, n_effective=1, sharpe_variance=None)
    text = str(judge_run(replace(GOOD, selection=replace(SELECTION, trials=one))))
    assert "(1 trial)" in text
    assert "1 trials" not in text


def test_the_verdict_prints_its_rule_and_every_condition() -> None:
    text = str(judge_run(replace(GOOD, selection=UNKNOWN)))
    assert text.startswith(
        "weak: no trials are known; deflated Sharpe ratio (per bar) undefined (no ledger)"
    )
    assert "No edge shown: a basic one is not. What could not be computed is not met." in text
    assert text.count("\n") == 1 + len(judge_run(GOOD).conditions)
    assert "NOT met" in text
