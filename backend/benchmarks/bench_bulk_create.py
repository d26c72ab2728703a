"""``DatabaseService.bulk_create`` beside psycopg's own COPY of the same rows, taking turns.

Run with ``./cv python backend/benchmarks/bench_bulk_create.py [ROWS]``. It has an embedded server
of its own, which it removes at the end.
"""

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

# Before anything of ours is imported: settings are read once, and the table is emptied below.
os.environ |= {"CRYPTOVOLT_HOME": tempfile.mkdtemp(prefix="cryptovolt-bench-"), "DATABASE_URL": ""}

import psycopg
from sqlalchemy import text

from app.core.database import SessionLocal, embedded_server, engine, libpq_url
from app.core.init_db import init_db
from app.core.logging import configure_logging
from app.models.database import MarketData
from app.services.database_service import DatabaseService

REPEATS = 6
START = datetime(2020, 1, 1)  # noqa: DTZ001 - the documented calls take naive times


def made(n_rows: int) -> list[dict[str, Any]]:
    prices = {"open_price": 1.5, "high_price": 2.5, "low_price": 0.5, "close_price": 1.25}
    return [
        {"symbol": "A", "timestamp": START + timedelta(minutes=row), **prices, "volume": 7.0}
        for row in range(n_rows)
    ]


def by_service(rows: Sequence[Any]) -> None:
    with SessionLocal() as db:
        DatabaseService.bulk_create(db, MarketData, rows)


def by_psycopg(rows: Sequence[Any]) -> None:
    statement = f"COPY market_data ({', '.join(rows[0])}) FROM STDIN"
    with (
        psycopg.connect(libpq_url()) as connection,
        connection.cursor() as cursor,
        cursor.copy(statement.encode()) as copy,
    ):
        for row in rows:
            copy.write_row(tuple(row.values()))


def main() -> None:
    configure_logging(quiet=True)
    n_rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    init_db()
    dicts = made(n_rows)
    rates: dict[str, list[float]] = {}
    for _ in range(REPEATS):
        for name, write, rows in (
            ("psycopg COPY, row by row", by_psycopg, dicts),
            ("bulk_create from dicts", by_service, dicts),
            ("bulk_create from instances", by_service, [MarketData(**row) for row in dicts]),
        ):
            with SessionLocal.begin() as db:
                db.execute(text("TRUNCATE market_data"))
            began = time.perf_counter()
            write(rows)
            rates.setdefault(name, []).append(n_rows / (time.perf_counter() - began))
    limit = statistics.median(rates["psycopg COPY, row by row"])
    for name, found in rates.items():
        median = statistics.median(found)
        print(f"{name:<28} {median:>10,.0f} rows/s   {median / limit:.2f} × COPY")


def remove_server() -> None:
    engine.dispose()
    server = embedded_server()
    server.stop()
    for folder in (server.folder, os.environ["CRYPTOVOLT_HOME"]):
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    try:
        main()
    finally:
        remove_server()
