"""Balances, status, incidents and cursors of followed accounts. Nothing here commits."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.account_frames import BalanceReport
from app.core.times import moment_of
from app.models.orders import AccountBalance, AccountIncident, AccountStatus

ALERT_TYPE = "ACCOUNT"
_TELL_BALANCE = """
    INSERT INTO account_balances AS b (account, source, asset, total, locked, told_at, origin)
    VALUES (%s, %s, %s, %s, %s, %s, 'stream')
    ON CONFLICT (account, source, asset) DO UPDATE SET
        total = excluded.total, locked = excluded.locked, told_at = excluded.told_at,
        origin = 'stream', updated_at = now()
    WHERE excluded.told_at >= b.told_at
      AND (excluded.total, excluded.locked) IS DISTINCT FROM (b.total, b.locked)
"""
_SET_BALANCE = """
    INSERT INTO account_balances AS b (account, source, asset, total, locked, told_at, origin)
    VALUES (%s, %s, %s, %s, %s, %s, 'rest')
    ON CONFLICT (account, source, asset) DO UPDATE SET
        total = excluded.total, locked = excluded.locked,
        told_at = greatest(excluded.told_at, b.told_at), origin = 'rest', updated_at = now()
    WHERE (excluded.total, excluded.locked) IS DISTINCT FROM (b.total, b.locked)
"""
_CLEAR_OTHERS = """
    UPDATE account_balances SET total = 0, locked = CASE WHEN locked IS NULL THEN NULL ELSE 0 END,
        origin = 'rest', updated_at = now()
    WHERE account = %s AND source = %s AND NOT asset = ANY(%s)
      AND (total <> 0 OR locked <> 0)
"""
_HEARTBEAT = """
    INSERT INTO account_status (account, source, process, state, reason, since, started_at,
                                heartbeat_at, stopped_at, connected_at, last_event_at,
                                last_check_at, counts)
    VALUES (%(account)s, %(source)s, %(process)s, %(state)s, %(reason)s, %(since)s, %(started_at)s,
            now(), NULL, %(connected_at)s, %(last_event_at)s, %(last_check_at)s, %(counts)s)
    ON CONFLICT (account, source) DO UPDATE SET
        process = excluded.process, state = excluded.state, reason = excluded.reason,
        since = excluded.since, started_at = excluded.started_at, heartbeat_at = now(),
        stopped_at = NULL, connected_at = excluded.connected_at,
        last_event_at = coalesce(excluded.last_event_at, account_status.last_event_at),
        last_check_at = coalesce(excluded.last_check_at, account_status.last_check_at),
        counts = excluded.counts
"""
_STOP = """
    UPDATE account_status SET state = 'stopped', reason = %s, since = now(), stopped_at = now()
    WHERE account = %s AND source = %s
"""
_OPEN = """
    INSERT INTO account_incidents (account, source, kind, subject, reason, opened_at)
    VALUES (%s, %s, %s, %s, %s, now())
    ON CONFLICT (account, source, kind, subject) WHERE resolved_at IS NULL DO NOTHING
    RETURNING incident_id
"""
_RESOLVE = """
    UPDATE account_incidents SET resolved_at = now()
    WHERE account = %s AND source = %s AND kind = %s AND subject = %s AND resolved_at IS NULL
    RETURNING incident_id
"""
_ALERT = "INSERT INTO alerts (alert_type, message, level) VALUES (%s, %s, %s) RETURNING alert_id"
_MOVE = """
    INSERT INTO account_cursors (account, source, symbol, next_order_id, next_trade_id)
    VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (account, source, symbol) DO UPDATE SET
        next_order_id = excluded.next_order_id, next_trade_id = excluded.next_trade_id
    WHERE (account_cursors.next_order_id, account_cursors.next_trade_id)
        <> (excluded.next_order_id, excluded.next_trade_id)
"""


class Place(NamedTuple):
    """An account in one market."""

    account: str
    source: str


class Trouble(NamedTuple):
    """Which trouble of what: `subject` is empty where it is about the account itself."""

    kind: str
    subject: str = ""


class Cursor(NamedTuple):
    """Up to where REST was read of a symbol."""

    next_order_id: int = 0
    next_trade_id: int = 0


def tell_balances(
    connection: psycopg.Connection[Any], place: Place, balances: Sequence[BalanceReport]
) -> None:
    """Take what the stream said, unless something later is known."""
    rows = [(*place, one.asset, one.total, one.locked, moment_of(one.time_ms)) for one in balances]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_TELL_BALANCE, rows)


def set_balances(
    connection: psycopg.Connection[Any],
    place: Place,
    balances: Sequence[BalanceReport],
    spoken: set[str],
) -> None:
    """Take a complete answer of REST, but for assets that the stream spoke of since it was asked.

    What is not in the answer is not owned any more.
    """
    rows = [
        (*place, one.asset, one.total, one.locked, moment_of(one.time_ms))
        for one in balances
        if one.asset not in spoken
    ]
    with connection.cursor() as cursor:
        if rows:
            cursor.executemany(_SET_BALANCE, rows)
        kept = list({one.asset for one in balances} | spoken)
        cursor.execute(_CLEAR_OTHERS, [*place, kept])


def write_heartbeat(connection: psycopg.Connection[Any], values: dict[str, Any]) -> None:
    """Say how an account is followed now."""
    connection.execute(_HEARTBEAT, {**values, "counts": Jsonb(values["counts"])}, prepare=True)


def write_stopped(connection: psycopg.Connection[Any], place: Place, reason: str) -> None:
    """Say that an account is no longer followed."""
    connection.execute(_STOP, [reason, *place])


def open_troubles(connection: psycopg.Connection[Any], place: Place) -> dict[Trouble, str]:
    """Return the troubles that are not over, with their reasons."""
    rows = connection.execute(
        "SELECT kind, subject, reason FROM account_incidents"
        " WHERE account = %s AND source = %s AND resolved_at IS NULL",
        [*place],
    )
    return {Trouble(kind, subject): reason for kind, subject, reason in rows}


def open_trouble(
    connection: psycopg.Connection[Any], place: Place, trouble: Trouble, told: tuple[str, str, str]
) -> bool:
    """Note a trouble with one alert (`told`: reason, message, level), unless it is known."""
    reason, message, level = told
    row = connection.execute(_OPEN, [*place, *trouble, reason]).fetchone()
    if row is None:
        return False
    alert = connection.execute(_ALERT, [ALERT_TYPE, message, level]).fetchone()
    assert alert is not None
    connection.execute(
        "UPDATE account_incidents SET alert_id = %s WHERE incident_id = %s", [alert[0], row[0]]
    )
    return True


def resolve_trouble(
    connection: psycopg.Connection[Any], place: Place, trouble: Trouble, message: str
) -> bool:
    """Note that a trouble is over, with one alert, if it was known."""
    if connection.execute(_RESOLVE, [*place, *trouble]).fetchone() is None:
        return False
    connection.execute(_ALERT, [ALERT_TYPE, message, "info"])
    return True


def read_cursors(connection: psycopg.Connection[Any], place: Place) -> dict[str, Cursor]:
    """Return up to where each symbol was read."""
    rows = connection.execute(
        "SELECT symbol, next_order_id, next_trade_id FROM account_cursors"
        " WHERE account = %s AND source = %s",
        [*place],
    )
    return {symbol: Cursor(order_id, trade_id) for symbol, order_id, trade_id in rows}


def move_cursors(
    connection: psycopg.Connection[Any], place: Place, cursors: dict[str, Cursor]
) -> None:
    """Remember up to where symbols were read."""
    rows = [(*place, symbol, *cursor) for symbol, cursor in cursors.items()]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_MOVE, rows)


def read_totals(connection: psycopg.Connection[Any], place: Place) -> dict[str, tuple[Any, Any]]:
    """Return what is known of each asset: all of it, and the locked part."""
    rows = connection.execute(
        "SELECT asset, total, locked FROM account_balances WHERE account = %s AND source = %s",
        [*place],
    )
    return {asset: (total, locked) for asset, total, locked in rows}


def list_accounts(db: Session) -> list[AccountStatus]:
    """Return the accounts that were ever followed."""
    return list(
        db.scalars(select(AccountStatus).order_by(AccountStatus.account, AccountStatus.source))
    )


def list_balances(db: Session, account: str) -> list[AccountBalance]:
    """Return what an account owns."""
    query = select(AccountBalance).where(AccountBalance.account == account)
    return list(db.scalars(query.order_by(AccountBalance.source, AccountBalance.asset)))


def list_open_incidents(db: Session, account: str) -> list[AccountIncident]:
    """Return the troubles of an account that are not over, oldest first."""
    query = select(AccountIncident).where(
        AccountIncident.account == account, AccountIncident.resolved_at.is_(None)
    )
    return list(db.scalars(query.order_by(AccountIncident.incident_id)))
