"""What a user stream and REST say of an account is read exactly, or refused message by message.

The messages are those of the venue's documentation.
"""

import copy
from decimal import Decimal
from typing import Any

import pytest

from app.adapters.account_frames import (
    amount,
    read_event,
    read_fill,
    read_order,
    read_spot_balances,
    whole,
)
from app.repositories.orders import evidence_json, read_evidence
from cryptovolt.domain.errors import DataError
from cryptovolt.execution.order_evidence import FillReport, OrderReport, OrderStage

SPOT: dict[str, Any] = {
    "e": "executionReport", "E": 1499405658658, "s": "ETHBTC", "c": "cancel-1", "S": "BUY",
    "o": "LIMIT", "f": "GTC", "q": "1.00000000", "p": "0.10264410", "P": "0.00000000",
    "C": "mUvoqJxFIILMdfAW5iGSOW", "x": "TRADE", "X": "PARTIALLY_FILLED", "r": "NONE",
    "i": 8389765489680951453, "l": "0.40000000", "z": "0.40000000", "L": "0.10264410",
    "n": "0.00000001", "N": "BNB", "T": 1499405658657, "t": 8389765489680951454, "m": True,
    "Y": "0.04105764",
}  # fmt: skip
USDM: dict[str, Any] = {
    "e": "ORDER_TRADE_UPDATE", "E": 1568879465651, "T": 1568879465650,
    "o": {"s": "BTCUSDT", "c": "TEST", "S": "SELL", "o": "TRAILING_STOP_MARKET", "f": "GTC",
          "q": "0.001", "p": "0", "ap": "0", "sp": "7103.04", "x": "NEW", "X": "NEW",
          "i": 8886774, "l": "0", "z": "0", "L": "0", "T": 1568879465650, "t": 0, "m": False,
          "R": False, "rp": "0"},
}  # fmt: skip


def read(event: dict[str, Any]) -> tuple[Any, ...]:
    news = read_event("binance", event)
    assert news is not None
    return news.evidence


def test_a_spot_execution_is_a_fill_and_a_report() -> None:
    fill, report = read(SPOT)
    assert isinstance(fill, FillReport)
    assert isinstance(report, OrderReport)
    assert fill.key == ("binance", "ETHBTC", 8389765489680951454, 8389765489680951453)
    assert (fill.quote, fill.fee, fill.fee_asset) == (
        Decimal("0.04105764"), Decimal("0.00000001"), "BNB"
    )  # fmt: skip
    assert report.client_id == "mUvoqJxFIILMdfAW5iGSOW"
    assert (report.stage, report.filled) == (OrderStage.PARTIALLY_FILLED, Decimal("0.4"))


def test_a_new_usdm_order_is_a_report_alone() -> None:
    (report,) = read(USDM)
    assert (report.stage, report.stop_price, report.reduce_only) == (
        OrderStage.NEW, Decimal("7103.04"), False
    )  # fmt: skip


@pytest.mark.parametrize("event", [SPOT, USDM])
def test_evidence_read_back_from_json_is_the_same(event: dict[str, Any]) -> None:
    for evidence in read(event):
        kind = "fill" if isinstance(evidence, FillReport) else "report"
        assert read_evidence(kind, evidence_json(evidence)) == evidence


REFUSED = [
    # field, value that cannot be
    ("q", 1.0),
    ("q", "NaN"),
    ("q", "-1"),
    ("L", "Infinity"),
    ("i", 8.389765489680951e18),
    ("i", 2**63),
    ("t", -1),
    ("S", "HOLD"),
    ("s", "A" * 21),
    ("X", "NEW\x00"),
    ("c", None),
    ("T", "soon"),
]


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_a_message_with_what_cannot_be_is_refused(name: str, value: object) -> None:
    event = copy.deepcopy(SPOT) | {"C": "", name: value}
    with pytest.raises(DataError, match="cannot be read"):
        read_event("binance", event)


@pytest.mark.parametrize("name", ["q", "X", "i", "l"])
def test_a_message_without_a_field_is_refused(name: str) -> None:
    event = {key: value for key, value in SPOT.items() if key != name}
    with pytest.raises(DataError, match=f"KeyError '{name}'"):
        read_event("binance", event)


EVENTS: list[tuple[dict[str, Any], tuple[bool, str | None] | None]] = [
    # event, what it makes the follower do: read on, ask REST, connect again, or count it
    ({"e": "listStatus"}, (False, None)),
    ({"e": "balanceUpdate", "a": "BTC", "d": "100.00000000"}, (True, None)),
    ({"e": "eventStreamTerminated"}, (False, "the venue ended the subscription")),
    ({"e": "listenKeyExpired"}, (False, "the listen key expired")),
    ({"e": "NEW_KIND_OF_EVENT"}, None),
    ({}, None),
]


@pytest.mark.parametrize(("event", "expected"), EVENTS)
def test_events_that_are_no_orders(event: dict[str, Any], expected: object) -> None:
    news = read_event("binance", event)
    assert (None if news is None else (news.ask, news.ended)) == expected


def test_balances_sum_free_and_locked_exactly() -> None:
    event = {"e": "outboundAccountPosition", "u": 1564034571073,
             "B": [{"a": "ETH", "f": "10000.00000001", "l": "0.00000002"}]}  # fmt: skip
    news = read_event("binance", event)
    assert news is not None
    (balance,) = news.balances
    assert (balance.total, balance.locked) == (Decimal("10000.00000003"), Decimal("2e-8"))
    with pytest.raises(DataError, match="updateTime"):
        read_spot_balances({"balances": []})


def test_rest_rows_with_what_cannot_be_are_refused() -> None:
    with pytest.raises(DataError, match="KeyError"):
        read_order("binance", {"symbol": "ETHBTC"})
    with pytest.raises(DataError, match="KeyError"):
        read_fill("binance", {"symbol": "ETHBTC", "isBuyer": True})


@pytest.mark.parametrize("value", [True, None, 1.5, "x", [1]])
def test_ids_and_amounts_are_never_guessed(value: object) -> None:
    with pytest.raises((TypeError, ValueError), match=r"expected|invalid"):
        whole(value)
    with pytest.raises((TypeError, ValueError), match="expected"):
        amount(value)
