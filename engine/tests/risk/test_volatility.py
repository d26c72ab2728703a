import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt import Bars
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.market.windows import live_rows
from cryptovolt.risk import VOLATILITY_WARMUP, realised_volatility


def bars_of(close: FloatArray) -> Bars:
    return Bars(
        symbol="BTCUSDT",
        timeframe="1h",
        timestamp=(400_000 + np.arange(close.size)) * 3_600_000,
        open=close,
        high=close,
        low=close,
        close=close,
        volume=np.ones(close.size),
    )


def random_bars(seed: int, n_bars: int, deviation: float = 0.01) -> Bars:
    steps = np.random.default_rng(seed).normal(0.0, deviation, n_bars)
    return bars_of(100.0 * np.exp(np.cumsum(steps)))


def test_it_is_the_root_mean_square_of_log_returns_per_year() -> None:
    bars = random_bars(1, 900)
    found = realised_volatility(bars)
    returns = np.diff(np.log(bars.close))
    per_year = np.sqrt(365 * 24)
    assert found.current[-1] == pytest.approx(np.sqrt((returns[-48:] ** 2).mean()) * per_year)
    assert found.typical[-1] == pytest.approx(np.sqrt((returns[-720:] ** 2).mean()) * per_year)


def test_it_finds_the_deviation_a_market_was_made_with() -> None:
    typical = realised_volatility(random_bars(2, 3_000, 0.01)).typical
    assert np.nanmean(typical) == pytest.approx(0.01 * np.sqrt(365 * 24), rel=0.05)


def test_a_market_that_stands_still_has_none() -> None:
    found = realised_volatility(bars_of(np.full(800, 5.0)))
    assert (found.current[VOLATILITY_WARMUP:] == 0.0).all()
    assert (found.typical[VOLATILITY_WARMUP:] == 0.0).all()


def test_there_is_no_value_within_the_warm_up() -> None:
    found = realised_volatility(random_bars(3, 800))
    assert np.isnan(found.current[:VOLATILITY_WARMUP]).all()
    assert np.isfinite(found.typical[VOLATILITY_WARMUP:]).all()


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), cut=st.integers(1, 1_199))
def test_the_future_never_changes_the_past(seed: int, cut: int) -> None:
    bars = random_bars(seed, 1_200)
    whole, part = realised_volatility(bars), realised_volatility(bars[:cut])
    np.testing.assert_array_equal(whole.current[:cut], part.current)
    np.testing.assert_array_equal(whole.typical[:cut], part.typical)


@pytest.mark.parametrize("last", [2_800, 4_095, 4_096, 5_999])
def test_live_has_the_bits_of_the_batch(last: int) -> None:
    bars = random_bars(4, 6_000)
    whole = realised_volatility(bars)
    live = realised_volatility(bars[last + 1 - live_rows(VOLATILITY_WARMUP) : last + 1])
    assert live.current[-1] == whole.current[last]
    assert live.typical[-1] == whole.typical[last]
