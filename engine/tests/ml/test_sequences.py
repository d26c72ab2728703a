"""Windows: whole ones only, and the rows they claim."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import ConfigurationError, ModelError
from cryptovolt.features import Features
from cryptovolt.ml.sequences import whole_windows, windows_of

HOUR = 3_600_000


def features_of(values: FloatArray, hours: IntArray | None = None) -> Features:
    hours = np.arange(len(values)) if hours is None else hours
    return Features(
        names=tuple("abcdefgh"[: values.shape[1]]), values=values, timestamp=HOUR * hours,
        warmup=0, timeframe="1h", symbol="X",
    )  # fmt: skip


@given(
    missing=st.sets(st.integers(1, 38), max_size=4),
    holes=st.sets(st.integers(0, 35), max_size=4),
    n_steps=st.integers(1, 12),
)
def test_a_window_is_whole_when_no_bar_and_no_number_is_missing(
    missing: set[int], holes: set[int], n_steps: int
) -> None:
    hours = np.array([hour for hour in range(40) if hour not in missing])
    values = np.zeros((hours.size, 2))
    values[[hole for hole in holes if hole < hours.size], 1] = np.nan
    found = whole_windows(features_of(values, hours), n_steps)
    for row in range(hours.size):
        part = slice(row + 1 - n_steps, row + 1)
        whole = (
            part.start >= 0
            and hours[row] - hours[part.start] == n_steps - 1
            and bool(np.isfinite(values[part]).all())
        )
        assert found[row] == whole


def test_windows_hold_the_rows_before_and_including_theirs_oldest_first() -> None:
    values = np.arange(20.0).reshape(10, 2)
    windows = windows_of(values, np.array([2, 9]), 3)
    np.testing.assert_array_equal(windows, [values[0:3], values[7:10]])
    assert windows_of(values, np.empty(0, np.int64), 3).shape == (0, 3, 2)


def test_fewer_rows_than_a_window_have_none() -> None:
    assert not whole_windows(features_of(np.zeros((5, 1))), 6).any()


def test_a_window_before_the_first_row_is_refused() -> None:
    with pytest.raises(ModelError, match="expected windows of 3 rows inside 10 rows"):
        windows_of(np.zeros((10, 2)), np.array([1]), 3)
    with pytest.raises(ConfigurationError, match="at least 1 row, found 0"):
        whole_windows(features_of(np.zeros((5, 1))), 0)
