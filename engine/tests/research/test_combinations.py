"""Which combinations of a grid are tried."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.research.combinations import combinations_of

GRID = {"fast": [5, 10], "slow": [50.5, 100], "on": [True]}


def test_a_grid_gives_every_combination_the_last_name_changing_fastest() -> None:
    assert combinations_of(GRID, "grid", None, None) == [
        {"fast": 5, "slow": 50.5, "on": True},
        {"fast": 5, "slow": 100, "on": True},
        {"fast": 10, "slow": 50.5, "on": True},
        {"fast": 10, "slow": 100, "on": True},
    ]


def test_values_of_numpy_become_plain_ones() -> None:
    found = combinations_of({"n": np.arange(2), "x": np.linspace(0, 1, 2)}, "grid", None, None)
    assert found[3] == {"n": 1, "x": 1.0}
    assert {type(value) for value in found[3].values()} == {int, float}


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 30), sizes=st.lists(st.integers(1, 4),
    min_size=1, max_size=4))  # fmt: skip
def test_a_draw_is_a_part_of_the_grid_without_repetition(
    seed: int, n: int, sizes: list[int]
) -> None:
    grid = {str(i): list(range(size)) for i, size in enumerate(sizes)}
    every = combinations_of(grid, "grid", None, None)
    drawn = combinations_of(grid, "random", n, np.random.default_rng(seed))
    assert len(drawn) == min(n, len(every))
    assert all(one in every for one in drawn)
    assert len({tuple(one.values()) for one in drawn}) == len(drawn)
    assert drawn == combinations_of(grid, "random", n, np.random.default_rng(seed))


def test_a_draw_from_more_combinations_than_64_bits_can_count() -> None:
    grid = {str(i): list(range(1000)) for i in range(30)}
    drawn = combinations_of(grid, "random", 200, np.random.default_rng(1))
    values = np.array([list(one.values()) for one in drawn])
    assert len(drawn) == 200
    # Every parameter is drawn from all of its values.
    assert (np.abs(values.mean(axis=0) - 499.5) < 100).all()


BAD: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {}, "a grid with at least one parameter, found none"),
    ({"a": []}, {}, "at least one value for a, found none"),
    ({"a": 5}, {}, "a list of values for a, found 5"),
    ({"a": "ab"}, {}, "a list of values for a, found 'ab'"),
    ({"a": [1, 1]}, {}, r"different values for a, found \[1, 1\]"),
    ({"a": [[1]]}, {}, r"values for a that are text, .*, found \[1\]"),
    ({"a": [float("nan")]}, {}, "found nan"),
    ({"a": [1]}, {"method": "best"}, "method 'grid' or 'random', found 'best'"),
    ({"a": [1]}, {"method": "random"}, "n_random of at least 1 and rng="),
    ({str(i): range(100) for i in range(4)}, {}, "at most 1,000,000 combinations, found 100,000,"),
]


@pytest.mark.parametrize(("grid", "how", "message"), BAD)
def test_what_cannot_be_tried_is_refused(
    grid: dict[str, Any], how: dict[str, Any], message: str
) -> None:
    given: dict[str, Any] = {"method": "grid", "n_random": None, "rng": None, **how}
    with pytest.raises(ConfigurationError, match=message):
        combinations_of(grid, **given)
