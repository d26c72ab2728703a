"""The Fear & Greed index: one number a day, from 0 (fear) to 100 (greed).

It is no text and casts no vote: a feature of its own. The value of a day is made from that day, so
like any item dated by day alone it counts as seen at the day's end plus a delay.
"""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import numpy as np

from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.sentiment import FEAR_GREED, SentimentSeries
from cryptovolt.sentiment.dates import ItemTime, parse_time
from cryptovolt.sentiment.news import DEFAULT_DELAY
from cryptovolt.sentiment.rows import find_column, read_rows

NEUTRAL = 50.0
"""The index value between fear and greed."""

_VALUE_COLUMNS = ("fear_greed_index", "fear_greed", "fng_value", "value", "index")
_DATE_COLUMNS = ("date", "timestamp", "time", "datetime")


def score_of_index(value: float) -> float:
    """Return the score of an index value: 0 is −1, 50 is 0, 100 is 1.

    Raises
    ------
    DataError
        If the value is not in [0, 100].
    """
    if not 0.0 <= value <= 100.0:
        raise DataError(f"expected an index from 0 to 100, found {value:g}")
    return (value - NEUTRAL) / NEUTRAL


def read_fear_greed(
    path: str | Path,
    *,
    delay: timedelta = DEFAULT_DELAY,
    value_column: str | None = None,
    date_column: str | None = None,
    as_of: int | None = None,
) -> SentimentSeries:
    """Return the daily index of a csv or jsonl file.

    Parameters
    ----------
    path : str or Path
        A file with a header line (``.csv``) or one JSON object per line (``.jsonl``), UTF-8.
    delay : timedelta, default=5 minutes
        From the end of an item's day until it counts as seen.
    value_column, date_column : str, optional
        Found by their usual names when not given, e.g. ``date`` and ``fear_greed_index``.
    as_of : int, optional
        Now, in milliseconds UTC; days that begin later are left out.

    Returns
    -------
    SentimentSeries
        Of the one origin :data:`cryptovolt.domain.sentiment.FEAR_GREED`, scores
        ``(index − 50) / 50``; join it with news by :func:`cryptovolt.sentiment.merge_series`.

    Raises
    ------
    DataError
        If the file cannot be read as such, a value is no number from 0 to 100, or a day is there
        twice with different values.
    ConfigurationError
        If the delay is negative.
    """
    if delay < timedelta(0):
        raise ConfigurationError(f"expected a delay of zero or more, found {delay}")
    found: dict[int, tuple[int, float]] = {}
    columns: tuple[str, str] | None = None
    for number, row in read_rows(Path(path)):
        columns = columns or _columns(row, value_column, date_column)
        try:
            time, score = _read(row, *columns)
            if as_of is None or time.event_time <= as_of:
                _add(found, time, score, delay)
        except DataError as error:
            raise DataError(f"{Path(path).name}, line {number}: {error}") from None
    if not found:
        raise DataError(f"expected daily values in {Path(path).name}, found none")
    days = sorted(found)
    return SentimentSeries(
        event_time=np.array(days, dtype=np.int64),
        observed_at=np.array([found[day][0] for day in days], dtype=np.int64),
        score=np.array([found[day][1] for day in days], dtype=np.float64),
        source=FEAR_GREED,
    )


def _columns(row: Mapping[str, str], value: str | None, date: str | None) -> tuple[str, str]:
    return (
        find_column(row, value, _VALUE_COLUMNS, "value_column"),
        find_column(row, date, _DATE_COLUMNS, "date_column"),
    )


def _read(row: Mapping[str, str], value: str, date: str) -> tuple[ItemTime, float]:
    text = row.get(value, "").strip()
    try:
        index = float(text)
    except ValueError:
        raise DataError(f"expected an index from 0 to 100, found {text[:40]!r}") from None
    return parse_time(row.get(date, "").strip()), score_of_index(index)


def _add(
    found: dict[int, tuple[int, float]], time: ItemTime, score: float, delay: timedelta
) -> None:
    known = found.setdefault(time.event_time, (time.observed_at(delay), score))
    if known[1] != score:
        raise DataError("expected one value a day, found another one of the same day before it")
