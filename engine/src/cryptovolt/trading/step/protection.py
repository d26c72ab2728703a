"""What a closed trade teaches: which symbols rest, and for how long."""

from cryptovolt.trading.step.compiled import called, inlined
from cryptovolt.trading.step.exact import larger, nearest, smaller
from cryptovolt.trading.step.layout import (
    BAR,
    COOLDOWN,
    GUARD_EACH,
    GUARD_PAUSE,
    GUARD_STOPS,
    GUARD_WITHIN,
    LOCK,
    LOCKED,
    LOW_PAUSE,
    LOW_RETURN,
    LOW_TRADES,
    LOW_WITHIN,
    R_LIQUIDATION,
    R_STOP,
    R_STOP_ORDER,
    R_TRAILING,
    RING,
    SCALE,
    STOP_COUNT,
    STOP_RING,
    STOPS_HERE,
    SYMBOL_STOPS,
    TRIP_BARS,
    TRIP_COUNT,
    TRIP_PNL,
    TRIP_RETURNS,
    TRIP_VALUE,
    Numbers,
)

_STOPS = 1 << R_STOP | 1 << R_TRAILING | 1 << R_STOP_ORDER | 1 << R_LIQUIDATION


@inlined
def locked(one: Numbers, books: Numbers) -> bool:
    """Return whether nothing may be opened or added in this symbol now."""
    return books[BAR] <= one[LOCK] or books[BAR] <= books[LOCKED]


@called
def count_trade(
    one: Numbers, closed: bool, result: int, opened: int, reason: int, books: Numbers
) -> None:
    """Add a fill to the trade it belongs to; when that is over, see what it locks.

    `result` is what the fill realised after its fee, `opened` the value of what it opened.
    """
    one[TRIP_PNL] += result
    if closed:
        _trade_closed(one, reason, books)
        one[TRIP_PNL] = one[TRIP_VALUE] = 0
    one[TRIP_VALUE] += opened


@called
def _trade_closed(one: Numbers, reason: int, books: Numbers) -> None:
    now = books[BAR]
    if books[COOLDOWN] > 0:
        one[LOCK] = larger(one[LOCK], now + books[COOLDOWN])
    by_stop = _STOPS >> reason & 1 != 0
    if by_stop and books[GUARD_STOPS] > 0:
        _guard(one, now, books)
    if books[LOW_TRADES] > 0:
        _weigh(one, now, books)


@called
def _guard(one: Numbers, now: int, books: Numbers) -> None:
    each = books[GUARD_EACH] != 0
    owner = one if each else books
    count, ring = (STOPS_HERE, SYMBOL_STOPS) if each else (STOP_COUNT, STOP_RING)
    owner[ring + owner[count] % RING] = now
    owner[count] += 1
    stops = books[GUARD_STOPS]
    if owner[count] < stops:
        return
    first = owner[ring + (owner[count] - stops) % RING]
    if now - first < books[GUARD_WITHIN]:
        lock = LOCK if each else LOCKED
        owner[lock] = larger(owner[lock], now + books[GUARD_PAUSE])


@called
def _weigh(one: Numbers, now: int, books: Numbers) -> None:
    value = larger(1, one[TRIP_VALUE])
    place = one[TRIP_COUNT] % RING
    one[TRIP_BARS + place] = now
    one[TRIP_RETURNS + place] = nearest(one[TRIP_PNL] / value * SCALE)
    one[TRIP_COUNT] += 1
    total = known = 0
    for k in range(smaller(RING, one[TRIP_COUNT])):
        if now - one[TRIP_BARS + k] < books[LOW_WITHIN]:
            known += 1
            total += one[TRIP_RETURNS + k]
    if known >= books[LOW_TRADES] and total < books[LOW_RETURN]:
        one[LOCK] = larger(one[LOCK], now + books[LOW_PAUSE])
