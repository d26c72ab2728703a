"""What is fetched from where: ranges as pure numbers."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.services.history_server import ms

from app.services.bar_fetch_plan import (
    FUNDING,
    Origin,
    Piece,
    Range,
    aligned_start,
    closed_end,
    fallback,
    missing_ranges,
    plan_pieces,
    subtract,
)
from cryptovolt.domain.timeframe import DAY_MS, timeframe_ms

NOW = ms("2025-02-10T12:34")

PLANS = [
    # time frame, start, end, pieces by origin
    ("1h", "2024-11-01", "2025-02-01", {"month": 3}),
    ("1h", "2024-11-23", "2025-01-01", {"month": 2}),  # eight days of November: one file
    ("1h", "2024-11-24", "2025-01-01", {"month": 1, "day": 7}),
    ("1h", "2025-02-01", "2025-02-10T12:00", {"day": 9, "rest": 1}),
    ("1h", "2025-01-30T05:00", "2025-01-31T07:00", {"rest": 1}),  # no whole day
    ("4h", "2025-02-01", "2025-02-10T12:00", {"rest": 1}),  # six bars are no file
    ("4h", "2024-12-01", "2025-01-01", {"month": 1}),
    ("1m", "2025-02-10", "2025-02-10T12:34", {"rest": 1}),
    (FUNDING, "2024-12-01", "2025-02-10", {"month": 2, "rest": 1}),
]


@pytest.mark.parametrize(("timeframe", "start", "end", "expected"), PLANS)
def test_plans(timeframe: str, start: str, end: str, expected: dict[str, int]) -> None:
    pieces = plan_pieces([(ms(start), ms(end))], timeframe, NOW)
    assert Counter(str(piece.origin) for piece in pieces) == expected


@given(
    start=st.integers(ms("2023-01-01"), NOW - 3_600_000),
    length=st.integers(3_600_000, 500 * DAY_MS),
    timeframe=st.sampled_from(["1m", "15m", "1h", "4h", "1d", FUNDING]),
)
def test_pieces_cover_what_is_missing_once_and_in_order(
    start: int, length: int, timeframe: str
) -> None:
    end = min(start + length, NOW)
    pieces = plan_pieces([(start, end)], timeframe, NOW)
    assert pieces[0].start_ms == start
    assert pieces[-1].end_ms == end
    for before, after in pairwise(pieces):
        assert before.end_ms == after.start_ms


def test_a_recent_month_falls_back_to_days_and_an_old_one_to_rest() -> None:
    january = Piece(Origin.MONTH, ms("2025-01-01"), ms("2025-02-01"))
    assert {piece.origin for piece in fallback(january, "1h", NOW)} == {Origin.DAY}
    assert {piece.origin for piece in fallback(january, "4h", NOW)} == {Origin.REST}
    old = Piece(Origin.MONTH, ms("2024-10-01"), ms("2024-11-01"))
    assert {piece.origin for piece in fallback(old, "1h", NOW)} == {Origin.REST}
    day = Piece(Origin.DAY, ms("2025-02-09"), ms("2025-02-10"))
    assert fallback(day, "1h", NOW) == [Piece(Origin.REST, day.start_ms, day.end_ms)]


MISSING: list[tuple[Range | None, list[Range], list[Range], list[Range]]] = [
    # stored from to, gaps, finished, missing of [0, 100)
    (None, [], [], [(0, 100)]),
    ((20, 60), [], [], [(0, 20), (60, 100)]),
    ((0, 100), [(30, 40)], [], [(30, 40)]),
    ((0, 100), [(30, 40)], [(0, 50)], []),  # fetched completely, and there were no bars
    ((0, 100), [(30, 40)], [(35, 50)], [(30, 35)]),
    ((0, 200), [], [], []),
]


@pytest.mark.parametrize(("edges", "gaps", "finished", "expected"), MISSING)
def test_missing_is_asked_less_stored_less_finished(
    edges: Range | None, gaps: list[Range], finished: list[Range], expected: list[Range]
) -> None:
    assert missing_ranges((0, 100), edges, gaps, finished) == expected


_ranges = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 10)).map(lambda pair: (pair[0], sum(pair))),
    max_size=6,
)


@given(asked=_ranges, taken=_ranges)
def test_subtraction_leaves_exactly_the_other_moments(
    asked: list[Range], taken: list[Range]
) -> None:
    def moments(ranges: list[Range]) -> set[int]:
        return {moment for start, end in ranges for moment in range(start, end)}

    assert moments(subtract(asked, taken)) == moments(asked) - moments(taken)


@given(now=st.integers(1_500_000_000_000, 1_800_000_000_000))
def test_bars_are_aligned_to_their_grid(now: int) -> None:
    for timeframe in ("1m", "1h", "3d", "1w"):
        length = timeframe_ms(timeframe)
        end, start = closed_end(now, timeframe), aligned_start(now, timeframe)
        assert end <= now < end + length
        assert start - length < now <= start
        assert (start - end) % length == 0
    # Weeks begin on Monday.
    assert (closed_end(now, "1w") // DAY_MS + 3) % 7 == 0
