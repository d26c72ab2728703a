"""Round trips: from flat to flat, told from fills.

A fill that turns a long into a short closes one round trip and opens the next; its fee is split in
proportion. Everything is counted in whole lots, ticks and quote units, never rounded: sums that
could leave 64 bits are taken with Python's integers, which makes them slower, not wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt
from numba import njit

from cryptovolt.domain.arrays import BoolArray, IntArray

_LIMIT = 2**62
_SYMBOL, _SIDE, _OPENED, _CLOSED, _ENTRY, _EXIT, _FEES, _REASON, _FIRST, _LAST = range(10)
_N_COLUMNS = 10

WholeNumbers: TypeAlias = npt.NDArray[Any]
"""int64, or Python integers (dtype object) where 64 bits could be too few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrips:
    """Trades from flat to flat in the order they were closed; those still open come last.

    Every field is an array of shape ``(n_trips,)``. `first_fill` and `last_fill` are rows of the
    fills, `side` is 1 for a long and −1 for a short. Values are in quote units: what was paid or
    received for all that was opened (`entry_value`) and closed (`exit_value`), before fees.
    `reason` is the number of the last closing fill's reason.
    """

    symbol: IntArray
    side: IntArray
    first_fill: IntArray
    last_fill: IntArray
    opened: WholeNumbers
    closed: WholeNumbers
    entry_value: WholeNumbers
    exit_value: WholeNumbers
    fees: WholeNumbers
    reason: IntArray

    def __len__(self) -> int:
        return self.symbol.size

    @property
    def is_open(self) -> BoolArray:
        """Whether something of each is still held."""
        return np.asarray(self.closed < self.opened, np.bool_)

    def pnl(self, mark: IntArray) -> WholeNumbers:
        """Return profit after fees in quote units.

        Parameters
        ----------
        mark : ndarray of shape (n_symbols,)
            Quote units a lot, at which what is still held is valued.
        """
        held = (self.opened - self.closed) * mark[self.symbol]
        return self.side * (self.exit_value + held - self.entry_value) - self.fees


def round_trips(
    *, symbol: IntArray, lots: IntArray, value: IntArray, fee: IntArray, reason: IntArray
) -> RoundTrips:
    """Return the round trips of fills in their order.

    Parameters
    ----------
    symbol : ndarray of shape (n_fills,)
        Column of the symbol, from 0.
    lots : ndarray of shape (n_fills,)
        Positive when bought, negative when sold.
    value, fee : ndarray of shape (n_fills,)
        Notional and fee in quote units, the notional ≥ 0.
    reason : ndarray of shape (n_fills,)
        Number of the reason.
    """
    fills = np.column_stack([symbol, lots, value, fee, reason])
    fits, trips = _compiled_trips(fills)
    if not fits:
        # A fill opens at most one trip; where it turns a position it has closed another one.
        found = np.zeros((len(fills), _N_COLUMNS), object)
        n_trips = _walk(fills.astype(object), found, np.full(int(symbol.max()) + 1, -1))
        trips = _closed_first(found[:n_trips])
    whole = {
        name: trips[column].astype(np.int64, copy=False)
        for name, column in (
            ("symbol", _SYMBOL), ("side", _SIDE), ("first_fill", _FIRST), ("last_fill", _LAST),
            ("reason", _REASON),
        )
    }  # fmt: skip
    return RoundTrips(
        **whole,
        opened=trips[_OPENED],
        closed=trips[_CLOSED],
        entry_value=trips[_ENTRY],
        exit_value=trips[_EXIT],
        fees=trips[_FEES],
    )


def _closed_first(trips: WholeNumbers) -> WholeNumbers:
    # One column per trip, in the order of the last fill; those still open last, in the order of
    # the first one.
    is_open = np.asarray(trips[:, _CLOSED] < trips[:, _OPENED], np.bool_)
    order = np.lexsort((np.where(is_open, 0, trips[:, _LAST].astype(np.int64)), is_open))
    return trips[order].T


@njit(cache=True, nogil=True)
def _share(amount: int, part: int, whole: int) -> int:
    # amount × part // whole, bit by bit where the product could leave 64 bits.
    rest = amount % whole
    quotient = remainder = 0
    for shift in range(61, -1, -1):
        quotient, remainder = 2 * quotient, 2 * remainder + rest * (part >> shift & 1)
        quotient, remainder = quotient + remainder // whole, remainder % whole
    return amount // whole * part + quotient


def _walk(fills: WholeNumbers, trips: WholeNumbers, running: IntArray) -> int:
    # Fill rows: symbol, lots, value, fee, reason. `running` holds each symbol's open trip or −1.
    n_trips = 0
    for row in range(len(fills)):
        symbol = fills[row, 0]
        lots, value, fee = fills[row, 1], fills[row, 2], fills[row, 3]
        side = 1 if lots > 0 else -1
        size = abs(lots)
        at = running[symbol]
        if at >= 0 and trips[at, _SIDE] != side:
            closing = min(size, trips[at, _OPENED] - trips[at, _CLOSED])
            part = value if closing == size else value // size * closing
            charge = fee if closing == size else _share(fee, closing, size)
            trips[at, _CLOSED] += closing
            trips[at, _EXIT] += part
            trips[at, _FEES] += charge
            trips[at, _REASON] = fills[row, 4]
            trips[at, _LAST] = row
            if trips[at, _CLOSED] == trips[at, _OPENED]:
                running[symbol] = -1
            size, value, fee = size - closing, value - part, fee - charge
        if size > 0:
            at = running[symbol]
            if at < 0:
                at = n_trips
                n_trips += 1
                running[symbol] = at
                trips[at, _SYMBOL], trips[at, _SIDE], trips[at, _FIRST] = symbol, side, row
            trips[at, _OPENED] += size
            trips[at, _ENTRY] += value
            trips[at, _FEES] += fee
            trips[at, _LAST] = row
    return n_trips


_compiled_walk = cast(
    "Callable[[WholeNumbers, WholeNumbers, IntArray], int]", njit(nogil=True)(_walk)
)


@njit(cache=True, nogil=True)
def _compiled_trips(fills: IntArray) -> tuple[bool, WholeNumbers]:
    # Whether 64 bits are enough, and if so one column per trip, as from `_closed_first`.
    n_symbols = 0
    sums = np.zeros(3)
    for row in range(fills.shape[0]):
        n_symbols = max(n_symbols, fills[row, 0] + 1)
        for k in range(3):
            sums[k] += abs(float(fills[row, k + 1]))
    if sums.max() >= _LIMIT:
        return False, np.empty((_N_COLUMNS, 0), np.int64)
    trips = np.zeros((fills.shape[0], _N_COLUMNS), np.int64)
    n_trips = _compiled_walk(fills, trips, np.full(n_symbols, -1))
    ordered = np.empty((_N_COLUMNS, n_trips), np.int64)
    for place, trip in enumerate(_order(trips[:n_trips], fills.shape[0])):
        ordered[:, place] = trips[trip]
    return True, ordered


@njit(nogil=True)
def _order(trips: IntArray, n_fills: int) -> IntArray:
    # A fill closes one trip at most, so the fills are the order.
    closed_by, opened = np.full(n_fills, -1), np.empty(len(trips), np.int64)
    n_open = 0
    for trip in range(len(trips)):
        if trips[trip, _CLOSED] == trips[trip, _OPENED]:
            closed_by[trips[trip, _LAST]] = trip
        else:
            opened[n_open] = trip
            n_open += 1
    return np.concatenate((closed_by[closed_by >= 0], opened[:n_open]))
