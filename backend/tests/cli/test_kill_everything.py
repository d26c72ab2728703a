"""kill -9 of the program and of its embedded server at once, in the middle of the work."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import psycopg
import pytest

from app.core.config import settings
from app.core.embedded import EmbeddedServer

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the embedded server is for POSIX")

PROGRAM = [sys.executable, "-c", "from app.cli import main; main()"]
N_BARS = 800_000


@pytest.fixture
def own(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """An embedded server of this test alone, in a home of its own."""
    server = EmbeddedServer(tmp_path / "home", settings.POSTGRES_BIN)
    yield server
    if server.known():
        server.stop()
    # As root the data lies outside the home.
    shutil.rmtree(server.folder, ignore_errors=True)


def begin(own_home: Path, *words: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "DATABASE_URL": "", "CRYPTOVOLT_HOME": str(own_home)}
    return subprocess.Popen(
        [*PROGRAM, *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def count(server: EmbeddedServer, table: str) -> int:
    """Count rows after whatever recovery the server needs."""
    url = server.start().set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None
    return int(row[0])


def has_tables(server: EmbeddedServer) -> bool:
    """Say whether the migrations had come as far as the tables that are counted."""
    url = server.start().set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT to_regclass('paper_sessions') IS NOT NULL").fetchone()
    return row is not None and bool(row[0])


def strike(program: subprocess.Popen[str], server: EmbeddedServer) -> None:
    """Kill program and server without warning."""
    pid = server.pid()
    program.kill()
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
    program.communicate()


def waited(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def importing(server: EmbeddedServer) -> bool:
    """Say whether a COPY is under way."""
    if server.pid() is None:
        return False
    url = server.url().set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            query = "SELECT count(*) FROM pg_stat_progress_copy WHERE tuples_processed > 0"
            row = connection.execute(query).fetchone()
    except psycopg.Error:
        return False
    return row is not None and row[0] > 0


def test_an_import_leaves_no_row_and_the_next_one_completes(
    own: EmbeddedServer, tmp_path: Path
) -> None:
    path = tmp_path / "BTCUSDT-1m.csv"
    close = 100 + np.abs(np.cumsum(np.random.default_rng(1).normal(size=N_BARS)))
    columns = {"timestamp": 1_600_000_020_000 + 60_000 * np.arange(N_BARS), "open": close}
    columns |= {"high": close + 1, "low": close - 1, "close": close, "volume": np.ones(N_BARS)}
    pl.DataFrame(columns).write_csv(path)
    words = ("bars", "import", str(path), "--symbol", "BTCUSDT", "--timeframe", "1m", "--json")
    program = begin(tmp_path / "home", *words)
    assert waited(lambda: importing(own) or program.poll() is not None, 60)
    assert program.poll() is None, "the import was over before it could be struck"
    strike(program, own)
    assert count(own, "market_data") == 0
    again = begin(tmp_path / "home", *words)
    output, errors = again.communicate(timeout=300)
    assert again.returncode == 0, errors
    assert json.loads(output)
    assert count(own, "market_data") == N_BARS


def test_a_demo_leaves_nothing_half_written_and_the_next_one_completes(
    own: EmbeddedServer, tmp_path: Path
) -> None:
    words = ("demo", "--synthetic", "--json")
    for delay in (3.0, 7.0, 11.0):
        program = begin(tmp_path / "home", *words)
        time.sleep(delay)
        strike(program, own)
        if not own.known() or not has_tables(own):
            continue
        n_sessions = count(own, "paper_sessions")
        assert count(own, "market_data") in {0, 6_000}
        assert count(own, "signals") == count(own, "equity_snapshots") == 600 * n_sessions
    program = begin(tmp_path / "home", *words)
    output, errors = program.communicate(timeout=300)
    assert program.returncode == 0, errors
    assert json.loads(output)["paper"]["differences_from_backtest"] == 0
