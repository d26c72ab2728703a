"""A double-entry ledger: every movement is a row from one pocket to another.

A pocket tells whose money it is, in which market and in which state. The venue's own pockets (the
other side of trades, fees, funding, insurance, what came from outside) may be negative; free and
locked funds of a customer may not. The sum over all pockets of an asset is zero at every moment, so
nothing is made and nothing is lost.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from cryptovolt.domain.errors import CryptoVoltError
from cryptovolt_venue.money import ZERO, add, subtract


class LedgerError(CryptoVoltError):
    """A movement would break the laws of the ledger; the venue itself is wrong."""


class Reason(StrEnum):
    """Why money moved."""

    DEPOSIT = "DEPOSIT"
    WITHDRAWAL = "WITHDRAWAL"
    LOCK = "LOCK"
    RELEASE = "RELEASE"
    TRADE = "TRADE"
    FEE = "FEE"
    REALIZED_PNL = "REALIZED_PNL"
    FUNDING_FEE = "FUNDING_FEE"
    LIQUIDATION_FEE = "LIQUIDATION_FEE"
    INSURANCE = "INSURANCE_CLEAR"


@dataclass(frozen=True, slots=True)
class Pocket:
    """Where money lies: whose, in which market, and in which state (free, locked, wallet …)."""

    owner: str
    market: str
    state: str

    def __str__(self) -> str:
        return f"{self.owner}:{self.market}:{self.state}"

    @property
    def may_be_negative(self) -> bool:
        """The venue's own pockets and a margin wallet may; free and locked funds may not."""
        return self.state not in ("free", "locked")


VENUE = "venue"
OUTSIDE = Pocket(VENUE, "outside", "deposits")
FEES = Pocket(VENUE, "fees", "collected")
FUNDING = Pocket(VENUE, "usdm", "funding")
PROFITS = Pocket(VENUE, "usdm", "profits")
INSURANCE = Pocket(VENUE, "usdm", "insurance")
COUNTERPARTY = Pocket(VENUE, "spot", "counterparty")


@dataclass(frozen=True, slots=True)
class Move:
    """An amount that goes from one pocket to another, not yet booked."""

    source: Pocket
    target: Pocket
    asset: str
    amount: Decimal
    reason: Reason


def signed_move(
    venue: Pocket, wallet: Pocket, asset: str, amount: Decimal, reason: Reason
) -> list[Move]:
    """Return what a wallet gains from a pocket of the venue, or pays into it if negative."""
    if amount == 0:
        return []
    source, target = (venue, wallet) if amount > 0 else (wallet, venue)
    return [Move(source, target, asset, abs(amount), reason)]


@dataclass(frozen=True, slots=True)
class Row:
    """A booked movement. `entry` numbers the rows that were booked together, all or none."""

    row: int
    entry: int
    time_ms: int
    move: Move
    reference: str


class Ledger:
    """All rows of a venue, and the balance of each pocket."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._balances: dict[tuple[Pocket, str], Decimal] = defaultdict(lambda: ZERO)
        self._entries = 0

    def book(self, time_ms: int, reference: str, moves: Sequence[Move]) -> tuple[Row, ...]:
        """Book movements together, or refuse all of them; movements of nothing leave no row."""
        moves = [move for move in moves if move.amount != 0]
        changed = self._after(moves)
        if not moves:
            return ()
        self._entries += 1
        self._balances.update(changed)
        first = len(self.rows)
        self.rows.extend(
            Row(first + number, self._entries, time_ms, move, reference)
            for number, move in enumerate(moves)
        )
        return tuple(self.rows[first:])

    def balance(self, pocket: Pocket, asset: str) -> Decimal:
        """Return what lies in a pocket."""
        return self._balances.get((pocket, asset), ZERO)

    def assets(self, owner: str, market: str) -> list[str]:
        """Return the assets an owner ever held in a market, by name."""
        return sorted(
            {
                asset
                for pocket, asset in self._balances
                if (pocket.owner, pocket.market) == (owner, market)
            }
        )

    def balances(self) -> Iterator[tuple[Pocket, str, Decimal]]:
        """Yield every pocket with its asset and balance."""
        for (pocket, asset), amount in self._balances.items():
            yield pocket, asset, amount

    def total(self, asset: str) -> Decimal:
        """Return the sum over all pockets of an asset: zero, or the ledger is broken."""
        total = ZERO
        for _, name, amount in self.balances():
            if name == asset:
                total = add(total, amount)
        return total

    def _after(self, moves: Sequence[Move]) -> dict[tuple[Pocket, str], Decimal]:
        changed: dict[tuple[Pocket, str], Decimal] = {}
        for move in moves:
            if not (move.amount.is_finite() and move.amount > 0):
                raise LedgerError(f"an amount must be positive, was {move.amount} in {move}")
            source, target = (move.source, move.asset), (move.target, move.asset)
            changed[source] = subtract(self._now(changed, source), move.amount)
            changed[target] = add(self._now(changed, target), move.amount)
        for (pocket, asset), amount in changed.items():
            if amount < 0 and not pocket.may_be_negative:
                raise LedgerError(f"{pocket} would hold {amount} {asset}; it may not be below zero")
        return changed

    def _now(self, changed: dict[tuple[Pocket, str], Decimal], key: tuple[Pocket, str]) -> Decimal:
        return changed[key] if key in changed else self._balances.get(key, ZERO)
