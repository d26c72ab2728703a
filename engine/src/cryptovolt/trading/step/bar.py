"""One bar's turn through an account, in the order in which things happen."""

from cryptovolt.trading.step.chain import after, put_behind
from cryptovolt.trading.step.compiled import called, inlined
from cryptovolt.trading.step.exact import bar_of, larger, part_down, part_up, record
from cryptovolt.trading.step.exits import (
    margin_call,
    profit_at_open,
    profit_inside,
    stop_inside,
    trail,
)
from cryptovolt.trading.step.layout import (
    ACTIVE,
    AIM,
    BAR,
    CASH,
    CELL,
    CLOSE,
    DAILY_LOSS,
    DAY,
    DAY_START,
    DRAWDOWN,
    DRAWDOWN_PAUSE,
    EQUITY,
    FIRST,
    FLOOR,
    GREW,
    GREW_BY_LIMIT,
    GREW_INSIDE,
    HALTED,
    HELD,
    HIGH,
    LOCKED,
    LOTS,
    LOW,
    MAINTENANCE,
    MARGINED,
    N_FILLS,
    N_PAYMENT,
    N_SYMBOLS,
    NEVER,
    NO_MARGIN_CALL,
    NO_TARGET,
    OPEN,
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
    PAYMENTS_END,
    R_DAILY,
    R_NONE,
    R_RUIN,
    R_TARGET,
    REASON,
    ROOM,
    ROW,
    RUINED,
    SHORTS,
    TAKE_PROFIT,
    TOP,
    WATCH_HIGH,
    WATCH_LOW,
    WISH,
    Numbers,
)
from cryptovolt.trading.step.levels import watch
from cryptovolt.trading.step.targets import fill_at_open, hear, leave


@called
def bar_turn(
    t: int,
    cell: int,
    day: int,
    bars: Numbers,
    books: Numbers,
    payments: Numbers,
    fills: Numbers,
) -> None:
    """Let the account live through bar `t`; its prices begin at `cell` of every column."""
    begin_bar(t, cell, day, bars, books, payments, fills)
    pay_funding(1, bars, books, payments)
    if is_margined(books):
        margin_call(bars, books, fills)
    stops_of_bar(False, bars, books, fills)
    end_bar(bars, books, fills)


@called
def begin_bar(
    t: int,
    cell: int,
    day: int,
    bars: Numbers,
    books: Numbers,
    payments: Numbers,
    fills: Numbers,
) -> None:
    """Pay what is due, hear the targets, and trade at the open."""
    n_symbols = books[N_SYMBOLS]
    books[ROW], books[CELL] = t, cell
    deaf = books[HALTED] | books[RUINED] != 0
    books[BAR] += 1
    if books[DAILY_LOSS] > 0 and day != books[DAY]:
        _new_day(day, books)
    pay_funding(0, bars, books, payments)
    _look(bars, books)
    s = books[FIRST]
    while s < n_symbols:
        hear(record(s, books), bar_of(s, bars, books)[OPEN], deaf, books)
        s = after(s, books)
    _leave_at_open(bars, books, fills)
    # Sales first: what they free pays for what grows.
    for growing in range(2):
        s = books[FIRST]
        while s < n_symbols:
            if record(s, books)[REASON] != R_NONE:
                fill_at_open(s, growing != 0, bars, books, fills)
            s = after(s, books)


@inlined
def stops_of_bar(grown: bool, bars: Numbers, books: Numbers, fills: Numbers) -> None:
    """Close what the bar stops out: all positions, or only those that grew inside it."""
    s = books[FIRST]
    while s < books[N_SYMBOLS]:
        grew = record(s, books)[GREW]
        if not grown or grew & GREW_INSIDE != 0:
            # A limit that the open has passed was filled before it, so the open counts.
            from_open = not grown or grew & GREW_BY_LIMIT != 0
            stop_inside(s, from_open, bars, books, fills)
        s = after(s, books)


@inlined
def end_bar(bars: Numbers, books: Numbers, fills: Numbers) -> None:
    """Take profits, move trailing stops, and look at the equity of the close."""
    s = books[FIRST]
    while s < books[N_SYMBOLS]:
        # Where the position grew inside the bar, its extremes may have come before that.
        if record(s, books)[GREW] & GREW_INSIDE == 0:
            profit_inside(s, bars, books, fills)
            trail(s, bars, books)
        s = after(s, books)
    _close_of_bar(bars, books)


@inlined
def _look(bars: Numbers, books: Numbers) -> None:
    # Value everything at the open; see which symbols this bar can change.
    equity, exposure = books[CASH], 0
    books[FIRST], link = NEVER, FIRST
    for s in range(books[N_SYMBOLS]):
        one, bar = record(s, books), bar_of(s, bars, books)
        value = one[HELD] * bar[OPEN]
        equity += value
        exposure += abs(value)
        if one[AIM] != NO_TARGET or bar[LOW] <= one[WATCH_LOW] or bar[HIGH] >= one[WATCH_HIGH]:
            link = put_behind(link, s, bars, books)
    books[OPEN_EQUITY], books[OPEN_EXPOSURE] = equity, exposure


@inlined
def _leave_at_open(bars: Numbers, books: Numbers, fills: Numbers) -> None:
    # What the venue closes before any order of this open can reach it.
    before = books[N_FILLS]
    least = part_up(books[OPEN_EXPOSURE], books[MAINTENANCE])
    if is_margined(books) and books[OPEN_EQUITY] < least:
        margin_call(bars, books, fills)
    if books[TAKE_PROFIT] > 0:
        s = books[FIRST]
        while s < books[N_SYMBOLS]:
            profit_at_open(s, bars, books, fills)
            s = after(s, books)
    if books[N_FILLS] != before:
        value_at_open(bars, books)


@called
def value_at_open(bars: Numbers, books: Numbers) -> None:
    """Set what the account is worth, and how much it holds, at the open prices."""
    equity, exposure = books[CASH], 0
    for s in range(books[N_SYMBOLS]):
        value = record(s, books)[HELD] * bar_of(s, bars, books)[OPEN]
        equity += value
        exposure += abs(value)
    books[OPEN_EQUITY], books[OPEN_EXPOSURE] = equity, exposure


@inlined
def is_margined(books: Numbers) -> bool:
    """Return whether the account could be liquidated."""
    # An account that neither owes cash nor is short cannot lose more than it has.
    if books[MAINTENANCE] == NO_MARGIN_CALL:
        return False
    return books[CASH] < 0 or books[SHORTS] > 0


@called
def pay_funding(inside: int, bars: Numbers, books: Numbers, payments: Numbers) -> None:
    """Work off the payments that are due in this bar, at its open or inside it."""
    row = books[PAYMENT]
    while row < books[PAYMENTS_END] and payments[row + P_BAR] == books[ROW]:
        if payments[row + P_INSIDE] != inside:
            break
        s, rate = payments[row + P_SYMBOL], payments[row + P_RATE]
        one = record(s, books)
        price = bar_of(s, bars, books)[OPEN]
        due = one[HELD] * price
        # A long pays a positive rate; what is paid is rounded up, what is received down.
        pays = (due > 0) == (rate > 0)
        amount = part_up(abs(due), abs(rate)) if pays else -part_down(abs(due), abs(rate))
        books[CASH] -= amount
        payments[row + P_LOTS], payments[row + P_PRICE] = one[LOTS], price
        payments[row + P_PAID] = amount
        row += N_PAYMENT
    books[PAYMENT] = row


@called
def _new_day(day: int, books: Numbers) -> None:
    start = books[EQUITY]
    books[DAY], books[DAY_START], books[HALTED] = day, start, 0
    if books[RUINED] == 0:
        _set_floor(books)


@called
def _set_floor(books: Numbers) -> None:
    # The equity below which a close has to be looked at: ruin, the day's loss, the drawdown.
    floor = 1
    if books[DAILY_LOSS] > 0 and books[HALTED] == 0:
        start = books[DAY_START]
        floor = larger(floor, start - part_down(start, books[DAILY_LOSS]))
    if books[DRAWDOWN] > 0:
        floor = larger(floor, _drawdown_floor(books))
    books[FLOOR] = floor


@inlined
def _drawdown_floor(books: Numbers) -> int:
    return books[TOP] - part_down(books[TOP], books[DRAWDOWN])


@inlined
def _close_of_bar(bars: Numbers, books: Numbers) -> None:
    n_symbols = books[N_SYMBOLS]
    equity = books[CASH]
    for s in range(n_symbols):
        equity += record(s, books)[HELD] * bar_of(s, bars, books)[CLOSE]
    books[EQUITY] = equity
    margined = is_margined(books)
    # A level depends on the cash too, when it is borrowed.
    stale = margined or books[MARGINED] != 0
    books[MARGINED] = margined
    if equity < books[FLOOR]:
        stale = True
        _too_low(equity, books)
    if books[DRAWDOWN] > 0 and equity > books[TOP] and books[RUINED] == 0:
        books[TOP] = equity
        _set_floor(books)
    s = 0 if stale else books[FIRST]
    while s < n_symbols:
        one = record(s, books)
        watch(one, n_symbols == 1, books)
        one[ACTIVE] = one[WISH] = one[GREW] = one[ROOM] = 0
        s = s + 1 if stale else after(s, books)
    books[OPEN_EQUITY] = books[OPEN_EXPOSURE] = 0


@called
def _too_low(equity: int, books: Numbers) -> None:
    if equity <= 0:
        books[RUINED] = books[HALTED] = 1
        books[FLOOR] = -NEVER
        _leave_all(R_RUIN, books)
        return
    start = books[DAY_START]
    lost = equity < start - part_down(start, books[DAILY_LOSS])
    if lost and books[DAILY_LOSS] > 0 and books[HALTED] == 0:
        books[HALTED] = 1
        _leave_all(R_DAILY, books)
    if books[DRAWDOWN] > 0 and equity < _drawdown_floor(books):
        # The next drawdown counts from here.
        books[TOP] = equity
        books[LOCKED] = larger(books[LOCKED], books[BAR] + books[DRAWDOWN_PAUSE])
    _set_floor(books)


@called
def _leave_all(reason: int, books: Numbers) -> None:
    for s in range(books[N_SYMBOLS]):
        one = record(s, books)
        if one[LOTS] == 0:
            one[REASON] = R_NONE
        elif one[REASON] <= R_TARGET:
            leave(one, reason)
