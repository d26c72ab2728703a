"""Strategies that send orders and find later bars where they should not look."""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.orders import Order, OrderKind, Side
from cryptovolt.trading.account import Account


def behind(array: Any, times: Any, steps: int) -> float:
    """Return the value some bars after the last, from the memory the slice was cut from."""
    memory = array if array.base is None else array.base
    clock: Any = times if times.base is None else times.base
    row = int(np.searchsorted(clock, int(times[-1])))
    return float(memory[min(row + steps, len(memory) - 1)])


def market(history: Bars, side: Side, quantity: float = 0.1) -> list[Order]:
    return [Order(symbol=history.symbol, side=side, quantity=quantity)]


def held(history: Bars, account: Account) -> float:
    return float(account.positions[history.symbol].quantity)


class Tomorrow:
    """Computes a later close and trades on it."""

    warmup = 5

    def orders(self, history: Bars, account: Account) -> Sequence[Order]:
        have = held(history, account)
        later = behind(history.close, history.timestamp, 3)
        rises = later > float(history.close[-1]) * 1.001
        if rises and have == 0.0:
            return market(history, Side.BUY)
        if not rises and have > 0.0:
            return market(history, Side.SELL, have)
        return []


class InTheBranch:
    """Looks only while it decides where to go."""

    warmup = 5

    def orders(self, history: Bars, account: Account) -> Sequence[Order]:
        have = held(history, account)
        if history.close[-1] * 1.001 < behind(history.close, history.timestamp, 1):
            return market(history, Side.BUY) if have == 0.0 else []
        return market(history, Side.SELL, have) if have > 0.0 else []


class InThePrice:
    """Bids at a low that has yet to come."""

    warmup = 5

    def orders(self, history: Bars, account: Account) -> Sequence[Order]:
        if held(history, account) or account.open_orders:
            return []
        out: dict[str, Any] = {"symbol": history.symbol, "side": Side.BUY, "quantity": 0.1}
        low = 0.5
        return [
            Order(
                **out,
                kind=OrderKind.LIMIT,
                limit_price=behind(history.low, history.timestamp, 2) + low,
            )
        ]


class Remembered:
    """Learns the future at one bar and acts on it at a later one."""

    warmup = 5

    def __init__(self) -> None:
        self.plan = 0.0
        self.count = 0

    def orders(self, history: Bars, account: Account) -> Sequence[Order]:
        self.count += 1
        if self.count % 24 == 1:
            self.plan = behind(history.close, history.timestamp, 30)
        have = held(history, account)
        if self.count % 24 == 12 and have == 0.0 and self.plan > history.close[-1]:
            return market(history, Side.BUY)
        if self.count % 24 == 0 and have > 0.0:
            return market(history, Side.SELL, have)
        return []


class LaterNews:
    """Reads news before they were seen."""

    warmup = 5
    sentiment = None

    def orders(self, history: Bars, account: Account) -> Sequence[Order]:
        assert self.sentiment is not None
        scores: Any = self.sentiment.score
        memory = scores if scores.base is None else scores.base
        newest = memory[min(len(scores) + 1, len(memory) - 1)]
        have = held(history, account)
        if newest > 0.0 and have == 0.0:
            return market(history, Side.BUY)
        return market(history, Side.SELL, have) if newest <= 0.0 and have > 0.0 else []


class Dice:
    """Is another one each time."""

    warmup = 5

    def orders(self, history: Bars, account: Account) -> Sequence[Order]:
        if account.open_orders or random.random() > 0.1:
            return []
        return market(history, Side.BUY, 0.001)
