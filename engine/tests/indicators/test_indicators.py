"""Known numbers, names and refusals of the indicators."""

import re

import numpy as np
import pandas as pd
import pytest

from cryptovolt import indicators
from cryptovolt.domain.errors import ConfigurationError, DataError

# StockCharts, "Moving Averages - Simple and Exponential": Intel, averages of 10 days. Prices and
# averages are printed to cents, so each is off by up to half a cent.
CLOSE = [
    *(22.27, 22.19, 22.08, 22.17, 22.18, 22.13, 22.23, 22.43, 22.24, 22.29, 22.15, 22.39, 22.38),
    *(22.61, 23.36, 24.05, 23.75, 23.83, 23.95, 23.63, 23.82, 23.87, 23.65, 23.19, 23.10),
]
SMA_10 = [22.22, 22.21, 22.23, 22.26, 22.31, 22.42, 22.61, 22.77, 22.91, 23.08, 23.21, 23.38]
EMA_10 = [22.22, 22.21, 22.24, 22.27, 22.33, 22.52, 22.80, 22.97, 23.13, 23.28, 23.34, 23.43]


def test_simple_average_gives_the_published_table() -> None:
    computed = indicators.sma(np.array(CLOSE), 10)
    assert np.isnan(computed[:9]).all()
    np.testing.assert_allclose(computed[9:21], SMA_10, atol=0.0101)


def test_exponential_average_gives_the_published_table() -> None:
    computed = indicators.ema(np.array(CLOSE), 10)
    assert np.isnan(computed[:9]).all()
    np.testing.assert_allclose(computed[9:21], EMA_10, atol=0.0101)


def test_weighted_average_counts_the_newest_bar_most() -> None:
    # (1·1 + 2·2 + 3·3 + 4·4 + 5·5) / 15
    assert indicators.wma(np.arange(1.0, 6.0), 5)[-1] == pytest.approx(55 / 15)


def test_true_range_spans_the_gap_from_the_close_before() -> None:
    high, low, close = np.array([10.0, 14.0]), np.array([9.0, 13.0]), np.array([9.5, 13.5])
    assert indicators.trange(high, low, close)[1] == 14.0 - 9.5


def test_relative_strength_is_the_share_of_rises() -> None:
    # 14 changes: 8 rises of 1 and 6 falls of 1.
    close = np.cumsum([100.0, *[1.0] * 8, *[-1.0] * 6])
    assert indicators.rsi(close, 14)[-1] == pytest.approx(100 * 8 / 14)


def test_relative_strength_agrees_with_pandas_once_both_forgot_their_start() -> None:
    close = pd.Series(np.random.default_rng(5).normal(size=700).cumsum() + 100.0)
    change = close.diff()
    rise = change.clip(lower=0.0).ewm(alpha=1 / 14, adjust=False).mean()
    fall = (-change).clip(lower=0.0).ewm(alpha=1 / 14, adjust=False).mean()
    expected = (100.0 * rise / (rise + fall)).to_numpy()
    computed = indicators.rsi(close.to_numpy(), 14)
    np.testing.assert_allclose(computed[450:], expected[450:], rtol=1e-10)


def test_on_balance_volume_adds_and_subtracts() -> None:
    volume = np.array([1.0, 10.0, 100.0, 1000.0])
    result = indicators.obv(np.array([5.0, 6.0, 5.5, 5.5]), volume)
    assert result.tolist() == [1.0, 11.0, -89.0, -89.0]


def test_parabolic_sar_needs_no_close() -> None:
    high = np.array([10.0, 11.0, 12.0, 13.0])
    assert indicators.sar(high, high - 1.0)[1:].tolist() == pytest.approx(
        # from the first low, 2 % then 4 % of the way to the highest high
        [9.0, 9.0 + 0.02 * (11.0 - 9.0), 9.04 + 0.04 * (12.0 - 9.04)]
    )


def test_several_outputs_have_names() -> None:
    bands = indicators.bbands(np.array(CLOSE), 20)
    assert bands._fields == ("upperband", "middleband", "lowerband")
    assert (bands.upperband[19:] > bands.lowerband[19:]).all()


def test_every_talib_function_is_here_under_its_name() -> None:
    close = np.array(CLOSE)
    assert (indicators.cdldoji(close, close, close, close) == 100)[12:].any()
    sine = indicators.ht_sine(np.tile(close, 4))
    assert sine._fields == ("sine", "leadsine")
    assert indicators.max(close, timeperiod=3)[2] == 22.27
    assert indicators.max(close, 3)[2] == 22.27


def test_an_unknown_name_is_no_indicator() -> None:
    with pytest.raises(AttributeError, match="no indicator 'holy_grail'"):
        indicators.holy_grail(np.array(CLOSE))


def test_the_warm_up_of_another_indicator_is_passed_on() -> None:
    smoothed = indicators.sma(indicators.rsi(np.array(CLOSE), 5), 3)
    assert np.flatnonzero(np.isfinite(smoothed))[0] == 7


def test_too_few_bars_give_only_nan() -> None:
    assert np.isnan(indicators.sma(np.array(CLOSE[:5]), 10)).all()
    assert indicators.sma(np.array([]), 10).size == 0


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
def test_a_hole_is_refused_with_its_row(hole: float) -> None:
    close = np.array(CLOSE)
    close[7] = hole
    with pytest.raises(DataError, match=re.escape(f"found {hole} at row 7")):
        indicators.rsi(close, 5)


def test_infinity_is_no_warm_up() -> None:
    with pytest.raises(DataError, match="row 0"):
        indicators.sma(np.array([np.inf, *CLOSE]), 5)


def test_parameters_talib_does_not_accept_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="SMA accepts, found"):
        indicators.sma(np.array(CLOSE), 0)
    with pytest.raises(ConfigurationError, match="parameters of \\['timeperiod'\\] for max"):
        indicators.max(np.array(CLOSE), period=3)


def test_arrays_of_different_lengths_are_refused() -> None:
    with pytest.raises(DataError, match=r"one length for atr, found \[\(25,\), \(25,\), \(24,\)\]"):
        indicators.atr(np.array(CLOSE), np.array(CLOSE), np.array(CLOSE[1:]))
