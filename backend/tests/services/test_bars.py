"""Importing, exporting, snapshots and restoring against a real PostgreSQL."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.orm import Session

import cryptovolt as cv
from app.core.config import settings
from app.models.research import BarSnapshot
from app.repositories.bars import EVER, SeriesKey, read_range
from app.services.bar_import import (
    MIXED_UNITS,
    Cleaning,
    ImportOptions,
    ImportReport,
    import_files,
    open_files,
    store_bars,
)
from app.services.bars import (
    export_bars,
    find_series,
    list_coverage,
    restore_archives,
    take_snapshot,
)
from app.services.maintenance import MARKET_DATA_DAYS, clean
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import BadBarError, DataError
from cryptovolt.market.cleaning import Repair, take
from cryptovolt.market.writing import write_bars

START = 1_704_067_200_000
HOUR = 3_600_000
NOW = START + 10_000 * HOUR


def make_bars(n_bars: int, symbol: str, seed: int = 3) -> Bars:
    rng = np.random.default_rng(seed)
    close = (100 + rng.normal(size=n_bars).cumsum() * 0.01).round(2)
    return Bars(
        symbol=symbol,
        timeframe="1h",
        source="test",
        timestamp=START + HOUR * np.arange(n_bars),
        open=close,
        high=close + 1,
        low=close - 1,
        close=close,
        volume=(rng.exponential(size=n_bars) + 0.1).round(5),
    )


def run_import(*paths: Path, as_of: int = NOW, **options: object) -> list[ImportReport]:
    chosen = ImportOptions(as_of=as_of, **options)  # pyright: ignore[reportArgumentType]
    return import_files(open_files(paths, chosen), chosen)


def stored(symbol: str) -> Bars:
    return read_range(SeriesKey(symbol, "1h", "test"))


def write_csv(bars: Bars, path: Path) -> Path:
    write_bars(bars, path)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".json", ".parquet", ".feather"])
def test_what_is_exported_imports_as_known(database_url: str, tmp_path: Path, suffix: str) -> None:
    del database_url
    symbol = f"ROUND{suffix[1:].upper()}"
    bars = make_bars(200, symbol)
    (first,) = run_import(write_csv(bars, tmp_path / f"first{suffix}"))
    assert (first.changed, first.written.new) == (True, 200)
    assert stored(symbol).content_hash() == bars.content_hash()
    path = tmp_path / f"again{suffix}"
    export_bars(SeriesKey(symbol, "1h", "test"), path, *EVER)
    (again,) = run_import(path)
    assert (again.changed, again.written.known) == (False, 200)


def test_a_corrupt_file_among_good_ones_changes_no_row(database_url: str, tmp_path: Path) -> None:
    del database_url
    good = write_csv(make_bars(50, "GOOD"), tmp_path / "good.csv")
    bars = make_bars(50, "BAD")
    high = bars.high.copy()
    high[33] = 1.0
    columns = {
        name: getattr(bars, name) for name in ("timestamp", "open", "low", "close", "volume")
    }
    bad = Bars(symbol="BAD", timeframe="1h", source="test", high=high, **columns)
    with pytest.raises(BadBarError, match=r"bad\.csv: BAD 1h, bar 33 \(2024-01-02 09:00 UTC\)"):
        run_import(good, write_csv(bad, tmp_path / "bad.csv"))
    assert len(stored("GOOD")) == 0


def test_a_fault_far_into_a_file_changes_no_row_and_names_its_row(
    database_url: str, tmp_path: Path
) -> None:
    del database_url
    bars = make_bars(150_000, "LATE")
    close = bars.close.copy()
    close[140_000] = np.nan
    columns = {name: getattr(bars, name) for name in ("timestamp", "open", "low", "high", "volume")}
    bad = Bars(symbol="LATE", timeframe="1h", source="test", close=close, **columns)
    path = write_csv(bad, tmp_path / "late.parquet")
    with pytest.raises(BadBarError, match=r"bar 140000 .*not a number"):
        run_import(path, as_of=START + 200_000 * HOUR)
    assert len(stored("LATE")) == 0


def test_repairs_found_far_into_a_file_are_made_and_reported(
    database_url: str, tmp_path: Path
) -> None:
    del database_url
    bars = make_bars(150_000, "REPAIR")
    rows = np.arange(150_000)
    rows[[140_000, 140_001]] = rows[[140_001, 140_000]]
    path = write_csv(take(bars, rows), tmp_path / "swapped.parquet")
    (report,) = run_import(path, as_of=START + 200_000 * HOUR)
    assert report.repairs == {Repair.SORTED: 150_000}
    assert stored("REPAIR").content_hash() == bars.content_hash()
    with pytest.raises(BadBarError, match="not in order of time"):
        run_import(path, as_of=START + 200_000 * HOUR, cleaning=Cleaning.NEVER)


def test_disorder_between_two_batches_is_noticed(database_url: str, tmp_path: Path) -> None:
    del database_url
    bars = make_bars(131_072, "SEAM")
    rows = np.r_[65_536:131_072, 0:65_536]
    path = write_csv(take(bars, rows), tmp_path / "seam.parquet")
    (report,) = run_import(path, as_of=START + 200_000 * HOUR)
    assert report.repairs == {Repair.SORTED: 131_072}
    assert stored("SEAM").content_hash() == bars.content_hash()


def test_a_bar_that_is_still_open_is_not_imported(database_url: str, tmp_path: Path) -> None:
    del database_url
    bars = make_bars(10, "OPEN")
    path = write_csv(bars, tmp_path / "open.csv")
    (report,) = run_import(path, as_of=int(bars.timestamp[-1]) + 1)
    assert report.repairs == {Repair.UNCLOSED: 1}
    assert len(stored("OPEN")) == 9
    with pytest.raises(BadBarError, match="time in the future"):
        run_import(path, as_of=int(bars.timestamp[-1]) - 1)


def test_a_bogus_bar_of_a_file_without_errors_goes_only_when_asked(
    database_url: str, tmp_path: Path
) -> None:
    del database_url
    bars = make_bars(100, "BOGUS")
    columns = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close")}
    for values in columns.values():
        values[40] *= 9.0
    spoilt = Bars(
        symbol="BOGUS",
        timeframe="1h",
        source="test",
        timestamp=bars.timestamp,
        volume=bars.volume,
        **columns,
    )
    path = write_csv(spoilt, tmp_path / "bogus.csv")
    (kept,) = run_import(path)
    assert (kept.written.new, kept.warnings["bogus bar"]) == (100, 1)
    (cleaned,) = run_import(path, cleaning=Cleaning.ALWAYS)
    assert cleaned.repairs == {Repair.BOGUS: 1}
    assert cleaned.written.known == 99


def test_units_that_change_within_a_file_are_reported(database_url: str, tmp_path: Path) -> None:
    del database_url
    path = tmp_path / "UNITSUSDT-1h.csv"
    path.write_text(
        "unix,open,high,low,close,volume\n"
        "1704067200,1,2,0.5,1.5,10\n1704070800,1,2,0.5,1.5,10\n1704074400000,1,2,0.5,1.5,10\n"
    )
    (report,) = run_import(path)
    assert report.repairs == {MIXED_UNITS: 1}
    with pytest.raises(BadBarError, match="needs no repair"):
        run_import(path, cleaning=Cleaning.NEVER)


def test_bars_of_another_process_are_stored_in_the_callers_transaction(db: Session) -> None:
    bars = make_bars(20, "STORE")
    assert store_bars(db, bars).new == 20
    db.rollback()
    assert len(stored("STORE")) == 0
    with pytest.raises(BadBarError):
        store_bars(db, bars[::-1])


def test_coverage_counts_what_is_missing(db: Session) -> None:
    whole = make_bars(100, "COVER")
    store_bars(db, take(whole, np.r_[0:40, 50:100]))
    db.commit()
    (covered,) = list_coverage("COVER")
    assert (covered.n_bars, covered.n_missing, len(covered.gaps)) == (90, 10, 1)
    assert find_series("COVER") == SeriesKey("COVER", "1h", "test")
    with pytest.raises(DataError, match="there are no bars of NOBODY"):
        find_series("NOBODY")


def test_a_snapshot_is_listed_and_read_back_by_its_hash(db: Session) -> None:
    bars = make_bars(60, "SNAP")
    store_bars(db, bars)
    db.commit()
    taken = take_snapshot(SeriesKey("SNAP", "1h", "test"))
    assert taken.hash == bars.content_hash()
    assert cv.read_snapshot(taken.hash, taken.path.parent).content_hash() == taken.hash
    take_snapshot(SeriesKey("SNAP", "1h", "test"))
    row = db.query(BarSnapshot).filter_by(symbol="SNAP").one()
    assert (row.hash, row.n_bars, Path(row.path)) == (taken.hash, 60, taken.path)
    assert row.last_bar == datetime.fromtimestamp(bars.timestamp[-1] / 1_000, UTC)


def test_bars_that_were_cleaned_away_are_listed_and_come_back(db: Session) -> None:
    bars = make_bars(200, "BACK")
    store_bars(db, bars)
    db.commit()
    middle = datetime.fromtimestamp(bars.timestamp[120] / 1_000, UTC)
    clean(db, settings.home, middle + timedelta(days=MARKET_DATA_DAYS))
    (covered,) = list_coverage("BACK")
    assert covered.n_bars == 80
    assert sum(n_bars for _, _, n_bars in covered.archived) == 120
    (restored,) = restore_archives("back")
    assert (restored.n_archived, restored.n_new) == (120, 120)
    assert stored("BACK").content_hash() == bars.content_hash()
    assert restore_archives("BACK") == []
    assert list_coverage("BACK")[0].archived == ()


@pytest.mark.real_data
def test_the_dirty_file_imports_once_and_then_changes_nothing(
    database_url: str, real_data: Callable[[str], Path]
) -> None:
    del database_url
    path = real_data("dirty/Binance_ETHUSDT_1h.csv.gz")
    (first,) = run_import(path, as_of=1_790_000_000_000)
    assert (first.n_rows, first.written.new) == (36_062, 33_293)
    assert first.repairs[MIXED_UNITS] == 7_478
    assert sum(len(frame) for frame in first.repaired_rows) == 36_062 - 33_293
    (again,) = run_import(path, as_of=1_790_000_000_000)
    assert (again.changed, again.written.known) == (False, 33_293)
