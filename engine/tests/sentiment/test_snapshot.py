"""A snapshot of sentiment is named by what is in it and read only as that."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cryptovolt.domain.errors import DataError
from cryptovolt.domain.sentiment import FEAR_GREED, SentimentSeries
from cryptovolt.sentiment import read_sentiment_snapshot, write_sentiment_snapshot


def series(n_items: int = 50) -> SentimentSeries:
    rng = np.random.default_rng(4)
    seen = np.sort(rng.integers(0, 10**12, n_items))
    return SentimentSeries(
        event_time=seen - rng.integers(0, 1_000, n_items),
        observed_at=seen,
        score=rng.uniform(-1, 1, n_items),
        source="wire",
        weight=rng.uniform(0, 1, n_items),
        origin=rng.integers(0, 2, n_items),
        origins=(FEAR_GREED, "rss"),
    )


@pytest.mark.parametrize("n_items", [0, 1, 50])
def test_what_was_written_is_read_bit_for_bit(tmp_path: Path, n_items: int) -> None:
    known = series(n_items)
    path = write_sentiment_snapshot(known, tmp_path)
    assert path.name == f"{known.content_hash()}.parquet"
    assert write_sentiment_snapshot(known, tmp_path) == path
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
    for found in (
        read_sentiment_snapshot(path),
        read_sentiment_snapshot(known.content_hash(), tmp_path),
    ):
        for name in ("event_time", "observed_at", "score", "weight", "origin"):
            np.testing.assert_array_equal(getattr(found, name), getattr(known, name))
        assert (found.source, found.origins) == (known.source, known.origins)


def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path) -> None:
    path = write_sentiment_snapshot(series(), tmp_path)
    other = path.rename(tmp_path / f"{'0' * 64}.parquet")
    with pytest.raises(DataError, match="the content is not what the name says"):
        read_sentiment_snapshot(other)
    with pytest.raises(DataError, match="there is no such snapshot"):
        read_sentiment_snapshot("1" * 64, tmp_path)


def test_another_file_is_no_snapshot(tmp_path: Path) -> None:
    plain, text = tmp_path / "bars.parquet", tmp_path / "text.parquet"
    pl.DataFrame({"event_time": [1]}).write_parquet(plain)
    text.write_text("no parquet")
    with pytest.raises(DataError, match="'sentiment' in its metadata"):
        read_sentiment_snapshot(plain)
    with pytest.raises(DataError, match="expected a snapshot of sentiment"):
        read_sentiment_snapshot(text)
