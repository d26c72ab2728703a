"""Bulk writing by COPY in PostgreSQL's binary format, from whole columns.

Nothing here commits: the rows belong to the transaction of the connection.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import psycopg
from psycopg import sql
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from app.repositories.binary import HEADER, TRAILER, Column, assemble, encode
from cryptovolt.domain.errors import DataError

__all__ = ["Column", "copy_columns", "copy_rows", "insert_columns"]

# Large enough to be fast, small enough to stay in the processor's cache.
_CHUNK_ROWS = 16_384

_STAGE = "staged_rows"


def copy_columns(target: Connection | Session, table: str, columns: Mapping[str, Column]) -> int:
    """Append rows to a table and return how many.

    Raises
    ------
    DataError
        If columns differ in length, do not exist, or hold a value that does not fit.
    psycopg.Error
        If the database refuses a row, for example because its key is there already.
    """
    n_rows = _n_rows(columns)
    connection = driver(target)
    _copy(connection, table, columns, n_rows)
    return n_rows


def insert_columns(target: Connection | Session, table: str, columns: Mapping[str, Column]) -> int:
    """Append the rows whose key is not in the table yet, and return how many those were."""
    n_rows = _n_rows(columns)
    connection = driver(target)
    names = {"table": sql.Identifier(table), "stage": sql.Identifier(_STAGE)}
    # Not INCLUDING ALL: the stage needs no keys, and no identity of its own.
    connection.execute(
        sql.SQL("CREATE TEMPORARY TABLE {stage} ON COMMIT DROP AS SELECT {columns} FROM {table}"
                " WITH NO DATA").format(columns=_identifiers(columns), **names)
    )  # fmt: skip
    try:
        _copy(connection, _STAGE, columns, n_rows)
        inserted = connection.execute(
            sql.SQL("INSERT INTO {table} ({columns}) SELECT {columns} FROM {stage}"
                    " ON CONFLICT DO NOTHING").format(columns=_identifiers(columns), **names)
        )  # fmt: skip
        return inserted.rowcount
    finally:
        if connection.info.transaction_status != psycopg.pq.TransactionStatus.INERROR:
            connection.execute(sql.SQL("DROP TABLE {stage}").format(**names))


def copy_rows(
    target: Connection | Session, table: str, names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> int:
    """Append rows given one by one, each a sequence of values in the order of `names`."""
    if not rows:
        return 0
    return copy_columns(target, table, dict(zip(names, zip(*rows, strict=True), strict=True)))


def driver(target: Connection | Session) -> psycopg.Connection[Any]:
    """Return psycopg's connection of a connection or session, within a transaction."""
    connection = target.connection() if isinstance(target, Session) else target
    if not connection.in_transaction():
        # SQLAlchemy does not see what we do to its driver, and would have nothing to commit.
        connection.begin()
    found = connection.connection.driver_connection
    if not isinstance(found, psycopg.Connection):
        raise TypeError(f"expected a connection of psycopg, found {type(found).__name__}")
    return cast("psycopg.Connection[Any]", found)


def _n_rows(columns: Mapping[str, Column]) -> int:
    lengths = {len(values) for values in columns.values() if not isinstance(values, str)}
    if len(lengths) != 1:
        raise DataError(f"expected columns of one length, found lengths {sorted(lengths)}")
    return lengths.pop()


def _identifiers(columns: Mapping[str, Column]) -> sql.Composable:
    return sql.SQL(", ").join(sql.Identifier(name) for name in columns)


def _copy(
    connection: psycopg.Connection[Any], table: str, columns: Mapping[str, Column], n_rows: int
) -> None:
    types = _types(connection, table, columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        sql.Identifier(table), _identifiers(columns)
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(HEADER)
        for start in range(0, n_rows, _CHUNK_ROWS):
            stop = min(start + _CHUNK_ROWS, n_rows)
            fields = [
                encode(
                    values if isinstance(values, str) else values[start:stop],
                    stop - start,
                    *types[name],
                )
                for name, values in columns.items()
            ]
            copy.write(assemble(fields).data)
        copy.write(TRAILER)


def _types(
    connection: psycopg.Connection[Any], table: str, columns: Mapping[str, Column]
) -> dict[str, tuple[str, int]]:
    rows = connection.execute(
        "SELECT attname, typname, atttypid FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
        [sql.Identifier(table).as_string(connection)],
    ).fetchall()
    types = {str(name): (str(kind), int(oid)) for name, kind, oid in rows}
    unknown = sorted(set(columns) - set(types))
    if unknown:
        raise DataError(f"expected columns of {table}, found {', '.join(unknown)}")
    return types
