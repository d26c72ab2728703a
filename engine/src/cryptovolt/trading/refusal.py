"""Entries that are refused from outside: the data may not be traded on, whatever a strategy says.

A live feed that is silent, has a gap or whose clock is wrong must not lead into a new position, but
must not keep anybody in one either: what makes a position smaller always passes.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.orders import Order, Side
from cryptovolt.domain.signal import Action, Signal
from cryptovolt.trading.account import Account
from cryptovolt.trading.voices import Answer


def refuse_entries(
    account: Account, answer: Answer, prices: Mapping[str, float], reason: str
) -> Answer:
    """Take back from the account what would open or enlarge a position, and say why.

    Parameters
    ----------
    account : Account
        That has just been told what the strategy wants.
    answer : Answer
        What the strategy said.
    prices : mapping of str to float
        Closes that were decided at.
    reason : str
        One clause; it becomes a veto of every signal that is changed.

    Returns
    -------
    Answer
        With HOLD, the reason and the target that is left in every signal that was changed.
    """
    if answer.sent:
        return _without_orders(account, answer, reason)
    signals = dict(answer.signals)
    wanted = np.array([_number(signals[symbol].target) for symbol in account.symbols])
    allowed = wanted.copy()
    for column, symbol in enumerate(account.symbols):
        share = _share(account, symbol, prices[symbol])
        allowed[column] = _allowed(float(wanted[column]), share)
        if allowed[column] == wanted[column] or wanted[column] != wanted[column]:
            continue
        signals[symbol] = _vetoed(signals[symbol], reason, float(allowed[column]))
    account.decide(allowed)
    return answer._replace(signals=signals, asked=_asks(allowed))


def _without_orders(account: Account, answer: Answer, reason: str) -> Answer:
    signals = dict(answer.signals)
    open_orders = {state.order_id: state for state in account.open_orders}
    kept: list[int] = []
    for order_id in answer.sent:
        state = open_orders.get(order_id)
        if state is None or _reduces(account, state.order):
            kept.append(order_id)
            continue
        account.cancel(order_id)
        symbol = state.order.symbol
        if reason not in signals[symbol].vetoes:
            signals[symbol] = _vetoed(signals[symbol], reason, None)
    return answer._replace(signals=signals, sent=tuple(kept), asked=bool(kept))


def _reduces(account: Account, order: Order) -> bool:
    if order.reduce_only:
        return True
    held = account.positions[order.symbol].quantity
    against = held > 0 if order.side is Side.SELL else held < 0
    return against and Decimal(repr(order.quantity)) <= abs(held)


def _allowed(wanted: float, share: float) -> float:
    # NaN keeps what is held. Written so that a NaN that was wanted stays one.
    if wanted * share < 0.0:
        return 0.0
    return np.nan if abs(wanted) > abs(share) else wanted


def _share(account: Account, symbol: str, price: float) -> float:
    equity = float(account.equity)
    value = float(account.positions[symbol].quantity) * price
    return value / equity if equity > 0.0 else 0.0


def _vetoed(signal: Signal, reason: str, target: float | None) -> Signal:
    left = None if target is None or np.isnan(target) else target
    return replace(signal, action=Action.HOLD, vetoes=(*signal.vetoes, reason), target=left)


def _number(target: float | None) -> float:
    return np.nan if target is None else target


def _asks(allowed: FloatArray) -> bool:
    return not bool(np.isnan(allowed).all())
