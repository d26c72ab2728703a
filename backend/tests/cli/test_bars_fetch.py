"""``bars fetch`` and ``symbols`` as programs: killed, repeated, and told nonsense."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.services.history_server import Coin, History, HistoryServer, ms, serving, truth

from app.repositories.bars import SeriesKey, read_range
from cryptovolt.domain.bars import VALUE_COLUMNS

PROGRAM = [sys.executable, "-c", "from app.cli import main; main()"]
NOW = ms("2025-02-10T12:34:56")
LISTED = ms("2023-03-05T04:00")
PARALLEL = 2


@pytest.fixture
def venue() -> Iterator[HistoryServer]:
    """History of one coin on loopback."""
    history = History(NOW, {"BTCUSDT": Coin("BTCUSDT", LISTED)}, ms("2025-02-09"))
    with serving(history) as server:
        yield server


def begin(venue: HistoryServer, home: Path, *words: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "EXCHANGE_SPOT_URL": venue.url,
        "EXCHANGE_USDM_URL": venue.url,
        "ARCHIVE_URL": venue.url,
        "CRYPTOVOLT_HOME": str(home),
    }
    return subprocess.Popen(
        [*PROGRAM, *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(venue: HistoryServer, home: Path, *words: str) -> tuple[int, str, str]:
    program = begin(venue, home, *words)
    output, errors = program.communicate(timeout=120)
    return program.returncode, output, errors


def test_five_times_kill_9_loses_and_repeats_nothing(
    venue: HistoryServer, database_url: str, tmp_path: Path
) -> None:
    del database_url
    history = venue.history
    history.delay_s = 0.25
    words = ("bars", "fetch", "BTCUSDT", "--parallel", str(PARALLEL), "--json")
    under_way = 0
    for number in range(5):
        served = sum(path.endswith(".zip") for path in history.served)
        program = begin(venue, tmp_path, *words)
        deadline = time.monotonic() + 60
        wanted = served + 2 + number % 3
        while time.monotonic() < deadline and program.poll() is None:
            if sum(path.endswith(".zip") for path in history.served) >= wanted:
                break
            time.sleep(0.02)
        assert program.poll() is None, "the fetch was over before it could be killed"
        os.kill(program.pid, signal.SIGKILL)
        program.communicate()
        under_way += PARALLEL
    history.delay_s = 0.0
    status, output, errors = run(venue, tmp_path, *words)
    assert status == 0, errors
    expected = truth("BTCUSDT", "1h", LISTED, ms("2025-02-10T12:00"))
    found = read_range(SeriesKey("BTCUSDT", "1h", "binance"))
    for name in ("timestamp", *VALUE_COLUMNS):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    series = json.loads(output)["series"][0]
    assert series["n_absent"] == 0
    assert series["failures"] == []
    # Only what was under way when the program died may have been answered twice.
    files = Counter(path for path in history.served if path.endswith(".zip"))
    assert len(files) == 23 + 8
    assert sum(count - 1 for count in files.values()) <= under_way
    assert max(files.values()) <= 2
    history.asked.clear()
    again = json.loads(run(venue, tmp_path, *words)[1])["series"][0]
    assert again["n_new"] == 0
    assert [path for path in history.asked if path.endswith(".zip")] == []


def test_bad_input_is_one_sentence_and_an_exit_status(
    venue: HistoryServer, fresh_database_url: str, tmp_path: Path
) -> None:
    del fresh_database_url
    december = "BTCUSDT-1h-2024-12.zip"
    venue.history.spoiled = {december: lambda content: content[:100]}
    since = ("--since", "2024-12-01", "--until", "2025-02-01")
    status, output, _ = run(venue, tmp_path, "bars", "fetch", "BTCUSDT", *since)
    assert status == 1
    assert f"left out month 2024-12: expected {december} with SHA-256" in output
    venue.history.offset_ms = 2_000
    status, _, errors = run(venue, tmp_path, "bars", "fetch", "BTCUSDX", *since)
    assert status == 1
    assert errors == (
        "error: the market binance has no symbol BTCUSDX; did you mean BTCUSDT? "
        "`cryptovolt symbols list` shows what there is\n"
    )
    venue.history.spoiled.clear()
    status, output, errors = run(venue, tmp_path, "bars", "fetch", "BTCUSDT", *since)
    assert status == 0
    assert "this machine's clock is 2." in errors or "this machine's clock is 1." in errors
    assert errors.count("\n") == 1


def test_symbols_are_refreshed_and_listed(
    venue: HistoryServer, fresh_database_url: str, tmp_path: Path
) -> None:
    del fresh_database_url
    status, output, errors = run(venue, tmp_path, "symbols", "refresh")
    assert status == 0, errors
    assert output.startswith("1 symbols of binance")
    listed = json.loads(run(venue, tmp_path, "symbols", "list", "--json")[1])
    assert listed[0]["symbol"] == "BTCUSDT"
    assert listed[0]["tick"] == "0.01"
    assert listed[0]["listed_at"] == "2023-03-05 04:00:00+00:00"
