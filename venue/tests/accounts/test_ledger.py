from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt_venue.ledger import OUTSIDE, Ledger, LedgerError, Move, Pocket, Reason

OWNERS = [Pocket(name, "spot", state) for name in "ab" for state in ("free", "locked")]
ASSETS = ["BTC", "USDT"]


def _move(source: Pocket, target: Pocket, asset: str, amount: str) -> Move:
    return Move(source, target, asset, Decimal(amount), Reason.TRADE)


moves = st.builds(
    Move,
    st.sampled_from([*OWNERS, OUTSIDE]),
    st.sampled_from([*OWNERS, OUTSIDE]),
    st.sampled_from(ASSETS),
    st.decimals("0.00000001", "99999999", places=8),
    st.just(Reason.TRADE),
)


@given(st.lists(st.lists(moves, max_size=4), max_size=30))
def test_nothing_is_made_or_lost_and_no_customer_owes(entries: list[list[Move]]) -> None:
    ledger = Ledger()
    for number, entry in enumerate(entries):
        before = {(p, a): amount for p, a, amount in ledger.balances()}
        try:
            ledger.book(number, "test", entry)
        except LedgerError:
            assert {(p, a): amount for p, a, amount in ledger.balances()} == before
        assert all(ledger.total(asset) == 0 for asset in ASSETS)
        assert all(a >= 0 for p, _, a in ledger.balances() if not p.may_be_negative)


@given(st.lists(moves, max_size=30))
def test_balances_are_what_the_rows_add_up_to(sent: list[Move]) -> None:
    ledger = Ledger()
    for move in sent:
        try:
            ledger.book(0, "test", [move])
        except LedgerError:
            continue
    for pocket, asset, amount in ledger.balances():
        rows = [row.move for row in ledger.rows if row.move.asset == asset]
        gained = sum(move.amount for move in rows if move.target == pocket)
        lost = sum(move.amount for move in rows if move.source == pocket)
        assert amount == gained - lost


def test_an_entry_is_booked_whole_or_not_at_all() -> None:
    ledger, (a, _, b, _) = Ledger(), OWNERS
    ledger.book(0, "deposit", [_move(OUTSIDE, a, "BTC", "1")])
    with pytest.raises(LedgerError, match="-1 BTC; it may not be below zero"):
        ledger.book(1, "test", [_move(a, b, "BTC", "1"), _move(a, b, "BTC", "1")])
    assert ledger.balance(a, "BTC") == 1
    assert len(ledger.rows) == 1


def test_an_amount_that_is_not_positive_is_refused() -> None:
    for amount in ("-1", "NaN", "Infinity"):
        with pytest.raises(LedgerError, match="must be positive"):
            Ledger().book(0, "test", [_move(OUTSIDE, OWNERS[0], "BTC", amount)])
