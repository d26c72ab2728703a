"""One bar's turn through an account, in the order in which things happen."""

from cryptovolt.domain.arrays import IntArray
from cryptovolt.trading.step.compiled import called, inlined
from cryptovolt.trading.step.exact import part_down, part_up
from cryptovolt.trading.step.exits import margin_call, profit_inside, stop_inside, trail
from cryptovolt.trading.step.layout import (
    ACTIVE,
    AIM,
    BAR,
    CASH,
    DAILY_LOSS,
    DAY,
    DAY_START,
    DRAWDOWN,
    DRAWDOWN_PAUSE,
    EQUITY,
    FLOOR,
    GREW,
    GREW_INSIDE,
    HALTED,
    HEADER,
    HELD,
    LOCKED,
    LOTS,
    MAINTENANCE,
    MARGINED,
    N_SYMBOL,
    NEVER,
    NO_MARGIN_CALL,
    NO_TARGET,
    OPEN_EQUITY,
    OPEN_EXPOSURE,
    P_BAR,
    P_INSIDE,
    P_LOTS,
    P_PAID,
    P_PRICE,
    P_RATE,
    P_SYMBOL,
    PAYMENT,
    R_DAILY,
    R_NONE,
    R_RUIN,
    R_TARGET,
    REASON,
    ROOM,
    RUINED,
    TOP,
    WATCH_HIGH,
    WATCH_LOW,
    WISH,
    Columns,
)
from cryptovolt.trading.step.levels import watch
from cryptovolt.trading.step.resting import (
    limits_inside,
    orders_after_bar,
    orders_at_open,
    stops_inside,
)
from cryptovolt.trading.step.targets import fill_at_open, hear, leave

VOLUME_SHARE = 10
"""A fill takes at most one part in this many of a bar's volume."""


@called
def bar_turn(
    t: int,
    day: int,
    bars: Columns,
    books: IntArray,
    payments: IntArray,
    orders: IntArray,
    fills: IntArray,
) -> None:
    """Let the account live through bar `t`."""
    n_symbols = (books.size - HEADER) // N_SYMBOL
    deaf = books[HALTED] | books[RUINED] != 0
    books[BAR] += 1
    if books[DAILY_LOSS] > 0 and day != books[DAY]:
        _new_day(day, books)
    if books[PAYMENT] < payments.shape[0]:
        _pay_funding(t, 0, bars, books, payments)
    _look(t, bars, books)
    for s in range(n_symbols):
        p = HEADER + s * N_SYMBOL
        if books[p + ACTIVE] != 0:
            hear(p, bars[0][t, s], deaf, books)
    # Sales first: what they free pays for what grows.
    for growing in (False, True):
        for s in range(n_symbols):
            if books[HEADER + s * N_SYMBOL + REASON] != R_NONE:
                fill_at_open(t, s, growing, bars, books, fills)
    if orders.shape[0] > 0:
        orders_at_open(t, bars, books, orders, fills)
    if books[PAYMENT] < payments.shape[0]:
        _pay_funding(t, 1, bars, books, payments)
    _inside(t, bars, books, orders, fills)
    _close_of_bar(t, bars, books)


@inlined
def _look(t: int, bars: Columns, books: IntArray) -> None:
    # Value everything at the open; see which symbols this bar can change.
    equity, exposure = books[CASH], 0
    for s in range((books.size - HEADER) // N_SYMBOL):
        p = HEADER + s * N_SYMBOL
        value = books[p + HELD] * bars[0][t, s]
        equity += value
        exposure += abs(value)
        volume = bars[4][t, s]
        books[p + ROOM] = volume // VOLUME_SHARE if volume >= 0 else -1
        books[p + ACTIVE] = (
            books[p + AIM] != NO_TARGET
            or bars[2][t, s] <= books[p + WATCH_LOW]
            or bars[1][t, s] >= books[p + WATCH_HIGH]
        )
    books[OPEN_EQUITY], books[OPEN_EXPOSURE] = equity, exposure


@inlined
def _inside(t: int, bars: Columns, books: IntArray, orders: IntArray, fills: IntArray) -> None:
    n_symbols = (books.size - HEADER) // N_SYMBOL
    if _is_margined(books):
        margin_call(t, bars, books, fills)
    if orders.shape[0] > 0:
        stops_inside(t, False, False, bars, books, orders, fills)
    for s in range(n_symbols):
        if books[HEADER + s * N_SYMBOL + ACTIVE] != 0:
            stop_inside(t, s, True, bars, books, fills)
    if orders.shape[0] > 0:
        _orders_inside(t, bars, books, orders, fills)
    for s in range(n_symbols):
        p = HEADER + s * N_SYMBOL
        if books[p + ACTIVE] != 0:
            if books[p + GREW] & GREW_INSIDE == 0:
                profit_inside(t, s, bars, books, fills)
            trail(t, s, bars, books)
    if orders.shape[0] > 0:
        orders_after_bar(t, bars, books, orders)


@called
def _orders_inside(
    t: int, bars: Columns, books: IntArray, orders: IntArray, fills: IntArray
) -> None:
    _value_at_open(t, bars, books)
    stops_inside(t, True, False, bars, books, orders, fills)
    limits_inside(t, True, bars, books, orders, fills)
    if _is_margined(books):
        margin_call(t, bars, books, fills)
    # What has just been opened can still be stopped out in this bar.
    stops_inside(t, False, True, bars, books, orders, fills)
    for s in range((books.size - HEADER) // N_SYMBOL):
        if books[HEADER + s * N_SYMBOL + GREW] & GREW_INSIDE != 0:
            stop_inside(t, s, False, bars, books, fills)
    limits_inside(t, False, bars, books, orders, fills)


@called
def _value_at_open(t: int, bars: Columns, books: IntArray) -> None:
    equity, exposure = books[CASH], 0
    for s in range((books.size - HEADER) // N_SYMBOL):
        value = books[HEADER + s * N_SYMBOL + HELD] * bars[0][t, s]
        equity += value
        exposure += abs(value)
    books[OPEN_EQUITY], books[OPEN_EXPOSURE] = equity, exposure


@inlined
def _is_margined(books: IntArray) -> bool:
    # An account that neither owes cash nor is short cannot lose more than it has.
    if books[MAINTENANCE] == NO_MARGIN_CALL:
        return False
    margined = books[CASH] < 0
    for s in range((books.size - HEADER) // N_SYMBOL):
        margined |= books[HEADER + s * N_SYMBOL + LOTS] < 0
    return margined


@called
def _pay_funding(t: int, inside: int, bars: Columns, books: IntArray, payments: IntArray) -> None:
    row = books[PAYMENT]
    while row < payments.shape[0] and payments[row, P_BAR] == t:
        if payments[row, P_INSIDE] != inside:
            break
        s, rate = payments[row, P_SYMBOL], payments[row, P_RATE]
        p = HEADER + s * N_SYMBOL
        price = bars[0][t, s]
        due = books[p + HELD] * price
        # A long pays a positive rate; what is paid is rounded up, what is received down.
        pays = (due > 0) == (rate > 0)
        amount = part_up(abs(due), abs(rate)) if pays else -part_down(abs(due), abs(rate))
        books[CASH] -= amount
        payments[row, P_LOTS], payments[row, P_PRICE] = books[p + LOTS], price
        payments[row, P_PAID] = amount
        row += 1
    books[PAYMENT] = row


@called
def _new_day(day: int, books: IntArray) -> None:
    start = books[EQUITY]
    books[DAY], books[DAY_START], books[HALTED] = day, start, 0
    if books[RUINED] == 0:
        _set_floor(books)


@called
def _set_floor(books: IntArray) -> None:
    # The equity below which a close has to be looked at: ruin, the day's loss, the drawdown.
    floor = 1
    if books[DAILY_LOSS] > 0 and books[HALTED] == 0:
        start = books[DAY_START]
        floor = max(floor, start - part_down(start, books[DAILY_LOSS]))
    if books[DRAWDOWN] > 0:
        floor = max(floor, _drawdown_floor(books))
    books[FLOOR] = floor


@inlined
def _drawdown_floor(books: IntArray) -> int:
    return books[TOP] - part_down(books[TOP], books[DRAWDOWN])


@inlined
def _close_of_bar(t: int, bars: Columns, books: IntArray) -> None:
    n_symbols = (books.size - HEADER) // N_SYMBOL
    equity = books[CASH]
    for s in range(n_symbols):
        equity += books[HEADER + s * N_SYMBOL + HELD] * bars[3][t, s]
    books[EQUITY] = equity
    margined = _is_margined(books)
    # A level depends on the cash too, when it is borrowed.
    stale = margined or books[MARGINED] != 0
    books[MARGINED] = margined
    if equity < books[FLOOR]:
        stale = True
        _too_low(equity, books)
    if books[DRAWDOWN] > 0 and equity > books[TOP] and books[RUINED] == 0:
        books[TOP] = equity
        _set_floor(books)
    for s in range(n_symbols):
        p = HEADER + s * N_SYMBOL
        if stale or books[p + ACTIVE] != 0:
            watch(p, n_symbols == 1, books)
            books[p + ACTIVE] = books[p + WISH] = books[p + GREW] = books[p + ROOM] = 0
    books[OPEN_EQUITY] = books[OPEN_EXPOSURE] = 0


@called
def _too_low(equity: int, books: IntArray) -> None:
    if equity <= 0:
        books[RUINED] = books[HALTED] = 1
        books[FLOOR] = -NEVER
        _leave_all(R_RUIN, books)
        return
    start = books[DAY_START]
    if books[DAILY_LOSS] > 0 and books[HALTED] == 0:
        if equity < start - part_down(start, books[DAILY_LOSS]):
            books[HALTED] = 1
            _leave_all(R_DAILY, books)
    if books[DRAWDOWN] > 0 and equity < _drawdown_floor(books):
        # The next drawdown counts from here.
        books[TOP] = equity
        books[LOCKED] = max(books[LOCKED], books[BAR] + books[DRAWDOWN_PAUSE])
    _set_floor(books)


@called
def _leave_all(reason: int, books: IntArray) -> None:
    for s in range((books.size - HEADER) // N_SYMBOL):
        p = HEADER + s * N_SYMBOL
        if books[p + LOTS] == 0:
            books[p + REASON] = R_NONE
        elif books[p + REASON] <= R_TARGET:
            leave(p, reason, books)
