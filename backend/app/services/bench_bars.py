"""How fast bars go in and out, beside psql doing the same work in the same run.

Everything happens in a database of its own on the configured server, made at the start and dropped
at the end. Of several repeats the best one counts, for us and for psql alike, and they take turns.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
import psycopg
from psycopg import sql
from sqlalchemy import make_url

from app.core import database
from app.core.config import settings
from app.core.init_db import init_db
from app.repositories.bar_rows import COLUMNS, encode_rows
from app.repositories.bars import SeriesKey, SeriesWriter, latest_bars, read_range
from app.repositories.binary import HEADER, TRAILER
from app.services.administration import psql_command
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.market.snapshots import read_snapshot, write_snapshot
from cryptovolt.market.tables import BATCH_ROWS
from cryptovolt.market.writing import write_bars

_START_MS = 1_260_000_000_000
_MINUTE_MS = 60_000
_KEY = SeriesKey("BENCHUSDT", "1m", "bench")
_N_SYMBOLS = 20
_LATEST = 500
_ASKED = 1_000
_IMPORT = """
import atexit, re, sys
def peak():
    status = open("/proc/self/status").read() if sys.platform == "linux" else "VmHWM: 0 kB"
    print("peak_kb", re.search(r"VmHWM:\\s+(\\d+)", status).group(1), file=sys.stderr)
atexit.register(peak)
from app.cli import main
sys.argv = ["cryptovolt", "bars", "import", "--json", sys.argv[1]]
main()
"""
# The layout as the specification writes it, with the unique key that makes importing repeatable.
_DOCUMENTED = """
    CREATE TABLE documented (
        data_id SERIAL PRIMARY KEY, symbol VARCHAR(20), timestamp TIMESTAMP,
        open_price FLOAT, high_price FLOAT, low_price FLOAT, close_price FLOAT, volume FLOAT,
        source VARCHAR(50), created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
        UNIQUE (symbol, source, timestamp)
    );
    CREATE INDEX ON documented (symbol);
    CREATE INDEX ON documented (timestamp)
"""
_DOCUMENTED_COLUMNS = ", ".join(name for name in COLUMNS if name != "timeframe")
_DOCUMENTED_ROWS = f"SELECT {_DOCUMENTED_COLUMNS} FROM market_data"  # noqa: S608
_SERIES_ROWS = (
    "SELECT timestamp, open_price, high_price, low_price, close_price, volume FROM market_data"
    " WHERE symbol = 'BENCHUSDT' AND timeframe = '1m' AND source = 'bench' ORDER BY timestamp"
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure, beside what it is compared with, and the goal for it."""

    name: str
    value: float
    unit: str
    goal: str
    compared_with: str = ""
    other: float | None = None
    ratio: float | None = None


def run(n_rows: int, n_table: int, repeats: int, say: Callable[[str], None]) -> list[Measured]:
    """Measure import, memory, reading, snapshots and the latest bars; some minutes of work."""
    with own_database(), tempfile.TemporaryDirectory() as folder:
        bars = make_bars(n_rows)
        found = _measure_import(bars, Path(folder), repeats, say)
        found += _measure_reading(bars, Path(folder), repeats, say)
        return found + _measure_latest(n_table, say)


def measure_memory(n_rows: int, say: Callable[[str], None]) -> list[Measured]:
    """Measure the memory of importing one large file, in a process of its own."""
    with own_database(), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bars.csv"
        write_bars(make_bars(n_rows), path)
        say(f"import {n_rows:,} rows of CSV")
        seconds, peak_mb = _import(path)
    return [
        Measured("peak memory of importing CSV", peak_mb, "MB", "< 500 MB at 5 M rows"),
        Measured("import CSV, process included", n_rows / seconds, "rows/s", ""),
    ]


def make_bars(n_bars: int, key: SeriesKey = _KEY, first: int = 0) -> Bars:
    """Return made-up minutes with two decimals in prices and five in volume."""
    rng = np.random.default_rng(1)
    close = (30_000 * np.exp(np.cumsum(rng.normal(0, 2e-4, n_bars)))).round(2)
    opens = np.append(close[:1], close[:-1])
    return Bars(
        symbol=key.symbol,
        timeframe=key.timeframe,
        source=key.source,
        timestamp=_START_MS + _MINUTE_MS * np.arange(first, first + n_bars),
        open=opens,
        high=np.maximum(opens, close) + 1.5,
        low=np.minimum(opens, close) - 1.5,
        close=close,
        volume=(rng.exponential(20, n_bars) + 0.01).round(5),
    )


def _measure_import(
    bars: Bars, folder: Path, repeats: int, say: Callable[[str], None]
) -> list[Measured]:
    source, rows, old = folder / "bars.parquet", folder / "rows.bin", folder / "old.bin"
    write_bars(bars, source)
    _write_rows(bars, rows)
    _psql(_DOCUMENTED)
    _copy_in("market_data", ", ".join(COLUMNS), rows)
    _psql(f"\\copy ({_DOCUMENTED_ROWS}) TO '{old}' (FORMAT binary)")
    best: dict[str, float] = {}
    for number in range(repeats):
        say(f"import {len(bars):,} rows, repeat {number + 1} of {repeats}")
        _psql("TRUNCATE documented")
        _keep(best, "documented", lambda: _copy_in("documented", _DOCUMENTED_COLUMNS, old))
        _psql("TRUNCATE market_data")
        _keep(best, "psql", lambda: _copy_in("market_data", ", ".join(COLUMNS), rows))
        _psql("TRUNCATE market_data")
        _keep(best, "ours", lambda: _import_here(source))
        _keep(best, "known", lambda: _import_here(source))
    rate = {name: len(bars) / seconds for name, seconds in best.items()}
    return [
        _compared("import Parquet", rate["ours"], "≥ 0.9", "psql \\copy, same table", rate["psql"]),
        _compared("import Parquet", rate["ours"], "≥ 1.4", "psql \\copy, documented layout with a"
                  " unique key", rate["documented"]),
        Measured("import known rows again", rate["known"], "rows/s", "≥ 300,000"),
    ]  # fmt: skip


def _measure_reading(
    bars: Bars, folder: Path, repeats: int, say: Callable[[str], None]
) -> list[Measured]:
    say(f"read {len(bars):,} bars and a snapshot of them")
    _psql("VACUUM ANALYZE market_data")
    path = write_snapshot(bars, folder)
    best: dict[str, float] = {}
    for _ in range(repeats + 2):
        _keep(
            best,
            "psql",
            lambda: _psql(f"\\copy ({_SERIES_ROWS}) TO '{os.devnull}' (FORMAT binary)"),
        )
        _keep(best, "ours", lambda: read_range(_KEY))
        _keep(best, "snapshot", lambda: read_snapshot(path))
    rate = {name: len(bars) / seconds for name, seconds in best.items()}
    return [
        _compared("read into arrays", rate["ours"], "≥ 0.83 (time ≤ 1.2 ×)",
                  "psql binary \\copy to nowhere", rate["psql"]),
        Measured("read a snapshot, hash checked", rate["snapshot"], "rows/s", "≥ 10,000,000"),
    ]  # fmt: skip


def _measure_latest(n_table: int, say: Callable[[str], None]) -> list[Measured]:
    say(f"latest {_LATEST} bars among {n_table:,} rows")
    _psql("TRUNCATE market_data")
    n_each = n_table // _N_SYMBOLS
    keys = [SeriesKey(f"COIN{number:02}USDT", "1m", "bench") for number in range(_N_SYMBOLS)]
    for number, key in enumerate(keys):
        # The first symbol was delisted when the others began.
        bars = make_bars(n_each, key, first=0 if number == 0 else n_each)
        with database.SessionLocal.begin() as session:
            writer = SeriesWriter(session, key)
            for start in range(0, n_each, BATCH_ROWS):
                writer.write(bars[start : start + BATCH_ROWS])
    _psql("VACUUM ANALYZE market_data")
    listed, delisted = _latencies(keys[1:]), _latencies(keys[:1])
    return [
        Measured("latest 500 bars, p50", float(np.percentile(listed, 50)), "ms", ""),
        Measured("latest 500 bars, p99", float(np.percentile(listed, 99)), "ms", "≤ 2"),
        Measured("latest 500 of a delisted symbol, p99", float(np.percentile(delisted, 99)), "ms",
                 "≤ 2"),
    ]  # fmt: skip


def _latencies(keys: list[SeriesKey]) -> list[float]:
    rng = np.random.default_rng(2)
    asked = [keys[int(number)] for number in rng.integers(0, len(keys), _ASKED)]
    with database.SessionLocal() as session:
        # Planning is done by then: a server changes to its generic plan at the sixth execution.
        for key in asked[:20]:
            latest_bars(session, key, _LATEST)
        return [_seconds(lambda key=key: latest_bars(session, key, _LATEST)) * 1e3 for key in asked]


def _import_here(path: Path) -> None:
    from app.services.bar_import import (  # noqa: PLC0415 - only where it is measured
        ImportOptions,
        import_files,
        open_files,
    )

    options = ImportOptions(as_of=int(time.time() * 1_000))
    import_files(open_files([path], options), options)


def _import(path: Path) -> tuple[float, float]:
    started = time.perf_counter()
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", _IMPORT, str(path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DATABASE_URL": settings.DATABASE_URL},
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        raise DataError(f"the import failed: {done.stderr.strip()}")
    return seconds, int(done.stderr.split("peak_kb")[1].split()[0]) / 1_024


def _compared(name: str, rate: float, goal: str, other_name: str, other: float) -> Measured:
    return Measured(name, rate, "rows/s", goal, other_name, other, rate / other)


def _keep(best: dict[str, float], name: str, work: Callable[[], object]) -> None:
    best[name] = min(best.get(name, np.inf), _seconds(work))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _write_rows(bars: Bars, path: Path) -> None:
    with path.open("wb") as file:
        file.write(HEADER)
        for start in range(0, len(bars), BATCH_ROWS):
            file.write(encode_rows(bars[start : start + BATCH_ROWS]))
        file.write(TRAILER)


def _copy_in(table: str, columns: str, path: Path) -> None:
    _psql(f"\\copy {table} ({columns}) FROM '{path}' (FORMAT binary)")


def _psql(command: str) -> None:
    line, variables = psql_command(["--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1"])
    done = subprocess.run(  # noqa: S603 - psql, with statements of this module
        [*line, "--command", command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **variables},
    )
    if done.returncode:
        raise DataError(f"psql failed: {done.stderr.strip()}")


@contextmanager
def own_database() -> Generator[None]:
    """Make a migrated database of its own for a while; the settings name it."""
    before, server = settings.DATABASE_URL, database.libpq_url()
    name = f"cryptovolt_bench_{uuid4().hex[:8]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    database.engine.dispose()
    settings.DATABASE_URL = (
        make_url(server).set(database=name).render_as_string(hide_password=False)
    )
    try:
        init_db()
        yield
    finally:
        database.engine.dispose()
        settings.DATABASE_URL = before
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )
