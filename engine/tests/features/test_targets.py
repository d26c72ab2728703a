"""Targets of a forecaster: complete returns of the bars ahead, and nothing else."""

from math import log

import numpy as np
import pytest

from cryptovolt.domain.arrays import IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.features.targets import Targets, forward_return

HOUR = 3_600_000


def bars_at(hours: IntArray) -> Bars:
    """Return bars whose open at hour h is 100 + h, and whose close is 0.5 above."""
    open_ = 100.0 + hours.astype(np.float64)
    return Bars(
        symbol="BTCUSDT", timeframe="1h", timestamp=HOUR * (450_000 + hours),
        open=open_, high=open_ + 1.0, low=open_ - 1.0, close=open_ + 0.5,
        volume=np.ones(hours.size),
    )  # fmt: skip


def test_a_target_runs_from_the_next_open_to_the_close_of_the_last_bar() -> None:
    targets = forward_return(bars_at(np.arange(10)), horizon=3)
    assert targets.row.tolist() == [3, 4, 5, 6]
    assert targets.end.tolist() == [6, 7, 8, 9]
    assert targets.value.tolist() == [log((106.5 + t) / (104.0 + t)) for t in range(4)]
    assert targets.timestamp.tolist() == [HOUR * (450_003 + t) for t in range(4)]
    assert targets.last_rise.all()


def test_rows_without_a_complete_outcome_are_left_out_and_never_0() -> None:
    targets = forward_return(bars_at(np.arange(30)), horizon=4)
    assert targets.row[-1] == 25
    assert (targets.value != 0.0).all()


def test_no_target_spans_a_missing_bar() -> None:
    hours = np.concatenate([np.arange(20), np.arange(21, 40)])
    targets = forward_return(bars_at(hours), horizon=3)
    # Rows 17, 18 and 19 look ahead over the gap; 20 to 22 have it in the bars before them.
    assert set(range(3, 36)) - set(targets.row.tolist()) == {17, 18, 19, 20, 21, 22}


def test_overlapping_targets_share_their_weight() -> None:
    targets = forward_return(bars_at(np.arange(60)), horizon=5)
    assert targets.weight[20] == pytest.approx(1.0 / 5.0)
    assert targets.weight[0] > targets.weight[20]


def test_directions_are_the_same_rows_with_the_sign() -> None:
    rng = np.random.default_rng(1)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, 60)))
    bars = Bars(
        symbol="X", timeframe="1h", timestamp=HOUR * np.arange(60, dtype=np.int64),
        open=close, high=close * 1.01, low=close * 0.99, close=close, volume=np.ones(60),
    )  # fmt: skip
    targets = forward_return(bars, horizon=2)
    labels = targets.directions
    np.testing.assert_array_equal(labels.up, targets.value > 0.0)
    np.testing.assert_array_equal(labels.end, targets.end)
    assert 0 < labels.up.sum() < len(labels)


def test_a_target_that_is_not_finite_is_refused() -> None:
    one = np.array([1])
    with pytest.raises(DataError, match="expected finite targets"):
        Targets(
            row=one, timestamp=one, value=np.array([np.nan]), end=one + 1,
            weight=np.ones(1), last_rise=np.array([True]), horizon=1,
        )  # fmt: skip


def test_too_few_bars_and_no_horizon_are_refused_in_one_sentence() -> None:
    with pytest.raises(DataError, match="expected more than 24 bars without a gap, found 20 bars"):
        forward_return(bars_at(np.arange(20)))
    with pytest.raises(ConfigurationError, match="expected a horizon of at least 1 bar, found 0"):
        forward_return(bars_at(np.arange(20)), horizon=0)
