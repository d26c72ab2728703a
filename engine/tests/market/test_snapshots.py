from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import cryptovolt as cv
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.market.snapshots import write_snapshot

MakeBars = Callable[..., Bars]


def test_a_snapshot_gives_back_the_same_bits(tmp_path: Path, make_bars: MakeBars) -> None:
    bars = make_bars()
    path = write_snapshot(bars, tmp_path)
    assert path.stem == bars.content_hash()
    read = cv.read_snapshot(path)
    assert read.content_hash() == bars.content_hash()
    assert (read.symbol, read.timeframe, read.source) == ("BTCUSDT", "1h", "binance")
    for name in ("timestamp", "open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(read, name), getattr(bars, name))
    assert cv.read_snapshot(path.stem, tmp_path).content_hash() == path.stem


def test_the_same_bars_are_written_once(tmp_path: Path, make_bars: MakeBars) -> None:
    path = write_snapshot(make_bars(), tmp_path)
    before = path.stat().st_mtime_ns
    assert write_snapshot(make_bars(), tmp_path) == path
    assert path.stat().st_mtime_ns == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_snapshot_of_other_content_than_its_name_says_is_refused(
    tmp_path: Path, make_bars: MakeBars
) -> None:
    path = write_snapshot(make_bars(), tmp_path)
    other = write_snapshot(make_bars(seed=8), tmp_path)
    path.write_bytes(other.read_bytes())
    with pytest.raises(DataError, match="the content is not what the name says"):
        cv.read_snapshot(path)


def test_what_is_no_snapshot_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such snapshot"):
        cv.read_snapshot("0" * 64, tmp_path)
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(b"PAR1 and nothing more")
    with pytest.raises(DataError, match="a damaged file"):
        cv.read_snapshot(damaged)
    other = tmp_path / "other.parquet"
    pl.DataFrame(
        {n: [1] for n in ("timestamp", "open", "high", "low", "close", "volume")}
    ).write_parquet(other)
    with pytest.raises(DataError, match="without symbol in its metadata"):
        cv.read_snapshot(other)
