"""What ends a position inside a bar: its stop, its take profit, and the margin call."""

from cryptovolt.trading.step.booking import fill, worse
from cryptovolt.trading.step.chain import join
from cryptovolt.trading.step.compiled import called, inlined
from cryptovolt.trading.step.exact import bar_of, larger, nearest, part_up, record, smaller, within
from cryptovolt.trading.step.layout import (
    CASH,
    CLOSE,
    FEE,
    HELD,
    HIGH,
    LIQUIDATION_FEE,
    LOTS,
    LOW,
    MAINTENANCE,
    MAKER_FEE,
    N_SYMBOLS,
    OPEN,
    OPEN_EQUITY,
    OPEN_EXPOSURE,
    PEAK,
    PROFIT,
    R_LIQUIDATION,
    R_NONE,
    R_PROFIT,
    R_TARGET,
    R_TRAILING,
    REASON,
    ROOM,
    SCALE,
    STOP,
    STOP_REASON,
    TRAILING,
    Numbers,
)
from cryptovolt.trading.step.levels import set_levels
from cryptovolt.trading.step.targets import leave


@inlined
def _exposed(one: Numbers) -> bool:
    return one[LOTS] != 0 and one[ROOM] >= 0 and one[REASON] <= R_TARGET


@inlined
def stop_inside(s: int, from_open: bool, bars: Numbers, books: Numbers, fills: Numbers) -> None:
    """Close at the stop if the bar touches it, or at the open if that is worse."""
    one, bar = record(s, books), bar_of(s, bars, books)
    if not _exposed(one) or one[STOP_REASON] == R_NONE:
        return
    stop = one[STOP]
    if one[LOTS] > 0:
        touched, base = (
            bar[LOW] <= stop,
            smaller(stop, bar[OPEN]) if from_open else stop,
        )
    else:
        touched, base = (
            bar[HIGH] >= stop,
            larger(stop, bar[OPEN]) if from_open else stop,
        )
    if touched:
        price = worse(base, -one[LOTS], s, bars, books)
        _close(s, price, books[FEE], one[STOP_REASON], bars, books, fills)


@inlined
def profit_inside(s: int, bars: Numbers, books: Numbers, fills: Numbers) -> None:
    """Close at the take profit if the bar trades through it."""
    one, bar = record(s, books), bar_of(s, bars, books)
    if not _exposed(one):
        return
    profit = one[PROFIT]
    through = bar[HIGH] > profit if one[LOTS] > 0 else bar[LOW] < profit
    if through:
        _close(s, profit, books[MAKER_FEE], R_PROFIT, bars, books, fills)


@inlined
def profit_at_open(s: int, bars: Numbers, books: Numbers, fills: Numbers) -> None:
    """Close at the take profit if the open lies beyond it: it was passed on the way there."""
    one, bar = record(s, books), bar_of(s, bars, books)
    if not _exposed(one):
        return
    opened, profit = bar[OPEN], one[PROFIT]
    if opened > profit if one[LOTS] > 0 else opened < profit:
        _close(s, profit, books[MAKER_FEE], R_PROFIT, bars, books, fills)


@called
def _close(
    s: int,
    price: int,
    rate: int,
    reason: int,
    bars: Numbers,
    books: Numbers,
    fills: Numbers,
) -> None:
    one = record(s, books)
    leave(one, reason)
    lots, room = one[LOTS], one[ROOM]
    after = lots - within(room, lots)
    if after != lots:
        fill(s, after, price, rate, reason, 0, bars, books, fills)


@inlined
def trail(s: int, bars: Numbers, books: Numbers) -> None:
    """Move the trailing stop by the bar's own extreme, for the bars after it."""
    one, bar = record(s, books), bar_of(s, bars, books)
    if books[TRAILING] == 0 or not _exposed(one):
        return
    long = one[LOTS] > 0
    best = bar[HIGH] if long else bar[LOW]
    peak = one[PEAK]
    if (best > peak) if long else (best < peak):
        one[PEAK] = best
        set_levels(one, books)
    # The close lies beyond the stop that this bar's own extreme has moved: out at the next open.
    # The stop loss itself was already tested against the whole bar.
    stop, close = one[STOP], bar[CLOSE]
    if one[STOP_REASON] == R_TRAILING and (close <= stop if long else close >= stop):
        leave(one, R_TRAILING)


@called
def margin_call(bars: Numbers, books: Numbers, fills: Numbers) -> None:
    """Close everything where what is left no longer covers the maintenance margin.

    All prices are taken to move together from the open to the worst of the bar, or to the stop
    that is touched before.
    """
    n_symbols = books[N_SYMBOLS]
    equity = exposure = worst_equity = worst_exposure = books[CASH]
    exposure = worst_exposure = 0
    for s in range(n_symbols):
        held = record(s, books)[HELD]
        opened = bar_of(s, bars, books)[OPEN]
        worst = _worst(s, bars, books)
        equity += held * opened
        exposure += abs(held) * opened
        worst_equity += held * worst
        worst_exposure += abs(held) * worst
    if exposure == 0 or worst_equity >= part_up(worst_exposure, books[MAINTENANCE]):
        return
    # How far along the way the margin runs out: equity and exposure are linear in it.
    rate = books[MAINTENANCE] / SCALE
    spare = equity - rate * exposure
    lacking = rate * worst_exposure - worst_equity
    way = larger(0.0, spare / (spare + lacking)) if spare > 0.0 else 0.0
    for s in range(n_symbols):
        one = record(s, books)
        if one[LOTS] != 0:
            opened = bar_of(s, bars, books)[OPEN]
            worst = _worst(s, bars, books)
            price = opened + nearest(way * (worst - opened))
            _liquidate(s, price, bars, books, fills)
    books[OPEN_EQUITY], books[OPEN_EXPOSURE] = books[CASH], 0


@inlined
def _worst(s: int, bars: Numbers, books: Numbers) -> int:
    one, bar = record(s, books), bar_of(s, bars, books)
    lots, stop = one[LOTS], one[STOP]
    worst = bar[LOW] if lots > 0 else bar[HIGH]
    if lots == 0 or one[STOP_REASON] == R_NONE or not _exposed(one):
        return worst
    opened = bar[OPEN]
    return (
        larger(worst, smaller(stop, opened)) if lots > 0 else smaller(worst, larger(stop, opened))
    )


@called
def _liquidate(s: int, base: int, bars: Numbers, books: Numbers, fills: Numbers) -> None:
    # The venue takes the whole position, whatever was traded in the bar.
    one = record(s, books)
    leave(one, R_LIQUIDATION)
    join(s, bars, books)
    price = worse(base, -one[LOTS], s, bars, books)
    rate = books[FEE] + books[LIQUIDATION_FEE]
    fill(s, 0, price, rate, R_LIQUIDATION, 0, bars, books, fills)
