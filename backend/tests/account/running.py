"""A venue on loopback, a plain ccxt client that trades there, and a follower of its account."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast
from urllib.parse import urlsplit

import ccxt
import httpx
from pydantic import SecretStr
from sqlalchemy import text

from app.core import database
from app.core.config import settings
from app.core.venue import Market, source_name
from app.services.account_follow import AccountFollower
from app.services.account_ports import FollowOptions
from app.services.rate_budget import HostBudget
from app.workers.account_following import AccountOptions, follow_account
from cryptovolt.execution.order_evidence import stage_of
from cryptovolt_venue.embedded import EmbeddedVenue
from cryptovolt_venue.faults import parse_rule
from cryptovolt_venue.opening import VenueOptions, open_exchange

SYMBOLS = {"BTCUSDT": "BTC/USDT", "ETHUSDT": "ETH/USDT", "BNBUSDT": "BNB/USDT"}
QUANTITIES = {"BTCUSDT": "0.01", "ETHUSDT": "0.1", "BNBUSDT": "0.5"}


@dataclass
class Venue:
    """A running venue, its control, and plain ccxt clients of the account ``main``."""

    embedded: EmbeddedVenue
    control: httpx.Client
    clients: dict[str, Any] = field(default_factory=dict[str, Any])

    def fault(self, point: str, action: str, **more: object) -> None:
        """Put a fault in force."""
        rule = parse_rule({"point": point, "action": action, **more})
        self.embedded.call(lambda: self.embedded.exchange.faults.add(rule))

    def act(self, verb: str, /, **body: object) -> None:
        """Do something that only who runs the venue may do."""
        answer = self.control.post(f"/venue/{verb}", json=body)
        assert answer.status_code == 200, answer.text

    def forget_faults(self) -> None:
        """Take every fault out of force."""
        self.control.delete("/venue/faults")
        self.act("unmute")

    def truth(self) -> dict[str, Any]:
        """Return what really happened to the account."""
        return cast("dict[str, Any]", self.embedded.oracle()["accounts"]["main"])

    def client(self, market: str) -> Any:
        """Return a ccxt client of a market."""
        if market not in self.clients:
            kind: Any = ccxt.binance if market == "spot" else ccxt.binanceusdm
            made = kind(
                {"apiKey": "loopback-key", "secret": "loopback-secret", "enableRateLimit": False,
                 "options": {"fetchCurrencies": False}}
            )  # fmt: skip
            made.urls["api"] = _moved(made.urls["api"], urlsplit(self.embedded.address).netloc)
            made.load_markets()
            self.clients[market] = made
        return self.clients[market]

    def buy(self, market: str = "spot", symbol: str = "BTCUSDT", side: str = "buy") -> Any:
        """Trade at the market."""
        client, quantity = self.client(market), QUANTITIES[symbol]
        if side == "sell" and market == "spot":
            # Fees were taken from what was bought.
            quantity = f"{Decimal(quantity) * Decimal('0.9'):f}"
        return client.create_order(_unified(market, symbol), "market", side, quantity)

    def rest(self, market: str = "spot", symbol: str = "BTCUSDT", factor: float = 0.8) -> Any:
        """Place a limit order that rests far from the market."""
        client, name = self.client(market), _unified(market, symbol)
        last = client.fetch_ticker(name)["last"]
        price = client.price_to_precision(name, last * factor)
        return client.create_order(name, "limit", "buy", QUANTITIES[symbol], price)

    def cancel(self, order: Any, market: str = "spot") -> None:
        """Cancel an order."""
        self.client(market).cancel_order(order["id"], order["symbol"])


def _unified(market: str, symbol: str) -> str:
    return SYMBOLS[symbol] + (":USDT" if market == "usdm" else "")


def _moved(urls: Any, host: str) -> Any:
    if isinstance(urls, dict):
        items = cast("dict[str, Any]", urls)
        return {name: _moved(value, host) for name, value in items.items()}
    parts = urlsplit(str(urls))
    return f"http://{host}{parts.path}"


@contextmanager
def running_venue(*, big_ids: bool = False, seed: int = 7) -> Generator[Venue]:
    """Serve three made-up symbols on both markets; the settings name its address."""
    options = VenueOptions(
        synthetic=3, seed=seed, speed=1.0, trades_per_bar=600, limited=False, big_ids=big_ids
    )
    with EmbeddedVenue(open_exchange(options, int(time.time() * 1000))) as embedded:
        before, settings.VENUE_URL = settings.VENUE_URL, embedded.address
        with httpx.Client(base_url=embedded.address, timeout=30, trust_env=False) as control:
            venue = Venue(embedded, control)
            for market in ("spot", "usdm"):
                deposit = {"account": "main", "market": market, "asset": "USDT"}
                venue.act("deposit", **deposit, amount="10000000")
            try:
                yield venue
            finally:
                settings.VENUE_URL = before
                for client in venue.clients.values():
                    client.session.close()


@dataclass
class Follower:
    """A running follower."""

    loop: asyncio.AbstractEventLoop
    thread: threading.Thread
    stopping: asyncio.Event
    ended: Any
    found: dict[str, AccountFollower] = field(default_factory=dict[str, AccountFollower])
    stopped: bool = False

    def stop(self) -> None:
        """End it in good order; what it raised is raised here."""
        if not self.stopped:
            self.stopped = True
            self.loop.call_soon_threadsafe(self.stopping.set)
            try:
                self.ended.result(30)
            finally:
                self.loop.call_soon_threadsafe(self.loop.stop)
                self.thread.join(10)
                self.loop.close()


@contextmanager
def following(
    markets: Sequence[str] = ("spot",),
    *,
    check_every_s: float = 2.0,
    grace_s: float = 0.5,
    symbols: tuple[str, ...] = (),
    secret: str = "loopback-secret",
    live: bool = True,
) -> Generator[Follower]:
    """Follow the account ``main`` of the venue of the settings, and wait until that is live."""
    # Both markets of a loopback venue are one host with one budget, which a check every two
    # seconds would exhaust.
    HostBudget(weight_limit=100_000).set_limit(urlsplit(settings.VENUE_URL).netloc, 100_000)
    options = AccountOptions(
        name="main",
        api_key=SecretStr("loopback-key"),
        secret=SecretStr(secret),
        markets=tuple(Market(market) for market in markets),
        follow=FollowOptions(check_every_s=check_every_s, grace_s=grace_s, symbols=symbols),
        connections_per_minute=600,
        hurry=10.0,
    )
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    found: dict[str, AccountFollower] = {}
    stopping = asyncio.run_coroutine_threadsafe(_event(), loop).result(10)
    work: Coroutine[Any, Any, None] = follow_account(
        options, stopping, lambda one: found.setdefault(one.place.source, one)
    )
    follower = Follower(loop, thread, stopping, asyncio.run_coroutine_threadsafe(work, loop), found)
    try:
        if live:
            until(lambda: set(states().values()) == {"live"} and len(states()) == len(markets))
        yield follower
    finally:
        follower.stop()


async def _event() -> asyncio.Event:
    return asyncio.Event()


def rows(statement: str, **values: object) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    with database.SessionLocal() as db:
        return [tuple(row) for row in db.execute(text(statement), values)]


def until(claim: Callable[[], object], seconds: float = 15.0) -> float:
    """Wait until a claim holds, and return how long that took."""
    begun = time.monotonic()
    while not claim():
        if time.monotonic() - begun > seconds:
            raise AssertionError(f"still not so after {seconds} s: {snapshot()}")
        time.sleep(0.02)
    return time.monotonic() - begun


def snapshot() -> list[tuple[Any, ...]]:
    """Return how accounts are followed, for the message of a failed test."""
    return rows("SELECT source, state, reason, counts FROM account_status")


def states() -> dict[str, str]:
    """Return the state of each source."""
    return dict(rows("SELECT source, state FROM account_status"))


def count(name: str, market: str = "spot") -> int:
    """Return what a follower has counted."""
    source = source_name(Market(market))
    found = rows("SELECT counts->>:name FROM account_status WHERE source = :s", name=name, s=source)
    return int(found[0][0])


def alerts(level: str) -> list[str]:
    """Return the alerts of a level."""
    found = rows("SELECT message FROM alerts WHERE level = :l ORDER BY alert_id", l=level)
    return [message for (message,) in found]


def ledger() -> dict[str, list[tuple[Any, ...]]]:
    """Return every row that a second telling must not change."""
    return {
        table: rows(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4")
        for table in ("orders", "order_events", "fills", "alerts", "account_incidents")
    }


def differences(venue: Venue, markets: Sequence[str] = ("spot",)) -> list[str]:
    """Return where our rows differ from what really happened: orders, fills, fees, balances."""
    truth = venue.truth()
    pairs = [(_orders(), _true_orders(truth, markets)), (_fills(), _true_fills(truth, markets))]
    pairs.extend((_balances(market), _true_balances(truth, market)) for market in markets)
    return [
        f"{key}: ours {ours.get(key)}, true {true.get(key)}"
        for ours, true in pairs
        for key in sorted(ours.keys() | true.keys(), key=str)
        if ours.get(key) != true.get(key)
    ]


def settle(venue: Venue, markets: Sequence[str] = ("spot",), seconds: float = 15.0) -> float:
    """Wait until our rows equal what really happened, and return how long that took."""
    begun = time.monotonic()
    while found := differences(venue, markets):
        assert time.monotonic() - begun < seconds, (found[:5], snapshot())
        time.sleep(0.05)
    return time.monotonic() - begun


Facts = dict[Any, Any]


def _orders() -> Facts:
    found = rows(
        "SELECT source, symbol, venue_order_id, client_id, side, quantity, price, status,"
        " status_text, filled, quote_filled, told_filled FROM orders"
    )
    return {row[:3]: row[3:] for row in found}


def _true_orders(truth: dict[str, Any], markets: Sequence[str]) -> Facts:
    return {
        (source_name(Market(one["market"])), one["symbol"], one["order_id"]): (
            one["client_id"],
            one["side"],
            Decimal(one["quantity"]),
            Decimal(one["price"]) or None,
            stage_of(one["reported_status"]),
            one["reported_status"],
            Decimal(one["filled"]),
            Decimal(one["quote_filled"]),
            Decimal(one["filled"]),
        )
        for one in truth["orders"]
        if one["market"] in markets
    }


def _fills() -> Facts:
    found = rows(
        "SELECT source, symbol, trade_id, venue_order_id, side, price, quantity, quote, fee,"
        " fee_asset, is_maker, coalesce(realized, 0),"
        " (extract(epoch FROM time) * 1000)::bigint FROM fills"
    )
    return {row[:4]: row[4:] for row in found}


def _true_fills(truth: dict[str, Any], markets: Sequence[str]) -> Facts:
    return {
        (source_name(Market(order["market"])), order["symbol"], one["trade_id"], order["order_id"]):
        (
            order["side"],
            *(Decimal(one[name]) for name in ("price", "quantity", "quote", "fee")),
            one["fee_asset"],
            one["is_maker"],
            Decimal(one["realized"]),
            one["time_ms"],
        )
        for order in truth["orders"]
        if order["market"] in markets
        for one in order["fills"]
    }  # fmt: skip


def _balances(market: str) -> Facts:
    found = rows(
        "SELECT asset, total, coalesce(locked, 0) FROM account_balances WHERE source = :s",
        s=source_name(Market(market)),
    )
    return {(market, asset): (total, locked) for asset, total, locked in found if total}


def _true_balances(truth: dict[str, Any], market: str) -> Facts:
    if market == "usdm":
        wallets = {asset: (Decimal(total), Decimal(0)) for asset, total in truth["usdm"].items()}
    else:
        wallets = {
            asset: (Decimal(one["free"]) + Decimal(one["locked"]), Decimal(one["locked"]))
            for asset, one in truth["spot"].items()
        }
    return {(market, asset): owned for asset, owned in wallets.items() if owned[0]}
