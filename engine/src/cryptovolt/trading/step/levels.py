"""The prices at which something happens to a position, kept until it changes."""

from cryptovolt.trading.step.compiled import called
from cryptovolt.trading.step.exact import larger, part_up, smaller, whole
from cryptovolt.trading.step.layout import (
    BASIS,
    BLOCKED,
    CASH,
    HELD,
    LOTS,
    MAINTENANCE,
    MARGINED,
    NEVER,
    PEAK,
    PROFIT,
    R_NONE,
    R_STOP,
    R_TRAILING,
    REASON,
    SCALE,
    STOP,
    STOP_LOSS,
    STOP_REASON,
    TAKE_PROFIT,
    TRAILING,
    UNIT,
    WATCH_HIGH,
    WATCH_LOW,
    Numbers,
)


@called
def set_levels(one: Numbers, books: Numbers) -> None:
    """Set stop and take profit from the average entry and the best price."""
    lots = one[LOTS]
    side = 1 if lots > 0 else -1
    stop, reason = -NEVER * side, R_NONE
    profit = NEVER * side
    if lots != 0:
        entry = one[BASIS] // (abs(lots) * one[UNIT])
        if books[STOP_LOSS] > 0:
            stop, reason = entry - side * part_up(entry, books[STOP_LOSS]), R_STOP
        if books[TAKE_PROFIT] > 0:
            profit = entry + side * part_up(entry, books[TAKE_PROFIT])
        if books[TRAILING] > 0:
            peak = one[PEAK]
            trailing = peak - side * part_up(peak, books[TRAILING])
            # The nearer of the two.
            if (trailing - stop) * side > 0 or reason == R_NONE:
                stop, reason = trailing, R_TRAILING
    one[STOP], one[STOP_REASON], one[PROFIT] = stop, reason, profit


@called
def watch(one: Numbers, alone: bool, books: Numbers) -> None:
    """Set the low and the high from which on `run` has to look more closely."""
    lots, peak = one[LOTS], one[PEAK]
    trailing = books[TRAILING] > 0
    low, high = 0, NEVER
    if one[REASON] | one[BLOCKED] != 0:
        low = NEVER
    elif lots > 0:
        low = one[STOP]
        high = smaller(one[PROFIT] + 1, peak + 1 if trailing else NEVER)
    elif lots < 0:
        low = larger(one[PROFIT] - 1, peak - 1 if trailing else 0)
        high = one[STOP]
    if alone and lots != 0 and books[MARGINED] != 0:
        # Where cash + value = maintenance × |value|; `run` itself looks at several symbols.
        side = 1.0 if lots > 0 else -1.0
        price = -books[CASH] / (one[HELD] * (1.0 - side * books[MAINTENANCE] / SCALE))
        call = whole(smaller(larger(price, 0.0), 1e18))
        low, high = (
            (larger(low, call + 1), high) if lots > 0 else (low, smaller(high, larger(0, call - 1)))
        )
    one[WATCH_LOW], one[WATCH_HIGH] = low, high
