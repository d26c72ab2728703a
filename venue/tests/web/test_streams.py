"""The streams by a plain client."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import aiohttp
import pytest


def talk(
    venue: Any, path: str, scenario: Callable[[aiohttp.ClientWebSocketResponse], Awaitable[Any]]
) -> Any:
    async def run() -> Any:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(venue.stream + path) as socket,
        ):
            return await asyncio.wait_for(scenario(socket), 30)

    return asyncio.run(run())


def klines(venue: Any, interval: str, limit: int = 500) -> dict[int, list[Any]]:
    rows = venue.get(f"/api/v3/klines?symbol=BTCUSDT&interval={interval}&limit={limit}")
    return {row[0]: row for row in rows}


@pytest.mark.parametrize("interval", ["1m", "3m"])
def test_a_closed_kline_of_the_stream_is_that_of_rest_to_the_last_digit(
    start_venue: Callable[..., Any], interval: str
):
    venue = start_venue(speed=300)

    async def scenario(socket: aiohttp.ClientWebSocketResponse) -> list[dict[str, Any]]:
        closed: list[dict[str, Any]] = []
        while len(closed) < 6:
            message = await socket.receive_json()
            if message["k"]["x"]:
                closed.append(message["k"])
        return closed

    closed = talk(venue, f"/ws/btcusdt@kline_{interval}", scenario)
    rest = klines(venue, interval)
    opens = [bar["t"] for bar in closed]
    step = {"1m": 60_000, "3m": 180_000}[interval]
    assert opens == list(range(opens[0], opens[0] + 6 * step, step))
    for bar in closed:
        told = [bar[name] for name in ("t", "o", "h", "l", "c", "v", "T", "q", "n", "V", "Q", "B")]
        assert told == rest[bar["t"]]


def test_a_forming_kline_says_that_it_is_not_closed_and_grows(start_venue: Callable[..., Any]):
    async def scenario(socket: aiohttp.ClientWebSocketResponse) -> list[dict[str, Any]]:
        return [(await socket.receive_json())["k"] for _ in range(40)]

    bars = talk(start_venue(speed=40), "/ws/btcusdt@kline_1m", scenario)
    assert {bar["x"] for bar in bars} == {False, True}
    for before, after in pairwise(bars):
        if before["t"] == after["t"]:
            assert not before["x"]
            assert float(after["v"]) >= float(before["v"])
            assert float(after["h"]) >= float(before["h"])
        else:
            assert before["x"]


def test_trades_of_a_minute_sum_to_its_kline(start_venue: Callable[..., Any]):
    async def scenario(socket: aiohttp.ClientWebSocketResponse) -> list[dict[str, Any]]:
        return [await socket.receive_json() for _ in range(60)]

    venue = start_venue(speed=200)
    trades = talk(venue, "/ws/btcusdt@trade", scenario)
    assert [t["t"] for t in trades] == list(range(trades[0]["t"], trades[0]["t"] + 60))
    rest = klines(venue, "1m")
    minutes = sorted({t["T"] // 60_000 * 60_000 for t in trades})[1:-1]
    assert minutes
    for minute in minutes:
        inside = [t for t in trades if t["T"] // 60_000 * 60_000 == minute]
        prices = [float(t["p"]) for t in inside]
        row = rest[minute]
        assert (inside[0]["p"], inside[-1]["p"], len(inside)) == (row[1], row[4], row[8])
        assert (max(prices), min(prices)) == (float(row[2]), float(row[3]))
        assert round(sum(float(t["q"]) for t in inside), 5) == float(row[5])


def test_differences_keep_a_book_equal_to_the_snapshot(start_venue: Callable[..., Any]):
    venue = start_venue(speed=30)

    async def scenario(socket: aiohttp.ClientWebSocketResponse) -> None:
        first = await socket.receive_json()
        snapshot = await asyncio.to_thread(venue.get, "/api/v3/depth?symbol=BTCUSDT&limit=25")
        book = {side: dict(snapshot[side]) for side in ("bids", "asks")}
        at, message = snapshot["lastUpdateId"], first
        for _ in range(25):
            while message["u"] <= at:
                message = await socket.receive_json()
            assert message["U"] <= at + 1
            for side, key in (("bids", "b"), ("asks", "a")):
                for price, quantity in message[key]:
                    book[side][price] = quantity
                    if float(quantity) == 0:
                        del book[side][price]
            at = message["u"]
            now = await asyncio.to_thread(venue.get, "/api/v3/depth?symbol=BTCUSDT&limit=25")
            if now["lastUpdateId"] == at:
                assert {side: dict(now[side]) for side in book} == book
                return
        raise AssertionError("no snapshot of the same update was seen")

    talk(venue, "/ws/btcusdt@depth@100ms", scenario)


def test_a_combined_stream_names_each_message(start_venue: Callable[..., Any]):
    async def scenario(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while len(found) < 5:
            message = await socket.receive_json()
            found[message["stream"]] = message["data"]
        return found

    names = ["btcusdt@aggTrade", "ethusdt@bookTicker", "btcusdt@ticker", "!miniTicker@arr",
             "ethusdt@depth5@100ms"]  # fmt: skip
    found = talk(start_venue(speed=100), f"/stream?streams={'/'.join(names)}", scenario)
    assert set(found) == set(names)
    assert {row["s"] for row in found["!miniTicker@arr"]} <= {"BTCUSDT", "ETHUSDT"}
    assert len(found["ethusdt@depth5@100ms"]["bids"]) == 5


def test_usdm_streams_mark_prices_with_the_next_funding(start_venue: Callable[..., Any]):
    async def scenario(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
        return await socket.receive_json()

    message = talk(start_venue(), "/fstream/market/ws/btcusdt@markPrice@1s", scenario)
    assert message["e"] == "markPriceUpdate"
    assert message["T"] % (8 * 3_600_000) == 0


REQUESTS = [
    ({"method": "LIST_SUBSCRIPTIONS", "id": 3}, {"result": ["btcusdt@kline_1m"], "id": 3}),
    ({"method": "GET_PROPERTY", "params": ["combined"], "id": 2}, {"result": False, "id": 2}),
    ({"method": "SUBSCRIBE", "params": ["ethusdt@trade"], "id": "x"}, {"result": None, "id": "x"}),
    ({"method": "UNSUBSCRIBE", "params": ["btcusdt@kline_1m"], "id": 4}, {"result": None, "id": 4}),
]


@pytest.mark.parametrize(("request_", "expected"), REQUESTS)
def test_requests_on_a_stream_are_answered_as_documented(
    start_venue: Callable[..., Any], request_: dict[str, Any], expected: dict[str, Any]
):
    assert _answer(start_venue(speed=0.01), json.dumps(request_)) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [("no json", 3), ('{"method": "SUBSCRIBE", "params": ["what"], "id": 1}', 2),
     ('{"method": "JUMP", "id": 1}', 2)],
)  # fmt: skip
def test_wrong_requests_are_answered_with_an_error(
    start_venue: Callable[..., Any], text: str, code: int
):
    assert _answer(start_venue(speed=0.01), text)["error"]["code"] == code


def test_nothing_is_made_that_nobody_listens_to(start_venue: Callable[..., Any]):
    venue = start_venue(speed=100)

    async def scenario(socket: aiohttp.ClientWebSocketResponse) -> None:
        for _ in range(5):
            await socket.receive()

    talk(venue, "/ws/btcusdt@trade", scenario)
    for _ in range(50):
        if not venue.get("/venue/status")["connections"]:
            break
    before = venue.get("/venue/status")
    assert (before["streams"], before["connections"]) == (0, 0)
    talk(venue, "/ws", _one_second)
    assert venue.get("/venue/status")["frames"] == before["frames"]
    assert not any(feed.trade_watchers for feed in venue.exchange.feeds.values())


def test_a_client_that_talks_too_much_is_disconnected(start_venue: Callable[..., Any]):
    async def scenario(socket: aiohttp.ClientWebSocketResponse) -> int | None:
        for number in range(6):
            await socket.send_json({"method": "LIST_SUBSCRIPTIONS", "id": number})
        while not socket.closed:
            await socket.receive()
        return socket.close_code

    assert talk(start_venue(), "/ws", scenario) == 1008


async def _one_second(_: aiohttp.ClientWebSocketResponse) -> None:
    await asyncio.sleep(1)


def _answer(venue: Any, text: str) -> dict[str, Any]:
    async def scenario(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
        await socket.send_str(text)
        return await socket.receive_json()

    return talk(venue, "/ws/btcusdt@kline_1m", scenario)
