"""The commands ``demo`` and ``up`` as a person runs them: as programs, on a real database."""

import html
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import polars as pl
import psycopg
import pytest

from cryptovolt.research.synthetic import synthetic_bars

PROGRAM = [sys.executable, "-c", "from app.cli import main; main()"]
DEMO = [*PROGRAM, "demo", "--synthetic", "--json"]
COUNTS = """
    SELECT (SELECT count(*) FROM market_data), (SELECT count(*) FROM sentiment_data),
           (SELECT count(*) FROM models), (SELECT count(*) FROM paper_sessions),
           (SELECT count(*) FROM signals), (SELECT count(*) FROM equity_snapshots)
"""


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)


def counted(url: str) -> dict[str, int]:
    names = ("bars", "news", "models", "sessions", "signals", "equity")
    with psycopg.connect(url) as connection:
        row = connection.execute(COUNTS).fetchone()
    assert row is not None
    return dict(zip(names, row, strict=True))


def test_the_demo_tells_in_json_what_the_corridor_gave(
    fresh_database_url: str, tmp_path: Path
) -> None:
    report = tmp_path / "report.html"
    result = run(*DEMO, "--report", str(report))
    assert result.returncode == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    assert found["synthetic"] is True
    assert found["paper"]["differences_from_backtest"] == 0
    assert found["auc"]["low"] < 0.5 < found["auc"]["high"]
    assert found["verdict"].startswith("no edge shown")
    assert found["assessment"]["verdict"] == "no edge shown"
    assert found["assessment"]["selection"]["n_trials"] == 2
    page = report.read_text()
    assert "SYNTHETIC" in page
    missed = [c for c in found["assessment"]["conditions"] if not c["met"]]
    assert missed
    assert all(html.escape(condition["found"]) in page for condition in missed)
    stored = counted(fresh_database_url)
    assert stored["bars"] == found["bars"]
    assert stored["signals"] == stored["equity"] == found["paper"]["bars"]


def test_a_perpetual_pays_funding_in_the_demo(fresh_database_url: str, tmp_path: Path) -> None:
    del fresh_database_url
    made = synthetic_bars(4_000, end=1_700_000_000_000, rng=np.random.default_rng(24))
    bars, rates = tmp_path / "PERPUSDT-1h.csv", tmp_path / "PERPUSDT-funding.csv"
    made.to_polars().write_csv(bars)
    times = made.timestamp[::8]
    columns = {"timestamp": times, "funding_rate": np.full(times.size, 0.002)}
    pl.DataFrame(columns).write_csv(rates)
    words = [*PROGRAM, "demo", "--json", "--bars", str(bars), "--symbol", "PERPUSDT"]
    words += ["--timeframe", "1h", "--report", str(tmp_path / "report.html")]
    result = run(*words, "--source", "test-usdm", "--funding", str(rates))
    assert result.returncode == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    assert found["funding"].startswith("Funding is charged at ")
    assert found["backtest"]["funding_paid"] > 0.0
    assert found["paper"]["held_out_funding_paid"] > 0.0
    assert found["paper"]["differences_from_backtest"] == 0
    assert found["funding"] in html.unescape((tmp_path / "report.html").read_text())
    free = run(*words, "--source", "other-usdm")
    assert "Funding is not charged: no funding rates of PERPUSDT (other-usdm)" in free.stdout
    spot = run(*words, "--source", "test", "--funding", str(rates))
    assert spot.returncode == 1
    assert "error: expected bars of a perpetual beside funding rates" in spot.stderr


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is for POSIX")
def test_a_demo_killed_anywhere_leaves_nothing_half_written(fresh_database_url: str) -> None:
    # The steps in which it is struck: importing, training, judging, replaying.
    for delay in (1.5, 3.0, 6.0, 9.0):
        demo = subprocess.Popen(DEMO, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(delay)
        demo.kill()
        demo.communicate()
        stored = counted(fresh_database_url)
        assert stored["bars"] in {0, 6_000}
        assert (stored["news"] == 0) == (stored["bars"] == 0)
        assert stored["signals"] == stored["equity"] == 600 * stored["sessions"]
        assert stored["sessions"] == 0 or stored["models"] == 1
    result = run(*DEMO)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["paper"]["differences_from_backtest"] == 0


def test_without_files_or_network_the_demo_says_that_it_generates(
    fresh_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del fresh_database_url
    monkeypatch.setenv("ARCHIVE_URL", "http://127.0.0.1:9")
    result = run(*PROGRAM, "demo", "--report", str(tmp_path / "report.html"))
    assert result.returncode == 0, result.stderr
    assert "a SYNTHETIC market is" in result.stderr
    assert "SYNTHETIC-USDT 1h from synthetic · SYNTHETIC" in result.stdout
    assert "NO EDGE SHOWN" in result.stdout
    assert "not met: " in result.stdout


def test_news_without_bars_is_one_sentence(database_url: str, tmp_path: Path) -> None:
    del database_url
    news = tmp_path / "news.csv"
    news.write_text("date,text\n2024-03-01,Bitcoin surges\n")
    result = run(*PROGRAM, "demo", "--news", str(news))
    assert result.returncode == 1
    assert "error: expected --bars beside --news" in result.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--cash", "-5"), "error: expected cash above 0, found -5.0"),
        (("--cash", "nan"), "error: expected cash above 0, found nan"),
        (("--seed", "-1"), "error: expected a seed of 0 or more, found -1"),
    ],
)
def test_numbers_without_meaning_are_one_sentence(
    database_url: str, words: tuple[str, ...], sentence: str
) -> None:
    del database_url
    result = run(*PROGRAM, "demo", "--synthetic", *words)
    assert result.returncode == 1
    assert result.stderr.strip() == sentence


def test_too_few_bars_are_one_sentence(database_url: str, tmp_path: Path) -> None:
    del database_url
    path = tmp_path / "BTCUSDT-1h.csv"
    rows = [f"{1_700_000_000 // 3600 * 3600 + hour * 3600},1,2,1,2,5" for hour in range(300)]
    path.write_text("timestamp,open,high,low,close,volume\n" + "\n".join(rows))
    result = run(*PROGRAM, "demo", "--bars", str(path), "--symbol", "BTCUSDT")
    assert result.returncode == 1
    assert len(re.findall(r"^error: ", result.stderr, re.MULTILINE)) == 1
    assert "expected" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.fixture
def running(fresh_database_url: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The program ``up`` on a free port, and what it printed until the link."""
    del fresh_database_url
    words = [*PROGRAM, "up", "--port", "0", "--stream", "stored", "--speed", "50"]
    yield from started(words)


@pytest.fixture
def running_live(fresh_database_url: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The program ``up`` as a newcomer starts it, with fewer symbols."""
    del fresh_database_url
    yield from started([*PROGRAM, "up", "--port", "0", "--symbols", "5", "--speed", "4"])


def started(words: list[str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a program; yield it with what it printed until the link, and end it."""
    program = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert program.stdout is not None
    printed = ""
    while "Ctrl-C" not in printed:
        line = program.stdout.readline()
        assert line, printed
        printed += line
    yield program, printed
    if program.poll() is None:
        program.kill()
    program.communicate()


def children(pid: int) -> list[int]:
    """Return the processes that one has started."""
    found = run("ps", "-o", "pid=", "--ppid", str(pid)).stdout.split()
    return [int(child) for child in found]


def waited(condition: Any, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.2)
    return False


def signed_in(printed: str) -> tuple[str, dict[str, str]]:
    """Use the printed link as a browser does; return the address and the header to send."""
    found = re.search(r"(http://127\.0\.0\.1:\d+)/#link=(\S+)", printed)
    assert found is not None, printed
    address, code = found.groups()
    answer = httpx.post(f"{address}/api/v1/auth/login", json={"link": code}, timeout=30)
    assert answer.status_code == 200, answer.text
    return address, {"Authorization": f"Bearer {answer.json()['access_token']}"}


def alive(pid: int) -> bool:
    state = run("ps", "-o", "stat=", "-p", str(pid)).stdout.strip()
    return bool(state) and not state.startswith("Z")


@pytest.mark.skipif(os.name == "nt", reason="the embedded server is for POSIX")
def test_up_serves_trades_and_stops(running: tuple[subprocess.Popen[str], str]) -> None:
    program, printed = running
    address, token = signed_in(printed)
    assert httpx.get(f"{address}/", timeout=30).status_code == 200
    assert httpx.get(f"{address}/api/v1/trades", timeout=30).status_code == 401

    def signals() -> list[Any]:
        found: list[Any] = httpx.get(f"{address}/api/v1/signals", headers=token, timeout=30).json()
        return found

    assert waited(lambda: len(signals()) > 50, 120)
    seen = signals()[0]["timestamp"]
    assert waited(lambda: signals()[0]["timestamp"] > seen, 30), "the stream does not move"
    # The trader, and the worker of jobs.
    workers = children(program.pid)
    assert len(workers) == 2
    program.send_signal(signal.SIGINT)
    assert program.wait(60) == 0
    assert waited(lambda: not any(alive(one) for one in workers), 10)


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is for POSIX")
def test_its_workers_end_with_a_killed_up(running: tuple[subprocess.Popen[str], str]) -> None:
    program, _ = running
    assert waited(lambda: len(children(program.pid)) == 2, 30)
    workers = children(program.pid)
    program.kill()
    program.wait()
    assert waited(lambda: not any(alive(one) for one in workers), 60)


@pytest.mark.skipif(os.name == "nt", reason="the embedded server is for POSIX")
def test_up_trades_a_live_loopback_market_without_network_or_keys(
    running_live: tuple[subprocess.Popen[str], str],
) -> None:
    program, printed = running_live
    assert "5 made-up symbols trade live on a loopback venue" in printed
    address, token = signed_in(printed)

    def found(path: str) -> Any:
        answer = httpx.get(f"{address}/api/v1/{path}", headers=token, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def states() -> list[tuple[str, str | None]]:
        series = found("market/feeds")["series"]
        return [(one["symbol"], one["refusal"]) for one in series if one["state"] == "live"]

    assert waited(lambda: len(states()) == 5, 60)
    assert all(refusal is None for _, refusal in states())
    # It learns from fetched history, lives through what it did not learn from, and goes on live.
    assert waited(lambda: len(found("signals")) > 50, 180)
    seen = found("signals")[0]["timestamp"]
    assert waited(lambda: found("signals")[0]["timestamp"] > seen, 30), "the stream does not move"
    (coverage,) = found("market/coverage?symbol=BTCUSDT")
    assert (coverage["source"], coverage["missing"]) == ("loopback", 0)
    # Venue, feed, trader, the collector of texts, and the worker of jobs.
    processes = children(program.pid)
    assert len(processes) == 5
    program.send_signal(signal.SIGINT)
    assert program.wait(60) == 0
    assert waited(lambda: not any(alive(one) for one in processes), 20)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--stream", "moon"), "expected --stream loopback, exchange, stored, found 'moon'"),
        (
            ("--stream", "loopback", "--bars", "x.csv"),
            "--bars and --news are for a replay, found --stream loopback beside them",
        ),
    ],
)
def test_a_stream_that_cannot_be_is_one_sentence(words: tuple[str, ...], sentence: str) -> None:
    result = run(*PROGRAM, "up", *words)
    assert result.returncode == 1
    assert result.stderr.strip() == f"error: {sentence}"


def test_a_port_in_use_is_one_sentence(database_url: str) -> None:
    del database_url
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run(*PROGRAM, "up", "--port", port)
    assert result.returncode == 1
    assert f"error: cannot listen on 127.0.0.1 port {port}" in result.stderr
    assert "choose another port" in result.stderr
