import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from cryptovolt import read_sentiment, score_sentiment
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.sentiment import read_news

HEADER = "Date,Short Description,Accurate Sentiments\n"
HOUR_MS = 3_600_000


def write(folder: Path, content: str | bytes, name: str = "news.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_items_are_read_with_both_times_and_the_files_own_score_is_not_used(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + '2022-01-31 14:05:00,"Total rug pull, they say",0.99\n')
    (item,) = read_news(path).items
    assert item.text == "Total rug pull, they say"
    assert item.observed_at - item.event_time == 5 * 60_000
    series = read_sentiment(path)
    np.testing.assert_array_equal(series.score, score_sentiment([item.text]))
    assert series.score[0] < 0


def test_items_are_ordered_by_the_time_they_count_as_seen(tmp_path: Path) -> None:
    rows = "2022-02-01 09:00:00,late,0\n2022-01-31,day alone,0\n2022-01-31 20:00:00,evening,0\n"
    news = read_news(write(tmp_path, HEADER + rows), delay=timedelta(hours=1))
    assert [item.text for item in news.items] == ["evening", "day alone", "late"]
    evening, day, _late = news.items
    assert day.day_only
    assert day.observed_at - day.event_time == 25 * HOUR_MS
    assert evening.observed_at - evening.event_time == HOUR_MS


def test_what_cannot_be_used_is_dropped_and_counted(tmp_path: Path) -> None:
    rows = (
        "2022-01-31 14:00:00,one,0\n"
        "2022-01-31 14:00:00,one,1\n"
        "2022-01-31 15:00:00, \x07\u200b ,0\n"
        "2022-02-02 15:00:00,tomorrow,0\n"
    )
    path = write(tmp_path, HEADER + rows)
    as_of = read_news(path).items[0].event_time + 24 * HOUR_MS
    news = read_news(path, as_of=as_of)
    assert len(news) == 1
    assert news.dropped == {"empty": 1, "future": 1, "duplicate": 1}


def test_control_characters_never_reach_the_items(tmp_path: Path) -> None:
    rows = "2022-01-31 14:00:00,a\x00b\x1b[31m\u202ec\u2066d,0\n"
    (item,) = read_news(write(tmp_path, HEADER + rows)).items
    assert item.text == "a b [31m c d"


def test_json_lines_are_read_with_their_ids(tmp_path: Path) -> None:
    lines = [
        {"id": 7, "published_at": 1643637900, "title": "moon \ud800 time", "score": 1},
        {"id": 8, "published_at": "2022-01-31T14:05:01Z", "title": None},
    ]
    path = write(tmp_path, "\n".join(json.dumps(line) for line in lines), "news.jsonl")
    news = read_news(path)
    assert [(item.external_id, item.text) for item in news.items] == [("7", "moon time")]
    assert news.dropped["empty"] == 1


def test_an_item_has_the_same_id_in_every_reading(tmp_path: Path) -> None:
    rows = "2022-01-31 14:05:00,one,0\n2022-01-31 14:05:00,two,0\n"
    first = read_news(write(tmp_path, HEADER + rows))
    again = read_news(write(tmp_path, HEADER + rows, "other.csv"))
    assert first.items == again.items
    assert len({item.external_id for item in first.items}) == 2


def test_long_ids_that_begin_alike_stay_apart(tmp_path: Path) -> None:
    start = "https://example.org/" + "a" * 200
    rows = f"id,date,text\n{start}1,2022-01-31,one\n{start}2,2022-01-31,two\n"
    items = read_news(write(tmp_path, rows)).items
    assert len({item.external_id for item in items}) == 2
    assert all(len(item.external_id) <= 128 for item in items)


def test_a_text_seen_again_within_two_days_does_not_count(tmp_path: Path) -> None:
    rows = "".join(f"2022-01-{day:02} 12:00:00,Daily  Digest!,0\n" for day in (1, 2, 4, 7))
    rows += "2022-01-01 12:30:00,daily digest,0\n"
    path = write(tmp_path, HEADER + rows)
    assert len(read_news(path)) == 5
    series = read_sentiment(path)
    # The fourth is two days after the second, the seventh three days after the fourth.
    assert np.diff(series.observed_at).tolist() == [6 * 24 * HOUR_MS]


def test_columns_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path, "When,What\n2022-01-31,moon\n")
    with pytest.raises(DataError, match=r"expected a column called date or .* found what, when"):
        read_news(path)
    assert len(read_news(path, date_column="When", text_column="What")) == 1


BAD_FILES = [
    ("news.xlsx", b"PK", "expected a .csv or .jsonl file"),
    ("news.csv", b"", "expected news items in news.csv, found none"),
    ("news.csv", b"Date,Text\n", "found none"),
    ("news.csv", b"Date,Text\nyesterday,moon\n", "news.csv, line 2: expected a time"),
    ("news.csv", b"Date,Text\n2022-01-31,moon,more\n", "expected 2 columns, found 3"),
    ("news.csv", b"Date,Date,Text\n", "every column of news.csv once"),
    ("news.csv", b"<!DOCTYPE html>\n<html>\n", "expected a column called"),
    ("news.csv", b'Date,Text\n2022-01-31,"open', "not readable as csv"),
    ("news.csv", "Date,Text\n2022-01-31,prix élevé\n".encode("latin-1"), "in UTF-8, found byte"),
    ("news.csv", "Date,Text\n2022-01-31,moon\n".encode("utf-16"), "in UTF-8, found byte"),
    ("news.csv", b"Date,Text\n2022-01-31," + b"x" * 2_000_000, "1,000,000 characters in a line"),
    ("news.jsonl", b'{"date": "2022-01-31"', "line 1: expected a JSON object"),
    ("news.jsonl", b"[1, 2]", "line 1: expected a JSON object"),
    ("news.jsonl", b"[" * 100_000, "line 1: expected a JSON object"),
]


@pytest.mark.parametrize(("name", "content", "message"), BAD_FILES)
def test_a_bad_file_gets_one_sentence(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read_news(write(tmp_path, content, name))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_missing_file_gets_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found nothing at"):
        read_news(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match="expected a readable news file"):
        read_news(tmp_path / "folder.csv")


def test_a_negative_delay_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "2022-01-31 14:05:00,one,0\n")
    with pytest.raises(ConfigurationError, match="expected a delay of zero or more"):
        read_news(path, delay=timedelta(seconds=-1))


def test_a_real_news_file_is_read_whole(real_data: Callable[[str], Path]) -> None:
    path = real_data("sentiment/bitcoin-news-2021-2022.csv")
    news = read_news(path)
    assert len(news) + news.dropped["duplicate"] == 4_346
    assert news.dropped == {"empty": 0, "future": 0, "duplicate": 1}
    days = [item for item in news.items if item.day_only]
    assert len(days) == 66
    assert {item.observed_at - item.event_time for item in days} == {24 * HOUR_MS + 300_000}
    series = read_sentiment(path)
    assert 4_200 < len(series) <= len(news)
    assert series.score.std() > 0.3
