"""Hardships: what they change, and what they cost."""

import numpy as np
import pytest

from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulate import simulate
from cryptovolt.domain.costs import Costs
from cryptovolt.research.replay import Replay
from cryptovolt.research.stress import FEES, SLIPPAGE, doubled, later, missed, stresses
from cryptovolt.research.synthetic import synthetic_bars


def run_of(n_bars: int = 3000) -> Run:
    rng = np.random.default_rng(5)
    bars = synthetic_bars(n_bars, end=1_700_000_000_000, rng=rng)
    target = np.full(n_bars, np.nan)
    target[::10] = rng.choice([0.0, 0.5, -0.5], target[::10].size)
    return simulate(bars, target, stop_loss=0.05)


def test_costs_are_doubled_by_name_and_bounded() -> None:
    both = doubled(Costs(fee=0.001, slippage=0.0005), (*FEES, *SLIPPAGE))
    assert (both.fee, both.slippage) == (0.002, 0.001)
    one = doubled(Costs(fee=0.001, slippage=0.08), SLIPPAGE)
    assert (one.fee, one.slippage) == (0.001, 0.1)


def test_later_moves_every_decision_by_one_bar() -> None:
    np.testing.assert_array_equal(
        later(np.array([[1.0], [np.nan], [0.0]])), np.array([[np.nan], [1.0], [np.nan]])
    )


def test_the_same_account_again_is_the_same_to_the_last_unit() -> None:
    run = run_of()
    again = Replay(run)()
    np.testing.assert_array_equal(run.equity_units, again.equity_units)
    np.testing.assert_array_equal(run.fill_rows, again.fill_rows)


def test_one_decision_in_twenty_is_missed_and_only_decisions_that_led_to_a_fill() -> None:
    run = run_of(20_000)
    target = missed(run, run.target, np.random.default_rng(1))
    gone = np.flatnonzero(np.isfinite(run.target[:, 0]) & np.isnan(target[:, 0]))
    decided = len(np.unique(run.orders.filter(run.orders["reason"] == "target")["time"]))
    # Binomial: standard deviation sqrt(1300 · 0.05 · 0.95) = 8.
    assert gone.size == pytest.approx(0.05 * decided, abs=30)


def test_hardship_is_told_in_order_and_costs_money() -> None:
    run = run_of()
    found = stresses(run, np.random.default_rng(2))
    assert [stress.name for stress in found] == [
        "costs × 2", "slippage × 2", "one bar later", "5 % missed fills (middle of 20 draws)",
    ]  # fmt: skip
    base = float(run.equity[-1] / run.trading.cash - 1.0)
    assert found[0].total_return < found[1].total_return < base
    assert not found[0].survived
    assert found == stresses(run, np.random.default_rng(2))


def test_half_of_the_sharpe_ratio_lost_is_flagged() -> None:
    n_bars = 24 * 120
    bars = synthetic_bars(n_bars, end=1_700_000_000_000, rng=np.random.default_rng(8))
    change = np.append(np.diff(np.log(bars.close)), 0.0)
    # Knows the bar in which it is filled: worth nothing one bar later.
    target = np.where(change > 0.004, 0.9, 0.0)
    run = simulate(bars, target, Costs(fee=0.0002, slippage=0.0001))
    costs, slippage, one_later, some_missed = stresses(run, np.random.default_rng(3))
    assert one_later.halves_sharpe
    assert not slippage.halves_sharpe
    assert costs.survived
    assert some_missed.survived
    assert not one_later.survived
