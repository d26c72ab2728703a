"""An assessment from end to end, and the null experiment in small."""

import json
from dataclasses import replace

import numpy as np
import pytest

from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulate import simulate
from cryptovolt.domain.costs import Costs
from cryptovolt.research.null_experiment import MemoryLedger, NullExperiment, run_market, summarise
from cryptovolt.research.overfitting import overfitting_of
from cryptovolt.research.replay import Replay
from cryptovolt.research.robustness import assess
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.research.verdict import Standing


def chance(n_bars: int, costs: Costs | None = None) -> Run:
    rng = np.random.default_rng(1)
    bars = synthetic_bars(n_bars, end=1_700_000_000_000, rng=rng)
    target = np.full(n_bars, np.nan)
    target[::40] = rng.choice([0.0, 0.5, -0.5], target[::40].size)
    return simulate(bars, target, costs)


def test_trading_by_chance_shows_no_edge_and_the_record_is_json() -> None:
    run = chance(6000)
    found = assess(run, n_random=50, n_paths=50)
    assert found.verdict == "no edge shown"
    assert found.selection.deflated is None
    assert "ledger" in (found.selection.reason or "")
    assert found.certainty is not None
    assert (
        found.certainty.sharpe.low < found.certainty.sharpe.estimate < found.certainty.sharpe.high
    )
    record = json.loads(json.dumps(found.to_record(), allow_nan=False))
    assert record["verdict"] == "no edge shown"
    assert len(record["conditions"]) == 11
    assert record["seed"] == 0
    assert "no edge shown" in str(found)


def test_the_same_seed_gives_the_same_assessment() -> None:
    run = chance(3000)
    first, second, other = (
        assess(run, n_random=20, n_paths=20, rng=np.random.default_rng(seed)).to_record()
        for seed in (7, 7, 8)
    )
    assert first == second
    assert first != other


@pytest.mark.parametrize("n_bars", [1, 2, 40])
def test_a_short_run_says_that_it_is_too_short(n_bars: int) -> None:
    found = assess(chance(n_bars), n_random=5, n_paths=20)
    assert found.verdict == "no edge shown"
    assert "too few to tell" in found.judgement.text


def test_a_run_without_costs_cannot_hold_up_whatever_it_earned() -> None:
    bars = synthetic_bars(24 * 400, end=1_700_000_000_000, rng=np.random.default_rng(2))
    ahead = np.append(np.diff(np.log(bars.close)), 0.0)
    target = np.where(ahead > 0.0, 0.9, 0.0)
    run = simulate(bars, target, Costs(fee=0.0, slippage=0.0))
    assert run.statistics["sharpe"] > 5
    found = assess(run, n_random=100, n_paths=50)
    assert found.verdict == "no edge shown"
    assert "FLATTERING" in found.judgement.text


def test_a_run_without_targets_is_replayed_from_its_fills_and_says_so() -> None:
    run = chance(5000)
    steered = replace(run, target=np.full_like(run.target, np.nan))
    again = Replay(steered)()
    # The same positions, but their size is told at the close instead of the next open.
    assert len(again.fill_rows) == pytest.approx(len(run.fill_rows), abs=3)
    assert again.equity[-1] == pytest.approx(run.equity[-1], rel=0.02)
    found = assess(steered, n_random=20, n_paths=20)
    assert "steered by orders" in str(found)
    assert assess(run, n_random=2, n_paths=20).notes == ()


def test_overfitting_takes_two_different_trials() -> None:
    run = chance(3000)
    assert overfitting_of(run, None, None).probability is None
    assert overfitting_of(run, MemoryLedger(), None).probability is None
    copies = np.tile(np.random.default_rng(1).normal(size=(100, 1)), (1, 5))
    assert overfitting_of(run, None, copies).probability is None
    noise = np.random.default_rng(2).normal(size=(100, 5))
    found = overfitting_of(run, None, noise)
    assert found.probability is not None
    assert found.n_trials == 5


def test_no_search_over_a_random_walk_holds_up() -> None:
    experiment = NullExperiment(years=2.0, n_random=100, n_paths=60)
    found = summarise([run_market(experiment, np.random.default_rng([3, n])) for n in range(12)])
    # Of all that was tried, the naive measure believes in most: that is what is guarded against.
    assert found.naive > 0.3
    assert found.deflated == 0.0
    assert found.holds_up == 0.0


def test_a_planted_edge_is_found() -> None:
    experiment = NullExperiment(planted_sharpe=4.5, n_random=100, n_paths=60)
    outcomes = [run_market(experiment, np.random.default_rng([4, n])) for n in range(10)]
    assert sum(outcome.standing is Standing.HOLDS_UP for outcome in outcomes) >= 8
    assert np.mean([outcome.pbo for outcome in outcomes]) <= 0.1
