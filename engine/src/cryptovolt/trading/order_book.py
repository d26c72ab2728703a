"""The orders of a strategy as rows of the compiled step."""

import math
from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from hashlib import sha256

import numpy as np

from cryptovolt.domain.arrays import IntArray
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.orders import (
    Order,
    OrderKind,
    OrderState,
    OrderStatus,
    Side,
    TimeInForce,
)
from cryptovolt.execution.grid import Grid
from cryptovolt.trading.step import layout as at

_KINDS = list(OrderKind)
_FORCES = list(TimeInForce)
_STATES = {
    at.O_NEW: OrderStatus.NEW,
    at.O_RESTING: OrderStatus.WORKING,
    at.O_FRESH: OrderStatus.TRIGGERED,
    at.O_TRIGGERED: OrderStatus.TRIGGERED,
    at.O_DONE: OrderStatus.FILLED,
    at.O_CANCELLED: OrderStatus.CANCELLED,
    at.O_EXPIRED: OrderStatus.EXPIRED,
    at.O_TOO_SMALL: OrderStatus.TOO_SMALL,
    at.O_NO_MARGIN: OrderStatus.NO_MARGIN,
    at.O_LOCKED: OrderStatus.LOCKED,
    at.O_NOTHING_LEFT: OrderStatus.NOTHING_TO_REDUCE,
}


class OrderBook:
    """Orders that work, in the order in which they were given."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._given = 0
        self.rows: IntArray = np.zeros((0, at.N_ORDER), np.int64)
        self.ended: list[OrderState] = []

    def add(self, orders: Iterable[Order], last: IntArray) -> list[int]:
        """Take orders in; `last` are the last closes in ticks, where trailing stops begin."""
        rows: list[list[int]] = []
        for order in orders:
            if order.symbol not in self._grid.symbols:
                raise ConfigurationError(
                    f"expected orders in {', '.join(self._grid.symbols)}, found {order.symbol}"
                )
            rows.append(self._row(order, self._given + len(rows) + 1, last))
        self._given += len(rows)
        if rows:
            self.rows = np.concatenate([self.rows, np.array(rows, np.int64)])
        return [row[at.O_ID] for row in rows]

    def cancel(self, order_id: int) -> None:
        """End an order that still works.

        Raises
        ------
        ConfigurationError
            If no such order works.
        """
        found = self.rows[:, at.O_ID] == order_id
        if not found.any():
            raise ConfigurationError(f"expected an open order to cancel, found none of {order_id}")
        self.rows[found, at.O_STATE] = at.O_CANCELLED
        self.sweep()

    def sweep(self) -> None:
        """Move orders that are over to `ended`."""
        over = self.rows[:, at.O_STATE] >= at.O_DONE
        if over.any():
            self.ended += [self._state(row) for row in self.rows[over].tolist()]
            self.rows = np.ascontiguousarray(self.rows[~over])

    @property
    def open(self) -> list[OrderState]:
        """Orders that can still trade."""
        return [self._state(row) for row in self.rows.tolist()]

    def state(self) -> list[int]:
        """Return everything a restart needs."""
        return [self._given, *self.rows.reshape(-1).tolist()]

    def restore(self, state: list[int]) -> None:
        """Go on from a state that was returned before."""
        self._given = state[0]
        self.rows = np.array(state[1:], np.int64).reshape(-1, at.N_ORDER)

    def _row(self, order: Order, order_id: int, last: IntArray) -> list[int]:
        s = self._grid.symbols.index(order.symbol)
        buy = order.side is Side.BUY
        size = int(Decimal(repr(float(order.quantity))) / self._grid.steps[s])
        if size >= at.NEVER:
            raise ConfigurationError(
                f"expected a quantity of {order.symbol} below 2^62 steps of {self._grid.steps[s]}, "
                f"found {order.quantity:g}"
            )
        row = [0] * at.N_ORDER
        row[at.O_ID], row[at.O_SYMBOL] = order_id, s
        row[at.O_KIND] = _KINDS.index(order.kind)
        row[at.O_LOTS] = size if buy else -size
        row[at.O_LIMIT] = self._ticks(s, order.limit_price, ROUND_FLOOR if buy else ROUND_CEILING)
        row[at.O_STOP] = self._ticks(s, order.stop_price, ROUND_HALF_EVEN)
        row[at.O_TRAIL] = round((order.trail or 0.0) * at.SCALE)
        row[at.O_BEST] = int(last[s])
        row[at.O_BARS] = -1 if order.good_for is None else order.good_for
        if order.group is not None:
            row[at.O_GROUP] = _number_of(order.group)
        row[at.O_REDUCE] = order.reduce_only or order.kind is OrderKind.TAKE_PROFIT
        row[at.O_FORCE] = _FORCES.index(order.time_in_force)
        row[at.O_STATE] = at.O_NEW if size else at.O_TOO_SMALL
        return row

    def _ticks(self, s: int, price: float | None, rounding: str) -> int:
        if price is None:
            return 0
        exact = Decimal(repr(float(price))) / self._grid.ticks[s]
        ticks = int(exact.to_integral_value(rounding))
        if not 1 <= ticks < at.NEVER:
            raise ConfigurationError(
                f"expected a price of {self._grid.symbols[s]} of at least one tick "
                f"({self._grid.ticks[s]}) and below 2^62 of them, found {price}"
            )
        return ticks

    def _state(self, row: list[int]) -> OrderState:
        s, kind = row[at.O_SYMBOL], _KINDS[row[at.O_KIND]]
        tick, lot = self._grid.ticks[s], self._grid.steps[s]
        whole = abs(row[at.O_LOTS] + row[at.O_FILLED])
        group = row[at.O_GROUP]
        order = Order(
            symbol=self._grid.symbols[s],
            side=Side.BUY if row[at.O_LOTS] + row[at.O_FILLED] > 0 else Side.SELL,
            quantity=float(whole * lot) if whole else math.ulp(0.0),
            kind=kind,
            limit_price=float(row[at.O_LIMIT] * tick) if row[at.O_LIMIT] else None,
            stop_price=float(row[at.O_STOP] * tick) if row[at.O_STOP] else None,
            trail=row[at.O_TRAIL] / at.SCALE if row[at.O_TRAIL] else None,
            reduce_only=bool(row[at.O_REDUCE]),
            time_in_force=_FORCES[row[at.O_FORCE]],
            good_for=row[at.O_BARS] if row[at.O_BARS] > 0 else None,
            group=str(group) if group else None,
        )
        return OrderState(
            order_id=row[at.O_ID],
            order=order,
            status=_STATES[row[at.O_STATE]],
            filled=abs(row[at.O_FILLED]) * lot,
        )


def _number_of(group: str) -> int:
    # The same after a restart, and never 0.
    return 1 + int.from_bytes(sha256(group.encode()).digest()[:7], "big")
