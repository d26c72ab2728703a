"""Profit after fees, fill by fill."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.orders import Fill, FillReason, Side
from cryptovolt.portfolio.realised import Held, book


def fill(side: Side, quantity: str, price: str, fee: str, pnl: str = "0") -> Fill:
    return Fill(
        time=0,
        symbol="BTCUSDT",
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        notional=Decimal(quantity) * Decimal(price),
        fee=Decimal(fee),
        reason=FillReason.TARGET,
        pnl=Decimal(pnl),
    )


BUY, SELL = Side.BUY, Side.SELL

#  fills: side, quantity, price, fee, pnl before fees; expected pnl after fees of each
SCENARIOS = [
    ([(BUY, "2", "100", "0.2", "0"), (SELL, "2", "110", "0.22", "20")], [None, "19.58"]),
    (
        [
            (BUY, "2", "100", "0.2", "0"),
            (SELL, "1", "110", "0.11", "10"),
            (SELL, "1", "90", "0.09", "-10"),
        ],
        [None, "9.79", "-10.19"],
    ),
    # From long 1 to short 1 in one fill: half of its fee belongs to the new short.
    (
        [
            (BUY, "1", "100", "0.1", "0"),
            (SELL, "2", "90", "0.18", "-10"),
            (BUY, "1", "80", "0.08", "10"),
        ],
        [None, "-10.19", "9.83"],
    ),
]


@pytest.mark.parametrize(("fills", "expected"), SCENARIOS)
def test_scenarios(
    fills: list[tuple[Side, str, str, str, str]], expected: list[str | None]
) -> None:
    held, found = Held(), list[Decimal | None]()
    for row in fills:
        held, booked = book(held, fill(*row))
        found.append(booked.pnl)
    assert found == [None if value is None else Decimal(value) for value in expected]
    assert held == Held()


@given(
    st.lists(
        st.tuples(st.sampled_from(Side), st.integers(1, 1_000), st.integers(0, 10**9)),
        min_size=1,
        max_size=30,
    )
)
def test_no_fee_is_lost_or_counted_twice(rows: list[tuple[Side, int, int]]) -> None:
    held, realised, paid = Held(), Decimal(0), Decimal(0)
    for side, quantity, fee_units in rows:
        fee = Decimal(fee_units).scaleb(-8)
        held, booked = book(held, fill(side, str(quantity), "1", str(fee)))
        realised += booked.pnl or 0
        paid += fee
    assert realised + paid == held.fees
    assert held.quantity != 0 or held.fees == 0
