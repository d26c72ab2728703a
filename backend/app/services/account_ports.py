"""What following an account needs of the venue, and how it is asked for."""

from dataclasses import dataclass
from typing import Protocol

from app.core.account_frames import BalanceReport, Listed, StreamCounts
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.execution.order_evidence import FillReport, OrderKey, OrderReport


class StreamPort(Protocol):
    """The user stream of an account."""

    counts: StreamCounts

    async def run(self) -> None:
        """Keep the stream open until cancelled."""
        ...

    def drop(self, reason: str) -> None:
        """Give up a connection that says nothing; it is opened again."""
        ...

    async def close(self) -> None:
        """Close the connection."""
        ...


class RestPort(Protocol):
    """The REST side of an account."""

    @property
    def unreadable(self) -> dict[str, str]:
        """Rows that could not be read, and why; the others stand."""
        ...

    @property
    def page(self) -> int:
        """A page of fewer rows is the last."""
        ...

    async def set_clock(self) -> None:
        """Measure the venue's clock, which signed requests must carry."""
        ...

    async def read_listed(self) -> Listed:
        """Return the symbols of the market and their assets."""
        ...

    async def read_open_orders(self) -> list[OrderReport]:
        """Return every order that is open now."""
        ...

    async def read_orders(self, symbol: str, first_id: int) -> list[OrderReport]:
        """Return a page of orders of a symbol from an id on, oldest first."""
        ...

    async def read_order(self, key: OrderKey) -> OrderReport | None:
        """Return one order, None where the venue does not show it: that proves nothing."""
        ...

    async def read_fills(self, symbol: str, first_id: int) -> list[FillReport]:
        """Return a page of executions of a symbol from a trade id on, oldest first."""
        ...

    async def read_fills_of(self, key: OrderKey) -> list[FillReport]:
        """Return the executions of one order."""
        ...

    async def read_balances(self) -> list[BalanceReport]:
        """Return everything the account owns."""
        ...

    async def read_traded_symbols(self, since_ms: int) -> set[str]:
        """Return the symbols that moved a margin wallet since a time; none on spot."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowOptions:
    """How an account is followed.

    Parameters
    ----------
    symbols : tuple of str
        Symbols whose whole history is read; others join when the account trades them.
    check_every_s : float
        REST is compared so often. With the time an answer takes and `grace_s`, the default finds
        whatever the stream does not tell within 30 seconds.
    grace_s : float
        What REST told first the stream may tell so much later.
    wide_every : int
        At each so-many-th check every known symbol is read, not only those that moved.
    """

    symbols: tuple[str, ...] = ()
    check_every_s: float = 25.0
    grace_s: float = 2.0
    wide_every: int = 10

    def __post_init__(self) -> None:
        if not (0.0 < self.check_every_s <= 30.0 and 0.0 < self.grace_s <= 5.0):
            raise ConfigurationError(
                "expected a check every 30 seconds at most and a grace of 5 at most, found "
                f"{self.check_every_s} and {self.grace_s}"
            )
