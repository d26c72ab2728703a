"""Bands: what holds for every order and every resample."""

import numpy as np
import pytest

from cryptovolt.backtest.simulate import simulate
from cryptovolt.domain.errors import DataError
from cryptovolt.research.monte_carlo import (
    bands,
    block_bands,
    blocks,
    resampled,
    shuffled,
    trade_bands,
    trade_changes,
)
from cryptovolt.research.synthetic import synthetic_bars

CHANGES = np.array([0.1, -0.05, 0.2, -0.3, 0.04, 0.07])


def test_another_order_ends_where_the_trades_ended_and_begins_at_one() -> None:
    found = bands(CHANGES, shuffled(6), np.random.default_rng(1), 200)
    np.testing.assert_allclose(found.final, np.prod(1.0 + CHANGES), rtol=1e-12)
    np.testing.assert_array_equal(found.equity[:, 0], 1.0)
    # The best order loses once 30 % and the 5 % are made up before: no order falls less than 0.3,
    # none more than both losses in a row.
    assert found.max_drawdown[0] >= 0.3 - 1e-12
    assert found.max_drawdown[-1] == pytest.approx(1 - 0.7 * 0.95)
    assert found.actual_drawdown == pytest.approx(0.3)
    assert (np.diff(found.equity, axis=0) >= 0).all()


def test_drawn_with_replacement_the_mean_growth_is_that_of_the_trades() -> None:
    found = bands(CHANGES, resampled(6), np.random.default_rng(2), 20_000)
    expected = (1.0 + CHANGES.mean()) ** 6
    spread = found.final.std() / np.sqrt(20_000)
    assert found.final.mean() == pytest.approx(expected, abs=4 * spread)


def test_blocks_keep_what_follows_each_other_together() -> None:
    rows = blocks(1000, mean_block=20.0)(50, np.random.default_rng(3))
    follows = (np.diff(rows, axis=1) % 1000 == 1).mean()
    assert follows == pytest.approx(0.95, abs=0.01)
    assert np.bincount(rows.ravel(), minlength=1000).min() > 0
    single = blocks(1000, mean_block=1.0)(50, np.random.default_rng(3))
    assert (np.diff(single, axis=1) % 1000 == 1).mean() < 0.01


def test_a_path_that_loses_everything_stays_there() -> None:
    found = bands(np.array([-1.5, 0.5]), shuffled(2), np.random.default_rng(4), 20)
    assert found.final.max() == 0.0
    assert found.max_drawdown.min() == 1.0
    assert found.loss_probability == 1.0


def test_trades_compound_to_the_equity_of_a_run_that_ends_flat() -> None:
    rng = np.random.default_rng(6)
    bars = synthetic_bars(3000, end=1_700_000_000_000, rng=rng)
    target = np.full(3000, np.nan)
    target[10::40], target[30::40] = 0.7, 0.0
    run = simulate(bars, target)
    changes = trade_changes(run)
    assert changes.size == 75
    assert np.prod(1.0 + changes) == pytest.approx(run.equity[-1] / run.trading.cash, rel=1e-6)


def test_too_few_trades_or_days_give_no_bands() -> None:
    bars = synthetic_bars(200, end=1_700_000_000_000, rng=np.random.default_rng(7))
    run = simulate(bars, np.where(np.arange(200) % 50 < 25, 0.5, 0.0))
    assert trade_bands(run, np.random.default_rng(0), replacement=True) is None
    assert block_bands(run, np.random.default_rng(0)) is None
    with pytest.raises(DataError, match="at least one"):
        bands(np.array([0.1, np.nan]), shuffled(2), np.random.default_rng(0))
