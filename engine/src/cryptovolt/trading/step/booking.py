"""A fill enters the books."""

import numpy as np

from cryptovolt.trading.step.chain import join
from cryptovolt.trading.step.compiled import beyond, called
from cryptovolt.trading.step.exact import bar_of, larger, part_up, record, sign, smaller, whole
from cryptovolt.trading.step.layout import (
    BASIS,
    CASH,
    F_BAR,
    F_FEE,
    F_LOTS,
    F_NOTIONAL,
    F_ORDER,
    F_PNL,
    F_PRICE,
    F_REASON,
    F_SYMBOL,
    FEE_SYMBOL,
    GOAL,
    GREW,
    GREW_AT_OPEN,
    HELD,
    HIGH,
    IMPACT,
    IN_BASE,
    LOTS,
    LOW,
    N_FILL,
    N_FILLS,
    OPEN,
    OWED,
    PEAK,
    PROTECTED,
    R_FEE,
    R_NONE,
    R_TARGET,
    REASON,
    ROOM,
    ROW,
    SHORTS,
    SLIPPAGE,
    UNIT,
    VOLATILITY,
    VOLUME,
    Numbers,
)
from cryptovolt.trading.step.levels import set_levels
from cryptovolt.trading.step.protection import count_trade


@called
def worse(price: int, delta: int, s: int, bars: Numbers, books: Numbers) -> int:
    """Return the price after slippage of a taker who trades `delta` lots."""
    off = part_up(price, books[SLIPPAGE])
    if books[IMPACT] | books[VOLATILITY] != 0:
        # Square-root impact of the whole order, and a share of the bar's range.
        bar = bar_of(s, bars, books)
        share = smaller(1.0, abs(delta) / larger(1, bar[VOLUME]))
        off += part_up(price, whole(np.ceil(books[IMPACT] * np.sqrt(share))))
        off += part_up(bar[HIGH] - bar[LOW], books[VOLATILITY])
        off = smaller(off, price)
    return price + off if delta > 0 else larger(1, price - off)


@called
def _enter(
    s: int,
    after: int,
    price: int,
    rate: int,
    reason: int,
    order: int,
    books: Numbers,
    fills: Numbers,
) -> int:
    one = record(s, books)
    lots, basis, unit = one[LOTS], one[BASIS], one[UNIT]
    delta = after - lots
    notional = abs(delta) * price * unit
    fee = part_up(notional, rate)
    side, size = sign(lots), abs(lots)
    closed = smaller(size, larger(0, size - after * side))
    part = basis
    if 0 < closed < size:
        part = basis // size * closed + whole(float(basis % size) * float(closed) / float(size))
    elif closed == 0:
        part = 0
    opened = abs(delta) - closed
    pnl = side * (closed * price * unit - part)
    if closed == size:
        one[PEAK] = price
    if opened > 0:
        one[GREW] |= GREW_AT_OPEN
    one[BASIS] = basis - part + opened * price * unit
    one[LOTS], one[HELD] = after, after * unit
    books[SHORTS] += (after < 0) - (lots < 0)
    books[CASH] -= sign(delta) * notional + fee
    row = beyond(fills, books[N_FILLS] * N_FILL)
    books[N_FILLS] += 1
    row[F_BAR], row[F_SYMBOL] = books[ROW], s
    row[F_LOTS], row[F_PRICE] = delta, price
    row[F_NOTIONAL], row[F_FEE] = notional, fee
    row[F_REASON], row[F_PNL], row[F_ORDER] = reason, pnl, order
    if books[PROTECTED] != 0:
        result, value = pnl - fee, opened * price * unit
        count_trade(one, size > 0 and closed == size, result, value, reason, books)
    return fee


@called
def fill(
    s: int,
    after: int,
    price: int,
    rate: int,
    reason: int,
    order: int,
    bars: Numbers,
    books: Numbers,
    fills: Numbers,
) -> int:
    """Move the position of a symbol to `after` lots at this price; return the fee."""
    one = record(s, books)
    delta = after - one[LOTS]
    fee = _enter(s, after, price, rate, reason, order, books, fills)
    one[ROOM] = larger(0, one[ROOM] - abs(delta))
    if after == one[GOAL]:
        one[REASON] = R_NONE
    if books[FEE_SYMBOL] == IN_BASE and delta > 0:
        _pay_in_kind(s, price, fee, bars, books, fills)
    elif books[FEE_SYMBOL] >= 0:
        payer = books[FEE_SYMBOL]
        _pay_in_kind(payer, bar_of(payer, bars, books)[OPEN], fee, bars, books, fills)
        set_levels(record(payer, books), books)
    set_levels(one, books)
    return fee


@called
def _pay_in_kind(
    s: int, price: int, fee: int, bars: Numbers, books: Numbers, fills: Numbers
) -> None:
    # The fee has left the cash; as soon as it is worth a lot, the lot is taken and the cash given
    # back. What the holding does not cover stays paid in cash.
    one = record(s, books)
    one[OWED] += fee
    lots = smaller(one[OWED] // (price * one[UNIT]), larger(0, one[LOTS]))
    if lots <= 0:
        return
    one[OWED] -= lots * price * one[UNIT]
    if books[FEE_SYMBOL] == IN_BASE and one[REASON] == R_TARGET:
        one[GOAL] -= lots
    join(s, bars, books)
    _enter(s, one[LOTS] - lots, price, 0, R_FEE, 0, books, fills)
