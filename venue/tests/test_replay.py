import asyncio
import time
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.bars import Bars
from cryptovolt_venue import book
from cryptovolt_venue.clock import VenueClock
from cryptovolt_venue.exchange import Exchange
from cryptovolt_venue.faults import FaultSchedule
from cryptovolt_venue.feed import Feed
from cryptovolt_venue.series import FileSeries
from cryptovolt_venue.synthetic import SyntheticSeries
from cryptovolt_venue.tape import BarUpdate, FundingDue, Trade

START_MS = 1_700_000_000_000
DAY_MS = 86_400_000


def synthetic_exchange(seed: int, faults: FaultSchedule | None = None) -> Exchange:
    series = [
        SyntheticSeries(
            number, "usdm", timeframe="1m", seed=seed, trades_per_bar=10,
            listed_ms=START_MS - 10 * DAY_MS,
        )
        for number in range(3)
    ]  # fmt: skip
    return Exchange(series, clock=VenueClock(START_MS, 1.0), faults=faults)


def tape_of(seed: int, steps: list[int]) -> list[Trade]:
    exchange = synthetic_exchange(seed)
    heard: list[Trade] = []
    exchange.on_trade(heard.append)
    for minutes in steps:
        exchange.replay.play(exchange.now_ms + minutes * 60_000)
    return heard


def test_one_seed_plays_one_market_however_it_is_cut_into_slices():
    assert tape_of(1, [60]) == tape_of(1, [1] * 60) == tape_of(1, [7, 13, 40])
    assert tape_of(1, [60]) != tape_of(2, [60])


def test_bars_of_a_file_close_as_they_stand_in_the_file_with_every_trade_before(
    make_bars: Callable[..., Bars],
):
    bars = make_bars(3, 200, gaps=True)
    series = FileSeries(bars, "spot", seed=0, trades_per_bar=12)
    exchange = Exchange([series], clock=VenueClock(int(bars.timestamp[0]), 1.0))
    heard: list[BarUpdate | Trade] = []
    exchange.on_bar(heard.append)
    exchange.on_trade(heard.append)
    exchange.replay.play(int(bars.timestamp[-1]) + 60_000)
    closed = [each for each in heard if isinstance(each, BarUpdate)]
    for name in ("open", "high", "low", "close", "volume"):
        assert [float(getattr(bar, name)) for bar in closed] == getattr(bars, name).tolist()
    pending: list[Trade] = []
    for each in heard:
        if isinstance(each, Trade):
            pending.append(each)
            continue
        assert sum(trade.quantity for trade in pending) == each.volume
        assert sum(trade.quantity * trade.price for trade in pending) == each.quote_volume
        assert len(pending) == each.n_trades
        pending = []
    ids = [each.trade_id for each in heard if isinstance(each, Trade)]
    assert ids == list(range(1, len(ids) + 1))


@given(times=st.lists(st.integers(0, 400 * 60_000), min_size=1, max_size=6).map(sorted))
def test_a_feed_asked_now_and_then_is_where_one_is_that_played_everything(
    make_series: Callable[..., FileSeries], times: list[int]
):
    series = make_series(n_bars=200, gaps=True)
    played = Exchange(
        [make_series(n_bars=200, gaps=True)], clock=VenueClock(series.open_ms(0), 1.0)
    )
    played.on_trade(lambda _: None)
    asked = Feed(series, 1, 0)
    for offset in times:
        now = series.open_ms(0) + offset
        played.replay.play(now)
        asked.sync(now)
        other = played.feeds["spot", "BTCUSDT"]
        assert state(asked) == state(other)
        assert book.levels(asked) == book.levels(other)


def state(feed: Feed) -> tuple[object, ...]:
    return (feed.n_trades, feed.last_price, feed.last_ms, feed.last_quantity, feed.last_maker,
            feed.row, feed.volume, feed.quote_volume, feed.close)  # fmt: skip


def test_funding_is_due_every_eight_hours_at_the_mark_price():
    exchange = synthetic_exchange(1)
    paid: list[FundingDue] = []
    exchange.on_funding(paid.append)
    exchange.replay.play(START_MS + 2 * DAY_MS)
    times = [each.time_ms for each in paid if each.symbol == "BTCUSDT"]
    assert len(times) == 6
    assert all(time % (8 * 3_600_000) == 0 for time in times)
    funding = exchange.funding("BTCUSDT")
    assert funding is not None
    history = funding.paid(START_MS, START_MS + 2 * DAY_MS)
    assert [(each.time_ms, each.rate) for each in paid if each.symbol == "BTCUSDT"] == history


def test_trades_are_made_only_for_those_who_listen():
    exchange = synthetic_exchange(1)
    exchange.replay.play(START_MS + 3_600_000)
    quiet = exchange.replay.n_events
    end = exchange.on_trade(lambda _: None, "usdm", "BTCUSDT")
    exchange.replay.play(START_MS + 2 * 3_600_000)
    heard = exchange.replay.n_events - quiet
    end()
    exchange.replay.play(START_MS + 3 * 3_600_000)
    assert heard >= quiet + 600 - 60
    assert exchange.replay.n_events - quiet - heard == quiet


def test_a_delisted_symbol_stands_still_and_the_others_go_on():
    exchange = synthetic_exchange(1)
    heard: list[Trade] = []
    exchange.on_trade(heard.append)
    exchange.replay.play(START_MS + 600_000)
    exchange.delist("usdm", "ETHUSDT")
    heard.clear()
    exchange.replay.play(START_MS + 1_200_000)
    assert {trade.symbol for trade in heard} == {"BTCUSDT", "BNBUSDT"}
    feed = exchange.feed("usdm", "ETHUSDT")
    assert feed is not None
    assert feed.last_ms <= START_MS + 600_000


def test_a_replay_that_cannot_keep_up_holds_market_time_back_and_says_so():
    series = [
        SyntheticSeries(
            number, "spot", timeframe="1m", seed=1, trades_per_bar=100,
            listed_ms=START_MS - DAY_MS,
        )
        for number in range(30)
    ]  # fmt: skip
    exchange = Exchange(series, clock=VenueClock(START_MS, 10_000.0))
    # Whoever listens takes longer over each trade than the speed leaves for all of them.
    exchange.on_trade(lambda _: time.sleep(1e-4))

    async def scenario() -> None:
        running = asyncio.create_task(exchange.replay.run())
        await asyncio.sleep(1.5)
        running.cancel()

    asyncio.run(scenario())
    assert exchange.clock.held_back_ms > 0
    assert 0 < exchange.replay.measured_speed() < 9_000
    assert exchange.clock.market_ms() - exchange.now_ms < 10_000 * 1_000


def test_who_asks_for_the_book_while_told_of_a_trade_loses_no_other():
    series = SyntheticSeries(
        0, "spot", timeframe="1s", seed=1, trades_per_bar=600, listed_ms=START_MS - DAY_MS
    )
    exchange = Exchange([series], clock=VenueClock(START_MS, 10.0))
    told: list[Trade] = []

    def listen(trade: Trade) -> None:
        told.append(trade)
        exchange.best("spot", trade.symbol)

    exchange.on_trade(listen)

    async def scenario() -> None:
        running = asyncio.create_task(exchange.replay.run())
        await asyncio.sleep(1.0)
        running.cancel()

    asyncio.run(scenario())
    assert len(told) > 3_000
    numbers = [trade.trade_id for trade in told]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    # Some of them share a millisecond; that is where one would be lost.
    assert len({trade.time_ms for trade in told}) < len(told)
