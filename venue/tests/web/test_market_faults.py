"""Every fault of market data, named after its number in the catalogue where it has one."""

import asyncio
import http.client
import json
import socket
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import aiohttp
import pytest

Socket = aiohttp.ClientWebSocketResponse
KLINES = "/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=5"


def talk(venue: Any, path: str, scenario: Callable[[Socket], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(venue.stream + path) as connection,
        ):
            return await asyncio.wait_for(scenario(connection), 20)

    return asyncio.run(run())


def trade_ids(count: int) -> Callable[[Socket], Awaitable[list[int]]]:
    async def scenario(connection: Socket) -> list[int]:
        return [(await connection.receive_json())["t"] for _ in range(count)]

    return scenario


def frame_rule(action: str, **values: Any) -> dict[str, Any]:
    return {"point": "stream.frame", "action": action, "match": {"channel": "trade"}, **values}


def request_rule(action: str, **values: Any) -> dict[str, Any]:
    point = values.pop("point", "rest.request")
    return {"point": point, "action": action, "match": {"endpoint": "klines"}, "times": 1, **values}


def test_f16_frames_come_in_another_order_and_none_is_lost(start_venue: Callable[..., Any]):
    venue = start_venue(speed=100, faults=[frame_rule("reorder", window=5, at=4)])
    ids = talk(venue, "/ws/btcusdt@trade", trade_ids(15))
    first = ids[0]
    assert sorted(ids) == list(range(first, first + 15))
    assert ids != sorted(ids)
    assert sorted(ids[3:8]) == list(range(first + 3, first + 8))


def test_f17_frames_come_twice(start_venue: Callable[..., Any]):
    venue = start_venue(speed=100, faults=[frame_rule("duplicate", n=2, at=3)])
    ids = talk(venue, "/ws/btcusdt@trade", trade_ids(8))
    first = ids[0]
    assert [each - first for each in ids] == [0, 1, 2, 2, 2, 3, 4, 5]


def test_f19_single_frames_are_missing_and_the_stream_goes_on(start_venue: Callable[..., Any]):
    venue = start_venue(speed=100, faults=[frame_rule("drop", every=4)])
    ids = talk(venue, "/ws/btcusdt@trade", trade_ids(8))
    assert [each - ids[0] for each in ids] == [0, 1, 2, 4, 5, 6, 8, 9]


def test_one_seed_loses_the_same_frames_again(start_venue: Callable[..., Any]):
    rule = frame_rule("drop", probability=0.3)
    lost: list[list[int]] = []
    for _ in range(2):
        venue = start_venue(speed=100, faults=[rule])
        talk(venue, "/ws/btcusdt@trade", trade_ids(25))
        lost.append([fault["event"] for fault in venue.get("/venue/faults")["happened"]][:8])
    assert lost[0] == lost[1]


def test_f22_a_connection_is_cut_and_another_may_come(start_venue: Callable[..., Any]):
    venue = start_venue(speed=100)

    async def scenario(connection: Socket) -> aiohttp.WSMsgType:
        await connection.receive_json()
        await asyncio.to_thread(venue.post, "/venue/cut", market="spot")
        while (message := await connection.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
        return message.type

    assert talk(venue, "/ws/btcusdt@trade", scenario) is not aiohttp.WSMsgType.TEXT
    assert venue.get("/venue/status")["connections_cut"] == 1
    assert talk(venue, "/ws/btcusdt@trade", trade_ids(2))


def test_f22_the_end_of_the_server_is_announced(start_venue: Callable[..., Any]):
    venue = start_venue(speed=0.01)

    async def scenario(connection: Socket) -> list[Any]:
        await asyncio.to_thread(venue.post, "/venue/shutdown")
        event = await connection.receive_json()
        return [event["e"], (await connection.receive()).type]

    assert talk(venue, "/ws/btcusdt@trade", scenario) == ["serverShutdown", aiohttp.WSMsgType.CLOSE]


def test_f22_a_connection_ends_after_its_24_hours(start_venue: Callable[..., Any]):
    venue = start_venue(speed=0.01)
    venue.server.streams.lifetime_s = 0.3

    async def scenario(connection: Socket) -> Any:
        return (await connection.receive()).type

    assert talk(venue, "/ws/btcusdt@trade", scenario) is aiohttp.WSMsgType.CLOSE


@pytest.mark.parametrize(
    ("body", "silent"),
    [({"symbol": "BTCUSDT"}, {"BTCUSDT"}), ({"channel": "trade"}, {"BTCUSDT", "ETHUSDT"}),
     ({"channel": "trade", "symbol": "ETHUSDT"}, {"ETHUSDT"})],
)  # fmt: skip
def test_f23_a_muted_stream_says_nothing_while_its_connection_lives(
    start_venue: Callable[..., Any], body: dict[str, str], silent: set[str]
):
    venue = start_venue(speed=100)
    venue.post("/venue/mute", ms=60_000, **body)

    async def scenario(connection: Socket) -> set[str]:
        heard: set[str] = set()
        try:
            async with asyncio.timeout(1.5):
                while True:
                    heard.add((await connection.receive_json())["data"]["s"])
        except TimeoutError:
            return heard

    path = "/stream?streams=btcusdt@trade/ethusdt@trade"
    assert talk(venue, path, scenario) == {"BTCUSDT", "ETHUSDT"} - silent
    venue.post("/venue/unmute")
    assert talk(venue, "/ws/btcusdt@trade", trade_ids(1))


def test_f26_a_stream_stalls_in_the_middle_of_a_bar_and_goes_on_later(
    start_venue: Callable[..., Any],
):
    rule = {"point": "stream.frame", "action": "mute", "ms": 1500, "match": {"channel": "kline"},
            "at": 6}  # fmt: skip
    venue = start_venue(speed=60, faults=[rule])

    async def scenario(connection: Socket) -> list[int]:
        return [(await connection.receive_json())["k"]["t"] for _ in range(12)]

    opens = talk(venue, "/ws/btcusdt@kline_1m", scenario)
    assert max(later - before for before, later in pairwise(opens)) > 60_000


def test_f27_connections_are_refused_and_later_accepted(start_venue: Callable[..., Any]):
    venue = start_venue()
    port = venue.server.port
    venue.post("/venue/refuse", seconds=1)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 5).close()
    for _ in range(100):
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                break
        pause()
    assert venue.get("/api/v3/ping") == {}


def test_f27_a_websocket_is_refused_by_rule(start_venue: Callable[..., Any]):
    rule = {"point": "stream.connection", "action": "refuse", "at": 1}
    venue = start_venue(speed=100, faults=[rule])
    with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
        talk(venue, "/ws/btcusdt@trade", trade_ids(1))
    assert talk(venue, "/ws/btcusdt@trade", trade_ids(1))


def test_f28_too_much_weight_is_refused_then_banned(start_venue: Callable[..., Any]):
    venue = start_venue(limits={"spot": 20, "usdm": 20})
    statuses = [status_of(venue, KLINES) for _ in range(24)]
    refused = statuses[statuses.index(429) :]
    assert refused[:10] == [429] * 10
    assert set(refused[10:]) == {418}
    assert status_of(venue, "/fapi/v1/ping") == 200
    venue.post("/venue/forgive")
    assert status_of(venue, KLINES) == 200


def test_f29_the_clock_is_moved_and_drifts(start_venue: Callable[..., Any]):
    venue = start_venue()
    rule = {"point": "clock", "action": "offset", "ms": -2000, "times": 1}
    venue.fault(**rule)
    for _ in range(100):
        if venue.get("/venue/status")["offset_ms"] < -1900:
            break
        pause()
    behind = venue.exchange.clock.real_ms() - venue.get("/api/v3/time")["serverTime"]
    assert 1_900 < behind < 2_500
    venue.post("/venue/offset", ms=0, drift_ppm=1_000_000)
    pause()
    assert venue.get("/venue/status")["offset_ms"] > 0


def test_f36_ids_are_beyond_what_a_double_counts(start_venue: Callable[..., Any]):
    venue = start_venue(speed=100, big_ids=True)
    ids = talk(venue, "/ws/btcusdt@trade", trade_ids(3))
    assert ids[0] > 8_389_765_489_680_951_453
    assert ids == list(range(ids[0], ids[0] + 3))
    rows = venue.get(f"/api/v3/historicalTrades?symbol=BTCUSDT&fromId={ids[0]}&limit=3")
    assert [row["id"] for row in rows] == ids


def test_f37_a_value_nobody_knows_comes(start_venue: Callable[..., Any]):
    rule = frame_rule("set", field="e", value="hyperTrade", at=2)
    venue = start_venue(speed=100, faults=[rule])
    venue.post("/venue/change", symbol="ETHUSDT", status="PRE_SOMETHING")

    async def scenario(connection: Socket) -> list[str]:
        return [(await connection.receive_json())["e"] for _ in range(3)]

    assert talk(venue, "/ws/btcusdt@trade", scenario) == ["trade", "hyperTrade", "trade"]
    symbols = venue.get("/api/v3/exchangeInfo")["symbols"]
    assert {row["symbol"]: row["status"] for row in symbols}["ETHUSDT"] == "PRE_SOMETHING"


def test_f39_a_symbol_is_delisted_and_a_filter_changed_while_others_trade(
    start_venue: Callable[..., Any],
):
    venue = start_venue(speed=100, faults=[
        {"point": "instrument", "action": "filter", "tick": "0.5", "times": 1,
         "match": {"symbol": "BTCUSDT", "market": "spot"}},
    ])  # fmt: skip
    venue.post("/venue/delist", symbol="ETHUSDT")
    last = venue.get("/api/v3/klines?symbol=ETHUSDT&interval=1m&limit=1")
    assert talk(venue, "/ws/btcusdt@trade", trade_ids(20))
    assert venue.get("/api/v3/klines?symbol=ETHUSDT&interval=1m&limit=1") == last
    rows = {row["symbol"]: row for row in venue.get("/api/v3/exchangeInfo")["symbols"]}
    assert (rows["ETHUSDT"]["status"], rows["BTCUSDT"]["status"]) == ("SETTLING", "TRADING")
    assert rows["BTCUSDT"]["filters"][0]["tickSize"] == "0.5"
    changes = venue.get("/venue/status")["instrument_changes"]
    assert {change["symbol"] for change in changes} == {"BTCUSDT", "ETHUSDT"}


BODIES = [
    # fault, what a client sees
    (request_rule("garbage", point="rest.response"), "no JSON"),
    (request_rule("html", point="rest.response"), "no JSON"),
    (request_rule("truncate", point="rest.response"), "IncompleteRead"),
    (request_rule("rst"), "reset"),
    (request_rule("rst", point="rest.response"), "reset"),
    (request_rule("hang", ms=500), "reset"),
    (request_rule("status", status=503, code=-1007, msg="Timeout"), "503"),
]


@pytest.mark.parametrize(("rule", "seen"), BODIES)
def test_answers_go_wrong_once_and_are_right_again(
    start_venue: Callable[..., Any], rule: dict[str, Any], seen: str
):
    venue = start_venue(faults=[rule])
    assert outcome(venue, KLINES) == seen
    assert outcome(venue, KLINES) == "rows"


def test_an_answer_is_delayed(start_venue: Callable[..., Any]):
    venue = start_venue(faults=[request_rule("delay", ms=400)])
    began = venue.exchange.clock.real_ms()
    assert outcome(venue, KLINES) == "rows"
    assert venue.exchange.clock.real_ms() - began > 390


def test_a_rule_that_makes_no_sense_is_answered_with_a_sentence(start_venue: Callable[..., Any]):
    venue = start_venue()
    with pytest.raises(urllib.error.HTTPError) as refused:
        venue.fault(point="nowhere", action="drop")
    assert "expected a fault point" in json.load(refused.value)["msg"]
    refused.value.close()


def status_of(venue: Any, path: str) -> int:
    try:
        with urllib.request.urlopen(venue.address + path, timeout=5) as response:
            return response.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def outcome(venue: Any, path: str) -> str:
    try:
        with urllib.request.urlopen(venue.address + path, timeout=5) as response:
            content = response.read()
    except urllib.error.HTTPError as error:
        with error:
            return str(error.code)
    except OSError as error:
        return "reset" if isinstance(error, ConnectionError) else type(error).__name__
    except http.client.HTTPException as error:
        return type(error).__name__
    try:
        return "rows" if len(json.loads(content)) == 5 else "other"
    except ValueError:
        return "no JSON"


def pause() -> None:
    asyncio.run(asyncio.sleep(0.05))
