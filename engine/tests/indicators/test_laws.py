"""Laws of every indicator there is: causal, warmed up as declared, NaN passed on, holes refused."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cryptovolt import indicators
from cryptovolt.domain.arrays import FloatArray, read_only
from cryptovolt.domain.errors import DataError
from cryptovolt.indicators.catalogue import names
from cryptovolt.indicators.library import input_columns
from cryptovolt.indicators.library import names as talib_names

HOUR_MS = 3_600_000
HLC = ["high", "low", "close"]
OWN_COLUMNS: dict[str, list[str]] = {
    "anchored_vwap": [*HLC, "volume"],
    "awesome_oscillator": ["high", "low"],
    "chaikin_money_flow": [*HLC, "volume"],
    "ease_of_movement": ["high", "low", "volume"],
    "force_index": ["close", "volume"],
    "heikin_ashi": ["open", *HLC],
    "hurst": ["log_close"],
    "ichimoku": ["high", "low"],
    "keltner": HLC,
    "volume_profile": ["high", "low", "volume"],
}

CASES: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in names()),
    # Sessions, windows, and averages of other kinds and lengths remember differently.
    ("vwap", {"timeframe": "1h"}),
    ("vwap", {"timeframe": "1h", "session": "1w"}),
    ("vwap", {"timeperiod": 14}),
    ("ema", {"timeperiod": 1}),
    ("ema", {"timeperiod": 200}),
    ("rsi", {"timeperiod": 50}),
    ("sar", {"acceleration": 0.01, "maximum": 0.1}),
    ("supertrend", {"timeperiod": 20, "multiplier": 5.0}),
    ("hurst", {"timeperiod": 60, "max_lag": 8}),
    ("ichimoku", {"displacement": 0}),
    ("volume_profile", {"timeperiod": 30, "bins": 10}),
    ("ease_of_movement", {"timeperiod": 1, "divisor": 50.0}),
    ("stoch", {"slowk_matype": 3, "slowd_matype": 1}),
    ("macdext", {"fastmatype": 4, "slowmatype": 8, "signalmatype": 13}),
    *(("ma", {"timeperiod": 20, "matype": kind}) for kind in range(11)),
    *(("bbands", {"timeperiod": 12, "matype": kind}) for kind in (1, 6, 12, 13)),
]


def ids(cases: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [f"{name}{parameters or ''}" for name, parameters in cases]


ROW_NUMBERS = {"maxindex", "minindex", "minmaxindex"}

# Sums since the first bar, and row numbers counted from it.
WITHOUT_END = ROW_NUMBERS | {
    *("ad", "anchored_vwap", "cumsum", "nvi", "obv", "pvi", "pvt", "vwap", "wad"),
}
FORGETTING = [case for case in CASES if case[0] not in WITHOUT_END or case[1]]

# The phase of a cycle is rounding noise where the price stands still, whatever the warm-up.
PHASES = {"ht_dcphase", "ht_sine", "ht_trendmode", "mama"}
BY_MESA = {"timeperiod": 20, "matype": 7}
STEADY = [case for case in FORGETTING if case[0] not in PHASES and case[1] != BY_MESA]


def random_market(seed: int, n_bars: int) -> dict[str, FloatArray]:
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(rng.normal(0.0, 0.02, n_bars).cumsum())
    open_ = np.concatenate([[100.0], close[:-1]])
    return {
        "open": open_,
        "high": np.maximum(open_, close) * (1.0 + rng.uniform(0.0, 0.01, n_bars)),
        "low": np.minimum(open_, close) * (1.0 - rng.uniform(0.0, 0.01, n_bars)),
        "close": close,
        "volume": rng.uniform(1.0, 9.0, n_bars),
    }


def columns(name: str) -> list[str]:
    return OWN_COLUMNS[name] if name in OWN_COLUMNS else input_columns(name)


def arrays_of(name: str, bars: Mapping[str, FloatArray]) -> list[FloatArray]:
    n_bars = bars["close"].size
    known: dict[str, FloatArray] = {
        **bars,
        "log_close": np.log(bars["close"]),
        "periods": (2.0 + np.arange(n_bars) % 28).astype(np.float64),
    }
    if name in ("asin", "acos", "exp", "sinh", "cosh"):
        known["close"] = known["close"] / 1e6
    found = [known[column].copy() for column in columns(name)]
    for array in found:  # as those of bars are: an indicator that wrote to its input would fail
        read_only(array)
    return found


def compute(
    name: str, arrays: list[FloatArray], parameters: Mapping[str, Any], first_row: int = 0
) -> list[FloatArray]:
    given_ = {key: value for key, value in parameters.items() if key != "timeframe"}
    rows = first_row + np.arange(arrays[0].size)
    if "timeframe" in parameters:
        given_["timestamp"] = rows * HOUR_MS
    if name == "anchored_vwap":
        given_["anchor"] = rows % 500 == 20
    result: Any = getattr(indicators, name)(*arrays, **given_)
    return [result] if isinstance(result, np.ndarray) else list(result)


@pytest.mark.parametrize(("name", "parameters"), CASES, ids=ids(CASES))
@settings(max_examples=4)
@given(cut=st.integers(1, 259), seed=st.integers(0, 2**32 - 1))
@example(cut=200, seed=1)
def test_the_future_never_changes_the_past(
    name: str, parameters: dict[str, Any], cut: int, seed: int
) -> None:
    whole = arrays_of(name, random_market(seed, 260))
    ended = [array[:cut] for array in whole]
    other = [
        np.concatenate([old, new])
        for old, new in zip(ended, arrays_of(name, random_market(seed + 1, 300)), strict=True)
    ]
    larger = [np.concatenate([a[:cut], a[cut:] * 10.0]) for a in whole]
    if name in ("acos", "asin", "mavp"):  # leave the domain when multiplied
        larger = [np.concatenate([a[:cut], a[cut:][::-1]]) for a in whole]
    then = compute(name, whole, parameters)
    for future in (ended, other, larger):
        for old, new in zip(then, compute(name, future, parameters), strict=True):
            np.testing.assert_array_equal(old[:cut], new[:cut])


@pytest.mark.parametrize(("name", "parameters"), CASES, ids=ids(CASES))
def test_as_many_values_are_undefined_as_declared(name: str, parameters: dict[str, Any]) -> None:
    begins: list[int] = []
    for output in compute(name, arrays_of(name, random_market(7, 1_500)), parameters, 20):
        assert output.dtype == np.float64
        assert output.shape == (1_500,)
        begins.append(int(np.argmax(np.isfinite(output))))
        assert np.isfinite(output[begins[-1] :]).all()
    assert max(begins) == indicators.lookback(name, **parameters)
    assert min(begins) == max(begins) or name == "ichimoku"


def assert_warmed_up(
    name: str, parameters: dict[str, Any], bars: Mapping[str, FloatArray], step: int
) -> None:
    needed = indicators.warmup(name, **parameters)
    assert needed is not None
    arrays = arrays_of(name, bars)
    whole = compute(name, arrays, parameters)
    usual = [float(np.nanstd(output)) for output in whole]
    assert arrays[0].size > needed + 10 * step
    for end in range(needed + step, arrays[0].size + 1, step):
        start = end - needed
        newest = compute(name, [array[start:end] for array in arrays], parameters, start)
        for full, short, size in zip(whole, newest, usual, strict=True):
            expected, found = full[end - 1], short[-1]
            assert np.isnan(expected) == np.isnan(found)
            assert not abs(expected - found) > 1e-9 * max(abs(expected), size), end


@cache
def long_market() -> dict[str, FloatArray]:
    return random_market(11, 9_000)


def test_only_what_counts_from_the_first_bar_has_no_warm_up() -> None:
    assert {name for name in names() if indicators.warmup(name) is None} == WITHOUT_END


@pytest.mark.parametrize(("name", "parameters"), FORGETTING, ids=ids(FORGETTING))
def test_the_declared_bars_give_the_value_of_all(name: str, parameters: dict[str, Any]) -> None:
    assert_warmed_up(name, parameters, long_market(), 97)


@cache
def feather(path: Path, first: int, n_bars: int) -> dict[str, FloatArray]:
    frame = pl.read_ipc(path).slice(first, n_bars)
    return {c: frame[c].to_numpy().astype(np.float64) for c in ("open", *HLC, "volume")}


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "parameters"), FORGETTING, ids=ids(FORGETTING))
def test_the_declared_bars_are_enough_on_a_real_market(
    real_data: Callable[[str], Path], name: str, parameters: dict[str, Any]
) -> None:
    file = real_data("bars/BTC_USDT-1h-2017-2022.feather")
    assert_warmed_up(name, parameters, feather(file, 20_000, 9_500), 173)


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "parameters"), STEADY, ids=ids(STEADY))
def test_the_declared_bars_are_enough_on_a_thin_market(
    real_data: Callable[[str], Path], name: str, parameters: dict[str, Any]
) -> None:
    # Minutes in which nobody traded, and prices that stay for many of them.
    file = real_data("bars/KITE_USDT-1m-2025-2026.feather")
    assert_warmed_up(name, parameters, feather(file, 100_000, 9_500), 173)


@pytest.mark.parametrize(("name", "parameters"), CASES, ids=ids(CASES))
def test_the_warm_up_of_another_indicator_is_passed_on(
    name: str, parameters: dict[str, Any]
) -> None:
    arrays = arrays_of(name, random_market(3, 400))
    late = [np.concatenate([np.full(7, np.nan), array]) for array in arrays]
    shift = 7.0 if name in ROW_NUMBERS else 0.0
    for found, expected in zip(
        compute(name, late, parameters),
        compute(name, arrays, parameters, 7),
        strict=True,
    ):
        assert np.isnan(found[:7]).all()
        np.testing.assert_allclose(found[7:], expected + shift, rtol=1e-12)


@pytest.mark.parametrize("name", names())
def test_what_cannot_be_used_is_refused_in_one_sentence(name: str) -> None:
    arrays = arrays_of(name, random_market(3, 60))
    sentence = r"expected finite values for \w+ after the warm-up, found (nan|inf) at row 40"
    for hole in (np.nan, np.inf):
        broken = arrays[-1].copy()
        broken[40] = hole
        with pytest.raises(DataError, match=sentence):
            compute(name, [*arrays[:-1], broken], {})
    two_dimensional = [array.reshape(2, 30) for array in arrays]
    with pytest.raises(DataError, match=r"expected one-dimensional arrays of one length for \w+"):
        compute(name, two_dimensional, {})
    if len(arrays) > 1:
        with pytest.raises(DataError, match=re.escape("(60,), (59,)")):
            compute(name, [*arrays[:-1], arrays[-1][:-1]], {})


@pytest.mark.parametrize("name", names())
def test_too_short_an_input_gives_only_nan(name: str) -> None:
    for n_bars in {0, min(1, indicators.lookback(name)), indicators.lookback(name)}:
        arrays = [array[:n_bars] for array in arrays_of(name, random_market(3, 150))]
        outputs = compute(name, arrays, {})
        assert [output.shape for output in outputs] == [(n_bars,)] * len(outputs)
        assert np.isnan(outputs[-1]).all()


@pytest.mark.parametrize("name", names())
def test_every_function_is_described_in_one_form(name: str) -> None:
    text = getattr(indicators, name).__doc__ or ""
    heads = [text.find(f"{head}\n") for head in ("Parameters", "Returns", "Raises", "References")]
    assert heads == sorted(heads)
    assert -1 not in heads
    assert "of shape (n_bars,)" in text
    assert "NaN" in text or "no warm-up" in text


def test_all_of_talib_and_what_it_lacks_is_there() -> None:
    assert len(talib_names()) == 201
    assert set(names()) == {*talib_names(), *OWN_COLUMNS}
