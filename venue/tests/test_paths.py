"""The trades of a bar are the bar."""

from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.bars import Bars
from cryptovolt_venue.paths import make_paths, sum_paths
from cryptovolt_venue.series import FileSeries

prices = st.integers(1, 10**7)
volumes = st.one_of(st.just(0), st.integers(1, 20), st.integers(1, 10**10))


@st.composite
def bar_rows(draw: st.DrawFn) -> list[tuple[int, int, int, int, int]]:
    rows: list[tuple[int, int, int, int, int]] = []
    for _ in range(draw(st.integers(1, 8))):
        opening, closing, first, second = (draw(prices) for _ in range(4))
        everything = (opening, closing, first, second)
        rows.append((opening, max(everything), min(everything), closing, draw(volumes)))
    return rows


@given(rows=bar_rows(), n_trades=st.integers(4, 60), seed=st.integers(0, 2**31))
def test_the_trades_of_a_bar_touch_its_prices_and_sum_to_its_volume(
    rows: list[tuple[int, int, int, int, int]], n_trades: int, seed: int
):
    o, h, lo, c, v = (np.array(column) for column in zip(*rows, strict=True))
    bars = Bars(
        symbol="BTCUSDT", timeframe="1m", timestamp=np.arange(len(rows)) * 60_000,
        open=o / 100, high=h / 100, low=lo / 100, close=c / 100, volume=v / 1000,
    )  # fmt: skip
    series = FileSeries(bars, "spot", seed=seed, trades_per_bar=n_trades)
    block = series.block(0, len(rows))
    paths, scale = make_paths(series, block), 10.0**series.instrument.quantity_decimals
    for row in range(len(rows)):
        n = int(block.n_trades[row])
        price, quantity = paths.price[row, :n], paths.quantity[row, :n]
        time = paths.time_ms[row, :n]
        assert np.array_equal(quantity, paths.quantity[row][paths.quantity[row] > 0])
        assert quantity.sum() == block.volume[row] == round(v[row] / 1000 * scale)
        if n:
            touched = (price[0], price.max(), price.min(), price[-1])
            assert touched == (block.open[row], block.high[row], block.low[row], block.close[row])
            assert (np.diff(time) > 0).all()
            assert block.open_ms[row] <= time[0]
            assert time[-1] < block.open_ms[row] + 60_000
    sums = sum_paths(paths)
    exact = [sum(int(p) * int(q) for p, q in zip(*pair, strict=True))
             for pair in zip(paths.price, paths.quantity, strict=True)]  # fmt: skip
    assert sums.quote_volume.tolist() == exact
    assert (sums.taker_volume <= block.volume).all()


def test_any_part_of_the_bars_has_the_trades_it_has_in_the_whole(
    make_series: Callable[..., FileSeries],
):
    series = make_series(n_bars=200)
    whole = make_paths(series, series.block(0, 200))
    part = make_paths(series, series.block(57, 91))
    for all_rows, some in zip(whole, part, strict=True):
        assert np.array_equal(all_rows[57:91], some)


def test_sums_that_64_bits_cannot_hold_are_exact():
    bars = Bars(
        symbol="BTCUSDT", timeframe="1d", timestamp=np.array([0]), open=np.array([65_000.01]),
        high=np.array([70_000.02]), low=np.array([60_000.03]), close=np.array([66_000.04]),
        volume=np.array([80_000.12345678]),
    )  # fmt: skip
    series = FileSeries(bars, "spot", seed=1, trades_per_bar=20)
    paths = make_paths(series, series.block(0, 1))
    exact = sum(int(p) * int(q) for p, q in zip(paths.price[0], paths.quantity[0], strict=True))
    assert exact > 2**63
    assert sum_paths(paths).quote_volume.tolist() == [exact]
