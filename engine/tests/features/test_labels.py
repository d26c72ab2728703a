"""Triple-barrier labels: scenarios a trader can read, and what may never happen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.features import Labels, triple_barrier
from cryptovolt.features.labels import VOLATILITY_BARS
from cryptovolt.features.weights import uniqueness

HOUR_MS = 3_600_000
FREE = Costs(fee=0.0, slippage=0.0)

# Bars before the scenario alternate by ±1 %, so the volatility is 1 % and the barriers of a
# horizon of 4 bars lie about 2 % from the entry at 100.
SCENARIOS = [
    # (high, low, close) of the bars after the decision, label, bars until it is known
    ([(101, 99, 100.5), (103, 100, 102.5), (103, 102, 102), (102, 100, 101)], +1, 2),
    ([(101, 99, 100.5), (101, 97, 97.5), (103, 97, 103), (103, 100, 101)], -1, 2),
    ([(103, 97, 102), (102, 100, 101), (102, 100, 101), (102, 100, 101)], -1, 1),  # both: worse
    ([(101, 99, 100), (101, 99, 100), (101, 99, 100), (101, 99, 100.4)], +1, 4),  # time is up
    ([(101, 99, 100), (101, 99, 100), (101, 99, 100), (101, 99, 99.6)], -1, 4),
    ([(101, 99, 100), (101, 99, 100), (101, 99, 100), (101, 99, 100)], -1, 4),  # no change
]


def scenario_bars(after: list[tuple[float, float, float]]) -> Bars:
    n_before = VOLATILITY_BARS + 2
    before = np.where(np.arange(n_before) % 2 == 0, 100.0, 99.0)
    before[-1] = 100.0 if before[-2] == 99.0 else 99.0
    high, low, close = (np.array([bar[i] for bar in after], dtype=float) for i in range(3))
    whole_close = np.concatenate([before, close])
    whole_open = np.concatenate([before, [100.0], close[:-1]])
    n_bars = whole_close.size
    return Bars(
        symbol="BTCUSDT",
        timeframe="1h",
        timestamp=np.arange(n_bars) * HOUR_MS,
        open=whole_open,
        high=np.maximum(np.concatenate([before, high]), whole_open),
        low=np.minimum(np.concatenate([before, low]), whole_open),
        close=whole_close,
        volume=np.ones(n_bars),
    )


def random_bars(n_bars: int, seed: int) -> Bars:
    close = 100.0 * np.exp(np.random.default_rng(seed).normal(0.0, 0.01, n_bars).cumsum())
    open_ = np.concatenate([[100.0], close[:-1]])
    return Bars(
        symbol="BTCUSDT",
        timeframe="1h",
        timestamp=np.arange(n_bars) * HOUR_MS,
        open=open_,
        high=np.maximum(open_, close) * 1.002,
        low=np.minimum(open_, close) * 0.998,
        close=close,
        volume=np.ones(n_bars),
    )


@pytest.mark.parametrize(("after", "value", "n_bars"), SCENARIOS)
def test_scenarios(after: list[tuple[float, float, float]], value: int, n_bars: int) -> None:
    decision = VOLATILITY_BARS + 1
    labels = triple_barrier(scenario_bars(after), horizon=4, costs=FREE)
    assert labels.row[-1] == decision
    assert labels.value[-1] == value
    assert labels.end[-1] == decision + n_bars


def test_costs_move_the_barriers_away() -> None:
    # Two per cent up pays for free trades; with 0.5 % per fill the barrier is at three.
    after = [(102.6, 99.0, 102.5), (102.6, 102.0, 102.5), (102.0, 99.0, 99.5), (100.0, 99.0, 99.5)]
    dear = Costs(fee=0.004, slippage=0.001)
    assert triple_barrier(scenario_bars(after), 4, costs=FREE).value[-1] == 1
    assert triple_barrier(scenario_bars(after), 4, costs=dear).value[-1] == -1


def test_rows_without_a_complete_outcome_have_no_label() -> None:
    labels = triple_barrier(random_bars(500, seed=1), horizon=10)
    assert labels.row.tolist() == list(range(VOLATILITY_BARS, 490))
    assert set(labels.value.tolist()) == {-1, 1}


@settings(max_examples=30, deadline=None)
@given(cut=st.integers(200, 480), seed=st.integers(0, 2**31))
def test_bars_after_its_end_never_change_a_label(cut: int, seed: int) -> None:
    bars = random_bars(500, seed)
    other = random_bars(500, seed + 1)
    mixed = Bars(
        symbol="BTCUSDT",
        timeframe="1h",
        timestamp=bars.timestamp,
        open=np.concatenate([bars.open[:cut], other.open[cut:]]),
        high=np.concatenate([bars.high[:cut], other.high[cut:]]),
        low=np.concatenate([bars.low[:cut], other.low[cut:]]),
        close=np.concatenate([bars.close[:cut], other.close[cut:]]),
        volume=bars.volume,
    )
    labels, changed = triple_barrier(bars, 8), triple_barrier(mixed, 8)
    known = labels.end < cut
    np.testing.assert_array_equal(labels.value[known], changed.value[known])
    np.testing.assert_array_equal(labels.end[known], changed.end[known])


def test_uniqueness_is_the_share_a_label_has_for_itself() -> None:
    # Intervals 1..2, 2..3 and 10..10: bar 2 is shared by two labels.
    weight = uniqueness(np.array([0, 1, 9]), np.array([2, 3, 10]))
    assert weight.tolist() == pytest.approx([0.75, 0.75, 1.0])


def test_fully_overlapping_labels_share_equally() -> None:
    labels = triple_barrier(random_bars(2_000, seed=3), horizon=10, width=50.0)
    assert labels.weight[500] == pytest.approx(1 / 10)


@pytest.mark.parametrize(("horizon", "width"), [(0, 1.0), (5, 0.0), (5, np.nan), (5, np.inf)])
def test_a_horizon_or_width_out_of_range_is_refused(horizon: int, width: float) -> None:
    with pytest.raises(ConfigurationError, match="expected horizon ≥ 1 and width > 0"):
        triple_barrier(random_bars(500, seed=1), horizon, width)


def test_too_few_bars_are_refused() -> None:
    with pytest.raises(DataError, match="expected more than 112 bars that move, found 100 bars"):
        triple_barrier(random_bars(100, seed=1))


def test_a_zero_label_cannot_be_expressed() -> None:
    labels = triple_barrier(random_bars(500, seed=1))
    with pytest.raises(DataError, match="leave rows without an outcome out"):
        Labels(
            row=labels.row,
            timestamp=labels.timestamp,
            value=np.zeros(len(labels), dtype=np.int8),
            end=labels.end,
            weight=labels.weight,
            outcome=labels.outcome,
            last_direction=labels.last_direction,
            horizon=labels.horizon,
        )
