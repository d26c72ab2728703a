"""One law for every indicator there is: the future never changes the past."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.indicators.library import describe, generic, names

N_BARS = 260


def market(seed: int) -> dict[str, FloatArray]:
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(rng.normal(0.0, 0.02, N_BARS).cumsum())
    open_ = np.concatenate([[100.0], close[:-1]])
    return {
        "open": open_,
        "high": np.maximum(open_, close) * 1.01,
        "low": np.minimum(open_, close) * 0.99,
        "close": close,
        "volume": rng.uniform(1.0, 9.0, N_BARS),
        "periods": rng.integers(2, 30, N_BARS).astype(np.float64),
    }


def inputs(name: str, bars: dict[str, FloatArray]) -> list[FloatArray]:
    wanted: dict[str, str | list[str]] = describe(name)["input_names"]
    found: list[FloatArray] = []
    for key, column in wanted.items():
        if isinstance(column, list):
            found += [bars[part] for part in column]
        else:
            # Two-series functions get two different ones.
            found.append(bars["high" if key == "price1" else column])
    if name in ("asin", "acos", "exp", "sinh", "cosh"):
        found = [array / 1_000.0 for array in found]
    return found


def outputs(name: str, arrays: list[FloatArray]) -> list[FloatArray]:
    result: Any = generic(name)(*arrays)
    return [result] if isinstance(result, np.ndarray) else list(result)


@pytest.mark.parametrize("name", sorted(names()))
@settings(max_examples=5, deadline=None)
@given(cut=st.integers(1, N_BARS - 1), seed=st.integers(0, 2**32 - 1))
def test_the_future_never_changes_the_past(name: str, cut: int, seed: int) -> None:
    whole = inputs(name, market(seed))
    other = inputs(name, market(seed + 1))
    altered = [np.concatenate([a[:cut], b[cut:]]) for a, b in zip(whole, other, strict=True)]
    ended = [array[:cut] for array in whole]
    for then, changed, short in zip(
        outputs(name, whole), outputs(name, altered), outputs(name, ended), strict=True
    ):
        np.testing.assert_array_equal(then[:cut], changed[:cut])
        np.testing.assert_array_equal(then[:cut], short)
