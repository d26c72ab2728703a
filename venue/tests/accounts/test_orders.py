from decimal import Decimal

import pytest

from cryptovolt.domain.errors import OrderError
from cryptovolt_venue.orders import Acceptance, Fill, Order, OrderStore, OrderType, Side, Status


def make(order_id: int, client_id: str = "c", account: str = "a") -> Order:
    return Order(
        order_id=order_id,
        account=account,
        market="spot",
        symbol="BTCUSDT",
        side=Side.BUY,
        type=OrderType.LIMIT,
        quantity=Decimal(1),
        client_id=client_id,
        accepted=Acceptance(0, 0, 0),
    )


def fill(quantity: str) -> Fill:
    return Fill(
        1, 1, "BTCUSDT", Side.BUY, 5, Decimal(2), Decimal(quantity), 2 * Decimal(quantity),
        Decimal(0), "BTC", is_maker=True,
    )  # fmt: skip


@pytest.mark.parametrize("quantity", ["0", "-0.1", "0.7"])
def test_an_order_takes_no_more_than_was_ordered(quantity: str) -> None:
    order = make(1)
    order.take(fill("0.4"))
    with pytest.raises(OrderError, match=r"has 0\.6 left"):
        order.take(fill(quantity))
    assert (order.filled, order.status) == (Decimal("0.4"), Status.PARTIALLY_FILLED)


def test_an_order_ends_once() -> None:
    order = make(1)
    order.end(Status.CANCELED, 7)
    with pytest.raises(OrderError, match="is CANCELED and cannot become EXPIRED"):
        order.end(Status.EXPIRED, 8)
    with pytest.raises(OrderError, match="cannot become FILLED"):
        make(2).end(Status.FILLED, 8)


def test_client_ids_are_unique_among_open_orders_of_an_account() -> None:
    store, first = OrderStore(), make(1)
    store.add(first)
    with pytest.raises(OrderError, match="belongs to an open order"):
        store.add(make(2))
    store.add(make(3, account="b"))
    first.end(Status.CANCELED, 1)
    store.close(first)
    store.add(again := make(4))
    assert store.find("a", "BTCUSDT", None, "c") is again
    assert store.find("a", "BTCUSDT", 1, "c") is first
    assert store.find("a", "BTCUSDT", 1, "other") is None
    assert store.find("a", "ETHUSDT", 1, None) is None
    assert store.find("b", "BTCUSDT", 1, None) is None
    assert [order.order_id for order in store.open_of("a")] == [4]
