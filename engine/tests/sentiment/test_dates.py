from datetime import UTC, datetime, timedelta

import pytest

from cryptovolt.domain.errors import DataError
from cryptovolt.sentiment.dates import parse_time


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> int:
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * 1_000


FORMS = [
    # text, when, whether only the day is known
    ("2022-01-31 14:05:00", at(2022, 1, 31, 14, 5), False),
    ("2022-01-31T14:05:00Z", at(2022, 1, 31, 14, 5), False),
    ("2022-01-31T14:05:00+02:00", at(2022, 1, 31, 12, 5), False),
    ("Mon, 31 Jan 2022 14:05:00 GMT", at(2022, 1, 31, 14, 5), False),
    ("Mon, 31 Jan 2022 14:05:00 -0500", at(2022, 1, 31, 19, 5), False),
    ("1643637900", at(2022, 1, 31, 14, 5), False),
    ("1643637900.0", at(2022, 1, 31, 14, 5), False),
    ("1643637900000", at(2022, 1, 31, 14, 5), False),
    ("1643637900000000", at(2022, 1, 31, 14, 5), False),
    ("2022-01-31", at(2022, 1, 31), True),
    ("2022-01-31 00:00:00", at(2022, 1, 31), True),
    ("2022-01-31 00:00:01", at(2022, 1, 31, 0, 0, 1), False),
]


@pytest.mark.parametrize(("text", "when", "day_only"), FORMS)
def test_times_are_read_in_the_forms_files_use(text: str, when: int, day_only: bool) -> None:
    time = parse_time(text)
    assert (time.event_time, time.day_only) == (when, day_only)


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "31/01/2022", "2022-13-01", "1643", "nan", "0001-01-01"],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="expected a time"):
        parse_time(text)


def test_an_item_counts_as_seen_after_the_delay() -> None:
    time = parse_time("2022-01-31 14:05:00")
    assert time.observed_at(timedelta(minutes=5)) == at(2022, 1, 31, 14, 10)


def test_a_day_alone_counts_as_seen_after_its_end_and_the_delay() -> None:
    time = parse_time("2022-01-31")
    assert time.observed_at(timedelta(minutes=5)) == at(2022, 2, 1, 0, 5)
