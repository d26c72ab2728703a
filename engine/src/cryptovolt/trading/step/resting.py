"""Orders of a strategy: what works at the open, what inside the bar, and what ends with it."""

from cryptovolt.trading.step.booking import fill, worse
from cryptovolt.trading.step.chain import join
from cryptovolt.trading.step.compiled import called, inlined
from cryptovolt.trading.step.exact import (
    bar_of,
    larger,
    part_down,
    part_up,
    record,
    reduces,
    sign,
    smaller,
    within,
)
from cryptovolt.trading.step.layout import (
    BASIS,
    COOLDOWN,
    FEE,
    FILL_OR_KILL,
    GOOD_TILL_CANCELLED,
    GREW,
    GREW_BY_LIMIT,
    GREW_INSIDE,
    HALTED,
    HIGH,
    K_LIMIT,
    K_PROFIT,
    K_STOP,
    K_STOP_LIMIT,
    K_TRAILING,
    LOTS,
    LOW,
    MAKER_FEE,
    MAX_EQUITY,
    MAX_LOTS,
    MAX_ORDER,
    MIN_NOTIONAL,
    N_ORDER,
    O_ARMED,
    O_BARS,
    O_BEST,
    O_CANCELLED,
    O_DONE,
    O_EXPIRED,
    O_FILLED,
    O_FORCE,
    O_FRESH,
    O_GROUP,
    O_ID,
    O_KIND,
    O_LIMIT,
    O_LOCKED,
    O_LOTS,
    O_NEW,
    O_NO_MARGIN,
    O_NOTHING_LEFT,
    O_REDUCE,
    O_RESTING,
    O_STATE,
    O_STOP,
    O_SYMBOL,
    O_TOO_SMALL,
    O_TRAIL,
    O_TRIGGERED,
    OPEN,
    OPEN_EQUITY,
    OPEN_EXPOSURE,
    ORDERS_END,
    OUTGROWN,
    PROFIT,
    R_LIMIT,
    R_MARKET,
    R_NONE,
    R_PROFIT,
    R_STOP_LIMIT,
    R_STOP_ORDER,
    R_TRAILING,
    ROOM,
    RUINED,
    STATUS,
    STOP,
    STOP_REASON,
    UNIT,
    Numbers,
)
from cryptovolt.trading.step.protection import locked
from cryptovolt.trading.step.targets import affordable

_STOPS = 1 << K_STOP | 1 << K_STOP_LIMIT | 1 << K_TRAILING
_LIMITS = 1 << K_LIMIT | 1 << K_PROFIT | 1 << K_STOP_LIMIT
_REASONS = (R_MARKET, R_LIMIT, R_STOP_ORDER, R_STOP_LIMIT, R_TRAILING, R_PROFIT)


@inlined
def _stops(kind: int, state: int) -> bool:
    # Whether the order still waits for its stop price.
    return _STOPS >> kind & 1 != 0 and state < O_FRESH


@inlined
def _limits(kind: int) -> bool:
    return _LIMITS >> kind & 1 != 0


@inlined
def _stop_price(o: int, orders: Numbers) -> int:
    if orders[o + O_KIND] != K_TRAILING:
        return orders[o + O_STOP]
    best = orders[o + O_BEST]
    distance = part_up(best, orders[o + O_TRAIL])
    return best + distance if orders[o + O_LOTS] > 0 else best - distance


@inlined
def _record(o: int, books: Numbers, orders: Numbers) -> Numbers:
    return record(orders[o + O_SYMBOL], books)


@called
def orders_at_open(bars: Numbers, books: Numbers, orders: Numbers, fills: Numbers) -> None:
    """Trade market orders, stops the open has passed, and new limits the open is better than."""
    for o in range(0, books[ORDERS_END], N_ORDER):
        if orders[o + O_STATE] >= O_DONE:
            continue
        if orders[o + O_BARS] == 0:
            orders[o + O_STATE] = O_EXPIRED
            continue
        if orders[o + O_BARS] > 0:
            orders[o + O_BARS] -= 1
        one = _record(o, books, orders)
        join(orders[o + O_SYMBOL], bars, books)
        if one[ROOM] >= 0:
            _work_at_open(o, bars, books, orders, fills)
        if orders[o + O_STATE] < O_DONE and orders[o + O_FORCE] != GOOD_TILL_CANCELLED:
            orders[o + O_STATE] = O_EXPIRED


@called
def _work_at_open(o: int, bars: Numbers, books: Numbers, orders: Numbers, fills: Numbers) -> None:
    kind, buy = orders[o + O_KIND], orders[o + O_LOTS] > 0
    opened = bar_of(orders[o + O_SYMBOL], bars, books)[OPEN]
    fresh = orders[o + O_STATE] == O_NEW
    if _stops(kind, orders[o + O_STATE]):
        stop = _stop_price(o, orders)
        waits = orders[o + O_REDUCE] != 0 and _opens(o, _record(o, books, orders), orders)
        if waits or (opened < stop if buy else opened > stop):
            orders[o + O_STATE] = O_RESTING
            return
        orders[o + O_STATE] = O_TRIGGERED
        fresh = True
    price = worse(opened, orders[o + O_LOTS], orders[o + O_SYMBOL], bars, books)
    if _limits(kind):
        limit = orders[o + O_LIMIT]
        if orders[o + O_STATE] == O_NEW:
            orders[o + O_STATE] = O_RESTING
        # One that rests already is filled at its own price, inside the bar.
        if not fresh or (opened > limit if buy else opened < limit):
            return
        price = smaller(price, limit) if buy else larger(price, limit)
    _trade(o, price, opened, 0, books[FEE], bars, books, orders, fills)


@called
def stops_inside(
    opening: bool, after_entry: bool, bars: Numbers, books: Numbers, orders: Numbers,
    fills: Numbers,
) -> None:  # fmt: skip
    """Trade the stops that the bar touches: those that open, or those that reduce.

    Of those that reduce only the ones that come before the position's own stop.
    """
    for o in range(0, books[ORDERS_END], N_ORDER):
        if orders[o + O_STATE] >= O_DONE or not _stops(orders[o + O_KIND], orders[o + O_STATE]):
            continue
        one, s, buy = _record(o, books, orders), orders[o + O_SYMBOL], orders[o + O_LOTS] > 0
        if not _comes_now(o, one, opening, after_entry, orders):
            continue
        stop = _stop_price(o, orders)
        if not (
            bar_of(s, bars, books)[HIGH] >= stop if buy else bar_of(s, bars, books)[LOW] <= stop
        ):
            continue
        nearest = one[STOP_REASON] == R_NONE or (stop <= one[STOP] if buy else stop >= one[STOP])
        if opening:
            _trigger_inside(o, stop, bars, books, orders, fills)
        elif nearest:
            base = _reached(o, one, stop, bars, books, orders)
            _trigger_inside(o, base, bars, books, orders, fills)


@inlined
def _comes_now(o: int, one: Numbers, opening: bool, after_entry: bool, orders: Numbers) -> bool:
    if one[ROOM] < 0 or _opens(o, one, orders) != opening:
        return False
    if opening:
        # What only reduces waits for its position.
        return orders[o + O_REDUCE] == 0
    return not after_entry or one[GREW] & GREW_INSIDE != 0


@called
def _reached(
    o: int, one: Numbers, stop: int, bars: Numbers, books: Numbers, orders: Numbers
) -> int:
    # Where a stop that reduces is reached: one that waited for its position may have been passed
    # before that was opened, and a limit that the open has passed was filled before it.
    bar, grew = bar_of(orders[o + O_SYMBOL], bars, books), one[GREW]
    buy = orders[o + O_LOTS] > 0
    entry = bound = bar[OPEN]
    if grew & GREW_INSIDE != 0:
        entry = one[BASIS] // (abs(one[LOTS]) * one[UNIT])
        if grew & GREW_BY_LIMIT == 0:
            bound = bar[LOW] if buy else bar[HIGH]
    if buy:
        return larger(stop, larger(entry, bound))
    return smaller(stop, smaller(entry, bound))


@called
def _trigger_inside(
    o: int, stop: int, bars: Numbers, books: Numbers, orders: Numbers, fills: Numbers
) -> None:
    buy = orders[o + O_LOTS] > 0
    orders[o + O_STATE] = O_FRESH
    price = worse(stop, orders[o + O_LOTS], orders[o + O_SYMBOL], bars, books)
    if orders[o + O_KIND] == K_STOP_LIMIT:
        limit = orders[o + O_LIMIT]
        # The price would have to come back to the limit; whether it did, the bar does not tell.
        if limit < stop if buy else limit > stop:
            return
        price = smaller(price, limit) if buy else larger(price, limit)
    _trade(o, price, stop, GREW_INSIDE, books[FEE], bars, books, orders, fills)


@called
def limits_inside(
    opening: bool, bars: Numbers, books: Numbers, orders: Numbers, fills: Numbers
) -> None:
    """Trade the resting limits that the bar trades through: those that open, or that reduce.

    Of those that reduce only the ones that come before the position's own take profit, and none in
    a bar inside which the position grew: what came first, the bar does not tell.
    """
    for o in range(0, books[ORDERS_END], N_ORDER):
        state, kind = orders[o + O_STATE], orders[o + O_KIND]
        if state >= O_DONE or state == O_FRESH or not _limits(kind) or _stops(kind, state):
            continue
        one, s, buy = _record(o, books, orders), orders[o + O_SYMBOL], orders[o + O_LOTS] > 0
        if one[ROOM] < 0 or _opens(o, one, orders) != opening:
            continue
        limit = orders[o + O_LIMIT]
        if not (
            bar_of(s, bars, books)[LOW] < limit if buy else bar_of(s, bars, books)[HIGH] > limit
        ):
            continue
        if not opening:
            profit = one[PROFIT]
            if one[GREW] & GREW_INSIDE != 0 or (limit < profit if buy else limit > profit):
                continue
        grew = GREW_INSIDE | GREW_BY_LIMIT
        _trade(o, limit, limit, grew, books[MAKER_FEE], bars, books, orders, fills)


@inlined
def _opens(o: int, one: Numbers, orders: Numbers) -> bool:
    return sign(orders[o + O_LOTS]) * sign(one[LOTS]) >= 0


@called
def _trade(
    o: int,
    price: int,
    mark: int,
    grew: int,
    rate: int,
    bars: Numbers,
    books: Numbers,
    orders: Numbers,
    fills: Numbers,
) -> None:
    one, s = _record(o, books, orders), orders[o + O_SYMBOL]
    lots, want = one[LOTS], orders[o + O_LOTS]
    if orders[o + O_REDUCE] != 0:
        if want * sign(lots) >= 0:
            return
        want = sign(want) * smaller(abs(want), abs(lots))
    room = one[ROOM]
    after = lots + within(room, want)
    if after == lots or (orders[o + O_FORCE] == FILL_OR_KILL and abs(want) > room):
        return
    opened = bar_of(s, bars, books)[OPEN]
    _value_at(one, mark - opened, books)
    if not reduces(lots, after):
        after = _limited(o, one, s, lots, after, price, mark, books, orders)
    if after != lots:
        reason = _REASONS[orders[o + O_KIND]]
        fee = fill(s, after, price, rate, reason, orders[o + O_ID], bars, books, fills)
        books[OPEN_EQUITY] -= abs(after - lots) * abs(price - mark) * one[UNIT] + fee
        books[OPEN_EXPOSURE] += (abs(after) - abs(lots)) * mark * one[UNIT]
        _after_trade(o, one, after - lots, grew, lots, books, orders)
    _value_at(one, opened - mark, books)


@called
def _value_at(one: Numbers, change: int, books: Numbers) -> None:
    # What the account is worth when this symbol's price differs by so much.
    value = one[LOTS] * change * one[UNIT]
    books[OPEN_EQUITY] += value
    books[OPEN_EXPOSURE] += value * sign(one[LOTS])


@called
def _limited(
    o: int,
    one: Numbers,
    s: int,
    lots: int,
    after: int,
    price: int,
    mark: int,
    books: Numbers,
    orders: Numbers,
) -> int:
    # What the account may open; the order says why it got less.
    turns = sign(after) * sign(lots) < 0
    floor = 0 if turns else lots
    rests = locked(one, books) or (turns and books[COOLDOWN] > 0)
    if books[HALTED] | books[RUINED] != 0 or rests:
        orders[o + O_STATE] = O_LOCKED
        return lots if orders[o + O_FORCE] == FILL_OR_KILL else floor
    # Divided, because the product could wrap: an order may ask for more than can be counted.
    least = (one[MIN_NOTIONAL] - 1) // (price * one[UNIT])
    if abs(orders[o + O_LOTS]) <= least and orders[o + O_FILLED] == 0:
        orders[o + O_STATE] = O_TOO_SMALL
        return lots
    if abs(after) > one[MAX_LOTS] or books[OPEN_EQUITY] > books[MAX_EQUITY]:
        books[STATUS] = OUTGROWN
        return lots
    able = after
    if books[MAX_ORDER] > 0:
        most = part_down(larger(0, books[OPEN_EQUITY]) // (price * one[UNIT]), books[MAX_ORDER])
        most = larger(0, most - abs(orders[o + O_FILLED]))
        able = floor + sign(after - lots) * smaller(abs(after - floor), most)
    able = affordable(s, able, price, mark, books)
    if able != after:
        orders[o + O_STATE] = O_NO_MARGIN
        if orders[o + O_FORCE] == FILL_OR_KILL:
            return lots
    return able


@called
def _after_trade(
    o: int, one: Numbers, delta: int, grew: int, lots: int, books: Numbers, orders: Numbers
) -> None:
    orders[o + O_LOTS] -= delta
    orders[o + O_FILLED] += delta
    if not reduces(lots, lots + delta):
        one[GREW] |= grew
    if orders[o + O_LOTS] == 0:
        orders[o + O_STATE] = O_DONE
    elif orders[o + O_STATE] < O_DONE and not _limits(orders[o + O_KIND]):
        # The rest is a market order by now.
        orders[o + O_STATE] = O_TRIGGERED
    group = orders[o + O_GROUP]
    if group != 0:
        for other in range(0, books[ORDERS_END], N_ORDER):
            same = orders[other + O_GROUP] == group and other != o
            if same and orders[other + O_STATE] < O_DONE:
                orders[other + O_STATE] = O_CANCELLED


@called
def orders_after_bar(bars: Numbers, books: Numbers, orders: Numbers) -> None:
    """Move trailing stops; end what can no longer reduce anything."""
    for o in range(0, books[ORDERS_END], N_ORDER):
        if orders[o + O_STATE] >= O_DONE:
            continue
        one, s, buy = _record(o, books, orders), orders[o + O_SYMBOL], orders[o + O_LOTS] > 0
        if orders[o + O_STATE] == O_FRESH:
            orders[o + O_STATE] = O_TRIGGERED
        if orders[o + O_KIND] == K_TRAILING and one[ROOM] >= 0:
            best = orders[o + O_BEST]
            orders[o + O_BEST] = (
                smaller(best, bar_of(s, bars, books)[LOW])
                if buy
                else larger(best, bar_of(s, bars, books)[HIGH])
            )
        if orders[o + O_REDUCE] != 0:
            if not _opens(o, one, orders):
                orders[o + O_ARMED] = 1
            elif orders[o + O_ARMED] | orders[o + O_FILLED] | one[GREW] != 0:
                orders[o + O_STATE] = O_NOTHING_LEFT
