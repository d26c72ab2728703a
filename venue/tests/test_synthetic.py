import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.bars import Bars
from cryptovolt.market.checking import check_bars
from cryptovolt_venue.brownian import ROOT_MS, brownian
from cryptovolt_venue.series import Block
from cryptovolt_venue.synthetic import SyntheticSeries

LISTED_MS = 1_700_000_000_000


def made(number: int = 3, seed: int = 5, market: str = "spot") -> SyntheticSeries:
    return SyntheticSeries(
        number,
        "usdm" if market == "usdm" else "spot",
        timeframe="1m",
        seed=seed,
        trades_per_bar=8,
        listed_ms=LISTED_MS,
    )


def same(one: Block, other: Block) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@given(first=st.integers(0, 3_000_000), length=st.integers(1, 1500))
def test_any_part_is_the_same_whenever_it_is_asked_for(first: int, length: int):
    series = made()
    whole = series.block(first, first + length + 10)
    part = made().block(first + 5, first + 5 + length)
    assert same(Block(*(column[5 : 5 + length] for column in whole)), part)


def test_one_seed_makes_one_market_and_another_seed_another():
    assert same(made(seed=5).block(0, 500), made(seed=5).block(0, 500))
    assert not same(made(seed=5).block(0, 500), made(seed=6).block(0, 500))


def test_spot_and_perpetual_of_a_symbol_follow_one_path():
    assert same(made().block(0, 500), made(market="usdm").block(0, 500))


@pytest.mark.parametrize("number", [0, 1, 8, 9, 10, 57, 999])
def test_the_bars_have_no_errors_and_follow_one_another(number: int):
    series = made(number)
    block = series.block(1000, 12_000)
    bars = Bars(
        symbol=series.instrument.symbol, timeframe="1m", timestamp=block.open_ms,
        open=block.open.astype(float), high=block.high.astype(float), low=block.low.astype(float),
        close=block.close.astype(float), volume=block.volume.astype(float),
    )  # fmt: skip
    assert not check_bars(bars).errors
    assert np.array_equal(block.open[1:], block.close[:-1])
    assert block.open.min() > 100


def test_prices_move_as_crypto_does_and_together():
    hourly: list[np.ndarray[tuple[int], np.dtype[np.float64]]] = []
    for number in range(12):
        block = made(number).block(0, 60 * 24 * 120)
        hourly.append(np.diff(np.log(block.close[::60].astype(float))))
    spread = [float(moves.std()) for moves in hourly]
    assert all(0.002 < each < 0.02 for each in spread)
    with_bitcoin = [float(np.corrcoef(hourly[0], moves)[0, 1]) for moves in hourly[1:]]
    assert all(each > 0.15 for each in with_bitcoin)
    assert np.mean(with_bitcoin) < 0.95


@pytest.mark.parametrize("key", [1, 7, 2**40])
def test_a_path_is_a_random_walk(key: int):
    # Steps over a minute, an hour and a day: variance grows with time, and no step tells the next.
    start = 1_750_000_000_000
    for step, n in ((60_000, 100_000), (3_600_000, 20_000), (86_400_000, 1_000)):
        moves = np.diff(brownian(key, start + step * np.arange(n + 1, dtype=np.int64)))
        assert moves.var() / step == pytest.approx(1.0, abs=5 * (2 / n) ** 0.5)
        for lag in (1, 2, 5):
            assert abs(np.corrcoef(moves[lag:], moves[:-lag])[0, 1]) < 4 / n**0.5
        assert abs(np.mean(moves**4) / moves.var() ** 2 - 3.0) < 6 * (24 / n) ** 0.5


def test_paths_of_two_keys_have_nothing_in_common_and_begin_at_nothing():
    times = 1_750_000_000_000 + 60_000 * np.arange(50_001, dtype=np.int64)
    one, other = np.diff(brownian(1, times)), np.diff(brownian(2, times))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.02
    assert brownian(1, np.array([0, ROOT_MS, 3 * ROOT_MS])).tolist() == [0.0, 0.0, 0.0]


def test_no_bar_of_the_market_tells_the_next():
    for number in (0, 3, 11):
        close = made(number).block(0, 60 * 24 * 60).close.astype(float)
        moves = np.diff(np.log(close))
        correlations = [np.corrcoef(moves[lag:], moves[:-lag])[0, 1] for lag in range(1, 11)]
        assert np.abs(correlations).max() < 5 / moves.size**0.5
