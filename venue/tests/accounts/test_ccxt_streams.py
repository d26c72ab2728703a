"""ccxt listens to its own orders, trades, balances and positions over real WebSockets."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import ccxt
import ccxt.pro
import pytest

from cryptovolt_venue.embedded import EmbeddedVenue
from cryptovolt_venue.faults import parse_rule

SPOT, USDM = "BTC/USDT", "BTC/USDT:USDT"
Make = Callable[..., Any]
Scenario = Callable[[Any], Awaitable[Any]]
CASES = [("binance", SPOT), ("binanceusdm", USDM)]


def run(client: Make, kind: str, scenario: Scenario) -> Any:
    async def whole() -> Any:
        exchange = client(getattr(ccxt.pro, kind))
        exchange.newUpdates = True
        try:
            await exchange.load_markets()
            return await asyncio.wait_for(scenario(exchange), 20)
        finally:
            await exchange.close()

    return asyncio.run(whole())


def rule(venue: EmbeddedVenue, **values: Any) -> None:
    venue.call(lambda: venue.exchange.faults.add(parse_rule(values)))


async def listening(venue: EmbeddedVenue, coroutine: Awaitable[Any], count: int = 1) -> Any:
    """Start to listen and return once the venue knows of it."""
    task = asyncio.ensure_future(coroutine)
    while venue.call(lambda: _listeners(venue)) < count:
        if task.done():
            return await task
        await asyncio.sleep(0.02)
    return task


def _listeners(venue: EmbeddedVenue) -> int:
    feeds = venue.accounts.feeds
    return sum(feeds.of("main", market).n_listeners for market in ("spot", "usdm"))


async def far(exchange: Any, symbol: str) -> str:
    ticker = await exchange.fetch_ticker(symbol)
    return exchange.price_to_precision(symbol, ticker["last"] * 0.8)


async def collect(watch: Callable[..., Awaitable[Any]], symbol: str, seconds: float) -> list[Any]:
    found: list[Any] = []
    try:
        async with asyncio.timeout(seconds):
            while True:
                # ccxt changes what it has handed out when the next event comes.
                found.extend(dict(each) for each in await watch(symbol))
    except TimeoutError:
        return found


@pytest.mark.parametrize(("kind", "symbol"), CASES)
def test_an_order_is_heard_from_new_to_canceled(
    venue: EmbeddedVenue, client: Make, kind: str, symbol: str
) -> None:
    async def scenario(exchange: Any) -> list[tuple[str, str]]:
        task = await listening(venue, exchange.watch_orders(symbol))
        order = await exchange.create_order(
            symbol, "limit", "buy", 0.01, await far(exchange, symbol), {"clientOrderId": "cv-7"}
        )
        heard = [dict(each) for each in await task]
        rest = asyncio.ensure_future(exchange.watch_orders(symbol))
        await exchange.cancel_order(order["id"], symbol)
        heard = [*heard, *await rest]
        return [(each["clientOrderId"], each["status"]) for each in heard]

    heard = run(client, kind, scenario)
    assert heard == [("cv-7", "open"), ("cv-7", "canceled")]


@pytest.mark.parametrize(("kind", "symbol"), CASES)
def test_trades_and_balances_are_heard_to_the_last_digit(
    venue: EmbeddedVenue, client: Make, kind: str, symbol: str
) -> None:
    async def scenario(exchange: Any) -> tuple[list[Any], Any]:
        trades = await listening(venue, collect(exchange.watch_my_trades, symbol, 3))
        balance = asyncio.ensure_future(last_balance(exchange))
        await exchange.create_order(symbol, "market", "buy", 0.02)
        return await trades, await balance

    async def last_balance(exchange: Any) -> Any:
        found: Any = None
        try:
            async with asyncio.timeout(2.5):
                while True:
                    found = await exchange.watch_balance()
        except TimeoutError:
            return found

    trades, balance = run(client, kind, scenario)
    known = venue.oracle()["accounts"]["main"]
    fills = known["orders"][0]["fills"]
    assert [each["id"] for each in trades] == [str(fill["trade_id"]) for fill in fills]
    assert [Decimal(each["info"]["n"]) for each in trades] == [Decimal(f["fee"]) for f in fills]
    if kind == "binance":
        told = {row["a"]: row["f"] for row in balance["info"]["B"]}
        assert told["USDT"] == known["spot"]["USDT"]["free"]
        assert told["BTC"] == known["spot"]["BTC"]["free"]
    else:
        assert balance["info"]["a"]["B"][0]["wb"] == known["usdm"]["USDT"]


def test_a_position_is_heard(venue: EmbeddedVenue, client: Make) -> None:
    async def scenario(exchange: Any) -> Any:
        exchange.options["watchPositions"] = {"fetchPositionsSnapshot": False}
        task = await listening(venue, exchange.watch_positions([USDM]))
        await exchange.create_order(USDM, "market", "sell", 0.001)
        return await task

    (position,) = run(client, "binanceusdm", scenario)
    assert (position["side"], position["contracts"]) == ("short", 0.001)


def test_a_conditional_order_is_heard(venue: EmbeddedVenue, client: Make) -> None:
    async def scenario(exchange: Any) -> Any:
        task = await listening(venue, exchange.watch_orders(USDM))
        price = await far(exchange, USDM)
        await exchange.create_order(USDM, "market", "sell", 0.01, None, {"stopLossPrice": price})
        return await task

    (order,) = run(client, "binanceusdm", scenario)
    assert (order["status"], order["info"]["at"]) == ("open", "CONDITIONAL")


FRAMES = [
    # action, values, statuses heard of an order that is placed and cancelled
    ("drop", {"match": {"execution": "NEW"}}, ["canceled"]),
    ("duplicate", {"match": {"execution": "CANCELED"}}, ["open", "canceled", "canceled"]),
    ("reorder", {"window": 2, "times": 1}, ["canceled", "open"]),
    ("set", {"match": {"execution": "NEW"}, "field": "event.X", "value": "HAUNTED"},
     ["HAUNTED", "canceled"]),
]  # fmt: skip


@pytest.mark.parametrize(("action", "values", "statuses"), FRAMES)
def test_f16_f17_f19_f37_frames_are_lost_doubled_turned_around_or_strange(
    venue: EmbeddedVenue, client: Make, action: str, values: dict[str, Any], statuses: list[str]
) -> None:
    match = {"channel": "executionReport", **values.pop("match", {})}
    rule(venue, point="stream.frame", action=action, match=match, **values)

    async def scenario(exchange: Any) -> list[str]:
        heard: list[str] = []
        task = await listening(venue, collect(exchange.watch_orders, SPOT, 2))
        order = await exchange.create_order(SPOT, "limit", "buy", 0.01, await far(exchange, SPOT))
        await asyncio.sleep(0.3)
        await exchange.cancel_order(order["id"], SPOT)
        heard.extend(each["status"] for each in await task)
        return heard

    assert run(client, "binance", scenario) == statuses


def test_f21_the_user_stream_is_silent_while_pings_are_answered(
    venue: EmbeddedVenue, client: Make
) -> None:
    rule(venue, point="stream.frame", action="mute", match={"market": "spot"}, scope="all")

    async def scenario(exchange: Any) -> tuple[list[Any], bool]:
        task = await listening(venue, collect(exchange.watch_orders, SPOT, 1))
        await exchange.create_order(SPOT, "market", "buy", 0.01)
        heard = await task
        alive = all(each.connection is not None for each in exchange.clients.values())
        return heard, alive

    assert run(client, "binance", scenario) == ([], True)
    assert len(venue.oracle()["accounts"]["main"]["orders"]) == 1


def test_f17_f20_what_happened_while_away_is_not_told_unless_it_is_replayed(
    venue: EmbeddedVenue, client: Make
) -> None:
    async def missed(exchange: Any) -> list[Any]:
        await exchange.create_order(SPOT, "market", "buy", 0.01)
        task = await listening(venue, collect(exchange.watch_my_trades, SPOT, 1))
        return await task

    assert run(client, "binance", missed) == []
    rule(venue, point="stream.connection", action="replay", n=100)

    async def replayed(exchange: Any) -> list[Any]:
        return await collect(exchange.watch_my_trades, SPOT, 1)

    fills = venue.oracle()["accounts"]["main"]["orders"][0]["fills"]
    heard = run(client, "binance", replayed)
    assert [each["id"] for each in heard] == [str(fill["trade_id"]) for fill in fills]


def test_f22_a_listen_key_expires_and_another_is_asked_for(
    venue: EmbeddedVenue, client: Make
) -> None:
    rule(venue, point="stream.connection", action="terminate", ms=300, times=1)

    async def scenario(exchange: Any) -> str:
        first = await listening(venue, exchange.watch_orders(USDM))
        with pytest.raises(ccxt.BaseError):
            await first
        exchange.options["linear"] = {}
        second = await listening(venue, exchange.watch_orders(USDM))
        await exchange.create_order(USDM, "limit", "buy", 0.01, await far(exchange, USDM))
        (order,) = await second
        return order["status"]

    assert run(client, "binanceusdm", scenario) == "open"


def test_f22_a_terminated_spot_stream_says_so_and_takes_a_new_subscription(
    venue: EmbeddedVenue, client: Make
) -> None:
    rule(venue, point="stream.connection", action="terminate", ms=300, times=1)

    async def scenario(exchange: Any) -> str:
        # ccxt does not end a watch_orders that waits; it only forgets the subscription.
        waiting = await listening(venue, exchange.watch_orders(SPOT))
        (connection,) = exchange.clients.values()
        while "spot" in connection.subscriptions:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        waiting.cancel()
        second = await listening(venue, exchange.watch_orders(SPOT))
        await exchange.create_order(SPOT, "limit", "buy", 0.01, await far(exchange, SPOT))
        (order,) = await second
        return order["status"]

    assert run(client, "binance", scenario) == "open"
