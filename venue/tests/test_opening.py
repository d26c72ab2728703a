import csv
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import CryptoVoltError
from cryptovolt.market.reading import read_bars
from cryptovolt_venue.history import klines, row_text
from cryptovolt_venue.opening import VenueOptions, open_exchange, trades_per_bar

NOW_MS = 1_750_000_000_000
DAY_MS = 86_400_000


@pytest.fixture
def file(tmp_path: Path, make_bars: Callable[..., Bars]) -> Path:
    bars = make_bars(1, 6000)
    path = tmp_path / "BTCUSDT-1m.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["timestamp", "open", "high", "low", "close", "volume"])
        columns = (bars.timestamp, bars.open, bars.high, bars.low, bars.close, bars.volume)
        writer.writerows(zip(*(column.tolist() for column in columns), strict=True))
    return path


def test_a_file_keeps_its_dates_and_begins_after_its_history(
    file: Path, make_bars: Callable[..., Bars]
):
    exchange = open_exchange(VenueOptions(bars=[file], speed=100), NOW_MS)
    assert exchange.now_ms - int(make_bars(1, 6000).timestamp[500]) < 10_000
    assert [(one.symbol, one.market) for one in exchange.instruments.of("spot")] == [
        ("BTCUSDT", "spot")
    ]


def test_a_perpetual_named_by_its_base_asset_trades_on_usdm(file: Path):
    path = file.rename(file.with_name("BTC-PERP-1m.csv"))
    exchange = open_exchange(VenueOptions(bars=[path]), NOW_MS)
    assert list(exchange.feeds) == [("usdm", "BTCUSDT")]


@pytest.mark.parametrize("speed", [1, 4, 1000])
def test_a_file_moved_to_now_ends_when_real_time_gets_there(file: Path, speed: float):
    options = VenueOptions(bars=[file], speed=speed, start="now", market="both")
    exchange = open_exchange(options, NOW_MS)
    feed = exchange.feeds["usdm", "BTCUSDT"]
    end = feed.series.open_ms(5999) + 60_000
    played_in = (end - exchange.now_ms) / speed
    assert exchange.now_ms <= NOW_MS + 60_000
    assert abs(NOW_MS + played_in - end) < (DAY_MS + 60_000)
    assert feed.series.row_at(exchange.now_ms) >= 500


def test_a_fast_made_up_market_begins_in_the_past_and_has_history():
    exchange = open_exchange(VenueOptions(synthetic=3, speed=60), NOW_MS)
    assert exchange.now_ms < NOW_MS - 58 * DAY_MS
    assert len(exchange.feeds) == 6
    feed = exchange.feed("spot", "BTCUSDT")
    assert feed is not None
    assert feed.row >= 364 * 1440


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "found neither"),
    ({"synthetic": 1, "market": "margin"}, "expected market"),
    ({"synthetic": 1, "start": "someday"}, "expected a start"),
    ({"synthetic": 1, "start": "2999-01-01"}, "start in the past"),
    ({"synthetic": 1, "speed": 0.0}, "expected a speed"),
    ({"bars": [Path("nowhere-1m.csv")]}, "no such file"),
    ({"synthetic": 1, "faults": Path("nowhere.json")}, "JSON file of faults"),
]


@pytest.mark.parametrize(("options", "said"), WRONG)
def test_options_that_make_no_sense_are_refused_in_a_sentence(options: dict[str, Any], said: str):
    with pytest.raises(CryptoVoltError, match=said):
        open_exchange(VenueOptions(**options), NOW_MS)


def test_a_bar_has_two_trades_per_real_second_within_bounds():
    counts = [
        trades_per_bar(VenueOptions(synthetic=1, speed=speed), timeframe)
        for speed, timeframe in ((1, "1m"), (10, "1m"), (60, "1m"), (10_000, "1m"), (1, "1h"))
    ]
    assert counts == [120, 12, 4, 4, 600]


def test_real_bars_of_several_symbols_are_replayed_together(
    real_data: Callable[[str], Path],
):
    names = ("BTC_USDT-5m-2024.feather", "ETH_USDT-5m-2024.feather")
    paths = [real_data(f"bars/{name}") for name in names]
    exchange = open_exchange(VenueOptions(bars=paths, speed=10_000), NOW_MS)
    exchange.replay.play(exchange.now_ms + 2 * DAY_MS)
    for path, feed in zip(paths, exchange.feeds.values(), strict=True):
        bars = read_bars(path)
        rows = klines(feed, "5m", exchange.now_ms, limit=400)[:-1]
        first = int(np.searchsorted(bars.timestamp, rows[0].open_ms))
        told = [[float(value) for value in row_text(row, feed)[1:6]] for row in rows]
        columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
        expected = zip(*(column[first : first + len(rows)].tolist() for column in columns),
                       strict=True)  # fmt: skip
        assert told == [list(row) for row in expected]


def test_the_command_says_where_it_listens_and_ends_when_asked_to():
    command = [sys.executable, "-m", "cryptovolt_venue", "serve", "--synthetic", "2", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as venue:
        assert venue.stdout is not None
        line = venue.stdout.readline()
        address = line.split()[-1]
        with urllib.request.urlopen(address + "/api/v3/ping", timeout=10) as response:
            assert response.read() == b"{}"
        os.kill(venue.pid, signal.SIGTERM)
        assert venue.wait(10) == 0
    assert line.startswith("Venue with 4 instruments at 1x on http://127.0.0.1:")


def test_the_command_refuses_wrong_options_with_one_sentence():
    command = [sys.executable, "-m", "cryptovolt_venue", "serve", "--speed", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: expected a speed in (0, 10,000], found 0.0\n"
