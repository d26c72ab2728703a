"""A fill enters the books."""

import numpy as np

from cryptovolt.trading.step.chain import join
from cryptovolt.trading.step.compiled import called
from cryptovolt.trading.step.exact import cell_of, larger, part_up, sign, smaller, whole
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
    HEADER,
    HELD,
    HIGH,
    IMPACT,
    IN_BASE,
    LOTS,
    LOW,
    N_FILL,
    N_FILLS,
    N_SYMBOL,
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
        cell = cell_of(s, books)
        share = smaller(1.0, abs(delta) / larger(1, bars[cell + VOLUME]))
        off += part_up(price, whole(np.ceil(books[IMPACT] * np.sqrt(share))))
        off += part_up(bars[cell + HIGH] - bars[cell + LOW], books[VOLATILITY])
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
    p = HEADER + s * N_SYMBOL
    lots, basis, unit = books[p + LOTS], books[p + BASIS], books[p + UNIT]
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
        books[p + PEAK] = price
    if opened > 0:
        books[p + GREW] |= GREW_AT_OPEN
    books[p + BASIS] = basis - part + opened * price * unit
    books[p + LOTS], books[p + HELD] = after, after * unit
    books[SHORTS] += (after < 0) - (lots < 0)
    books[CASH] -= sign(delta) * notional + fee
    row = books[N_FILLS] * N_FILL
    books[N_FILLS] += 1
    fills[row + F_BAR], fills[row + F_SYMBOL] = books[ROW], s
    fills[row + F_LOTS], fills[row + F_PRICE] = delta, price
    fills[row + F_NOTIONAL], fills[row + F_FEE] = notional, fee
    fills[row + F_REASON], fills[row + F_PNL], fills[row + F_ORDER] = reason, pnl, order
    if books[PROTECTED] != 0:
        result, value = pnl - fee, opened * price * unit
        count_trade(p, size > 0 and closed == size, result, value, reason, books)
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
    p = HEADER + s * N_SYMBOL
    delta = after - books[p + LOTS]
    fee = _enter(s, after, price, rate, reason, order, books, fills)
    books[p + ROOM] = larger(0, books[p + ROOM] - abs(delta))
    if after == books[p + GOAL]:
        books[p + REASON] = R_NONE
    if books[FEE_SYMBOL] == IN_BASE and delta > 0:
        _pay_in_kind(s, price, fee, bars, books, fills)
    elif books[FEE_SYMBOL] >= 0:
        payer = books[FEE_SYMBOL]
        _pay_in_kind(payer, bars[cell_of(payer, books) + OPEN], fee, bars, books, fills)
        set_levels(HEADER + payer * N_SYMBOL, books)
    set_levels(p, books)
    return fee


@called
def _pay_in_kind(
    s: int, price: int, fee: int, bars: Numbers, books: Numbers, fills: Numbers
) -> None:
    # The fee has left the cash; as soon as it is worth a lot, the lot is taken and the cash given
    # back. What the holding does not cover stays paid in cash.
    p = HEADER + s * N_SYMBOL
    books[p + OWED] += fee
    lots = smaller(books[p + OWED] // (price * books[p + UNIT]), larger(0, books[p + LOTS]))
    if lots <= 0:
        return
    books[p + OWED] -= lots * price * books[p + UNIT]
    if books[FEE_SYMBOL] == IN_BASE and books[p + REASON] == R_TARGET:
        books[p + GOAL] -= lots
    join(s, bars, books)
    _enter(s, books[p + LOTS] - lots, price, 0, R_FEE, 0, books, fills)
