"""Executions of exchange accounts; they are only ever added. Nothing here commits."""

from collections.abc import Sequence
from typing import Any

import psycopg
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.times import milliseconds, moment_of
from app.models.orders import VenueFill
from cryptovolt.domain.orders import Side
from cryptovolt.execution.order_evidence import FillKey, FillReport

_READ = """
    SELECT order_id, source, symbol, trade_id, venue_order_id, time, side, price, quantity, quote,
           fee, fee_asset, is_maker, realized
    FROM fills WHERE order_id = ANY(%s)
"""
_ADD = """
    INSERT INTO fills (account, source, symbol, trade_id, venue_order_id, order_id, time, side,
                       price, quantity, quote, fee, fee_asset, is_maker, realized, origin)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


def read_of(
    connection: psycopg.Connection[Any], order_ids: Sequence[int]
) -> dict[int, dict[FillKey, FillReport]]:
    """Return the executions of some orders, by the ids of those rows."""
    found: dict[int, dict[FillKey, FillReport]] = {}
    for order_id, source, symbol, trade_id, number, at, side, *rest in connection.execute(
        _READ, [list(order_ids)]
    ):
        price, quantity, quote, fee, fee_asset, is_maker, realized = rest
        fill = FillReport(
            key=FillKey(source, symbol, trade_id, number),
            time_ms=milliseconds(at),
            side=Side(side),
            price=price,
            quantity=quantity,
            quote=quote,
            fee=fee,
            fee_asset=fee_asset,
            is_maker=is_maker,
            realized=realized,
        )
        found.setdefault(order_id, {})[fill.key] = fill
    return found


def add(
    connection: psycopg.Connection[Any],
    account: str,
    booked: Sequence[tuple[int, FillReport]],
    origin: str,
) -> None:
    """Store new executions with the ids of their orders' rows; one that is there is an error."""
    rows = [
        (account, *fill.key, order_id, moment_of(fill.time_ms), fill.side, fill.price,
         fill.quantity, fill.quote, fill.fee, fill.fee_asset, fill.is_maker, fill.realized, origin)
        for order_id, fill in booked
    ]  # fmt: skip
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_ADD, rows)


def list_fills(db: Session, account: str, source: str | None = None) -> list[VenueFill]:
    """Return the executions of an account, oldest first."""
    query = select(VenueFill).where(VenueFill.account == account)
    if source is not None:
        query = query.where(VenueFill.source == source)
    return list(db.scalars(query.order_by(VenueFill.time, VenueFill.trade_id)))
