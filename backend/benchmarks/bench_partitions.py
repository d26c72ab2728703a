"""Would `market_data` gain from partitions by time? The same rows in one table and in partitions.

Run with ``./cv python backend/benchmarks/bench_partitions.py [ROWS]``. It has an embedded server of
its own, which it removes at the end. Twenty symbols with one-minute bars, written by COPY as an
import writes them, read as pages and backtests read them, and cut as `clean` cuts them.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Before anything of ours is imported: settings are read once.
os.environ |= {"CRYPTOVOLT_HOME": tempfile.mkdtemp(prefix="cryptovolt-bench-"), "DATABASE_URL": ""}

import numpy as np
import psycopg
from dateutil.relativedelta import relativedelta

from app.core.database import embedded_server, engine, libpq_url
from app.core.init_db import init_db
from app.core.logging import configure_logging
from app.core.times import moment_of
from app.repositories.bar_rows import COLUMNS, encode_rows
from app.repositories.bars import SeriesKey
from app.repositories.binary import HEADER, TRAILER
from app.services.bench_bars import make_bars

N_SYMBOLS = 20
BATCH = 65_536
MONTHS = {"one table": 0, "by year": 12, "by month": 1}

Connection = psycopg.Connection[Any]


def run(connection: Connection, statement: str) -> None:
    connection.execute(statement.encode())


def make_table(connection: Connection, name: str, months: int, first: int, last: int) -> None:
    like = f"LIKE market_data INCLUDING {'ALL' if not months else 'DEFAULTS INCLUDING IDENTITY'}"
    if not months:
        run(connection, f"CREATE TABLE {name} ({like})")
        return
    run(connection, f"CREATE TABLE {name} ({like}) PARTITION BY RANGE (timestamp)")
    run(connection, f"ALTER TABLE {name} ADD PRIMARY KEY (symbol, timeframe, source, timestamp)")
    for column in ("data_id", "timestamp"):
        run(connection, f"CREATE INDEX ON {name} USING brin ({column})")
    start = moment_of(first).replace(month=1, day=1, hour=0, minute=0)
    while start <= moment_of(last):
        end = start + relativedelta(months=months)
        run(
            connection,
            f"CREATE TABLE {name}_{start:%Y%m} PARTITION OF {name} "
            f"FOR VALUES FROM ('{start.isoformat()}') TO ('{end.isoformat()}')",
        )
        start = end


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def write(connection: Connection, name: str, n_each: int) -> None:
    statement = f"COPY {name} ({', '.join(COLUMNS)}) FROM STDIN (FORMAT binary)"
    for number in range(N_SYMBOLS):
        bars = make_bars(n_each, SeriesKey(f"COIN{number:02}USDT", "1m", "bench"))
        with connection.cursor().copy(statement.encode()) as copy:
            copy.write(HEADER)
            for start in range(0, n_each, BATCH):
                copy.write(encode_rows(bars[start : start + BATCH]))
            copy.write(TRAILER)
        connection.commit()


def latest_ms(connection: Connection, name: str) -> tuple[float, float]:
    query = (
        f"SELECT timestamp, open_price, high_price, low_price, close_price, volume FROM {name} "
        "WHERE symbol = %s AND timeframe = '1m' AND source = 'bench' "
        "ORDER BY timestamp DESC LIMIT 500"
    )
    rng = np.random.default_rng(2)
    cursor = connection.cursor(binary=True)

    def ask(number: int) -> None:
        cursor.execute(query.encode(), [f"COIN{number:02}USDT"], prepare=True).fetchall()

    asked = rng.integers(0, N_SYMBOLS, 520).tolist()
    taken = [seconds(lambda n=number: ask(n)) * 1e3 for number in asked][20:]
    return float(np.percentile(taken, 50)), float(np.percentile(taken, 99))


def read(connection: Connection, name: str) -> None:
    statement = (
        f"COPY (SELECT timestamp, close_price FROM {name} WHERE symbol = 'COIN07USDT' AND "
        "timeframe = '1m' AND source = 'bench' ORDER BY timestamp) TO STDOUT (FORMAT binary)"
    )
    with connection.cursor().copy(statement.encode()) as copy:
        for _ in copy:
            pass


def cut(connection: Connection, name: str, months: int, first: int) -> float:
    # A quarter of a year goes: rows one by one, or whole partitions where they are that short.
    start = moment_of(first).replace(month=1, day=1, hour=0, minute=0)
    until = start + relativedelta(years=1, months=3)
    if months != 1:
        return seconds(
            lambda: (
                run(connection, f"DELETE FROM {name} WHERE timestamp < '{until.isoformat()}'"),
                connection.commit(),
            )
        )

    def drop() -> None:
        month = start
        while month < until:
            run(connection, f"DROP TABLE IF EXISTS {name}_{month:%Y%m}")
            month += relativedelta(months=1)
        connection.commit()

    return seconds(drop)


def main() -> None:
    configure_logging(quiet=True)
    n_each = (int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000) // N_SYMBOLS
    init_db()
    bars = make_bars(n_each)
    first, last = int(bars.timestamp[0]), int(bars.timestamp[-1])
    with psycopg.connect(libpq_url()) as connection:
        for title, months in MONTHS.items():
            name = title.replace(" ", "_")
            make_table(connection, name, months, first, last)
            connection.commit()
            writing = seconds(lambda name=name: write(connection, name, n_each))
            connection.autocommit = True
            run(connection, f"VACUUM ANALYZE {name}")
            reading = min(seconds(lambda name=name: read(connection, name)) for _ in range(3))
            middle, slow = latest_ms(connection, name)
            connection.autocommit = False
            cutting = cut(connection, name, months, first)
            print(
                f"{title:10}  write {n_each * N_SYMBOLS / writing / 1e3:6.0f} k rows/s   "
                f"read {n_each / reading / 1e6:5.2f} M rows/s   latest 500 p50 {middle:5.2f} ms "
                f"p99 {slow:5.2f} ms   cut old rows {cutting:6.2f} s",
                flush=True,
            )
            run(connection, f"DROP TABLE {name}")
            connection.commit()


if __name__ == "__main__":
    try:
        main()
    finally:
        server = embedded_server()
        engine.dispose()
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)
        shutil.rmtree(Path(os.environ["CRYPTOVOLT_HOME"]), ignore_errors=True)
