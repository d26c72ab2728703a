"""Where the compiled step keeps its numbers.

One flat int64 array, the *books*, holds the account, its settings, and one record per symbol:
fewer arrays make a call cheaper, and no small array has to be handed from piece to piece. Prices
are in ticks, quantities in lots, money in quote units, fractions in 1 / `SCALE`, moments in bars
since the account was opened.
"""

from collections.abc import MutableSequence, Sequence
from typing import TypeAlias

SCALE = 100_000_000
NEVER = 2**62
NO_TARGET = -NEVER

Numbers: TypeAlias = MutableSequence[int]
"""What a piece of the step sees of an int64 array: its numbers, flat."""

Floats: TypeAlias = Sequence[float]

OPEN, HIGH, LOW, CLOSE, VOLUME = range(5)
"""A bar of one symbol: prices in ticks and the volume in lots (−1 where nothing was traded).

Bars lie side by side as they are read, in an array of shape (n_bars, n_symbols, 5): one that has to
be looked at more closely is then already at hand.
"""
WIDTH = 5
PARTS_OF_VOLUME = 10
"""A fill takes at most one part in this many of a bar's volume."""

# The account: its state.
(
    CASH, EQUITY, BAR, DAY, DAY_START, TOP, FLOOR, HALTED, RUINED, LOCKED, STATUS,
    N_FILLS, PAYMENT, STOP_COUNT, OPEN_EQUITY, OPEN_EXPOSURE, MARGINED, ROW, CELL, N_SYMBOLS,
    PAYMENTS_END, ORDERS_END, FIRST, SHORTS,
) = range(24)  # fmt: skip
STOP_RING = 24
RING = 16
"""Stops and closed trades that a protection can look back on."""
N_ACCOUNT = STOP_RING + RING

# The account: its settings.
(
    FEE, MAKER_FEE, FEE_SYMBOL, SLIPPAGE, IMPACT, VOLATILITY, LEVERAGE, MAINTENANCE,
    LIQUIDATION_FEE, STOP_LOSS, TAKE_PROFIT, TRAILING, DAILY_LOSS, DRAWDOWN, DRAWDOWN_PAUSE, BAND,
    MAX_ORDER, MAX_EQUITY, COOLDOWN, GUARD_STOPS, GUARD_WITHIN, GUARD_PAUSE, GUARD_EACH,
    LOW_TRADES, LOW_WITHIN, LOW_RETURN, LOW_PAUSE, PROTECTED,
) = range(N_ACCOUNT, N_ACCOUNT + 28)  # fmt: skip
HEADER = N_ACCOUNT + 28
NO_MARGIN_CALL = -1
"""Value of `MAINTENANCE` for an account that is never liquidated."""
IN_QUOTE, IN_BASE = -1, -2
"""Values of `FEE_SYMBOL`; any other is the symbol whose holding pays the fees."""

# One symbol: what is held, what is waiting, and the levels at which something happens. First what
# is read of every symbol in every bar.
(
    HELD, AIM, WATCH_LOW, WATCH_HIGH,
    UNIT, MIN_NOTIONAL, MAX_LOTS, LOTS, BASIS, GOAL, REASON, BLOCKED, PEAK, STOP, STOP_REASON,
    PROFIT, LOCK, OWED, TRIP_PNL, TRIP_VALUE, TRIP_COUNT, STOPS_HERE, ACTIVE, NEXT, ROOM, WISH,
    GREW,
) = range(27)  # fmt: skip
SYMBOL_STOPS = 27
TRIP_BARS = SYMBOL_STOPS + RING
TRIP_RETURNS = TRIP_BARS + RING
N_SYMBOL = TRIP_RETURNS + RING

# A fill.
F_BAR, F_SYMBOL, F_LOTS, F_PRICE, F_NOTIONAL, F_FEE, F_REASON, F_PNL, F_ORDER = range(9)
N_FILL = 9

(
    R_NONE, R_TARGET, R_STOP, R_PROFIT, R_TRAILING, R_DAILY, R_RUIN, R_LIQUIDATION, R_FEE,
    R_MARKET, R_LIMIT, R_STOP_ORDER, R_STOP_LIMIT,
) = range(13)  # fmt: skip

# A funding payment: what is due, and, once it was due, what was paid on what.
P_BAR, P_SYMBOL, P_RATE, P_INSIDE, P_LOTS, P_PRICE, P_PAID = range(7)
N_PAYMENT = 7

# An order of a strategy.
(
    O_ID, O_SYMBOL, O_KIND, O_LOTS, O_LIMIT, O_STOP, O_TRAIL, O_BARS, O_GROUP, O_REDUCE, O_FORCE,
    O_STATE, O_BEST, O_FILLED, O_ARMED,
) = range(15)  # fmt: skip
N_ORDER = 15
K_MARKET, K_LIMIT, K_STOP, K_STOP_LIMIT, K_TRAILING, K_PROFIT = range(6)
GOOD_TILL_CANCELLED, IMMEDIATE_OR_CANCEL, FILL_OR_KILL = range(3)
(
    O_NEW, O_RESTING, O_FRESH, O_TRIGGERED, O_DONE, O_CANCELLED, O_EXPIRED, O_TOO_SMALL,
    O_NO_MARGIN, O_LOCKED, O_NOTHING_LEFT,
) = range(11)  # fmt: skip
"""States of an order: a fresh one was triggered in this bar; from `O_DONE` on it is over."""

GREW_AT_OPEN, GREW_INSIDE, GREW_BY_LIMIT = 1, 2, 4

OK, OUTGROWN, BEYOND_LEVERAGE, UNREADABLE = range(4)
