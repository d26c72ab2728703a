"""What is known of an account's balances, as it walks from the venue to the database."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from cryptovolt.execution.order_evidence import Evidence


class BalanceReport(NamedTuple):
    """What an account owns of one asset; `locked` is None where the market knows no such thing."""

    asset: str
    total: Decimal
    locked: Decimal | None
    time_ms: int


@dataclass(frozen=True, slots=True)
class AccountNews:
    """What one message of a user stream said."""

    evidence: tuple[Evidence, ...] = ()
    balances: tuple[BalanceReport, ...] = ()
    ended: str | None = None
    """Why the venue will say nothing more on this connection."""
    ask: bool = False
    """Whether something changed that only REST tells in full."""


@dataclass(slots=True)
class StreamCounts:
    """What happened on the user stream of one market."""

    frames: int = 0
    unknown: int = 0
    unreadable: int = 0
    connections: int = 0
    cuts: int = 0


@dataclass(frozen=True, slots=True)
class Listed:
    """The symbols of a market with their base and quote assets."""

    assets: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])

    @property
    def known(self) -> set[str]:
        """Every asset that is traded."""
        return {asset for pair in self.assets.values() for asset in pair}

    def traded_with(self, changed: set[str]) -> set[str]:
        """Return the symbols whose trades could have changed these assets, and only these."""
        return {
            symbol
            for symbol, (base, quote) in self.assets.items()
            if base in changed and quote in changed
        }
