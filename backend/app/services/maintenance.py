"""Keeping the database small: old rows are archived to Parquet, then deleted.

Ages are those of the events, not of the rows. A batch is one transaction: its file is whole, and on
the disk, before its rows go. Archived bars come back by :func:`restore_bars`, sentiment by
:func:`app.services.sentiment_archive.restore_sentiment`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.orm import Session

from app.models.research import BarArchive
from app.repositories import maintenance as rows
from app.repositories.copy import Column
from app.repositories.maintenance import Series
from app.services.archive_files import file_hash, read_archive, write_archive
from app.services.sentiment_archive import clean_sentiment

if TYPE_CHECKING:
    import polars as pl

log = structlog.get_logger(__name__)

SENTIMENT_DAYS = 30
MARKET_DATA_DAYS = 90
TRADE_DAYS = 7
"""Public trades are many, and nothing here reads old ones."""
_BATCH_ROWS = 250_000
_TEXTS = frozenset({"symbol", "timeframe", "source"})


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What `clean` did."""

    sentiment_archived: int
    bars_archived: int
    bars_kept_for_snapshots: int
    files: tuple[Path, ...]
    trades_archived: int = 0
    sentiment_kept_for_snapshots: int = 0


def clean(db: Session, home: Path, now: datetime | None = None) -> Cleaned:
    """Archive and delete sentiment older than 30 days, bars older than 90, trades older than 7."""
    moment = now or datetime.now(UTC)
    folder = home / "archives"
    files: list[Path] = []
    texts = clean_sentiment(db, home, moment - timedelta(days=SENTIMENT_DAYS))
    files.extend(texts.files)
    n_trades = _clean_trades(db, folder, moment - timedelta(days=TRADE_DAYS), files)
    before = moment - timedelta(days=MARKET_DATA_DAYS)
    n_bars = sum(
        _clean_series(db, home, series, before, files)
        for series in rows.series_with_bars_before(db, before)
    )
    kept = rows.count_bars_before(db, before)
    db.commit()
    log.info(
        "database.cleaned", sentiment=texts.n_archived, bars=n_bars, trades=n_trades, kept=kept
    )
    return Cleaned(texts.n_archived, n_bars, kept, tuple(files), n_trades, texts.n_kept)


def archived_bars(db: Session, series: Series | None = None) -> list[BarArchive]:
    """Return the archives whose bars are not in the table, oldest bars first."""
    return rows.archives(db, series)


def restore_bars(db: Session, home: Path, series: Series | None = None) -> int:
    """Bring archived bars back, of one series or of all, and return how many were missing.

    Raises
    ------
    DataError
        If a file is missing or is not the one that was written; nothing was changed.
    """
    try:
        restored = sum(
            _restore(db, home, archive) for archive in rows.archives(db, series, lock=True)
        )
        db.commit()
    except BaseException:
        db.rollback()
        raise
    log.info("bars.restored", rows=restored)
    return restored


def _restore(db: Session, home: Path, archive: BarArchive) -> int:
    frame = read_archive(home / archive.path, archive.sha256)
    columns: dict[str, Column] = {
        name: frame[name].to_list() if name in _TEXTS else frame[name].to_numpy()
        for name in rows.BAR_COLUMNS
    }
    archive.restored_at = datetime.now(UTC)
    return rows.put_bars_back(db, columns)


def _clean_trades(db: Session, folder: Path, before: datetime, files: list[Path]) -> int:
    total = 0
    while taken := rows.take_trades(db, before, _BATCH_ROWS):
        frame = _trade_frame([tuple(row) for row in taken])
        files.append(write_archive(frame, folder / "trades"))
        db.commit()
        total += len(taken)
    return total


def _clean_series(
    db: Session, home: Path, series: Series, before: datetime, files: list[Path]
) -> int:
    total = 0
    while taken := rows.take_bars(db, series, before, _BATCH_ROWS):
        frame = _bar_frame([tuple(row) for row in taken])
        path = write_archive(frame, home / "archives" / "bars")
        db.add(
            BarArchive(
                symbol=series.symbol,
                timeframe=series.timeframe,
                source=series.source,
                first_bar=frame["timestamp"][0],
                last_bar=frame["timestamp"][-1],
                n_bars=frame.height,
                path=path.relative_to(home).as_posix(),
                sha256=file_hash(path),
            )
        )
        db.commit()
        files.append(path)
        total += len(taken)
    return total


def _bar_frame(taken: Sequence[tuple[Any, ...]]) -> "pl.DataFrame":
    import polars as pl  # noqa: PLC0415 - slow to import, and rarely needed

    moment = pl.Datetime("us", "UTC")
    kinds = dict.fromkeys(rows.BAR_COLUMNS, pl.Float64()) | dict.fromkeys(_TEXTS, pl.String())
    schema = kinds | {"timestamp": moment, "created_at": moment}
    return pl.DataFrame(list(taken), schema=schema, orient="row").sort("timestamp")


def _trade_frame(taken: Sequence[tuple[Any, ...]]) -> "pl.DataFrame":
    import polars as pl  # noqa: PLC0415 - slow to import, and rarely needed

    schema = dict.fromkeys(rows.TRADE_COLUMNS, pl.Float64()) | {
        "source": pl.String(),
        "symbol": pl.String(),
        "trade_id": pl.Int64(),
        "time": pl.Datetime("us", "UTC"),
        "buyer_is_maker": pl.Boolean(),
    }
    frame = pl.DataFrame(list(taken), schema=schema, orient="row")
    return frame.sort("source", "symbol", "trade_id")
