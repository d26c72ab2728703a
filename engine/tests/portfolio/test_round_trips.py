"""Round trips told from fills, worked out by hand."""

import pytest

from cryptovolt.portfolio.round_trips import FillRow, RoundTrip, round_trips


def fills_of(*rows: tuple[int, int, int, int]) -> list[FillRow]:
    return [
        FillRow(bar=bar, symbol=0, lots=lots, value=abs(lots) * price, fee=fee, reason=bar)
        for bar, lots, price, fee in rows
    ]


def told(trip: RoundTrip) -> tuple[int, int, int, int, int, int, int]:
    return (
        trip.side, trip.entry_bar, trip.exit_bar, trip.opened, trip.closed, trip.fees,
        trip.pnl(mark=30),
    )  # fmt: skip


Fills = list[tuple[int, int, int, int]]
Trips = list[tuple[int, int, int, int, int, int, int]]

SCENARIOS: list[tuple[str, Fills, Trips]] = [
    # fills: bar, lots, price, fee; trips: side, entry, exit, opened, closed, fees, profit
    ("there and back", [(1, 10, 20, 2), (3, -10, 25, 3)], [(1, 1, 3, 10, 10, 5, 45)]),
    ("a short", [(1, -10, 20, 0), (2, 10, 25, 0)], [(-1, 1, 2, 10, 10, 0, -50)]),
    (
        "in and out in pieces",
        [(1, 4, 20, 1), (2, 6, 30, 1), (3, -5, 40, 1), (4, -5, 20, 1)],
        [(1, 1, 4, 10, 10, 4, 300 - 260 - 4)],
    ),
    (
        "a turn closes one trip and opens the next",
        [(1, 10, 20, 2), (3, -15, 25, 3), (4, 5, 20, 1)],
        [(1, 1, 3, 10, 10, 4, 46), (-1, 3, 4, 5, 5, 2, 23)],
    ),
    ("still open", [(1, 10, 20, 2), (2, -4, 25, 1)], [(1, 1, 2, 10, 4, 3, 100 + 180 - 200 - 3)]),
    ("nothing", [], []),
]


@pytest.mark.parametrize(("name", "fills", "trips"), SCENARIOS, ids=[row[0] for row in SCENARIOS])
def test_round_trips(name: str, fills: Fills, trips: Trips) -> None:
    assert [told(trip) for trip in round_trips(fills_of(*fills))] == trips, name


def test_the_reason_is_that_of_the_last_closing_fill() -> None:
    (trip,) = round_trips(fills_of((1, 10, 20, 0), (2, -5, 20, 0), (7, -5, 20, 0)))
    assert trip.reason == 7


def test_open_trips_come_last() -> None:
    rows = [
        FillRow(bar=0, symbol=1, lots=1, value=1, fee=0, reason=1),
        FillRow(bar=1, symbol=0, lots=1, value=1, fee=0, reason=1),
        FillRow(bar=2, symbol=0, lots=-1, value=1, fee=0, reason=1),
    ]
    assert [(trip.symbol, trip.is_open) for trip in round_trips(rows)] == [(0, False), (1, True)]
