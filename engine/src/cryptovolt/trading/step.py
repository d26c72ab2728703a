"""One bar's turn through an account, compiled.

Backtest loops over :func:`run`; paper trading calls :func:`step` once per bar. Both end in the same
`_bar`, which `run` skips only where nothing but the equity would change. All numbers are int64:
prices in ticks, quantities in lots, money in quote units, fractions in 1 / `SCALE`. The rules are
in ``docs/reference/fills.md``.

A cached function keeps calling the version of another one that it was compiled with: therefore
everything that is compiled for the step is in this file.
"""

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, cast

import numba
import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.timeframe import DAY_MS

SCALE = 100_000_000
NEVER = 2**62
NO_TARGET = -NEVER

CASH, EQUITY, DAY, DAY_START, FLOOR, HALTED, RUINED, N_FILLS, STATUS = range(9)
_OPEN_EQUITY, _OPEN_EXPOSURE = 9, 10  # scratch, 0 between bars
N_ACCOUNT = 11

LOTS, BASIS, GOAL, REASON, PEAK, BLOCKED, WATCH_LOW, WATCH_HIGH, AIM = range(9)
_WISH, _ROOM = 9, 10  # scratch, 0 between bars
N_POSITION = 11

UNIT, MIN_NOTIONAL, MAX_LOTS = range(3)
FEE, SLIPPAGE, LEVERAGE, STOP_LOSS, TAKE_PROFIT, TRAILING, DAILY_LOSS, BAND, MAX_EQUITY = range(9)

F_BAR, F_SYMBOL, F_LOTS, F_PRICE, F_NOTIONAL, F_FEE, F_REASON, F_PNL = range(8)
N_FILL = 8

R_NONE, R_TARGET, R_STOP, R_PROFIT, R_TRAILING, R_DAILY, R_RUIN = range(7)
OK, OUTGROWN = range(2)

Columns: TypeAlias = tuple[IntArray, IntArray, IntArray, IntArray, IntArray]
"""Open, high, low, close in ticks and room in lots, each of shape (n_bars, n_symbols)."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _compiled(function: _Function) -> _Function:
    return cast("_Function", numba.njit(cache=True)(function))


@_compiled
def _part_up(amount: int, fraction: int) -> int:
    # Split so that amount × fraction cannot wrap; rounded up, amount ≥ 0.
    return amount // SCALE * fraction + (amount % SCALE * fraction + SCALE - 1) // SCALE


@_compiled
def _part_down(amount: int, fraction: int) -> int:
    return amount // SCALE * fraction + amount % SCALE * fraction // SCALE


@_compiled
def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


@_compiled
def _reduces(lots: int, after: int) -> bool:
    return after == 0 or (_sign(after) == _sign(lots) and abs(after) < abs(lots))


@_compiled
def _slipped(price: int, delta: int, slippage: int) -> int:
    worse = _part_up(price, slippage)
    return price + worse if delta > 0 else max(1, price - worse)


@_compiled
def _entry(s: int, positions: IntArray, grid: IntArray) -> int:
    return positions[s, BASIS] // (abs(positions[s, LOTS]) * grid[s, UNIT])


@_compiled
def _stop_level(s: int, positions: IntArray, grid: IntArray, settings: IntArray) -> tuple[int, int]:
    # The nearer of stop loss and trailing stop, and which of them it is.
    side, entry = _sign(positions[s, LOTS]), _entry(s, positions, grid)
    level, reason = -NEVER * side, R_NONE
    if settings[STOP_LOSS] > 0:
        level, reason = entry - side * _part_up(entry, settings[STOP_LOSS]), R_STOP
    if settings[TRAILING] > 0:
        peak = positions[s, PEAK]
        trailing = peak - side * _part_up(peak, settings[TRAILING])
        if (trailing - level) * side > 0 or reason == R_NONE:
            level, reason = trailing, R_TRAILING
    return level, reason


@_compiled
def _profit_level(s: int, positions: IntArray, grid: IntArray, settings: IntArray) -> int:
    entry = _entry(s, positions, grid)
    return entry + _sign(positions[s, LOTS]) * _part_up(entry, settings[TAKE_PROFIT])


@_compiled
def _watch(s: int, positions: IntArray, grid: IntArray, settings: IntArray) -> None:
    # The lows and highs at which `run` has to look more closely.
    low, high = 0, NEVER
    side = _sign(positions[s, LOTS])
    if side != 0:
        stop, _ = _stop_level(s, positions, grid, settings)
        profit = side * NEVER
        if settings[TAKE_PROFIT] > 0:
            profit = _profit_level(s, positions, grid, settings) + side
        if settings[TRAILING] > 0 and side * profit > side * (positions[s, PEAK] + side):
            profit = positions[s, PEAK] + side
        low, high = (max(0, stop), profit) if side > 0 else (max(0, profit), stop)
    positions[s, WATCH_LOW] = low
    positions[s, WATCH_HIGH] = high


@_compiled
def _book(s: int, after: int, price: int, positions: IntArray, grid: IntArray) -> int:
    # Move the position and its entry value; return what the closed part realised.
    lots, basis = positions[s, LOTS], positions[s, BASIS]
    unit, side, size = grid[s, UNIT], _sign(lots), abs(lots)
    closed = min(size, max(0, size - after * side))
    part = basis
    if 0 < closed < size:
        part = basis // size * closed + int(float(basis % size) * float(closed) / float(size))
    elif closed == 0:
        part = 0
    opened = abs(after - lots) - closed
    if closed == size:
        positions[s, PEAK] = price
    positions[s, BASIS] = basis - part + opened * price * unit
    positions[s, LOTS] = after
    return side * (closed * price * unit - part)


@_compiled
def _fill(
    t: int,
    s: int,
    after: int,
    price: int,
    reason: int,
    account: IntArray,
    positions: IntArray,
    grid: IntArray,
    settings: IntArray,
    fills: IntArray,
) -> int:
    delta = after - positions[s, LOTS]
    notional = abs(delta) * price * grid[s, UNIT]
    fee = _part_up(notional, settings[FEE])
    row = fills[account[N_FILLS]]
    account[N_FILLS] += 1
    row[F_BAR], row[F_SYMBOL], row[F_LOTS], row[F_PRICE] = t, s, delta, price
    row[F_NOTIONAL], row[F_FEE], row[F_REASON] = notional, fee, reason
    row[F_PNL] = _book(s, after, price, positions, grid)
    account[CASH] -= _sign(delta) * notional + fee
    positions[s, _ROOM] -= abs(delta)
    if after == positions[s, GOAL]:
        positions[s, REASON] = R_NONE
    _watch(s, positions, grid, settings)
    return fee


@_compiled
def _fits(
    s: int,
    after: int,
    price: int,
    mark: int,
    account: IntArray,
    positions: IntArray,
    grid: IntArray,
    settings: IntArray,
) -> bool:
    lots, unit = positions[s, LOTS], grid[s, UNIT]
    size = abs(after - lots)
    cost = size * abs(price - mark) * unit + _part_up(size * price * unit, settings[FEE])
    equity = account[_OPEN_EQUITY] - cost
    exposure = account[_OPEN_EXPOSURE] + (abs(after) - abs(lots)) * mark * unit
    return equity > 0 and exposure <= _part_down(equity, settings[LEVERAGE])


@_compiled
def _affordable(
    s: int,
    after: int,
    price: int,
    mark: int,
    account: IntArray,
    positions: IntArray,
    grid: IntArray,
    settings: IntArray,
) -> int:
    # The largest position between the one held (or flat) and `after` that the leverage allows.
    if _fits(s, after, price, mark, account, positions, grid, settings):
        return after
    lots, side = positions[s, LOTS], _sign(after)
    held = abs(lots) if _sign(lots) == side else 0
    value = float(mark * grid[s, UNIT])
    leverage = settings[LEVERAGE] / SCALE
    fee = settings[FEE] / SCALE * float(price * grid[s, UNIT])
    per_lot = leverage * (float(abs(price - mark) * grid[s, UNIT]) + fee)
    budget = leverage * account[_OPEN_EQUITY] - account[_OPEN_EXPOSURE] + abs(lots) * value
    budget += per_lot * (side * lots)
    # The estimate is off by a lot or two at most; the exact test decides.
    size = min(abs(after), max(held, int(budget / (value + per_lot)) + 2))
    while size > held and not _fits(
        s, side * size, price, mark, account, positions, grid, settings
    ):
        size -= 1
    return side * size


@_compiled
def _exit(s: int, reason: int, positions: IntArray) -> None:
    # Everything goes; a target that keeps asking for the same side is not heard until it pauses.
    side = _sign(positions[s, LOTS])
    positions[s, GOAL] = 0
    positions[s, REASON] = reason
    if reason < R_DAILY and positions[s, _WISH] == side:
        positions[s, BLOCKED] = side


@_compiled
def _stop_at_open(
    s: int, price: int, positions: IntArray, grid: IntArray, settings: IntArray
) -> None:
    if positions[s, LOTS] == 0 or positions[s, _ROOM] < 0 or positions[s, REASON] > R_TARGET:
        return
    stop, reason = _stop_level(s, positions, grid, settings)
    if reason != R_NONE and (stop - price) * _sign(positions[s, LOTS]) >= 0:
        _exit(s, reason, positions)


@_compiled
def _take_target(
    s: int,
    price: int,
    deaf: bool,
    account: IntArray,
    positions: IntArray,
    grid: IntArray,
    settings: IntArray,
) -> None:
    aim = positions[s, AIM]
    positions[s, AIM] = NO_TARGET
    positions[s, _WISH] = 0 if aim == NO_TARGET else _sign(aim)
    if positions[s, _WISH] != positions[s, BLOCKED]:
        positions[s, BLOCKED] = 0
    _stop_at_open(s, price, positions, grid, settings)
    if deaf or aim == NO_TARGET or positions[s, REASON] > R_TARGET or positions[s, BLOCKED] != 0:
        return
    lots, unit, equity = positions[s, LOTS], grid[s, UNIT], account[_OPEN_EQUITY]
    if equity > settings[MAX_EQUITY]:
        account[STATUS] = OUTGROWN
        return
    goal = _sign(aim) * _part_down(max(0, equity) // (price * unit), abs(aim))
    change = abs(goal - lots) * price * unit
    too_small = change < grid[s, MIN_NOTIONAL] and not _reduces(lots, goal)
    adjusts = lots != 0 and _sign(goal) == _sign(lots)
    if goal == lots or too_small or (adjusts and change < _part_down(equity, settings[BAND])):
        positions[s, REASON] = R_NONE
        return
    if abs(goal) > grid[s, MAX_LOTS]:
        account[STATUS] = OUTGROWN
        return
    positions[s, GOAL] = goal
    positions[s, REASON] = R_TARGET


@_compiled
def _fill_at_open(
    t: int,
    s: int,
    mark: int,
    growing: bool,
    account: IntArray,
    positions: IntArray,
    grid: IntArray,
    settings: IntArray,
    fills: IntArray,
) -> None:
    lots, goal, room = positions[s, LOTS], positions[s, GOAL], positions[s, _ROOM]
    reason = positions[s, REASON]
    if reason == R_NONE or room <= 0 or growing == _reduces(lots, goal):
        return
    after = lots + min(room, max(-room, goal - lots))
    price = _slipped(mark, goal - lots, settings[SLIPPAGE])
    if growing and not _reduces(lots, after):
        able = _affordable(s, after, price, mark, account, positions, grid, settings)
        if able != after:
            # What the account cannot pay is not tried again; what the bar could not fill is.
            after = positions[s, GOAL] = able
    if after == lots:
        positions[s, REASON] = R_NONE
        return
    fee = _fill(t, s, after, price, reason, account, positions, grid, settings, fills)
    unit = grid[s, UNIT]
    account[_OPEN_EQUITY] -= abs(after - lots) * abs(price - mark) * unit + fee
    account[_OPEN_EXPOSURE] += (abs(after) - abs(lots)) * mark * unit


@_compiled
def _exit_inside(
    t: int,
    s: int,
    opened: int,
    high: int,
    low: int,
    account: IntArray,
    positions: IntArray,
    grid: IntArray,
    settings: IntArray,
    fills: IntArray,
) -> None:
    lots = positions[s, LOTS]
    side = _sign(lots)
    if side == 0 or positions[s, _ROOM] < 0 or positions[s, REASON] > R_TARGET:
        return
    worst, best = (low, high) if side > 0 else (high, low)
    stop, reason = _stop_level(s, positions, grid, settings)
    if reason != R_NONE and (stop - worst) * side >= 0:
        base = min(stop, opened) if side > 0 else max(stop, opened)
        price = _slipped(base, -side, settings[SLIPPAGE])
    elif settings[TAKE_PROFIT] > 0:
        price, reason = _profit_level(s, positions, grid, settings), R_PROFIT
        if (best - price) * side <= 0:
            return
    else:
        return
    _exit(s, reason, positions)
    after = lots - side * min(positions[s, _ROOM], abs(lots))
    if after != lots:
        _fill(t, s, after, price, reason, account, positions, grid, settings, fills)


@_compiled
def _trail(
    s: int,
    high: int,
    low: int,
    close: int,
    positions: IntArray,
    grid: IntArray,
    settings: IntArray,
) -> None:
    side = _sign(positions[s, LOTS])
    traded = positions[s, _ROOM] >= 0
    if settings[TRAILING] > 0 and side != 0 and traded and positions[s, REASON] <= R_TARGET:
        peak = positions[s, PEAK]
        positions[s, PEAK] = max(peak, high) if side > 0 else min(peak, low)
        stop, reason = _stop_level(s, positions, grid, settings)
        # The close lies beyond the stop that this bar's own extreme has moved: out at the next
        # open. The stop loss itself was already tested against the whole bar.
        if reason == R_TRAILING and (stop - close) * side >= 0:
            _exit(s, reason, positions)
        _watch(s, positions, grid, settings)
    positions[s, _ROOM] = 0
    positions[s, _WISH] = 0


@_compiled
def _new_day(day: int, account: IntArray, settings: IntArray) -> None:
    if settings[DAILY_LOSS] == 0 or day == account[DAY]:
        return
    start = account[EQUITY]
    account[DAY], account[DAY_START], account[HALTED] = day, start, 0
    if account[RUINED] == 0:
        account[FLOOR] = max(1, start - _part_down(start, settings[DAILY_LOSS]))


@_compiled
def _close_of_bar(
    t: int, close: IntArray, account: IntArray, positions: IntArray, grid: IntArray
) -> None:
    equity = account[CASH]
    for s in range(positions.shape[0]):
        equity += positions[s, LOTS] * close[t, s] * grid[s, UNIT]
    account[EQUITY] = equity
    account[_OPEN_EQUITY] = account[_OPEN_EXPOSURE] = 0
    if equity >= account[FLOOR]:
        return
    reason = R_RUIN if equity <= 0 else R_DAILY
    account[HALTED] = 1
    account[FLOOR] = 1
    if reason == R_RUIN:
        account[RUINED], account[FLOOR] = 1, -NEVER
    for s in range(positions.shape[0]):
        if positions[s, LOTS] == 0:
            positions[s, REASON] = R_NONE
        elif positions[s, REASON] <= R_TARGET:
            _exit(s, reason, positions)


@_compiled
def _bar(
    t: int,
    day: int,
    bars: Columns,
    account: IntArray,
    positions: IntArray,
    grid: IntArray,
    settings: IntArray,
    fills: IntArray,
) -> None:
    opened, high, low, close, room = bars
    n_symbols = positions.shape[0]
    deaf = account[HALTED] != 0 or account[RUINED] != 0
    _new_day(day, account, settings)
    account[_OPEN_EQUITY], account[_OPEN_EXPOSURE] = account[CASH], 0
    for s in range(n_symbols):
        value = positions[s, LOTS] * opened[t, s] * grid[s, UNIT]
        account[_OPEN_EQUITY] += value
        account[_OPEN_EXPOSURE] += abs(value)
        positions[s, _ROOM] = room[t, s]
    for s in range(n_symbols):
        _take_target(s, opened[t, s], deaf, account, positions, grid, settings)
    # Sales first: what they free pays for what grows.
    for growing in (False, True):
        for s in range(n_symbols):
            _fill_at_open(t, s, opened[t, s], growing, account, positions, grid, settings, fills)
    for s in range(n_symbols):
        _exit_inside(
            t, s, opened[t, s], high[t, s], low[t, s],
            account, positions, grid, settings, fills,
        )  # fmt: skip
        _trail(s, high[t, s], low[t, s], close[t, s], positions, grid, settings)
    _close_of_bar(t, close, account, positions, grid)


@_compiled
def step(
    time: int,
    bars: Columns,
    account: IntArray,
    positions: IntArray,
    grid: IntArray,
    settings: IntArray,
    fills: IntArray,
) -> int:
    """Let the account live through the one bar in `bars`; return the number of its fills."""
    account[N_FILLS] = 0
    _bar(0, time // DAY_MS, bars, account, positions, grid, settings, fills)
    return account[N_FILLS]


@_compiled
def run(
    start: int,
    time: IntArray,
    bars: Columns,
    target: FloatArray,
    account: IntArray,
    positions: IntArray,
    grid: IntArray,
    settings: IntArray,
    fills: IntArray,
    equity: IntArray,
) -> int:
    """Live through all bars from `start`; return the bar at which it stopped.

    It stops early where `fills` might be too short for the next bar, or the account has outgrown
    the bounds; what is done so far is kept in the state, and it can be called again from there.
    """
    _, high, low, close, _ = bars
    n_bars, n_symbols = close.shape
    daily = settings[DAILY_LOSS] > 0
    for t in range(start, n_bars):
        value = account[CASH]
        look = t == 0 or (daily and time[t] // DAY_MS != account[DAY])
        for s in range(n_symbols):
            aim = target[t - 1, s]
            look |= (
                aim == aim
                or low[t, s] <= positions[s, WATCH_LOW]
                or high[t, s] >= positions[s, WATCH_HIGH]
                or positions[s, REASON] | positions[s, BLOCKED] != 0
            )
            value += positions[s, LOTS] * close[t, s] * grid[s, UNIT]
        if not look and value >= account[FLOOR]:
            account[EQUITY] = equity[t] = value
            continue
        if account[N_FILLS] + 2 * n_symbols > fills.shape[0]:
            return t
        for s in range(n_symbols):
            aim = target[t - 1, s]
            heard = t > 0 and aim == aim
            positions[s, AIM] = int(np.rint(aim * SCALE)) if heard else NO_TARGET
        _bar(t, time[t] // DAY_MS, bars, account, positions, grid, settings, fills)
        if account[STATUS] != OK:
            return t
        equity[t] = account[EQUITY]
    return n_bars
