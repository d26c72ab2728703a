"""The two ways into the step: over all bars, and over one.

Both end in the same :func:`bar_turn`, which `run` skips only where nothing but the equity would
change.
"""

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.execution.grid import BOUND
from cryptovolt.execution.quantise import LARGEST
from cryptovolt.trading.step.bar import bar_turn
from cryptovolt.trading.step.bar_with_orders import bar_turn_with_orders
from cryptovolt.trading.step.compiled import (
    entry_point,
    float_pointer,
    inlined,
    pointer,
)
from cryptovolt.trading.step.exact import larger, nearest, record, smaller
from cryptovolt.trading.step.layout import (
    AIM,
    BAR,
    BEYOND_LEVERAGE,
    CASH,
    CLOSE,
    DAILY_LOSS,
    DAY,
    DRAWDOWN,
    EQUITY,
    FLOOR,
    HEADER,
    HELD,
    HIGH,
    LEVERAGE,
    LOTS,
    LOW,
    MAINTENANCE,
    MARGINED,
    MAX_LOTS,
    N_FILLS,
    N_SYMBOL,
    N_SYMBOLS,
    NEVER,
    OK,
    ORDERS_END,
    OUTGROWN,
    P_BAR,
    PAYMENT,
    PAYMENTS_END,
    SCALE,
    STATUS,
    TOP,
    UNIT,
    UNREADABLE,
    VOLUME,
    WATCH_HIGH,
    WATCH_LOW,
    WIDTH,
    Floats,
    Numbers,
)

FILLS_PER_SYMBOL = 8
"""No bar brings more fills of a symbol, those of a strategy's orders aside."""


@entry_point
def step(
    time: int,
    values: FloatArray,
    sizes: FloatArray,
    ticks: IntArray,
    books: IntArray,
    payments: IntArray,
    orders: IntArray,
    fills: IntArray,
) -> int:
    """Let the account live through one bar; return the number of its fills, or minus its status.

    `values` are open, high, low, close, volume of each symbol, shape (n_symbols, 5); `sizes` tick
    and step, shape (n_symbols, 2); `ticks` is room for the converted bar, shape (n_symbols, 5).
    """
    n_symbols = values.shape[0]
    for s in range(n_symbols):
        for k in range(4):
            price = values[s, k] / sizes[s, 0]
            if not 0.5 <= price < LARGEST:
                return -UNREADABLE
            ticks[s, k] = nearest(price)
        volume = values[s, 4]
        if not volume >= 0.0:
            return -UNREADABLE
        lots = volume / sizes[s, 1]
        ticks[s, VOLUME] = nearest(smaller(lots, LARGEST)) if volume > 0.0 else -1
        # Live prices have no known maximum, so the bound moves with the market.
        p = HEADER + s * N_SYMBOL
        books[p + MAX_LOTS] = BOUND // n_symbols // books[p + UNIT] // larger(1, ticks[s, HIGH])
        if abs(books[p + LOTS]) > books[p + MAX_LOTS]:
            return -OUTGROWN
    numbers = pointer(books)
    _hand_in(numbers, n_symbols, payments.size, orders.size)
    books[N_FILLS] = books[PAYMENT] = 0
    bars = pointer(ticks)
    due, filled, day = pointer(payments), pointer(fills), time // DAY_MS
    if orders.size == 0:
        bar_turn(0, 0, day, bars, numbers, due, filled)
    else:
        bar_turn_with_orders(0, 0, day, bars, numbers, due, pointer(orders), filled)
    return books[N_FILLS] if books[STATUS] == OK else -books[STATUS]


@inlined
def _hand_in(books: Numbers, n_symbols: int, payments: int, orders: int) -> None:
    books[N_SYMBOLS], books[PAYMENTS_END], books[ORDERS_END] = n_symbols, payments, orders


@entry_point
def run(
    start: int,
    delay: int,
    time: IntArray,
    bars: IntArray,
    target: FloatArray,
    books: IntArray,
    payments: IntArray,
    fills: IntArray,
    equity: IntArray,
) -> int:
    """Live through all bars from `start`; return the bar at which it stopped.

    A target is heard `1 + delay` bars after its own. It stops early where `fills` might be too
    short for the next bar, or the status is not OK; what is done so far is kept in the books, and
    it can be called again from there.
    """
    n_bars, n_symbols = target.shape
    numbers, due = pointer(books), pointer(payments)
    filled, wanted, values = pointer(fills), float_pointer(target), pointer(equity)
    cells = pointer(bars)
    _hand_in(numbers, n_symbols, payments.size, 0)
    most_fills = fills.shape[0] - FILLS_PER_SYMBOL * n_symbols
    t = start
    midnight = t if books[DAILY_LOSS] > 0 else n_bars
    while t < n_bars:
        if t > delay:
            t = _pass(t, midnight, 1 + delay, cells, wanted, numbers, due, values)
            if t == n_bars:
                break
        if numbers[N_FILLS] > most_fills:
            return t
        if not _hear_all(t - 1 - delay, wanted, numbers):
            return t
        numbers[BAR] = t - 1
        # Only the daily loss asks for the day; without it the times are never read.
        day = time[t] // DAY_MS if t >= midnight else numbers[DAY]
        bar_turn(t, t * n_symbols * WIDTH, day, cells, numbers, due, filled)
        if numbers[STATUS] != OK:
            return t
        values[t] = numbers[EQUITY]
        if t >= midnight:
            midnight = _first_from((numbers[DAY] + 1) * DAY_MS, time, t, n_bars)
        t += 1
    numbers[BAR] = n_bars - 1
    return n_bars


@inlined
def _first_from(moment: int, time: IntArray, low: int, high: int) -> int:
    while low < high:
        middle = (low + high) // 2
        if time[middle] < moment:
            low = middle + 1
        else:
            high = middle
    return low


@inlined
def _hear_all(row: int, target: Floats, books: Numbers) -> bool:
    n_symbols = books[N_SYMBOLS]
    for s in range(n_symbols):
        aim = target[row * n_symbols + s] if row >= 0 else np.nan
        if aim == aim:
            if not abs(aim) * SCALE <= books[LEVERAGE] + 0.5:
                books[STATUS] = BEYOND_LEVERAGE
                return False
            record(s, books)[AIM] = nearest(aim * SCALE)
    return True


@inlined
def _pass(
    t: int,
    midnight: int,
    ago: int,
    bars: Numbers,
    target: Floats,
    books: Numbers,
    payments: Numbers,
    equity: Numbers,
) -> int:
    # Go on to the next bar in which something may happen.
    until = midnight
    if books[PAYMENT] < books[PAYMENTS_END]:
        until = smaller(until, payments[books[PAYMENT] + P_BAR])
    if books[N_SYMBOLS] == 1:
        return _pass_one(t, until, ago, bars, target, books, equity)
    return _pass_many(t, until, ago, bars, target, books, equity)


@inlined
def _pass_one(
    t: int,
    until: int,
    ago: int,
    bars: Numbers,
    target: Floats,
    books: Numbers,
    equity: Numbers,
) -> int:
    # Go on while nothing but the equity of a single symbol changes.
    one = record(0, books)
    cash, held, floor = books[CASH], one[HELD], books[FLOOR]
    below, above = one[WATCH_LOW], one[WATCH_HIGH]
    ceiling = books[TOP] if books[DRAWDOWN] > 0 else NEVER
    value = books[EQUITY]
    while t < until:
        aim, cell = target[t - ago], t * WIDTH
        if aim == aim or bars[cell + LOW] <= below or bars[cell + HIGH] >= above:
            break
        now = cash + held * bars[cell + CLOSE]
        if now < floor or now > ceiling:
            break
        equity[t] = value = now
        t += 1
    books[EQUITY] = value
    return t


@inlined
def _pass_many(
    t: int,
    until: int,
    ago: int,
    bars: Numbers,
    target: Floats,
    books: Numbers,
    equity: Numbers,
) -> int:
    n_symbols = books[N_SYMBOLS]
    ceiling = books[TOP] if books[DRAWDOWN] > 0 else NEVER
    margined, maintenance = books[MARGINED] != 0, books[MAINTENANCE] / SCALE * 1.0001
    while t < until:
        value = worst = books[CASH]
        exposure = 0
        look = False
        cell, row = t * n_symbols * WIDTH, (t - ago) * n_symbols
        for s in range(n_symbols):
            one = record(s, books)
            aim, held = target[row + s], one[HELD]
            look |= (
                aim == aim
                or bars[cell + LOW] <= one[WATCH_LOW]
                or bars[cell + HIGH] >= one[WATCH_HIGH]
            )
            value += held * bars[cell + CLOSE]
            if margined:
                extreme = held * bars[cell + LOW if held > 0 else cell + HIGH]
                worst += extreme
                exposure += abs(extreme)
            cell += WIDTH
        if look or value < books[FLOOR] or value > ceiling or worst < maintenance * exposure:
            break
        books[EQUITY] = equity[t] = value
        t += 1
    return t
