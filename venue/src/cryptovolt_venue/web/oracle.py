"""The oracle: what really happened, exactly; and what the person who runs the venue may do.

``GET /oracle`` (``?account=`` for one) tells every accepted order with the time of its acceptance
on three clocks, fills, balances, positions, conditional orders, and all rows of the ledger with the
sum per asset, which is zero. All amounts are exact decimal texts. ``POST /venue/accounts`` opens an
account, ``POST /venue/deposit`` brings funds, ``POST /venue/user-stream`` ends a user stream.
"""

import json
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias, cast

from aiohttp import web

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt_venue.accounts import Accounts, accounts_of
from cryptovolt_venue.algos import Algo
from cryptovolt_venue.exchange import Exchange
from cryptovolt_venue.floor import Frame
from cryptovolt_venue.ledger import LedgerError, Row
from cryptovolt_venue.money import plain
from cryptovolt_venue.orders import SPOT, USDM, Fill, Order
from cryptovolt_venue.spot_fees import FeeTerms
from cryptovolt_venue.tape import MARKETS, Market
from cryptovolt_venue.web.endpoints import answer
from cryptovolt_venue.web.errors import VenueError
from cryptovolt_venue.web.user_streams import USERS

Body: TypeAlias = dict[str, Any]


def routes(exchange: Exchange) -> Iterator[web.RouteDef]:
    """Return the addresses of the oracle."""
    accounts = accounts_of(exchange)

    async def oracle(request: web.Request) -> web.Response:
        return answer(content(accounts, request.query.get("account")))

    yield web.get("/oracle", oracle)
    yield web.post("/venue/accounts", _posted(accounts, _open))
    yield web.post("/venue/deposit", _posted(accounts, _deposit))
    yield web.post("/venue/user-stream", _posted(accounts, _end_stream))


def content(accounts: Accounts, only: str | None = None) -> Frame:
    """Return everything that is known, of all accounts or of one."""
    names = [name for name in accounts.by_name if only in (None, name)]
    ledger = accounts.ledger
    assets = sorted({asset for _, asset, _ in ledger.balances()})
    return {
        "market_ms": accounts.exchange.now_ms,
        "wall_ms": accounts.exchange.wall_ms(),
        "accounts": {name: _account(accounts, name) for name in names},
        "ledger": [_row(row) for row in ledger.rows if _concerns(row, only)],
        "pockets": [
            {"pocket": str(pocket), "asset": asset, "amount": plain(amount)}
            for pocket, asset, amount in ledger.balances()
            if only in (None, pocket.owner)
        ],
        "totals": {asset: plain(ledger.total(asset)) for asset in assets},
    }


def _account(accounts: Accounts, name: str) -> Frame:
    spot = accounts.spot.balances(name, accounts.ledger.assets(name, SPOT))
    margin = accounts.usdm.margin
    return {
        "orders": [
            _order(order)
            for engine in (accounts.spot, accounts.usdm)
            for order in engine.store.all_of(name)
        ],
        "conditional_orders": [_algo(algo) for algo in accounts.algos.all_of(name)],
        "spot": {asset: {"free": free, "locked": locked} for asset, free, locked in spot},
        "usdm": {asset: plain(margin.wallet(name, asset)) for asset in margin.assets(name)},
        "positions": [
            {
                "symbol": position.symbol,
                "amount": plain(position.amount),
                "cost": plain(position.cost),
                "entry_price": plain(position.entry_price),
                "realized": plain(position.realized),
                "fees": plain(position.fees),
            }
            for position in margin.of(name).open_positions()
        ],
    }


def _order(order: Order) -> Frame:
    return {
        "market": order.market,
        "order_id": order.order_id,
        "client_id": order.client_id,
        "symbol": order.symbol,
        "side": str(order.side),
        "type": str(order.type),
        "time_in_force": str(order.time_in_force),
        "quantity": plain(order.quantity),
        "price": plain(order.price),
        "stop_price": plain(order.stop_price),
        "quote_quantity": plain(order.quote_quantity),
        "reduce_only": order.reduce_only,
        "status": str(order.status),
        "reported_status": order.status_text,
        "filled": plain(order.filled),
        "quote_filled": plain(order.quote_filled),
        "locked": plain(order.locked),
        "accepted_market_ms": order.accepted.market_ms,
        "accepted_wall_ms": order.accepted.wall_ms,
        "accepted_monotonic_ns": order.accepted.monotonic_ns,
        "updated_ms": order.updated_ms,
        "fills": [_fill(fill) for fill in order.fills],
    }


def _fill(fill: Fill) -> Frame:
    return {
        "trade_id": fill.trade_id,
        "time_ms": fill.time_ms,
        "price": plain(fill.price),
        "quantity": plain(fill.quantity),
        "quote": plain(fill.quote),
        "fee": plain(fill.fee),
        "fee_asset": fill.fee_asset,
        "is_maker": fill.is_maker,
        "realized": plain(fill.realized),
    }


def _algo(algo: Algo) -> Frame:
    return {
        "algo_id": algo.algo_id,
        "client_id": algo.client_id,
        "symbol": algo.request.symbol,
        "side": str(algo.request.side),
        "type": str(algo.request.type),
        "status": algo.status,
        "trigger_price": plain(algo.trigger_price),
        "order_id": None if algo.order is None else algo.order.order_id,
        "created_ms": algo.created_ms,
        "triggered_ms": algo.triggered_ms,
    }


def _row(row: Row) -> Frame:
    return {
        "row": row.row,
        "entry": row.entry,
        "time_ms": row.time_ms,
        "source": str(row.move.source),
        "target": str(row.move.target),
        "asset": row.move.asset,
        "amount": plain(row.move.amount),
        "reason": str(row.move.reason),
        "reference": row.reference,
    }


def _concerns(row: Row, only: str | None) -> bool:
    return only is None or only in (row.move.source.owner, row.move.target.owner)


def _open(accounts: Accounts, body: Body) -> object:
    fees = dict(cast("Body", body.get("fees", {})))
    pay_with = fees.pop("pay_with", None)
    rates = {name: _amount(fees, name) for name in fees}
    deposits: list[tuple[Market, str, Decimal]] = [
        (market, asset, _amount(cast("Body", body[market]), asset))
        for market in MARKETS
        for asset in cast("Body", body.get(market, {}))
    ]
    account = accounts.open(str(body["name"]), str(body["key"]), str(body["secret"]))
    _set_fees(accounts, account.name, rates, None if pay_with is None else str(pay_with))
    for market, asset, amount in deposits:
        accounts.deposit(account.name, market, asset, amount)
    return {"name": account.name}


def _set_fees(
    accounts: Accounts, name: str, rates: dict[str, Decimal], pay_with: str | None
) -> None:
    standard, margin = FeeTerms(), accounts.usdm.margin.of(name)
    accounts.spot.terms[name] = FeeTerms(
        rates.get("spot_maker", standard.maker),
        rates.get("spot_taker", standard.taker),
        pay_with,
        rates.get("discount", standard.discount),
    )
    margin.maker = rates.get("usdm_maker", margin.maker)
    margin.taker = rates.get("usdm_taker", margin.taker)


def _deposit(accounts: Accounts, body: Body) -> object:
    name, market = _named(accounts, body)
    accounts.deposit(name, market, str(body["asset"]), _amount(body, "amount"))
    return {}


def _end_stream(accounts: Accounts, body: Body) -> object:
    name, market = _named(accounts, body)
    USERS[accounts.exchange].terminate(name, market)
    return {}


def _amount(body: Body, name: str) -> Decimal:
    try:
        found = Decimal(str(body[name]))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise ConfigurationError(
            f"expected a decimal number as {name}, found {body[name]!r}; nothing was changed"
        )
    return found


def _named(accounts: Accounts, body: Body) -> tuple[str, Market]:
    name, market = str(body["account"]), str(body["market"])
    if name not in accounts.by_name or market not in (SPOT, USDM):
        raise ConfigurationError(
            f"expected an account among {sorted(accounts.by_name)} and a market spot or usdm, "
            f"found {name!r} and {market!r}"
        )
    return name, market


def _posted(
    accounts: Accounts, act: Callable[[Accounts, Body], object]
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            return answer(act(accounts, json.loads(await request.text())))
        except KeyError as error:
            raise VenueError(400, -1102, f"Expected {error} in the body.") from error
        except (ValueError, ConfigurationError, LedgerError) as error:
            raise VenueError(400, -1130, str(error)) from error

    return handle
