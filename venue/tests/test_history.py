"""Klines against the engine's own resampling, and the forming kline against the trades."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.timeframe import timeframe_ms
from cryptovolt.market.resampling import resample
from cryptovolt_venue import history, past_trades
from cryptovolt_venue.feed import Feed
from cryptovolt_venue.series import FileSeries

FOREVER = 2**60


def opened(series: FileSeries, now_ms: int) -> Feed:
    feed = Feed(series, 1, 0)
    feed.sync(now_ms)
    return feed


@given(
    seed=st.integers(0, 10_000),
    n_bars=st.integers(1, 400),
    interval=st.sampled_from(["1m", "3m", "5m", "15m", "1h", "2h", "1d", "1w"]),
    gaps=st.booleans(),
)
def test_klines_of_any_time_frame_are_what_the_engine_resamples(
    make_bars: Callable[..., Bars], seed: int, n_bars: int, interval: str, gaps: bool
):
    bars = make_bars(seed, n_bars, gaps=gaps)
    feed = opened(FileSeries(bars, "spot", seed=seed, trades_per_bar=8), FOREVER)
    # One more bar, far away, so that the last bucket is over and resample keeps it.
    resampled: Bars = resample(_followed(bars, timeframe_ms(interval)), interval)
    expected = resampled[: int(np.searchsorted(resampled.timestamp, int(bars.timestamp[-1]) + 1))]
    found = history.klines(feed, interval, FOREVER, limit=1000)
    rows = [history.row_text(kline, feed) for kline in found]
    assert [row[0] for row in rows] == expected.timestamp.tolist()
    columns = ("open", "high", "low", "close", "volume")
    for place, name in enumerate(columns, start=1):
        assert [float(row[place]) for row in rows] == getattr(expected, name).tolist(), name


def test_sums_of_longer_klines_are_the_sums_of_their_trades(
    make_series: Callable[..., FileSeries],
):
    feed = opened(make_series(n_bars=300), FOREVER)
    trades = past_trades.from_number(feed, 0, 10**6)
    for kline in history.klines(feed, "1h", FOREVER, limit=100):
        inside = [t for t in trades if kline.open_ms <= t.time_ms <= kline.close_ms]
        assert kline.n_trades == len(inside)
        assert kline.volume == sum(t.quantity for t in inside)
        assert kline.quote_volume == sum(t.quantity * t.price for t in inside)
        assert kline.bought == sum(t.quantity for t in inside if not t.buyer_is_maker)
        assert [t.trade_id - 1 for t in inside[:1]] in ([], [kline.first_trade])


@given(share=st.floats(0, 1), interval=st.sampled_from(["1m", "15m", "1h"]))
def test_the_forming_kline_holds_the_trades_so_far(
    make_series: Callable[..., FileSeries], share: float, interval: str
):
    series = make_series(n_bars=120)
    now = series.open_ms(20) + int(share * 95 * 60_000)
    feed = opened(series, now)
    last = history.klines(feed, interval, now, limit=3)[-1]
    done = [t for t in past_trades.from_number(feed, 0, 10**6) if t.time_ms <= now]
    inside = [t for t in done if t.time_ms >= last.open_ms]
    assert last.open_ms <= now <= last.close_ms
    assert feed.n_trades == len(done)
    assert last.volume == sum(t.quantity for t in inside)
    assert last.close == (inside[-1].price if inside else done[-1].price)
    assert last.high >= max((t.price for t in inside), default=0)


@pytest.mark.parametrize("interval", ["1m", "5m", "1h"])
def test_pages_from_a_start_time_on_lose_and_repeat_nothing(
    make_series: Callable[..., FileSeries], interval: str
):
    series = make_series(n_bars=700, gaps=True)
    now = series.open_ms(699) + 30_000
    feed = opened(series, now)
    whole = history.klines(feed, interval, now, limit=10_000)
    paged: list[history.Kline] = []
    start = 0
    while page := history.klines(feed, interval, now, start_ms=start, limit=7):
        assert len(page) <= 7
        paged.extend(page)
        start = page[-1].open_ms + 1
    assert paged == whole


def test_the_newest_klines_up_to_an_end_are_whole(make_series: Callable[..., FileSeries]):
    series = make_series(n_bars=300)
    feed = opened(series, FOREVER)
    whole = history.klines(feed, "15m", FOREVER, limit=100)
    end = whole[7].open_ms + 60_000
    assert history.klines(feed, "15m", FOREVER, end_ms=end, limit=3) == whole[5:8]


def test_a_time_frame_that_the_bars_cannot_make_is_not_offered(
    make_series: Callable[..., FileSeries],
):
    series = make_series(timeframe="5m")
    offered = {name for name in history.INTERVALS if history.offers(series, name)}
    assert offered == set(history.INTERVALS) - {"1s", "1m", "3m"}


def _followed(bars: Bars, length: int) -> Bars:
    after = bars.timestamp[-1] // length * length + 8 * length
    return Bars(
        symbol=bars.symbol,
        timeframe=bars.timeframe,
        timestamp=np.append(bars.timestamp, after),
        source=bars.source,
        **{
            name: np.append(getattr(bars, name), getattr(bars, name)[-1])
            for name in ("open", "high", "low", "close", "volume")
        },
    )
