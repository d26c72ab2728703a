"""A wanted share of equity becomes a market order at the open."""

from cryptovolt.trading.step.booking import fill, worse
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
    whole,
    within,
)
from cryptovolt.trading.step.layout import (
    AIM,
    BAND,
    BLOCKED,
    COOLDOWN,
    FEE,
    GOAL,
    HELD,
    LEVERAGE,
    LOTS,
    MAX_EQUITY,
    MAX_LOTS,
    MAX_ORDER,
    MIN_NOTIONAL,
    NO_TARGET,
    OPEN,
    OPEN_EQUITY,
    OPEN_EXPOSURE,
    OUTGROWN,
    R_DAILY,
    R_NONE,
    R_RUIN,
    R_TARGET,
    REASON,
    ROOM,
    SCALE,
    STATUS,
    STOP,
    STOP_REASON,
    UNIT,
    WISH,
    Numbers,
)
from cryptovolt.trading.step.protection import locked


@inlined
def leave(one: Numbers, reason: int) -> None:
    """Everything goes; a target that keeps asking for the same side is not heard any more."""
    side = sign(one[LOTS])
    one[GOAL] = 0
    one[REASON] = reason
    if reason != R_DAILY and reason != R_RUIN and one[WISH] == side:
        one[BLOCKED] = side


@inlined
def hear(one: Numbers, price: int, deaf: bool, books: Numbers) -> None:
    """Turn the target of a symbol into the position it shall have, at its open."""
    aim = one[AIM]
    one[AIM] = NO_TARGET
    wish = 0 if aim == NO_TARGET else sign(aim)
    one[WISH] = wish
    if wish != one[BLOCKED]:
        one[BLOCKED] = 0
    lots = one[LOTS]
    if lots != 0 and one[ROOM] >= 0 and one[REASON] <= R_TARGET:
        gapped = price <= one[STOP] if lots > 0 else price >= one[STOP]
        if gapped and one[STOP_REASON] != R_NONE:
            leave(one, one[STOP_REASON])
    if aim != NO_TARGET and not deaf and one[REASON] <= R_TARGET and one[BLOCKED] == 0:
        _aim_at(one, price, aim, books)


@called
def _aim_at(one: Numbers, price: int, aim: int, books: Numbers) -> None:
    lots, unit, equity = one[LOTS], one[UNIT], books[OPEN_EQUITY]
    if equity > books[MAX_EQUITY]:
        books[STATUS] = OUTGROWN
        return
    affordable = larger(0, equity) // (price * unit)
    goal = sign(aim) * part_down(affordable, abs(aim))
    if not reduces(lots, goal):
        goal = _allowed(one, lots, goal, affordable, books)
    change = abs(goal - lots) * price * unit
    too_small = change < one[MIN_NOTIONAL] and not reduces(lots, goal)
    adjusts = lots != 0 and sign(goal) == sign(lots)
    if goal == lots or too_small or (adjusts and change < part_down(equity, books[BAND])):
        one[REASON] = R_NONE
        return
    if abs(goal) > one[MAX_LOTS]:
        books[STATUS] = OUTGROWN
        return
    one[GOAL] = goal
    one[REASON] = R_TARGET


@inlined
def _allowed(one: Numbers, lots: int, goal: int, affordable: int, books: Numbers) -> int:
    # What protections leave of a goal that opens, adds or turns.
    turns = lots != 0 and sign(goal) != sign(lots)
    if locked(one, books):
        return 0 if turns else lots
    if turns and books[COOLDOWN] > 0:
        return 0
    if books[MAX_ORDER] > 0:
        start = 0 if turns else lots
        most = part_down(affordable, books[MAX_ORDER])
        return start + sign(goal) * smaller(abs(goal - start), most)
    return goal


@called
def fill_at_open(s: int, growing: bool, bars: Numbers, books: Numbers, fills: Numbers) -> None:
    """Trade what a symbol waits for at the open, if it is of this kind."""
    one = record(s, books)
    lots, goal, room = one[LOTS], one[GOAL], one[ROOM]
    reason = one[REASON]
    if reason == R_NONE or growing == reduces(lots, goal):
        return
    if growing and locked(one, books):
        # A lock that began while the order was waiting leaves the part that reduces.
        goal = one[GOAL] = 0 if sign(goal) * sign(lots) < 0 else lots
        if goal == lots:
            one[REASON] = R_NONE
    if room <= 0:
        return
    mark = bar_of(s, bars, books)[OPEN]
    after = lots + within(room, goal - lots)
    price = worse(mark, goal - lots, s, bars, books)
    if growing and not reduces(lots, after):
        able = affordable(s, after, price, mark, books)
        if able != after:
            # What the account cannot pay is not tried again; what the bar could not fill is.
            after = one[GOAL] = able
    if after == lots:
        one[REASON] = R_NONE
        return
    trade_at_open(s, after, price, reason, 0, bars, books, fills)


@called
def trade_at_open(
    s: int,
    after: int,
    price: int,
    reason: int,
    order: int,
    bars: Numbers,
    books: Numbers,
    fills: Numbers,
) -> None:
    """Fill as a taker at the open, and keep what the account is worth at the open prices."""
    one = record(s, books)
    lots, mark, unit = one[LOTS], bar_of(s, bars, books)[OPEN], one[UNIT]
    fee = fill(s, after, price, books[FEE], reason, order, bars, books, fills)
    books[OPEN_EQUITY] -= abs(after - lots) * abs(price - mark) * unit + fee
    books[OPEN_EXPOSURE] += (abs(after) - abs(lots)) * mark * unit


@inlined
def _fits(one: Numbers, after: int, price: int, mark: int, books: Numbers) -> bool:
    size = abs(after - one[LOTS])
    unit = one[UNIT]
    cost = size * abs(price - mark) * unit + part_up(size * price * unit, books[FEE])
    equity = books[OPEN_EQUITY] - cost
    exposure = books[OPEN_EXPOSURE] + (abs(after * unit) - abs(one[HELD])) * mark
    return equity > 0 and exposure <= part_down(equity, books[LEVERAGE])


@called
def affordable(s: int, after: int, price: int, mark: int, books: Numbers) -> int:
    """Return the largest position between the one held (or flat) and `after` that leverage allows.

    `mark` is the price at which `OPEN_EQUITY` and `OPEN_EXPOSURE` value the symbol.
    """
    one = record(s, books)
    if _fits(one, after, price, mark, books):
        return after
    lots, side, unit = one[LOTS], sign(after), one[UNIT]
    held = abs(lots) if sign(lots) == side else 0
    value = float(mark * unit)
    leverage = books[LEVERAGE] / SCALE
    fee = books[FEE] / SCALE * float(price * unit)
    per_lot = leverage * (float(abs(price - mark) * unit) + fee)
    budget = leverage * books[OPEN_EQUITY] - books[OPEN_EXPOSURE] + abs(lots) * value
    budget += per_lot * (side * lots)
    # The estimate is off by a lot or two at most; the exact test decides.
    size = smaller(abs(after), larger(held, whole(budget / (value + per_lot)) + 2))
    while size > held and not _fits(one, side * size, price, mark, books):
        size -= 1
    return side * size
