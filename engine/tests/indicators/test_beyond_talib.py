"""Indicators TA-Lib lacks or names otherwise, against other libraries and tables worked by hand.

The numbers of other libraries were computed once, on the series below, with pandas-ta-classic
0.8.32, ta 0.11.0, tulipy 0.4.0 and finta 1.3, and are frozen to ten decimals: rows 60, 90, 119.
"""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cryptovolt import indicators
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import ConfigurationError, DataError

_T = np.arange(120.0)
CLOSE = 100 + 8 * np.sin(_T / 9) + 3 * np.sin(1.7 * _T) + _T / 20
OPEN = np.concatenate([[100.0], CLOSE[:-1]])
HIGH = np.maximum(OPEN, CLOSE) + 1 + np.cos(_T / 3) ** 2
LOW = np.minimum(OPEN, CLOSE) - 1 - np.sin(_T / 4) ** 2
VOLUME = 50 + 30 * np.sin(_T / 7) + 10 * np.cos(2.3 * _T)
TIMES = 1_704_067_200_000 + 3_600_000 * np.arange(120)  # from Monday 2024-01-01 00:00 UTC

HL, HLC, HLCV = (HIGH, LOW), (HIGH, LOW, CLOSE), (HIGH, LOW, CLOSE, VOLUME)

FROZEN: list[tuple[str, tuple[FloatArray, ...], dict[str, Any], tuple[float, float, float]]] = [
    # pandas-ta-classic: supertrend
    ("supertrend.supertrend", HLC, {}, (109.030989647, 95.6360973813, 92.9383275037)),
    ("supertrend.trend", HLC, {}, (-1.0, 1.0, 1.0)),
    # pandas-ta-classic and finta: ichimoku, the spans as drawn
    ("ichimoku.tenkan", HL, {}, (102.0158195026, 104.3905453151, 106.6860795531)),
    ("ichimoku.kijun", HL, {}, (100.0353374048, 106.7511249709, 103.7437394733)),
    ("ichimoku.senkou_a", HL, {}, (102.0013465831, 103.5531892432, 103.4960813594)),
    ("ichimoku.senkou_b", HL, {}, (np.nan, 101.6950902749, 102.8260878612)),
    # ta's IchimokuIndicator(visual=False), the spans when they are made
    (
        "ichimoku.senkou_a",
        HL,
        {"displacement": 0},
        (101.0255784537, 105.570835143, 105.2149095132),
    ),
    (
        "ichimoku.senkou_b",
        HL,
        {"displacement": 0},
        (101.4296026179, 102.8260878612, 104.1998654799),
    ),
    # pandas-ta-classic: donchian, cmf, efi, eom, vortex, tsi, hma, zlma, ha, vwap
    ("donchian.upperband", HL, {}, (110.1442211878, 115.7257221005, 114.8134700871)),
    ("donchian.middleband", HL, {}, (100.0353374048, 106.7511249709, 103.9107553317)),
    ("donchian.lowerband", HL, {}, (89.9264536219, 97.7765278414, 93.0080405763)),
    ("chaikin_money_flow", HLCV, {}, (0.129338055, -0.0266130338, 0.1063573597)),
    ("force_index", (CLOSE, VOLUME), {}, (91.370973477, -12.5807935001, 30.559424678)),
    (
        "ease_of_movement",
        (HIGH, LOW, VOLUME),
        {},
        (6365825.031550667, -15911515.590265872, 26674561.69121041),
    ),
    ("vortex.plusvi", HLC, {}, (1.1033660371, 0.9081426955, 1.09395013)),
    ("vortex.minusvi", HLC, {}, (0.870977471, 1.1547452639, 0.8543228653)),
    ("tsi", (CLOSE,), {}, (9.9847891038, -5.8938128959, 11.8182668666)),
    ("hma", (CLOSE,), {}, (104.8570074066, 101.0252544658, 110.1245839626)),
    ("hma", (CLOSE,), {"timeperiod": 9}, (106.0323413727, 100.3771518886, 110.8652204222)),
    ("zlema", (CLOSE,), {}, (102.8997444478, 104.2268740974, 107.2990595036)),
    ("heikin_ashi.open", (OPEN, *HLC), {}, (102.8429464632, 101.4975115245, 107.784431126)),
    ("heikin_ashi.high", (OPEN, *HLC), {}, (110.1442211878, 103.590826365, 114.8134700871)),
    ("heikin_ashi.low", (OPEN, *HLC), {}, (102.8429464632, 101.0792580649, 106.7175622843)),
    ("heikin_ashi.close", (OPEN, *HLC), {}, (106.632444146, 102.3884285889, 110.9759283956)),
    ("vwap", HLCV, {"timestamp": TIMES}, (100.5778850908, 105.6960997834, 100.0233403574)),
    (
        "vwap",
        HLCV,
        {"timestamp": TIMES, "session": "1w"},
        (102.5115430697, 103.7436637214, 102.6483227456),
    ),
    # ta's VolumeWeightedAveragePrice
    ("vwap", HLCV, {"timeperiod": 14}, (100.152991511, 104.4521503008, 103.2266095983)),
    # tulipy's ao, and emv with its divisor of 10,000
    ("awesome_oscillator", HL, {}, (5.6500457171, -4.9946256866, 7.263949644)),
    (
        "ease_of_movement",
        (HIGH, LOW, VOLUME),
        {"timeperiod": 1, "divisor": 10_000.0},
        (3276.696417566, 654.6452277597, 23802.1834690381),
    ),
]


@pytest.mark.parametrize(("function", "arrays", "parameters", "expected"), FROZEN)
def test_other_libraries_agree(
    function: str,
    arrays: tuple[FloatArray, ...],
    parameters: dict[str, Any],
    expected: tuple[float, float, float],
) -> None:
    name, _, output = function.partition(".")
    result = getattr(indicators, name)(*arrays, **parameters)
    computed = getattr(result, output) if output else result
    np.testing.assert_allclose(computed[[60, 90, 119]], expected, rtol=1e-11, atol=6e-11)


def test_keltner_agrees_with_pandas_once_both_forgot_their_start() -> None:
    rng = np.random.default_rng(8)
    close = rng.normal(size=800).cumsum() + 200.0
    high, low = close + rng.uniform(0.1, 2.0, 800), close - rng.uniform(0.1, 2.0, 800)
    before = np.concatenate([close[:1], close[:-1]])
    true_range = pd.Series(np.maximum(high, before) - np.minimum(low, before))
    middle = pd.Series(close).ewm(span=20, adjust=False).mean().to_numpy()
    half = 1.5 * true_range.ewm(alpha=1 / 10, adjust=False).mean().to_numpy()
    bands = indicators.keltner(high, low, close, 20, 10, 1.5)
    for computed, expected in zip(bands, (middle + half, middle, middle - half), strict=True):
        np.testing.assert_allclose(computed[400:], expected[400:], rtol=1e-11)


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("chaikin_money_flow", "cmf"),
        ("force_index", "efi"),
        ("awesome_oscillator", "ao"),
        ("heikin_ashi", "ha"),
    ],
)
def test_long_names_are_talib_functions(long: str, short: str) -> None:
    arrays = {
        "chaikin_money_flow": HLCV,
        "force_index": (CLOSE, VOLUME),
        "awesome_oscillator": HL,
        "heikin_ashi": (OPEN, *HLC),
    }[long]
    np.testing.assert_array_equal(
        getattr(indicators, long)(*arrays), getattr(indicators, short)(*arrays)
    )
    assert indicators.lookback(long) == indicators.lookback(short)
    assert indicators.warmup(long) == indicators.warmup(short)


def ones(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float64)


def test_ease_counts_a_bar_without_volume_as_no_movement() -> None:
    high, low = ones(11, 13, 15, 15), ones(9, 11, 11, 11)
    # middles 10, 12, 13, 13: (2 · 2 / (4/2) + 1 · 4 / 0 → 0) / 2, then (0 + 0) / 2
    computed = indicators.ease_of_movement(high, low, ones(5, 4, 0, 8), 2, 2.0)
    np.testing.assert_array_equal(computed, [np.nan, np.nan, 1.0, 0.0])


def test_a_straight_line_has_an_exponent_of_one() -> None:
    np.testing.assert_allclose(indicators.hurst(_T, 50, 8)[49:], 1.0, rtol=1e-12)


def test_a_zigzag_has_an_exponent_of_zero() -> None:
    # Every odd lag moves by 1, every even one by 0; noise keeps the even ones from vanishing.
    noise = np.random.default_rng(2).normal(size=4_000)
    assert abs(np.nanmean(indicators.hurst(noise, 400, 16))) < 0.01


def test_a_random_walk_has_an_exponent_of_one_half() -> None:
    walk = np.random.default_rng(3).normal(size=100_000).cumsum()
    assert np.nanmean(indicators.hurst(walk, 500, 16)) == pytest.approx(0.5, abs=0.01)


def test_the_exponent_is_the_slope_numpy_fits() -> None:
    window = CLOSE[20:80]
    lags = np.array([1, 2, 4, 8])
    moments = [np.mean((window[lag:] - window[:-lag]) ** 2) for lag in lags]
    slope = np.polyfit(np.log(lags), np.log(moments), 1)[0]
    assert indicators.hurst(CLOSE, 60, 8)[79] == pytest.approx(slope / 2, rel=1e-12)


def test_a_constant_window_has_no_exponent() -> None:
    assert np.isnan(indicators.hurst(np.full(50, 7.0), 20, 4)).all()


def test_talibs_whole_numbers_are_nan_before_the_warm_up() -> None:
    doji = indicators.cdldoji(OPEN, *HLC)
    assert np.isnan(doji[: indicators.lookback("cdldoji")]).all()
    assert set(doji[indicators.lookback("cdldoji") :]) <= {0.0, 100.0}
    assert np.isnan(indicators.supertrend(*HLC).trend[:10]).all()


REFUSED: list[tuple[str, tuple[Any, ...], dict[str, Any], type[Exception], str]] = [
    (
        "vwap",
        HLCV,
        {"timestamp": TIMES, "timeperiod": 5},
        ConfigurationError,
        "expected either timestamp (sessions) or timeperiod (a window) for vwap, found both",
    ),
    (
        "vwap",
        HLCV,
        {"timeperiod": 0},
        ConfigurationError,
        "expected timeperiod as a whole number of at least 1 for vwap, found 0",
    ),
    (
        "vwap",
        HLCV,
        {"timeperiod": 2.5},
        ConfigurationError,
        "expected timeperiod as a whole number of at least 1 for vwap, found 2.5",
    ),
    (
        "vwap",
        HLCV,
        {"timestamp": TIMES[::-1]},
        DataError,
        "expected rising times for vwap, found 1704492000000 after 1704495600000 at row 1",
    ),
    (
        "vwap",
        HLCV,
        {"timestamp": TIMES[1:]},
        DataError,
        "expected timestamp as 120 integers (milliseconds UTC) for vwap, found int64 of shape",
    ),
    ("vwap", HLCV, {"timestamp": TIMES, "session": "day"}, ConfigurationError, "found 'day'"),
    (
        "vwap",
        (*HLC, -VOLUME),
        {},
        DataError,
        "expected volume from 0 for vwap, found -60.0 at row 0",
    ),
    (
        "anchored_vwap",
        HLCV,
        {"anchor": 120},
        DataError,
        "expected anchor as a row of 0 to 119 or 120 bools for anchored_vwap, found 120",
    ),
    ("anchored_vwap", HLCV, {"anchor": -1}, DataError, "for anchored_vwap, found -1"),
    ("anchored_vwap", HLCV, {"anchor": np.ones(3)}, DataError, "found float64 of shape (3,)"),
    (
        "ichimoku",
        HL,
        {"displacement": -26},
        ConfigurationError,
        "expected displacement as a whole number of at least 0 for ichimoku, found -26",
    ),
    (
        "hurst",
        (CLOSE,),
        {"timeperiod": 16},
        ConfigurationError,
        "expected timeperiod as a whole number of at least 17 for hurst, found 16",
    ),
    ("volume_profile", (HIGH, LOW, VOLUME), {"bins": 1}, ConfigurationError, "at least 2"),
    (
        "volume_profile",
        (HIGH, LOW, VOLUME),
        {"value_area": np.nan},
        ConfigurationError,
        "expected value_area in (0, 1] for volume_profile, found nan",
    ),
    (
        "ease_of_movement",
        (HIGH, LOW, VOLUME),
        {"divisor": 0.0},
        ConfigurationError,
        "expected divisor above 0 for ease_of_movement, found 0.0",
    ),
    (
        "volume_profile",
        (LOW, HIGH, VOLUME),
        {},
        DataError,
        "expected high at or above low for volume_profile, found 99.0 below 102.0 at row 0",
    ),
    ("volume_profile", (HIGH, LOW, -VOLUME), {}, DataError, "expected volume from 0 for volume_p"),
    ("ease_of_movement", (HIGH, LOW, -VOLUME), {}, DataError, "expected volume from 0 for ease_of"),
    ("keltner", HLC, {"timeperiod": 0}, ConfigurationError, "parameters that TA-Lib's EMA accepts"),
]


@pytest.mark.parametrize(("name", "arrays", "parameters", "error", "sentence"), REFUSED)
def test_meaningless_requests_are_refused_in_one_sentence(
    name: str,
    arrays: tuple[Any, ...],
    parameters: dict[str, Any],
    error: type[Exception],
    sentence: str,
) -> None:
    with pytest.raises(error, match=re.escape(sentence)):
        getattr(indicators, name)(*arrays, **parameters)
