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
def locked(p: int, books: Numbers) -> bool:
    """Return whether nothing may be opened or added in this symbol now."""
    return books[BAR] <= books[p + LOCK] or books[BAR] <= books[LOCKED]


@called
def count_trade(
    p: int, closed: bool, result: int, opened: int, reason: int, books: Numbers
) -> None:
    """Add a fill to the trade it belongs to; when that is over, see what it locks.

    `result` is what the fill realised after its fee, `opened` the value of what it opened.
    """
    books[p + TRIP_PNL] += result
    if closed:
        _trade_closed(p, reason, books)
        books[p + TRIP_PNL] = books[p + TRIP_VALUE] = 0
    books[p + TRIP_VALUE] += opened


@called
def _trade_closed(p: int, reason: int, books: Numbers) -> None:
    now = books[BAR]
    if books[COOLDOWN] > 0:
        books[p + LOCK] = larger(books[p + LOCK], now + books[COOLDOWN])
    by_stop = _STOPS >> reason & 1 != 0
    if by_stop and books[GUARD_STOPS] > 0:
        _guard(p, now, books)
    if books[LOW_TRADES] > 0:
        _weigh(p, now, books)


@called
def _guard(p: int, now: int, books: Numbers) -> None:
    each = books[GUARD_EACH] != 0
    count, ring = (p + STOPS_HERE, p + SYMBOL_STOPS) if each else (STOP_COUNT, STOP_RING)
    books[ring + books[count] % RING] = now
    books[count] += 1
    stops = books[GUARD_STOPS]
    if books[count] < stops:
        return
    first = books[ring + (books[count] - stops) % RING]
    if now - first < books[GUARD_WITHIN]:
        lock = p + LOCK if each else LOCKED
        books[lock] = larger(books[lock], now + books[GUARD_PAUSE])


@called
def _weigh(p: int, now: int, books: Numbers) -> None:
    value = larger(1, books[p + TRIP_VALUE])
    place = books[p + TRIP_COUNT] % RING
    books[p + TRIP_BARS + place] = now
    books[p + TRIP_RETURNS + place] = nearest(books[p + TRIP_PNL] / value * SCALE)
    books[p + TRIP_COUNT] += 1
    total = known = 0
    for k in range(smaller(RING, books[p + TRIP_COUNT])):
        if now - books[p + TRIP_BARS + k] < books[LOW_WITHIN]:
            known += 1
            total += books[p + TRIP_RETURNS + k]
    if known >= books[LOW_TRADES] and total < books[LOW_RETURN]:
        books[p + LOCK] = larger(books[p + LOCK], now + books[LOW_PAUSE])
