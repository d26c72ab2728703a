"""Orders of exchange accounts: evidence in, rows and events out. Nothing here commits.

An order's row is read, folded with the evidence, and written again only if that changed it; the
evidence that did is added to its events. Ids leave in JSON as texts, and so do amounts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple, cast

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.times import milliseconds, moment_of
from app.models.orders import OrderEvent, VenueOrder
from app.repositories import fills
from cryptovolt.domain.errors import OrderError
from cryptovolt.domain.orders import Side
from cryptovolt.execution.order_evidence import (
    Evidence,
    FillKey,
    FillReport,
    OrderKey,
    OrderReport,
    OrderStage,
)
from cryptovolt.execution.order_state import FollowedOrder, fold

_OPEN_STAGES = tuple(stage for stage in OrderStage if not stage.is_final)
_READ = """
    SELECT o.order_id, o.source, o.symbol, o.venue_order_id, o.report, o.told_filled, o.told_at
    FROM orders AS o
    JOIN unnest(%s::text[], %s::text[], %s::int8[]) AS k (source, symbol, venue_order_id)
        USING (source, symbol, venue_order_id)
    WHERE o.account = %s
    FOR UPDATE OF o
"""
_COLUMNS = (
    "account", "source", "symbol", "venue_order_id", "client_id", "side", "kind", "time_in_force",
    "quantity", "price", "stop_price", "reduce_only", "status", "status_text", "filled",
    "quote_filled", "told_filled", "report", "told_at",
)  # fmt: skip
_WRITE = f"""
    INSERT INTO orders ({", ".join(_COLUMNS)})
    VALUES ({", ".join(f"%({name})s" for name in _COLUMNS)})
    ON CONFLICT (account, source, symbol, venue_order_id) DO UPDATE SET
        {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[4:])}, updated_at = now()
    RETURNING order_id
"""  # noqa: S608 - the names are written above
_ADD_EVENT = """
    INSERT INTO order_events (order_id, kind, origin, status, evidence, told_at)
    VALUES (%s, %s, %s, %s, %s, %s)
"""
_UNFINISHED = """
    SELECT source, symbol, venue_order_id FROM orders
    WHERE account = %s AND source = %s AND venue_order_id IS NOT NULL
      AND status IN ('PENDING', 'NEW', 'PARTIALLY_FILLED', 'UNKNOWN')
"""
_INCOMPLETE = """
    SELECT source, symbol, venue_order_id FROM orders
    WHERE account = %s AND source = %s AND venue_order_id IS NOT NULL
      AND (told_filled > filled OR status = 'PENDING')
"""


class Refused(NamedTuple):
    """Evidence that contradicts what the venue has said before, and why it was not booked."""

    key: OrderKey
    reason: str


@dataclass(slots=True)
class Applied:
    """What evidence changed."""

    orders: dict[OrderKey, FollowedOrder] = field(default_factory=dict[OrderKey, FollowedOrder])
    """Every order that was told of, as it is now."""
    news: list[Evidence] = field(default_factory=list[Evidence])
    refused: list[Refused] = field(default_factory=list[Refused])


def apply(
    connection: psycopg.Connection[Any], account: str, evidence: Sequence[Evidence], origin: str
) -> Applied:
    """Fold evidence into the orders of an account and store what changed, each fact once."""
    applied = Applied()
    known = _read(connection, account, {order_of(piece) for piece in evidence})
    events: list[tuple[Evidence, OrderStage]] = []
    before = dict(known)
    for piece in evidence:
        key = order_of(piece)
        try:
            folded = fold(known.get(key), piece)
        except OrderError as error:
            applied.refused.append(Refused(key, str(error)))
            continue
        if folded != known.get(key):
            known[key] = folded
            events.append((piece, folded.stage))
    applied.orders = known
    applied.news = [piece for piece, _ in events]
    changed = [order for key, order in known.items() if order != before.get(key)]
    ids = {order.key: _write(connection, account, order) for order in changed}
    _add_events(connection, ids, events, origin)
    found = [piece for piece in applied.news if isinstance(piece, FillReport)]
    fills.add(connection, account, [(ids[fill.order], fill) for fill in found], origin)
    return applied


def unfinished(connection: psycopg.Connection[Any], account: str, source: str) -> set[OrderKey]:
    """Return the orders that the venue has not ended, as far as is known."""
    return {OrderKey(*row) for row in connection.execute(_UNFINISHED, [account, source])}


def incomplete(connection: psycopg.Connection[Any], account: str, source: str) -> set[OrderKey]:
    """Return the orders of which fills or the venue's word are missing."""
    return {OrderKey(*row) for row in connection.execute(_INCOMPLETE, [account, source])}


def list_orders(
    db: Session, account: str, source: str | None = None, *, only_open: bool = False
) -> list[VenueOrder]:
    """Return the orders of an account, oldest first."""
    query = select(VenueOrder).where(VenueOrder.account == account)
    if source is not None:
        query = query.where(VenueOrder.source == source)
    if only_open:
        query = query.where(VenueOrder.status.in_(_OPEN_STAGES))
    return list(db.scalars(query.order_by(VenueOrder.order_id)))


def list_events(db: Session, order_id: int) -> list[OrderEvent]:
    """Return what changed an order, oldest first."""
    query = select(OrderEvent).where(OrderEvent.order_id == order_id)
    return list(db.scalars(query.order_by(OrderEvent.event_id)))


def order_of(evidence: Evidence) -> OrderKey:
    """Return the order that evidence is of."""
    return evidence.order if isinstance(evidence, FillReport) else evidence.key


def evidence_json(evidence: Evidence) -> dict[str, Any]:
    """Return evidence as JSON: ids and amounts as texts, so that no reader rounds them."""
    names = [name for name in evidence.__slots__ if name != "key"]
    found = {name: _plain(getattr(evidence, name)) for name in names}
    return {name: str(value) for name, value in evidence.key._asdict().items()} | found


def read_evidence(kind: str, content: Mapping[str, Any]) -> Evidence:
    """Return evidence that was stored as JSON."""
    place = str(content["source"]), str(content["symbol"])
    order_id = int(content["order_id"])
    values = {name: content[name] for name in content if name not in FillKey._fields}
    for name in ("filled", "quantity", "price", "stop_price", "quote", "fee", "realized"):
        if values.get(name) is not None:
            values[name] = Decimal(values[name])
    values["side"] = Side(values["side"])
    if kind == "fill":
        return FillReport(key=FillKey(*place, int(content["trade_id"]), order_id), **values)
    return OrderReport(key=OrderKey(*place, order_id), **values)


def _plain(value: object) -> object:
    return format(value, "f") if isinstance(value, Decimal) else value


def _read(
    connection: psycopg.Connection[Any], account: str, keys: set[OrderKey]
) -> dict[OrderKey, FollowedOrder]:
    if not keys:
        return {}
    columns = [list(column) for column in zip(*sorted(keys), strict=True)]
    rows = connection.execute(_READ, [*columns, account]).fetchall()
    booked = fills.read_of(connection, [row[0] for row in rows])
    found: dict[OrderKey, FollowedOrder] = {}
    for order_id, source, symbol, number, report, told_filled, told_at in rows:
        key = OrderKey(source, symbol, number)
        found[key] = FollowedOrder(
            key=key,
            report=None if report is None else cast("OrderReport", read_evidence("report", report)),
            told_filled=told_filled,
            told_ms=0 if told_at is None else milliseconds(told_at),
            fills=booked.get(order_id, {}),
        )
    return found


def _write(connection: psycopg.Connection[Any], account: str, order: FollowedOrder) -> int:
    report = order.report
    values = {
        "account": account,
        "source": order.key.source,
        "symbol": order.key.symbol,
        "venue_order_id": order.key.order_id,
        "client_id": (report and report.client_id) or None,
        "side": order.side,
        "kind": (report and report.kind) or None,
        "time_in_force": (report and report.time_in_force) or None,
        "quantity": order.quantity,
        "price": (report and report.price) or None,
        "stop_price": (report and report.stop_price) or None,
        "reduce_only": report and report.reduce_only,
        "status": order.stage,
        "status_text": report and report.status_text,
        "filled": order.filled,
        "quote_filled": order.quote_filled,
        "told_filled": order.told_filled,
        "report": None if report is None else Jsonb(evidence_json(report)),
        "told_at": moment_of(order.told_ms),
    }
    row = connection.execute(_WRITE, values, prepare=True).fetchone()
    assert row is not None
    return int(row[0])


def _add_events(
    connection: psycopg.Connection[Any],
    ids: Mapping[OrderKey, int],
    events: Sequence[tuple[Evidence, OrderStage]],
    origin: str,
) -> None:
    rows = [
        (
            ids[order_of(piece)],
            "fill" if isinstance(piece, FillReport) else "report",
            origin,
            stage,
            Jsonb(evidence_json(piece)),
            moment_of(piece.time_ms),
        )
        for piece, stage in events
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_ADD_EVENT, rows)
