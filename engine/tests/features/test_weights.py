"""Weights of labels: what overlaps counts once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.features import return_attributed, time_decayed, uniqueness

# Intervals as (row, end): a label is read from bars row + 1 .. end.
INTERVALS = [
    ([(0, 3), (3, 6), (6, 9)], [1.0, 1.0, 1.0], 3.0),  # side by side: each is a row of its own
    ([(0, 3), (0, 3), (0, 3)], [1 / 3, 1 / 3, 1 / 3], 1.0),  # the same interval three times
    ([(0, 4), (2, 6)], [0.75, 0.75], 1.5),  # half of each is shared
    ([(0, 2), (1, 3), (9, 10)], [0.75, 0.75, 1.0], 2.5),
    ([(0, 4), (1, 2)], [0.875, 0.5], 1.375),  # one inside another
]


@pytest.mark.parametrize(("intervals", "weights", "n_independent"), INTERVALS)
def test_weights_add_up_to_the_number_of_independent_intervals(
    intervals: list[tuple[int, int]], weights: list[float], n_independent: float
) -> None:
    row, end = np.array(intervals).T
    found = uniqueness(row, end)
    assert found == pytest.approx(weights)
    assert found.sum() == pytest.approx(n_independent)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 12)), min_size=1, max_size=40))
def test_uniqueness_is_the_mean_share_of_each_bar(given_: list[tuple[int, int]]) -> None:
    row = np.array([first for first, _ in given_])
    end = row + np.array([length for _, length in given_])
    intervals = list(zip(row.tolist(), end.tolist(), strict=True))
    for weight, (first, last) in zip(uniqueness(row, end), intervals, strict=True):
        shares = [1 / sum(r < bar <= e for r, e in intervals) for bar in range(first + 1, last + 1)]
        assert weight == pytest.approx(sum(shares) / len(shares))
        assert 0.0 < weight <= 1.0 + 1e-12


def bars_of(open_: list[float], close: list[float]) -> Bars:
    both = np.array([open_, close])
    return Bars(
        symbol="BTCUSDT", timeframe="1h", timestamp=np.arange(len(close)) * 3_600_000,
        open=both[0], high=both.max(axis=0), low=both.min(axis=0), close=both[1],
        volume=np.ones(len(close)),
    )  # fmt: skip


def test_a_label_counts_by_the_move_it_has_for_itself() -> None:
    e = np.exp
    # Bar 1 rises by 2 % from its open, bar 2 by 1 %, bar 3 falls by 3 %; before bar 1 lies a jump
    # of 50 % that no trade from its open can have.
    bars = bars_of(
        [100.0, 150.0, 150 * e(0.02), 150 * e(0.03)],
        [100.0, 150 * e(0.02), 150 * e(0.03), 150.0],
    )
    row, end = np.array([0, 1]), np.array([2, 3])  # bar 2 is shared
    moved = np.array([0.02 + 0.005, abs(0.005 - 0.03)])
    expected = moved * 1.5 / moved.sum()
    assert return_attributed(bars, row, end) == pytest.approx(expected)


def test_labels_of_a_flat_market_are_refused() -> None:
    flat = bars_of([100.0] * 5, [100.0] * 5)
    with pytest.raises(DataError, match="found no change in any interval"):
        return_attributed(flat, np.array([0, 1]), np.array([2, 3]))


def test_decay_falls_from_the_newest_label_to_the_oldest() -> None:
    weight = np.ones(4)
    assert time_decayed(weight, 1.0).tolist() == [1.0] * 4
    assert time_decayed(weight, 0.0).tolist() == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert time_decayed(weight, 0.5).tolist() == pytest.approx([0.625, 0.75, 0.875, 1.0])
    # Four labels that overlap are as old as one that does not.
    assert time_decayed(np.array([0.25] * 4 + [1.0]), 0.0)[3] == pytest.approx(0.125)


@pytest.mark.parametrize("oldest", [-0.1, 1.1, float("nan")])
def test_a_decay_out_of_range_is_refused(oldest: float) -> None:
    with pytest.raises(ConfigurationError, match=r"oldest in \[0, 1\]"):
        time_decayed(np.ones(3), oldest)


def test_no_labels_have_no_weights() -> None:
    none = np.empty(0, np.int64)
    assert uniqueness(none, none).size == 0
    assert return_attributed(bars_of([1.0], [1.0]), none, none).size == 0
    assert time_decayed(np.empty(0), 0.5).size == 0
