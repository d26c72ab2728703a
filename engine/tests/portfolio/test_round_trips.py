"""Round trips told from fills, worked out by hand."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.portfolio.round_trips import RoundTrips, round_trips

Fill = tuple[int, int, int, int]


def trips_of(fills: Sequence[Fill]) -> RoundTrips:
    """Return the trips of fills: symbol, lots, price, fee; the reason is the row."""
    table = np.array(fills, np.int64).reshape(-1, 4)
    return round_trips(
        symbol=table[:, 0],
        lots=table[:, 1],
        value=np.abs(table[:, 1]) * table[:, 2],
        fee=table[:, 3],
        reason=np.arange(len(table)),
    )


def told(trips: RoundTrips, mark: int = 30) -> list[list[int]]:
    profit = trips.pnl(np.full(5, mark))
    columns = (
        trips.side, trips.first_fill, trips.last_fill, trips.opened, trips.closed, trips.fees,
        profit,
    )  # fmt: skip
    return np.column_stack(columns).tolist() if len(trips) else []


SCENARIOS: list[tuple[str, list[Fill], list[list[int]]]] = [
    # fills: symbol, lots, price, fee; trips: side, first and last fill, opened, closed, fees, pnl
    ("there and back", [(0, 10, 20, 2), (0, -10, 25, 3)], [[1, 0, 1, 10, 10, 5, 45]]),
    ("a short", [(0, -10, 20, 0), (0, 10, 25, 0)], [[-1, 0, 1, 10, 10, 0, -50]]),
    (
        "in and out in pieces",
        [(0, 4, 20, 1), (0, 6, 30, 1), (0, -5, 40, 1), (0, -5, 20, 1)],
        [[1, 0, 3, 10, 10, 4, 300 - 260 - 4]],
    ),
    (
        "a turn closes one trip and opens the next",
        [(0, 10, 20, 2), (0, -15, 25, 3), (0, 5, 20, 1)],
        [[1, 0, 1, 10, 10, 4, 46], [-1, 1, 2, 5, 5, 2, 23]],
    ),
    (
        "still open",
        [(0, 10, 20, 2), (0, -4, 25, 1)],
        [[1, 0, 1, 10, 4, 3, 100 + 180 - 200 - 3]],
    ),
    (
        "two symbols, in the order they were closed, what is open last",
        [(1, 1, 20, 0), (0, 1, 20, 0), (2, 1, 20, 0), (2, -1, 20, 0), (0, -1, 20, 0)],
        [[1, 2, 3, 1, 1, 0, 0], [1, 1, 4, 1, 1, 0, 0], [1, 0, 0, 1, 0, 0, 10]],
    ),
    ("nothing", [], []),
]


@pytest.mark.parametrize(("name", "fills", "trips"), SCENARIOS, ids=[row[0] for row in SCENARIOS])
def test_round_trips(name: str, fills: list[Fill], trips: list[list[int]]) -> None:
    assert told(trips_of(fills)) == trips, name


def test_the_reason_is_that_of_the_last_closing_fill() -> None:
    trips = trips_of([(0, 10, 20, 0), (0, -5, 20, 0), (0, -2, 20, 0), (0, 3, 20, 0)])
    assert trips.reason.tolist() == [2]


def test_a_fee_is_split_exactly_where_the_product_leaves_64_bits() -> None:
    # 5/7 of the fill close: the fee's part is floor(fee × 5e17 / 7e17).
    lots, fee = 10**17, 4 * 10**17 + 3
    trips = trips_of([(0, 5 * lots, 1, 0), (0, -7 * lots, 1, fee)])
    part = fee * 5 // 7
    assert trips.fees.tolist() == [part, fee - part]


def test_sums_beyond_64_bits_stay_exact() -> None:
    # Eight times in and out of a position without ever being flat adds up to 1.6e19.
    big = 10**18
    fills: list[Fill] = [(0, 1, 7, 0), *([(0, big, 1, 5), (0, -big, 1, 5)] * 16)]
    trips = trips_of(fills)
    assert trips.entry_value.tolist() == [7 + 16 * big]
    assert trips.exit_value.tolist() == [16 * big]
    assert trips.pnl(np.array([9])).tolist() == [9 - 7 - 160]


FILLS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(-9, 9).filter(bool),
        st.integers(1, 1_000),
        st.integers(0, 1_000),
    ),
    max_size=40,
)


@given(FILLS, st.integers(1, 1_000))
def test_no_money_is_lost_or_counted_twice(fills: list[Fill], mark: int) -> None:
    trips = trips_of(fills)
    cash = -sum(lots * price + fee for _, lots, price, fee in fills)
    held = sum(lots for _, lots, _, _ in fills)
    assert sum(trips.pnl(np.full(3, mark)).tolist()) == cash + held * mark
    assert trips.fees.sum() == sum(fee for *_, fee in fills)


@given(FILLS)
def test_large_numbers_give_the_same_trips_as_small_ones(fills: list[Fill]) -> None:
    # Prices × 2**48 take the way of Python's integers; all else must be the same.
    scale = 2**48
    small = trips_of(fills)
    large = trips_of([(symbol, lots, price * scale, fee) for symbol, lots, price, fee in fills])
    for name in ("symbol", "side", "first_fill", "last_fill", "opened", "closed", "fees"):
        assert getattr(small, name).tolist() == getattr(large, name).tolist(), name
    assert (small.entry_value.astype(object) * scale).tolist() == large.entry_value.tolist()


@given(FILLS)
def test_trips_of_a_symbol_follow_each_other(fills: list[Fill]) -> None:
    trips = trips_of(fills)
    for symbol in range(3):
        own = trips.symbol == symbol
        spans = zip(trips.first_fill[own].tolist(), trips.last_fill[own].tolist(), strict=True)
        assert all(last <= first for (_, last), (first, _) in pairwise(spans))
        assert trips.is_open[own][:-1].sum() == 0


@given(st.integers(0, 2**61), st.integers(1, 2**61), st.integers(1, 2**61))
def test_the_fee_of_a_turn_is_rounded_down_for_what_it_closes(
    fee: int, closed: int, opened: int
) -> None:
    if closed + opened >= 2**61:
        closed, opened = closed // 2 + 1, opened // 2
    if opened:
        trips = trips_of([(0, closed, 0, 0), (0, -closed - opened, 0, fee)])
        assert trips.fees.tolist()[0] == int(Fraction(fee * closed, closed + opened))
