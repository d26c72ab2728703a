"""Evidence of orders in any order and number gives the state that the venue means."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.errors import OrderError
from cryptovolt.domain.orders import Side
from cryptovolt.execution.order_evidence import (
    Evidence,
    FillKey,
    FillReport,
    OrderKey,
    OrderReport,
    OrderStage,
    stage_of,
)
from cryptovolt.execution.order_state import FollowedOrder, fold, fold_all

KEY = OrderKey("binance", "BTCUSDT", 8389765489680951453)
STAGES = list(OrderStage)


def report(status: str, time_ms: int, filled: str = "0", quantity: str = "1") -> OrderReport:
    return OrderReport(
        key=KEY, time_ms=time_ms, status_text=status, filled=Decimal(filled),
        quantity=Decimal(quantity), side=Side.BUY, kind="LIMIT", price=Decimal("50000.1"),
    )  # fmt: skip


def fill(trade_id: int, quantity: str, time_ms: int = 5, key: OrderKey = KEY) -> FillReport:
    amount = Decimal(quantity)
    return FillReport(
        key=FillKey(key.source, key.symbol, trade_id, key.order_id), time_ms=time_ms,
        side=Side.BUY, price=Decimal("50000.1"), quantity=amount, quote=amount * 50000,
        fee=Decimal("0.00001"), fee_asset="BNB", is_maker=True,
    )  # fmt: skip


def heard(*evidence: Evidence) -> FollowedOrder:
    (order,) = fold_all(evidence).values()
    return order


SCENARIOS = [
    #  what was heard, in this order                                       stage, filled, missing
    ([report("NEW", 1)], OrderStage.NEW, "0", "0"),
    ([fill(1, "0.4")], OrderStage.PENDING, "0.4", "0"),
    ([fill(1, "0.4"), report("NEW", 1)], OrderStage.PARTIALLY_FILLED, "0.4", "0"),
    ([report("PARTIALLY_FILLED", 5, "0.4"), report("NEW", 1)],
     OrderStage.PARTIALLY_FILLED, "0", "0.4"),
    ([report("FILLED", 9, "1"), fill(2, "0.6"), report("PARTIALLY_FILLED", 5, "0.4"),
      fill(1, "0.4"), report("NEW", 1)], OrderStage.FILLED, "1.0", "0"),
    ([report("CANCELED", 6), report("NEW", 1)], OrderStage.CANCELED, "0", "0"),
    # a late fill does not open the order again, and is booked
    ([report("CANCELED", 6), report("PARTIALLY_FILLED", 9, "0.4"), fill(1, "0.4", 9)],
     OrderStage.CANCELED, "0.4", "0"),
    # unless it was all of it
    ([report("CANCELED", 6), report("FILLED", 9, "1"), fill(1, "1", 9)],
     OrderStage.FILLED, "1", "0"),
    ([report("NEW", 1), report("PENDING_REVIEW", 4)], OrderStage.UNKNOWN, "0", "0"),
    ([report("PENDING_REVIEW", 4), report("NEW", 1)], OrderStage.UNKNOWN, "0", "0"),
    ([report("PENDING_REVIEW", 4), report("EXPIRED_IN_MATCH", 6)], OrderStage.EXPIRED, "0", "0"),
]  # fmt: skip


@pytest.mark.parametrize(("evidence", "stage", "filled", "missing"), SCENARIOS)
def test_scenarios(evidence: list[Evidence], stage: OrderStage, filled: str, missing: str) -> None:
    order = heard(*evidence)
    assert (order.stage, order.filled, order.missing) == (stage, Decimal(filled), Decimal(missing))


def test_the_same_fill_counts_once_and_the_other_side_of_one_trade_is_another_fill() -> None:
    ours = KEY._replace(order_id=7)
    orders = fold_all([fill(1, "0.4"), fill(1, "0.4"), fill(1, "0.4", key=ours)])
    assert {key: order.filled for key, order in orders.items()} == {
        KEY: Decimal("0.4"),
        ours: Decimal("0.4"),
    }


def test_one_trade_id_of_two_symbols_is_two_fills() -> None:
    other = KEY._replace(symbol="ETHUSDT")
    assert len(fold_all([fill(1, "0.4"), fill(1, "0.3", key=other)])) == 2


CONTRADICTIONS = [
    ([report("NEW", 1), fill(1, "0.7"), fill(2, "0.7")], "1.4 of 1"),
    ([fill(1, "0.7"), fill(2, "0.7"), report("NEW", 1)], "1.4 of 1"),
    ([report("PARTIALLY_FILLED", 1, "2")], "2 of 1"),
    ([fill(1, "0.4"), fill(1, "0.5")], "told"),
]


@pytest.mark.parametrize(("evidence", "said"), CONTRADICTIONS)
def test_a_venue_that_contradicts_itself_is_not_booked(evidence: list[Evidence], said: str) -> None:
    with pytest.raises(OrderError, match=said):
        fold_all(evidence)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-1"])
def test_amounts_that_are_none_are_refused(amount: str) -> None:
    with pytest.raises(OrderError, match="expected a finite"):
        report("NEW", 1, amount)
    with pytest.raises(OrderError, match="expected a"):
        fill(1, amount)


def test_evidence_of_another_order_is_refused() -> None:
    with pytest.raises(OrderError, match="of order"):
        fold(heard(report("NEW", 1)), replace(report("NEW", 1), key=KEY._replace(order_id=1)))


def test_sums_are_exact_beyond_the_digits_of_the_default_context() -> None:
    small, large = "0." + "0" * 29 + "1", "9" * 20
    order = heard(fill(1, small), fill(2, large))
    assert order.filled == Decimal(large + small[1:])


def test_words_of_venues() -> None:
    assert stage_of("EXPIRED_IN_MATCH") is OrderStage.EXPIRED
    assert stage_of("NEW_ADL") is OrderStage.NEW
    assert stage_of("") is OrderStage.UNKNOWN


class Life:
    """An order as a venue lives it: its stream in order, and what REST answers at the end."""

    def __init__(self, seed: int) -> None:
        random = Random(seed)
        self.now, self.filled, self.number = 1, 0, 0
        self.stream: list[Evidence] = []
        self.status = "NEW"
        self._tell()
        for _ in range(random.randrange(6)):
            self._step(random)

    @property
    def rest(self) -> list[Evidence]:
        fills = [piece for piece in self.stream if isinstance(piece, FillReport)]
        return [self._word(self.status, max(piece.time_ms for piece in self.stream)), *fills]

    def _step(self, random: Random) -> None:
        # Several things may happen within one millisecond.
        self.now += random.randrange(2)
        ended = self.status not in ("NEW", "PARTIALLY_FILLED", "STRANGE")
        deed = random.choice(["fill", "fill", "end", "strange"])
        if deed == "fill" and self.filled < 10:
            self._fill(random.randint(1, 10 - self.filled), ended)
        elif deed == "end" and not ended:
            self.status = random.choice(["CANCELED", "EXPIRED", "EXPIRED_IN_MATCH"])
            self._tell()
        elif deed == "strange" and not ended:
            self.now, self.status = self.now + 1, "STRANGE"
            self._tell()

    def _fill(self, tenths: int, ended: bool) -> None:
        self.now += 1
        self.filled, self.number = self.filled + tenths, self.number + 1
        told = "FILLED" if self.filled == 10 else "PARTIALLY_FILLED"
        self.status = self.status if ended and told != "FILLED" else told
        self.stream.append(self._word(told, self.now))
        self.stream.append(fill(self.number, f"0.{tenths}" if tenths < 10 else "1", self.now))

    def _tell(self) -> None:
        self.stream.append(self._word(self.status, self.now))

    def _word(self, status: str, time_ms: int) -> OrderReport:
        return report(status, time_ms, str(Decimal(self.filled) / 10))


def essence(order: FollowedOrder) -> tuple[object, ...]:
    word = "" if order.report is None else order.report.status_text
    amounts = (order.filled, order.told_filled, order.missing, order.quantity)
    return order.stage, word, amounts, order.told_ms, dict(order.fills)


def mangled(stream: Sequence[Evidence], random: Random) -> list[Evidence]:
    found = [piece for piece in stream for _ in range(random.choice([0, 1, 1, 1, 3]))]
    random.shuffle(found)
    return found


@given(seed=st.integers(0, 2**32), chaos=st.integers(0, 2**32))
def test_shuffled_doubled_and_lost_evidence_and_one_full_answer_give_the_ordered_state(
    seed: int, chaos: int
) -> None:
    life = Life(seed)
    ordered = heard(*life.stream)
    found = heard(*mangled(life.stream, Random(chaos)), *life.rest)
    assert essence(found) == essence(ordered)
    assert found.missing == 0


@given(seed=st.integers(0, 2**32), chaos=st.integers(0, 2**32))
def test_whatever_is_heard_an_order_never_goes_back_and_never_overfills(
    seed: int, chaos: int
) -> None:
    life, order = Life(seed), None
    orders = [
        order := fold(order, piece) for piece in mangled([*life.stream, *life.rest], Random(chaos))
    ]
    told = {piece.stage for piece in life.stream if isinstance(piece, OrderReport)}
    for before, after in pairwise(orders):
        assert before.filled <= after.filled <= 1
        if before.stage.is_final:
            assert after.stage.is_final
        known = OrderStage.UNKNOWN not in (before.stage, after.stage)
        if known and not before.stage.is_final:
            assert STAGES.index(before.stage) <= STAGES.index(after.stage)
        assert not after.stage.is_final or after.stage in told


@given(seed=st.integers(0, 2**32))
def test_what_was_heard_already_changes_nothing(seed: int) -> None:
    life = Life(seed)
    order = heard(*life.stream, *life.rest)
    for piece in [*life.stream, *life.rest]:
        assert fold(order, piece) == order
