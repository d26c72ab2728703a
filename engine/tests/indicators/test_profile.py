"""Volume by price, worked by hand and against a plain sum of overlaps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt import indicators

PROFILES: list[tuple[list[tuple[float, float, float]], float, tuple[float, float, float]]] = [
    # (high, low, volume) of a window, share, and with four bins: control, area high, area low
    # bins of 1 from 100: 2 2 5 5; the lower of two equal ones; then the fuller neighbour
    ([(104, 100, 8), (104, 102, 6)], 0.7, (102.5, 104, 102)),
    # 2 2 5 5 again; 11.9 of 14 take another bin
    ([(104, 100, 8), (104, 102, 6)], 0.85, (102.5, 104, 101)),
    # a bar without range lies in one bin, at the top in the last one
    ([(104, 100, 8), (104, 104, 9)], 0.5, (103.5, 104, 103)),
    # 9 3 3 5: neighbours below first where they are equal
    ([(104, 100, 12), (100, 100, 6), (104, 103, 2)], 0.6, (100.5, 102, 100)),
    # the whole volume is the whole range
    ([(104, 100, 8), (101, 100, 1)], 1.0, (100.5, 104, 100)),
    # one price only
    ([(100, 100, 8), (100, 100, 1)], 0.7, (100, 100, 100)),
    # nothing traded
    ([(104, 100, 0), (104, 102, 0)], 0.7, (np.nan, np.nan, np.nan)),
]


@pytest.mark.parametrize(("window", "share", "expected"), PROFILES)
def test_profiles_worked_by_hand(
    window: list[tuple[float, float, float]],
    share: float,
    expected: tuple[float, float, float],
) -> None:
    high, low, volume = np.array([(50.0, 40.0, 99.0), *window]).T  # the first bar has left it
    found = indicators.volume_profile(high, low, volume, len(window), 4, share)
    np.testing.assert_array_equal([line[-1] for line in found], expected)


@given(seed=st.integers(0, 2**32 - 1), n_bins=st.integers(2, 30))
def test_the_point_of_control_is_where_overlaps_add_up_to_most(seed: int, n_bins: int) -> None:
    rng = np.random.default_rng(seed)
    low = rng.uniform(90.0, 110.0, 25)
    high = low + rng.uniform(0.1, 8.0, 25)
    volume = rng.uniform(0.0, 5.0, 25)
    edges = low.min() + np.arange(n_bins + 1) * ((high.max() - low.min()) / n_bins)
    overlap = np.minimum(high[:, None], edges[1:]) - np.maximum(low[:, None], edges[:-1])
    held = (volume[:, None] * np.clip(overlap, 0.0, None) / (high - low)[:, None]).sum(axis=0)
    found = indicators.volume_profile(high, low, volume, 25, n_bins, 0.7)
    within = (edges[:-1] > found.value_area_low[-1] - 1e-9) & (
        edges[1:] < found.value_area_high[-1] + 1e-9
    )
    at_control = int(np.flatnonzero(edges <= found.point_of_control[-1])[-1])
    assert held[at_control] == pytest.approx(held.max())
    assert within[at_control]
    assert 0.7 * volume.sum() <= held[within].sum() + 1e-9


def test_prices_a_hair_apart_are_one_price() -> None:
    high, low = np.array([2e-308, 3e-308]), np.array([1e-308, 1e-308])
    found = indicators.volume_profile(high, low, np.ones(2), 2)
    assert [line[-1] for line in found] == [1e-308] * 3


def test_a_window_longer_than_the_input_gives_only_nan() -> None:
    values = np.arange(1.0, 9.0)
    for line in indicators.volume_profile(values, values, values, 10**12):
        assert np.isnan(line).all()
    assert np.isnan(indicators.vwap(values, values, values, values, timeperiod=10**12)).all()
