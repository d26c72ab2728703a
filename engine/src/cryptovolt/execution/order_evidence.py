"""What a venue may say of orders: reports, which are its word on an order, and fills.

Money is `Decimal`. Times are integer milliseconds UTC by the venue's clock; ids may be larger than
2**53.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from cryptovolt.domain.errors import OrderError
from cryptovolt.domain.orders import Side

_ZERO = Decimal(0)


class OrderStage(StrEnum):
    """How far an order has come, by the venue's word."""

    PENDING = "PENDING"
    """The venue has not told its status: only fills of it were heard."""
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    UNKNOWN = "UNKNOWN"
    """The venue told a status that is not known here; the order may still fill."""
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    CANCELED = "CANCELED"
    FILLED = "FILLED"

    @property
    def is_final(self) -> bool:
        """Whether the venue has ended the order."""
        return self in _FINAL


_FINAL = frozenset(
    {OrderStage.REJECTED, OrderStage.EXPIRED, OrderStage.CANCELED, OrderStage.FILLED}
)
_WORDS: Mapping[str, OrderStage] = MappingProxyType(
    {
        "NEW": OrderStage.NEW,
        "PENDING_NEW": OrderStage.NEW,
        "NEW_INSURANCE": OrderStage.NEW,
        "NEW_ADL": OrderStage.NEW,
        "PARTIALLY_FILLED": OrderStage.PARTIALLY_FILLED,
        "FILLED": OrderStage.FILLED,
        "CANCELED": OrderStage.CANCELED,
        "REJECTED": OrderStage.REJECTED,
        "EXPIRED": OrderStage.EXPIRED,
        "EXPIRED_IN_MATCH": OrderStage.EXPIRED,
    }
)


def stage_of(status_text: str) -> OrderStage:
    """Return the stage that a venue's word means.

    Parameters
    ----------
    status_text : str
        The status as the venue spells it, for example ``"EXPIRED_IN_MATCH"``.

    Returns
    -------
    OrderStage
        UNKNOWN for a word that is not known here.
    """
    return _WORDS.get(status_text, OrderStage.UNKNOWN)


class OrderKey(NamedTuple):
    """Which order: `source` names venue and market; ids count per symbol at some venues."""

    source: str
    symbol: str
    order_id: int


class FillKey(NamedTuple):
    """Which execution: symbols share trade ids, and both sides of one trade may be ours."""

    source: str
    symbol: str
    trade_id: int
    order_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReport:
    """The venue's word on an order at one moment.

    Parameters
    ----------
    key : OrderKey
        Which order.
    time_ms : int
        When it was so, by the venue.
    status_text : str
        As the venue spells it.
    filled : Decimal
        Base currency, ≥ 0: everything filled until then.
    quantity : Decimal
        Base currency, ≥ 0; 0 where the venue does not say.
    side : Side
        BUY or SELL.
    kind, time_in_force, client_id : str
        As the venue spells them; empty where it does not say.
    price, stop_price : Decimal
        Quote currency; 0 where there is none.
    reduce_only : bool or None
        None where the market knows no such thing.
    """

    key: OrderKey
    time_ms: int
    status_text: str
    filled: Decimal
    quantity: Decimal
    side: Side
    kind: str = ""
    time_in_force: str = ""
    client_id: str = ""
    price: Decimal = _ZERO
    stop_price: Decimal = _ZERO
    reduce_only: bool | None = None

    def __post_init__(self) -> None:
        for name in ("filled", "quantity", "price", "stop_price"):
            _check_amount(name, getattr(self, name))

    @property
    def stage(self) -> OrderStage:
        """What its status means."""
        return stage_of(self.status_text)


@dataclass(frozen=True, slots=True, kw_only=True)
class FillReport:
    """One execution, as the venue tells it.

    Parameters
    ----------
    key : FillKey
        Which execution.
    time_ms : int
        When it happened, by the venue.
    side : Side
        BUY or SELL.
    price : Decimal
        Quote currency.
    quantity : Decimal
        Base currency, positive.
    quote : Decimal
        Quote currency that changed hands.
    fee : Decimal
        In units of `fee_asset`; negative where the venue pays.
    fee_asset : str
        Empty where the fill was free.
    is_maker : bool
        Whether the order rested in the book.
    realized : Decimal or None
        Profit on a position, quote currency; None on a market without positions.
    """

    key: FillKey
    time_ms: int
    side: Side
    price: Decimal
    quantity: Decimal
    quote: Decimal
    fee: Decimal
    fee_asset: str
    is_maker: bool
    realized: Decimal | None = None

    def __post_init__(self) -> None:
        for name in ("price", "quantity", "quote"):
            _check_amount(name, getattr(self, name))
        if not self.quantity > 0 or not self.fee.is_finite():
            raise OrderError(
                f"trade {self.key.trade_id} of {self.key.symbol}: expected a positive quantity and "
                f"a finite fee, found {self.quantity} and {self.fee}"
            )

    @property
    def order(self) -> OrderKey:
        """The order it belongs to."""
        return OrderKey(self.key.source, self.key.symbol, self.key.order_id)


Evidence: TypeAlias = OrderReport | FillReport


def _check_amount(name: str, amount: Decimal) -> None:
    if not amount.is_finite() or amount < 0:
        raise OrderError(f"expected a finite {name} of at least 0, found {amount}")
