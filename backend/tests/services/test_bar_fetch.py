"""Fetching history from an archive and a venue on loopback, into a real database."""

import hashlib
import io
import shutil
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import text
from tests.services.history_server import (
    Coin,
    History,
    HistoryServer,
    bars_csv,
    funding_truth,
    ms,
    serving,
    truth,
    zipped,
)

from app.core.config import settings
from app.core.database import SessionLocal
from app.core.venue import Kind, Market
from app.repositories import funding_rates
from app.repositories.bars import SeriesKey, read_range
from app.services.bar_fetch import SeriesReport
from app.services.bar_fetch_plan import Origin
from app.services.history import Fetched, fetch_symbols, prepare
from app.wiring import fetch_archive, market_rest
from cryptovolt.domain.bars import VALUE_COLUMNS, Bars
from cryptovolt.domain.errors import ConfigurationError, DataError, TransientError

NOW = ms("2025-02-10T12:34:56")
LISTED = ms("2024-10-05T04:00")


@pytest.fixture
def empty_tables(database_url: str) -> None:
    """This module's database with nothing in it: faster than one for each test."""
    del database_url
    with SessionLocal.begin() as db:
        names = "market_data, bar_fetches, funding_rates, symbol_changes, symbols, rate_budgets"
        db.execute(text(f"TRUNCATE {names}"))
    shutil.rmtree(settings.home / "downloads", ignore_errors=True)


@pytest.fixture
def venue(empty_tables: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[HistoryServer]:
    """History on loopback, to which the settings point, beside empty tables."""
    del empty_tables
    coins = {
        "BTCUSDT": Coin("BTCUSDT", LISTED),
        "ETHUSDT": Coin("ETHUSDT", LISTED),
        "LUNAUSDT": Coin("LUNAUSDT", LISTED, ms("2024-12-13T00:40"), on_rest=False),
    }
    history = History(NOW, coins, archived_until_ms=ms("2025-02-09"))
    with serving(history) as venue:
        # It stands in for the real venue, whose name its series carry.
        for name in ("EXCHANGE_SPOT_URL", "EXCHANGE_USDM_URL", "ARCHIVE_URL"):
            monkeypatch.setattr(settings, name, venue.url)
        yield venue


def fetch(
    *symbols: str,
    since: str | None = None,
    until: str | None = None,
    timeframe: str = "1h",
    market: Market = Market.SPOT,
    kind: Kind = Kind.BARS,
) -> Fetched:
    options = prepare(
        market=market,
        kind=kind,
        timeframe=timeframe,
        since=None if since is None else datetime.fromisoformat(since).replace(tzinfo=UTC),
        until=None if until is None else datetime.fromisoformat(until).replace(tzinfo=UTC),
        parallel=3,
    )
    with market_rest(market) as rest, fetch_archive(market) as files:
        return fetch_symbols(symbols, options, rest, files)


def fetch_one(symbol: str = "BTCUSDT", **words: str) -> SeriesReport:
    return fetch(symbol, **words).reports[0]  # pyright: ignore[reportArgumentType]


def stored(symbol: str = "BTCUSDT", timeframe: str = "1h", source: str = "binance") -> Bars:
    return read_range(SeriesKey(symbol, timeframe, source))


def assert_same(found: Bars, expected: Bars) -> None:
    for name in ("timestamp", *VALUE_COLUMNS):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)


def data_files(venue: HistoryServer) -> list[str]:
    return sorted(path.rsplit("/", 1)[-1] for path in venue.history.asked if path.endswith(".zip"))


def test_months_then_days_then_rest_make_the_truth(venue: HistoryServer) -> None:
    report = fetch_one(since="2024-11-20")
    assert_same(stored(), truth("BTCUSDT", "1h", ms("2024-11-20"), ms("2025-02-10T12:00")))
    assert report.failures == []
    assert dict(report.pieces) == {"month": 3, "day": 8, "rest": 2}
    assert data_files(venue)[:3] == [
        "BTCUSDT-1h-2024-11.zip",
        "BTCUSDT-1h-2024-12.zip",
        "BTCUSDT-1h-2025-01.zip",
    ]
    assert report.written.new == report.n_stored == len(stored())
    assert report.n_absent == 0


def test_no_file_is_kept_once_its_bars_are_stored(venue: HistoryServer) -> None:
    del venue
    fetch_one(since="2024-12-01", until="2025-01-01")
    assert list((settings.home / "downloads").rglob("*.zip")) == []


def test_repeating_asks_for_no_bar_again(venue: HistoryServer) -> None:
    fetch_one(since="2024-12-01")
    venue.history.asked.clear()
    report = fetch_one(since="2024-12-01")
    assert [path for path in venue.history.asked if "klines" in path] == []
    assert report.written.new == 0


def test_later_only_what_closed_since_is_asked_for(venue: HistoryServer) -> None:
    fetch_one(since="2025-02-10")
    venue.history.now_ms += 2 * 3_600_000
    report = fetch_one(since="2025-02-10")
    assert report.written.new == 2
    assert_same(stored(), truth("BTCUSDT", "1h", ms("2025-02-10"), ms("2025-02-10T14:00")))


def test_what_was_imported_is_not_fetched(venue: HistoryServer) -> None:
    fetch_one(since="2025-01-10", until="2025-01-20")
    venue.history.asked.clear()
    fetch_one(since="2025-01-08", until="2025-01-22")
    assert data_files(venue) == [
        "BTCUSDT-1h-2025-01-08.zip",
        "BTCUSDT-1h-2025-01-09.zip",
        "BTCUSDT-1h-2025-01-20.zip",
        "BTCUSDT-1h-2025-01-21.zip",
    ]


def test_bars_that_were_deleted_are_fetched_again(venue: HistoryServer) -> None:
    del venue
    fetch_one(since="2024-12-01", until="2025-01-01")
    with SessionLocal.begin() as db:
        db.execute(text("DELETE FROM market_data WHERE timestamp < '2024-12-10'"))
    assert fetch_one(since="2024-12-01", until="2025-01-01").written.new == 9 * 24
    assert len(stored()) == 31 * 24


def test_an_outage_of_the_venue_is_not_asked_for_again(venue: HistoryServer) -> None:
    venue.history.missing = {
        (ms("2024-12-05T03:00"), ms("2024-12-05T09:00")),
        (ms("2025-02-10T01:00"), ms("2025-02-10T03:00")),
    }
    first = fetch_one(since="2024-12-01")
    assert first.n_absent == 8
    venue.history.asked.clear()
    second = fetch_one(since="2024-12-01")
    asked = [path for path in venue.history.asked if "klines" in path or ".zip" in path]
    # The newest hole may be the venue being late: that one is asked for until it is a day old.
    assert all("interval=1h" in path for path in asked)
    assert second.written.new == 0


def test_history_begins_with_the_first_bar(venue: HistoryServer) -> None:
    report = fetch_one()
    assert_same(stored(), truth("BTCUSDT", "1h", LISTED, ms("2025-02-10T12:00")))
    assert report.n_absent == 0
    assert data_files(venue)[0] == "BTCUSDT-1h-2024-10.zip"


def test_a_month_that_the_archive_lacks_comes_over_rest(venue: HistoryServer) -> None:
    venue.history.archived_until_ms = ms("2024-12-01")
    report = fetch_one(since="2024-11-01")
    assert_same(stored(), truth("BTCUSDT", "1h", ms("2024-11-01"), ms("2025-02-10T12:00")))
    assert report.pieces[Origin.MONTH] == 1
    assert report.pieces[Origin.REST] > 1


def test_the_real_archive_is_no_history_of_another_venue(
    venue: HistoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "ARCHIVE_URL", "https://data.binance.vision")
    report = fetch_one(since="2024-12-01")
    assert_same(stored(), truth("BTCUSDT", "1h", ms("2024-12-01"), ms("2025-02-10T12:00")))
    assert dict(report.pieces) == {"rest": 1}
    assert data_files(venue) == []


def test_a_delisted_coin_comes_from_the_archive_alone(venue: HistoryServer) -> None:
    del venue
    report = fetch_one("LUNAUSDT", since="2024-11-01", until="2025-02-01")
    assert_same(stored("LUNAUSDT"), truth("LUNAUSDT", "1h", ms("2024-11-01"), ms("2024-12-13T01")))
    assert report.failures == []


def test_several_symbols_and_one_minute_bars(venue: HistoryServer) -> None:
    del venue
    words = {"since": "2025-01-28", "until": "2025-02-10T12:30", "timeframe": "1m"}
    fetch("BTCUSDT", "ETH/USDT", **words)  # pyright: ignore[reportArgumentType]
    for symbol in ("BTCUSDT", "ETHUSDT"):
        expected = truth(symbol, "1m", ms("2025-01-28"), ms("2025-02-10T12:30"))
        assert_same(stored(symbol, "1m"), expected)


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        (Kind.BARS, "binance-usdm"),
        (Kind.MARK, "binance-usdm-mark"),
        (Kind.INDEX, "binance-usdm-index"),
    ],
)
def test_perpetuals_mark_and_index_prices_are_series_of_their_own(
    venue: HistoryServer, kind: Kind, source: str
) -> None:
    del venue
    fetch("BTCUSDT", since="2024-12-15", market=Market.USDM, kind=kind)
    expected = truth("BTCUSDT", "1h", ms("2024-12-15"), ms("2025-02-10T12:00"), source)
    assert_same(stored(source=source), expected)


def test_funding_rates_come_from_files_and_over_rest_as_one_series(venue: HistoryServer) -> None:
    words = {"since": "2024-11-01", "market": Market.USDM, "kind": Kind.FUNDING}
    report = fetch("BTCUSDT", **words).reports[0]  # pyright: ignore[reportArgumentType]
    expected = list(funding_truth(ms("2024-11-01"), NOW))
    with SessionLocal() as db:
        found = funding_rates.read(db, "BTCUSDT", "binance-usdm")
    assert list(zip(found.timestamp.tolist(), found.rate.tolist(), strict=True)) == expected
    assert report.pieces[Origin.MONTH] == 3
    venue.history.asked.clear()
    again = fetch("BTCUSDT", **words).reports[0]  # pyright: ignore[reportArgumentType]
    assert again.written.new == 0
    assert data_files(venue) == []


DECEMBER = "BTCUSDT-1h-2024-12.zip"
PAGE = b"<!DOCTYPE html><html><body>Service unavailable</body></html>"


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


def other_month() -> bytes:
    bars = truth("BTCUSDT", "1h", ms("2024-11-01"), ms("2024-12-01"))
    return zipped("BTCUSDT-1h-2024-12", bars_csv(bars))


def half_a_zip() -> bytes:
    bars = truth("BTCUSDT", "1h", ms("2024-12-01"), ms("2025-01-01"))
    return truncated(zipped("BTCUSDT-1h-2024-12", bars_csv(bars)))


def impossible_bar() -> bytes:
    bars = truth("BTCUSDT", "1h", ms("2024-12-01"), ms("2025-01-01"))
    lines = bars_csv(bars).splitlines()
    cells = lines[100].split(",")
    cells[2], cells[3] = cells[3], cells[2]
    lines[100] = ",".join(cells)
    return zipped("BTCUSDT-1h-2024-12", "\n".join(lines))


def two_files() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.csv", "1")
        archive.writestr("b.csv", "2")
    return made.getvalue()


WRONG_SUM = hashlib.sha256(b"something else").hexdigest().encode()
SPOILED = {
    "another checksum": (f"{DECEMBER}.CHECKSUM", WRONG_SUM, "with SHA-256 "),
    "no checksum": (f"{DECEMBER}.CHECKSUM", b"", r"with SHA-256 \(none\)"),
    "a web page as checksum": (f"{DECEMBER}.CHECKSUM", PAGE, "the checksum of .* a web page"),
    "a web page as file": (DECEMBER, PAGE, "found a web page"),
    "half the bytes": (DECEMBER, half_a_zip(), "with SHA-256 "),
}
REPLACED = {
    "half a zip": (half_a_zip(), "zip"),
    "another month": (other_month(), "expected times from 2024-12-01"),
    "an impossible bar": (impossible_bar(), "high"),
    "a zip of two files": (two_files(), "one file"),
    "an empty file": (zipped("BTCUSDT-1h-2024-12", ""), "an empty file"),
}


def assert_december_alone_is_left_out(venue: HistoryServer, reason: str) -> None:
    report = fetch_one(since="2024-11-01", until="2025-02-01")
    assert [str(failure.piece) for failure in report.failures] == ["month 2024-12"]
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(report.failures[0].reason)
    assert "\n" not in report.failures[0].reason
    times = stored().timestamp
    assert not ((times >= ms("2024-12-01")) & (times < ms("2025-01-01"))).any()
    assert len(times) == (30 + 31) * 24
    venue.history.spoiled.clear()
    venue.history.replaced.clear()
    venue.history.asked.clear()
    assert fetch_one(since="2024-11-01", until="2025-02-01").written.new == 31 * 24
    assert data_files(venue) == [DECEMBER]
    assert_same(stored(), truth("BTCUSDT", "1h", ms("2024-11-01"), ms("2025-02-01")))


@pytest.mark.parametrize("case", SPOILED)
def test_a_file_unlike_its_checksum_is_left_out_and_the_others_go_on(
    venue: HistoryServer, case: str
) -> None:
    ending, content, reason = SPOILED[case]
    venue.history.spoiled = {ending: lambda _: content}
    assert_december_alone_is_left_out(venue, reason)


@pytest.mark.parametrize("case", REPLACED)
def test_a_file_that_cannot_be_used_is_left_out_and_the_others_go_on(
    venue: HistoryServer, case: str
) -> None:
    content, reason = REPLACED[case]
    venue.history.replaced = {DECEMBER: content}
    assert_december_alone_is_left_out(venue, reason)


def test_an_unknown_symbol_is_answered_with_near_names(venue: HistoryServer) -> None:
    with pytest.raises(DataError, match=r"no symbol BTCUSDX; did you mean BTCUSDT\?"):
        fetch("BTCUSDX", since="2025-01-01")
    with pytest.raises(DataError, match="no symbol QQQQ "):
        fetch("ETHUSDT", "QQQQ", since="2025-01-01")
    assert [path for path in venue.history.asked if "klines" in path and "limit=1000" in path] == []
    assert len(stored("ETHUSDT")) == 0


def test_a_time_frame_that_is_not_offered_is_answered_with_those_that_are() -> None:
    with pytest.raises(ConfigurationError, match=r"'7m'; it offers 1s, 1m, 3m.*3d, 1w$"):
        fetch("BTCUSDT", timeframe="7m")
    with pytest.raises(ConfigurationError, match=r"'1s'; it offers 1m, 3m"):
        fetch("BTCUSDT", timeframe="1s", market=Market.USDM)


def test_spot_has_no_mark_prices_and_a_range_has_to_be_one() -> None:
    with pytest.raises(ConfigurationError, match="belong to --market usdm"):
        fetch("BTCUSDT", kind=Kind.MARK)
    with pytest.raises(ConfigurationError, match="expected --since before --until"):
        fetch("BTCUSDT", since="2025-01-02", until="2025-01-01")


@pytest.mark.usefixtures("empty_tables")
def test_no_network_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "VENUE_URL", "http://127.0.0.1:9")
    with pytest.raises(TransientError, match="the spot market did not answer") as caught:
        fetch("BTCUSDT", since="2025-01-01")
    assert "\n" not in str(caught.value)
    assert len(stored()) == 0


def test_an_archive_that_is_gone_is_given_up_and_what_was_stored_stays(
    venue: HistoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    del venue
    fetch_one(since="2025-01-01", until="2025-02-01")
    monkeypatch.setattr(settings, "ARCHIVE_URL", "http://127.0.0.1:9")
    with pytest.raises(TransientError, match=r"did not answer.*repeat the command"):
        fetch_one(since="2024-10-06", timeframe="15m")
    assert len(stored()) == 31 * 24


@pytest.mark.parametrize("body", [PAGE, b"not json", b'{"symbols": 5}', b"[]"])
def test_html_or_nonsense_instead_of_json_stores_nothing(venue: HistoryServer, body: bytes) -> None:
    fetch_one(since="2025-02-10T03:00", until="2025-02-10T04:00")
    n_before = len(stored())
    venue.history.archived_until_ms = 0
    # The clock of the venue is asked for first, then for the oldest bar, then for bars.
    real = venue.history.answer

    def answer(path: str) -> tuple[int, bytes, dict[str, str]]:
        return (200, body, {}) if "limit=1000" in path else real(path)

    venue.history.answer = answer
    report = fetch_one(since="2025-02-01", until="2025-02-03")
    if body == b"[]":
        # No bars at all is an answer.
        assert report.failures == []
    else:
        assert len(report.failures) == 2
        for failure in report.failures:
            assert "expected" in failure.reason
            assert "\n" not in failure.reason
            assert "<" not in failure.reason
    assert len(stored()) == n_before


def test_a_page_of_bars_from_another_time_is_refused(venue: HistoryServer) -> None:
    real = venue.history.answer

    def answer(path: str) -> tuple[int, bytes, dict[str, str]]:
        asked = path.replace("startTime=1739", "startTime=1738") if "limit=1000" in path else path
        return real(asked)

    venue.history.answer = answer
    report = fetch_one(since="2025-02-10", until="2025-02-10T06:00")
    assert "expected times from 2025-02-10 00:00" in report.failures[0].reason
    assert len(stored()) == 0


@pytest.mark.parametrize("offset_ms", [2_000, -2_000])
def test_a_clock_two_seconds_off_is_measured_and_changes_no_bar(
    venue: HistoryServer, offset_ms: int
) -> None:
    venue.history.offset_ms = offset_ms
    fetched = fetch("BTCUSDT", since="2025-02-10")
    assert abs(fetched.offset_ms - offset_ms) < 500
    assert_same(stored(), truth("BTCUSDT", "1h", ms("2025-02-10"), ms("2025-02-10T12:00")))
