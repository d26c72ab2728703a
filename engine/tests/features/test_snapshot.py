"""Snapshots of features: the same bits back, or a refusal."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cryptovolt.domain.errors import DataError
from cryptovolt.features import Features, build_features, read_features, write_features
from cryptovolt.research.synthetic import synthetic_bars


@pytest.fixture(scope="module")
def features() -> Features:
    bars = synthetic_bars(700, end=1_700_000_000_000, rng=np.random.default_rng(1))
    return build_features(bars)


def test_what_is_read_has_the_bits_that_were_written(features: Features, tmp_path: Path) -> None:
    path = write_features(features, tmp_path / "deep" / "store")
    assert path.name == f"{features.content_hash()}.parquet"
    for found in (read_features(path), read_features(features.content_hash(), path.parent)):
        np.testing.assert_array_equal(found.values, features.values)
        np.testing.assert_array_equal(found.timestamp, features.timestamp)
        assert (found.names, found.warmup) == (features.names, features.warmup)
        assert (found.symbol, found.timeframe) == (features.symbol, features.timeframe)
        assert found.content_hash() == features.content_hash()


def test_writing_twice_leaves_one_file_as_it_is(features: Features, tmp_path: Path) -> None:
    path = write_features(features, tmp_path)
    written = path.stat().st_mtime_ns
    assert write_features(features, tmp_path) == path
    assert path.stat().st_mtime_ns == written
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_one_changed_bit_is_refused(features: Features, tmp_path: Path) -> None:
    path = write_features(features, tmp_path)
    frame, labels = pl.read_parquet(path), pl.read_parquet_metadata(path)
    column = frame["return_1"].to_numpy().copy()
    column[-1] = np.nextafter(column[-1], 1.0)
    told = {name: labels[name] for name in ("symbol", "timeframe", "warmup")}
    frame.with_columns(pl.Series("return_1", column)).write_parquet(path, metadata=told)
    with pytest.raises(DataError, match="the content is not what the name says"):
        read_features(path)


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.parquet"
    with pytest.raises(DataError, match="there is no such snapshot of features"):
        read_features(path)
    path.write_bytes(b"no parquet at all")
    with pytest.raises(DataError, match="found another or a damaged file"):
        read_features(path)
    pl.DataFrame({"timestamp": [1], "close": [1.0]}).write_parquet(path)
    with pytest.raises(DataError, match="found Parquet of something else"):
        read_features(path)
