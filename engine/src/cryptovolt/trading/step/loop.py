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
from cryptovolt.trading.step.compiled import entry_point, inlined
from cryptovolt.trading.step.layout import (
    AIM,
    BAR,
    BEYOND_LEVERAGE,
    CASH,
    DAILY_LOSS,
    DAY,
    DRAWDOWN,
    EQUITY,
    FLOOR,
    HEADER,
    HELD,
    LEVERAGE,
    LOTS,
    MAINTENANCE,
    MARGINED,
    MAX_LOTS,
    N_FILLS,
    N_SYMBOL,
    NEVER,
    NO_TARGET,
    OK,
    OUTGROWN,
    P_BAR,
    PAYMENT,
    SCALE,
    STATUS,
    TOP,
    UNIT,
    UNREADABLE,
    WATCH_HIGH,
    WATCH_LOW,
    Columns,
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
    and step, shape (n_symbols, 2); `ticks` is room for the converted bar, shape (5, 1, n_symbols).
    """
    n_symbols = values.shape[0]
    for s in range(n_symbols):
        for k in range(4):
            price = values[s, k] / sizes[s, 0]
            if not 0.5 <= price < LARGEST:
                return -UNREADABLE
            ticks[k, 0, s] = int(np.rint(price))
        volume = values[s, 4]
        if not volume >= 0.0:
            return -UNREADABLE
        ticks[4, 0, s] = int(np.rint(min(volume / sizes[s, 1], LARGEST))) if volume > 0.0 else -1
        # Live prices have no known maximum, so the bound moves with the market.
        p = HEADER + s * N_SYMBOL
        books[p + MAX_LOTS] = BOUND // n_symbols // books[p + UNIT] // max(1, ticks[1, 0, s])
        if abs(books[p + LOTS]) > books[p + MAX_LOTS]:
            return -OUTGROWN
    books[N_FILLS] = books[PAYMENT] = 0
    bars = (ticks[0], ticks[1], ticks[2], ticks[3], ticks[4])
    bar_turn(0, time // DAY_MS, bars, books, payments, orders, fills)
    return books[N_FILLS] if books[STATUS] == OK else -books[STATUS]


@entry_point
def run(
    start: int,
    delay: int,
    time: IntArray,
    bars: Columns,
    target: FloatArray,
    books: IntArray,
    payments: IntArray,
    orders: IntArray,
    fills: IntArray,
    equity: IntArray,
) -> int:
    """Live through all bars from `start`; return the bar at which it stopped.

    A target is heard `1 + delay` bars after its own. It stops early where `fills` might be too
    short for the next bar, or the status is not OK; what is done so far is kept in the books, and
    it can be called again from there.
    """
    n_bars, n_symbols = target.shape
    ago = 1 + delay
    t = start
    midnight = t if books[DAILY_LOSS] > 0 else n_bars
    while t < n_bars:
        # The first bars hear nothing, so that there is always a target to look at below.
        if t >= ago:
            until = midnight
            if books[PAYMENT] < payments.shape[0]:
                until = min(until, payments[books[PAYMENT], P_BAR])
            if n_symbols == 1:
                t = _pass_one(t, until, ago, bars, target, books, equity)
            else:
                t = _pass_many(t, until, ago, bars, target, books, equity)
            if t == n_bars:
                break
        if books[N_FILLS] + FILLS_PER_SYMBOL * n_symbols > fills.shape[0]:
            return t
        for s in range(n_symbols):
            aim = target[t - ago, s] if t >= ago else np.nan
            heard = NO_TARGET
            if aim == aim:
                if not abs(aim) * SCALE <= books[LEVERAGE] + 0.5:
                    books[STATUS] = BEYOND_LEVERAGE
                    return t
                heard = int(np.rint(aim * SCALE))
            books[HEADER + s * N_SYMBOL + AIM] = heard
        books[BAR] = t - 1
        bar_turn(t, time[t] // DAY_MS, bars, books, payments, orders, fills)
        if books[STATUS] != OK:
            return t
        equity[t] = books[EQUITY]
        if t >= midnight:
            midnight = t + np.searchsorted(time[t:], (books[DAY] + 1) * DAY_MS)
        t += 1
    books[BAR] = n_bars - 1
    return n_bars


@inlined
def _pass_one(
    t: int,
    until: int,
    ago: int,
    bars: Columns,
    target: FloatArray,
    books: IntArray,
    equity: IntArray,
) -> int:
    # Go on while nothing but the equity of a single symbol changes.
    _, high, low, close, _ = bars
    p = HEADER
    cash, held, floor, top = books[CASH], books[p + HELD], books[FLOOR], books[TOP]
    below, above = books[p + WATCH_LOW], books[p + WATCH_HIGH]
    drawdown = books[DRAWDOWN]
    ceiling = top if drawdown > 0 else NEVER
    value = books[EQUITY]
    while t < until:
        aim = target[t - ago, 0]
        if aim == aim or low[t, 0] <= below or high[t, 0] >= above:
            break
        now = cash + held * close[t, 0]
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
    bars: Columns,
    target: FloatArray,
    books: IntArray,
    equity: IntArray,
) -> int:
    _, high, low, close, _ = bars
    n_symbols = target.shape[1]
    ceiling = books[TOP] if books[DRAWDOWN] > 0 else NEVER
    margined, maintenance = books[MARGINED] != 0, books[MAINTENANCE] / SCALE * 1.0001
    while t < until:
        value = worst = books[CASH]
        exposure = 0
        look = False
        for s in range(n_symbols):
            p = HEADER + s * N_SYMBOL
            aim, held = target[t - ago, s], books[p + HELD]
            look |= (
                aim == aim
                or low[t, s] <= books[p + WATCH_LOW]
                or high[t, s] >= books[p + WATCH_HIGH]
            )
            value += held * close[t, s]
            if margined:
                extreme = held * (low[t, s] if held > 0 else high[t, s])
                worst += extreme
                exposure += abs(extreme)
        if look or value < books[FLOOR] or value > ceiling or worst < maintenance * exposure:
            break
        books[EQUITY] = equity[t] = value
        t += 1
    return t
