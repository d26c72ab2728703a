"""Binance's words on an account's orders, fills and balances, of both markets, read exactly.

Amounts must be decimal texts: a number that was a float already is refused. What cannot be read is
an error of that one message.
"""

from collections.abc import Callable, Mapping
from decimal import Context, Decimal, InvalidOperation
from typing import Any, TypeVar, cast

from app.core.account_frames import AccountNews, BalanceReport
from cryptovolt.domain.errors import DataError, OrderError
from cryptovolt.domain.orders import Side
from cryptovolt.execution.order_evidence import (
    Evidence,
    FillKey,
    FillReport,
    OrderKey,
    OrderReport,
)

Row = Mapping[str, Any]
T = TypeVar("T")

_EXACT = Context(prec=200)
_LARGEST_ID = 2**63 - 1
_ENDINGS = {
    "eventStreamTerminated": "the venue ended the subscription",
    "listenKeyExpired": "the listen key expired",
    "serverShutdown": "the venue said it is about to shut down",
}
_ASK = frozenset({"balanceUpdate", "externalLockUpdate", "MARGIN_CALL"})
_NOTHING = frozenset(
    {"listStatus", "ALGO_UPDATE", "CONDITIONAL_ORDER_TRIGGER_REJECT", "ACCOUNT_CONFIG_UPDATE",
     "STRATEGY_UPDATE", "GRID_UPDATE", "TRADE_LITE"}
)  # fmt: skip
"""Known, and said again by an order's own event or by a balance."""


def read_event(source: str, event: Row) -> AccountNews | None:
    """Return what an event of a user stream says, None where it is none that is known here.

    Raises
    ------
    DataError
        If it says to be a known event and cannot be read as one.
    """
    name = event.get("e")
    if name in _ENDINGS:
        return AccountNews(ended=_ENDINGS[cast("str", name)])
    if name in _ASK:
        return AccountNews(ask=True)
    if name in _NOTHING:
        return AccountNews()
    reader = _READERS.get(name) if isinstance(name, str) else None
    return None if reader is None else _guarded(str(name), reader, source, event)


def read_order(source: str, row: Row) -> OrderReport:
    """Return an order as REST tells it."""
    return _guarded("order", _order, source, row)


def read_fill(source: str, row: Row) -> FillReport:
    """Return an execution as REST tells it."""
    return _guarded("trade", _fill, source, row)


def read_spot_balances(answer: Row) -> list[BalanceReport]:
    """Return the balances of a spot account as REST tells them."""

    def read(source: str, content: Row) -> list[BalanceReport]:
        del source
        at = _time(content["updateTime"])
        return [_spot_balance(row, ("asset", "free", "locked"), at) for row in content["balances"]]

    return _guarded("account", read, "", answer)


def read_wallets(rows: list[Row]) -> list[BalanceReport]:
    """Return the wallets of a USD-M account as REST tells them."""

    def read(source: str, row: Row) -> BalanceReport:
        del source
        at = _time(row["updateTime"])
        return BalanceReport(_word(row["asset"]), amount(row["balance"], signed=True), None, at)

    return [_guarded("balance", read, "", row) for row in rows]


def _guarded(name: str, reader: Callable[[str, Row], T], source: str, row: Row) -> T:
    try:
        return reader(source, row)
    except (KeyError, TypeError, ValueError, OrderError) as error:
        raise DataError(f"an {name} cannot be read: {type(error).__name__} {error}") from error


def _execution_report(source: str, event: Row) -> AccountNews:
    # A cancellation has a client id of its own and names that of the order beside it.
    return AccountNews(_told(source, event, event.get("C") or event["c"], event.get("P")))


def _order_trade_update(source: str, event: Row) -> AccountNews:
    order = event["o"]
    return AccountNews(_told(source, order, order["c"], order.get("sp")))


def _told(source: str, told: Row, client_id: str, stop_price: Any) -> tuple[Evidence, ...]:
    key = OrderKey(source, _word(told["s"]), whole(told["i"]))
    side, at = Side(told["S"]), _time(told["T"])
    report = OrderReport(
        key=key,
        time_ms=at,
        status_text=_word(told["X"], 100),
        filled=amount(told["z"]),
        quantity=amount(told["q"]),
        side=side,
        kind=_word(told["o"], 40),
        time_in_force=_word(told["f"]),
        client_id=_word(client_id, 64),
        price=amount(told["p"]),
        stop_price=amount(stop_price or "0"),
        reduce_only=_flag(told.get("R")),
    )
    last = amount(told["l"])
    if not last > 0:
        return (report,)
    price = amount(told["L"])
    fill = FillReport(
        key=FillKey(source, key.symbol, whole(told["t"]), key.order_id),
        time_ms=at,
        side=side,
        price=price,
        quantity=last,
        quote=amount(told["Y"]) if "Y" in told else _EXACT.multiply(price, last),
        fee=amount(told.get("n") or "0", signed=True),
        fee_asset=_word(told.get("N") or ""),
        is_maker=told["m"] is True,
        realized=amount(told["rp"], signed=True) if "rp" in told else None,
    )
    # The fill first: what the report says to be filled is then no gap.
    return (fill, report)


def _order(source: str, row: Row) -> OrderReport:
    return OrderReport(
        key=OrderKey(source, _word(row["symbol"]), whole(row["orderId"])),
        time_ms=_time(row["updateTime"]),
        status_text=_word(row["status"], 100),
        filled=amount(row["executedQty"]),
        quantity=amount(row["origQty"]),
        side=Side(row["side"]),
        kind=_word(row["type"], 40),
        time_in_force=_word(row["timeInForce"]),
        client_id=_word(row["clientOrderId"], 64),
        price=amount(row["price"]),
        stop_price=amount(row.get("stopPrice") or "0"),
        reduce_only=_flag(row.get("reduceOnly")),
    )


def _fill(source: str, row: Row) -> FillReport:
    buyer = row["isBuyer"] if "isBuyer" in row else row["buyer"]
    price, quantity = amount(row["price"]), amount(row["qty"])
    margin = "realizedPnl" in row
    return FillReport(
        key=FillKey(source, _word(row["symbol"]), whole(row["id"]), whole(row["orderId"])),
        time_ms=_time(row["time"]),
        side=Side.BUY if buyer is True else Side.SELL,
        price=price,
        quantity=quantity,
        quote=_EXACT.multiply(price, quantity) if margin else amount(row["quoteQty"]),
        fee=amount(row["commission"], signed=True),
        fee_asset=_word(row["commissionAsset"]),
        is_maker=(row["isMaker"] if "isMaker" in row else row["maker"]) is True,
        realized=amount(row["realizedPnl"], signed=True) if margin else None,
    )


def _account_position(source: str, event: Row) -> AccountNews:
    del source
    at = _time(event["u"])
    return AccountNews(
        balances=tuple(_spot_balance(row, ("a", "f", "l"), at) for row in event["B"])
    )


def _account_update(source: str, event: Row) -> AccountNews:
    del source
    at = _time(event["T"])
    return AccountNews(
        balances=tuple(
            BalanceReport(_word(row["a"]), amount(row["wb"], signed=True), None, at)
            for row in event["a"]["B"]
        )
    )


def _spot_balance(row: Row, names: tuple[str, str, str], time_ms: int) -> BalanceReport:
    asset, free, locked = names
    held = amount(row[locked])
    total = _EXACT.add(amount(row[free], signed=True), held)
    return BalanceReport(_word(row[asset]), total, held, time_ms)


def amount(value: object, *, signed: bool = False) -> Decimal:
    """Return the exact number of a decimal text.

    Raises
    ------
    ValueError
        If it is no text, no number, not finite, or negative where that cannot be.
    """
    if not isinstance(value, str):
        raise TypeError(f"expected a decimal text, found {value!r}")
    try:
        found = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"expected a decimal text, found {value!r}") from None
    if not found.is_finite() or (found < 0 and not signed):
        raise ValueError(f"expected a finite amount, found {value!r}")
    return found


def whole(value: object) -> int:
    """Return an id, exactly.

    Raises
    ------
    ValueError
        If it is not an integer of 63 bits; a float cannot hold every id.
    """
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise TypeError(f"expected an id, found {value!r}")
    number = int(value)
    if not 0 <= number <= _LARGEST_ID:
        raise ValueError(f"expected an id of 63 bits, found {number}")
    return number


def _word(value: object, longest: int = 20) -> str:
    if not isinstance(value, str) or len(value) > longest or not value.isprintable():
        raise ValueError(f"expected a text of at most {longest} characters, found {value!r}")
    return value


def _time(value: object) -> int:
    return whole(value)


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


_READERS: dict[str, Callable[[str, Row], AccountNews]] = {
    "executionReport": _execution_report,
    "ORDER_TRADE_UPDATE": _order_trade_update,
    "outboundAccountPosition": _account_position,
    "ACCOUNT_UPDATE": _account_update,
}
