"""Round trips: from flat to flat, told from fills.

A fill that turns a long into a short closes one round trip and opens the next; its fee is split in
proportion. Everything is counted in whole lots, ticks and quote units.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FillRow:
    """One fill in whole numbers.

    Parameters
    ----------
    bar : int
        Row of the bar it happened in.
    symbol : int
        Column of the symbol.
    lots : int
        Positive when bought, negative when sold.
    value, fee : int
        Notional and fee in quote units, ≥ 0.
    reason : int
        Number of the reason.
    """

    bar: int
    symbol: int
    lots: int
    value: int
    fee: int
    reason: int


@dataclass(slots=True, kw_only=True)
class RoundTrip:
    """One trade from flat to flat, or to the last bar where it is still open.

    Values are in quote units: what was paid or received for all that was opened (`entry_value`)
    and closed (`exit_value`), before fees. `reason` is the number of the last closing fill's
    reason.
    """

    symbol: int
    side: int
    entry_bar: int
    exit_bar: int
    opened: int = 0
    closed: int = 0
    entry_value: int = 0
    exit_value: int = 0
    fees: int = 0
    reason: int = 0

    @property
    def is_open(self) -> bool:
        """Whether something of it is still held."""
        return self.closed < self.opened

    def pnl(self, mark: int) -> int:
        """Return profit after fees in quote units, what is still held valued at `mark` a lot."""
        held = (self.opened - self.closed) * mark
        return self.side * (self.exit_value + held - self.entry_value) - self.fees


def round_trips(fills: Iterable[FillRow]) -> list[RoundTrip]:
    """Return the round trips in the order they were closed, those still open last."""
    running: dict[int, RoundTrip] = {}
    done: list[RoundTrip] = []
    for fill in fills:
        for part in _parts(fill, running.get(fill.symbol)):
            trip = running.get(part.symbol)
            if trip is None:
                side = 1 if part.lots > 0 else -1
                trip = RoundTrip(
                    symbol=part.symbol, side=side, entry_bar=part.bar, exit_bar=part.bar
                )
                running[part.symbol] = trip
            _add(trip, part)
            if not trip.is_open:
                done.append(running.pop(part.symbol))
    return done + sorted(running.values(), key=lambda trip: trip.entry_bar)


def _parts(fill: FillRow, trip: RoundTrip | None) -> Iterator[FillRow]:
    held = 0 if trip is None else trip.side * (trip.opened - trip.closed)
    closing = min(abs(fill.lots), abs(held)) if held * fill.lots < 0 else 0
    rest = abs(fill.lots) - closing
    if closing == 0 or rest == 0:
        yield fill
        return
    sign = 1 if fill.lots > 0 else -1
    per_lot = fill.value // abs(fill.lots)
    fee = fill.fee * closing // abs(fill.lots)
    for lots, part_fee in ((closing, fee), (rest, fill.fee - fee)):
        yield FillRow(
            bar=fill.bar,
            symbol=fill.symbol,
            lots=sign * lots,
            value=per_lot * lots,
            fee=part_fee,
            reason=fill.reason,
        )


def _add(trip: RoundTrip, fill: FillRow) -> None:
    trip.exit_bar = fill.bar
    trip.fees += fill.fee
    if fill.lots * trip.side > 0:
        trip.opened += abs(fill.lots)
        trip.entry_value += fill.value
    else:
        trip.closed += abs(fill.lots)
        trip.exit_value += fill.value
        trip.reason = fill.reason
