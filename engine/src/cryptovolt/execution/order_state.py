"""What a venue has said of an order, folded into one state.

Evidence comes twice, late, in any order, or only when somebody asks for it: reports (the venue's
word on an order) and fills (single executions). Folding is a join: the strongest report is kept,
the largest quantity said to be filled, and every fill once. So the state depends on *what* was
said, never on the order or the number of times in which it was heard.

A report is stronger when its status is final; among open ones the later is. An order ends only when
the venue says so, and what fills after it was cancelled is booked all the same. A status that is
not known here makes the order UNKNOWN until the venue says something that is.

Money is `Decimal` and sums are exact. Times are integer milliseconds UTC by the venue's clock; ids
may be larger than 2**53.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import reduce

from cryptovolt.domain.errors import OrderError
from cryptovolt.domain.orders import Side
from cryptovolt.execution.order_evidence import (
    Evidence,
    FillKey,
    FillReport,
    OrderKey,
    OrderReport,
    OrderStage,
)

_ZERO = Decimal(0)
_ORDER_OF_STAGES = tuple(OrderStage)
_EXACT = Context(prec=200, traps=[Inexact, InvalidOperation])


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedOrder:
    """An order as far as the venue has told of it.

    Parameters
    ----------
    key : OrderKey
        Which order.
    report : OrderReport or None
        The strongest report; None while only fills were heard.
    told_filled : Decimal
        The largest quantity that any report said to be filled, base currency.
    told_ms : int
        The latest time of any evidence.
    fills : mapping of FillKey to FillReport
        Every execution, once.
    """

    key: OrderKey
    report: OrderReport | None = None
    told_filled: Decimal = _ZERO
    told_ms: int = 0
    fills: Mapping[FillKey, FillReport] = field(default_factory=dict[FillKey, FillReport])

    @property
    def filled(self) -> Decimal:
        """What its fills sum to, base currency."""
        return _total(fill.quantity for fill in self.fills.values())

    @property
    def quote_filled(self) -> Decimal:
        """What its fills sum to, quote currency."""
        return _total(fill.quote for fill in self.fills.values())

    @property
    def missing(self) -> Decimal:
        """What the venue says was filled and no fill was heard of, base currency, ≥ 0."""
        return max(_ZERO, _EXACT.subtract(self.told_filled, self.filled))

    @property
    def quantity(self) -> Decimal | None:
        """What was ordered, base currency; None while unknown."""
        return self.report.quantity if self.report is not None and self.report.quantity else None

    @property
    def stage(self) -> OrderStage:
        """How far it has come."""
        if self.report is None:
            return OrderStage.PENDING
        stage = self.report.stage
        if stage is OrderStage.NEW and (self.fills or self.told_filled > 0):
            return OrderStage.PARTIALLY_FILLED
        return stage

    @property
    def side(self) -> Side:
        """BUY or SELL."""
        if self.report is not None:
            return self.report.side
        return next(iter(self.fills.values())).side


def fold(order: FollowedOrder | None, evidence: Evidence) -> FollowedOrder:
    """Return the order after one more piece of evidence.

    Parameters
    ----------
    order : FollowedOrder or None
        What was known; None for nothing.
    evidence : OrderReport or FillReport
        What was heard.

    Returns
    -------
    FollowedOrder
        Equal to `order` where the evidence says nothing new.

    Raises
    ------
    OrderError
        If the evidence is of another order, or contradicts what the venue has said before: more
        filled than ordered, or one trade told in two ways. Nothing is booked then.
    """
    key = evidence.order if isinstance(evidence, FillReport) else evidence.key
    known = order or FollowedOrder(key=key)
    if known.key != key:
        raise OrderError(f"expected evidence of order {known.key}, found one of {key}")
    found = _with_fill(known, evidence) if isinstance(evidence, FillReport) else (
        _with_report(known, evidence)
    )  # fmt: skip
    quantity, filled = found.quantity, max(found.filled, found.told_filled)
    if quantity is not None and not filled <= quantity:
        raise OrderError(
            f"order {key.order_id} of {key.symbol}: the venue says that {filled} of {quantity} "
            "was filled; the last evidence was not booked"
        )
    return found


def fold_all(evidence: Iterable[Evidence]) -> dict[OrderKey, FollowedOrder]:
    """Return every order that evidence tells of.

    Parameters
    ----------
    evidence : iterable of OrderReport or FillReport
        In any order, any piece any number of times.

    Returns
    -------
    dict of OrderKey to FollowedOrder

    Raises
    ------
    OrderError
        If the venue contradicts itself; see :func:`fold`.
    """
    orders: dict[OrderKey, FollowedOrder] = {}
    for piece in evidence:
        key = piece.order if isinstance(piece, FillReport) else piece.key
        orders[key] = fold(orders.get(key), piece)
    return orders


def _with_report(order: FollowedOrder, report: OrderReport) -> FollowedOrder:
    stronger = order.report is None or _strength(report) > _strength(order.report)
    return replace(
        order,
        report=report if stronger else order.report,
        told_filled=max(order.told_filled, report.filled),
        told_ms=max(order.told_ms, report.time_ms),
    )


def _with_fill(order: FollowedOrder, fill: FillReport) -> FollowedOrder:
    known = order.fills.get(fill.key)
    if known is None:
        told_ms = max(order.told_ms, fill.time_ms)
        return replace(order, fills={**order.fills, fill.key: fill}, told_ms=told_ms)
    if _essence(known) != _essence(fill):
        raise OrderError(
            f"trade {fill.key.trade_id} of {fill.key.symbol}: the venue told {_essence(known)} "
            f"before and {_essence(fill)} now; the first is kept"
        )
    return order


def _strength(report: OrderReport) -> tuple[int, int, Decimal, int, str]:
    stage = report.stage
    finality = 0
    if stage.is_final:
        finality = 2 if stage is OrderStage.FILLED else 1
    at_once = _ORDER_OF_STAGES.index(stage)
    return finality, report.time_ms, report.filled, at_once, report.status_text


def _essence(fill: FillReport) -> tuple[Side, Decimal, Decimal, Decimal, str]:
    return fill.side, fill.price, fill.quantity, fill.fee, fill.fee_asset


def _total(amounts: Iterable[Decimal]) -> Decimal:
    return reduce(_EXACT.add, amounts, _ZERO)
