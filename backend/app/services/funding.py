"""Funding of perpetuals on paper: which rates are known, and what is said where none are."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from app.core.database import SessionLocal
from app.core.times import moment_of
from app.repositories import funding_rates
from app.repositories.bars import SeriesKey
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.funding import FundingPayment, FundingRates
from cryptovolt.market.funding import read_funding
from cryptovolt.trading.account import FundingDue
from cryptovolt.trading.funding_due import funding_due

PERPETUALS = ("-usdm", "-coinm")
"""How sources of perpetuals end."""


class FundingSource(Protocol):
    """Where recorded rates come from."""

    def rates(self, key: SeriesKey) -> FundingRates | None:
        """Return the known rates of a perpetual, or None where there are none."""
        ...


@dataclass(frozen=True, slots=True)
class FundingFile:
    """Rates in a file."""

    path: Path

    def rates(self, key: SeriesKey) -> FundingRates:
        """Return the rates in the file; refused where they are of another symbol, or of a spot."""
        require_perpetual(key)
        return read_funding(self.path, key.symbol)


@dataclass(frozen=True, slots=True)
class StoredFunding:
    """Rates in the table ``funding_rates``."""

    def rates(self, key: SeriesKey) -> FundingRates | None:
        """Return all stored rates of a perpetual, or None where there are none."""
        if not is_perpetual(key.source):
            return None
        with SessionLocal() as db:
            found = funding_rates.read(db, key.symbol, key.source)
        return found if len(found) else None


def funding_source(path: Path | None) -> FundingSource:
    """Return where rates come from: a file where one is given, else what is stored."""
    return StoredFunding() if path is None else FundingFile(path)


def is_perpetual(source: str) -> bool:
    """Return whether bars of this source are those of perpetuals, which pay funding."""
    return source.endswith(PERPETUALS)


def require_perpetual(key: SeriesKey) -> None:
    """Refuse funding of a market that pays none.

    Raises
    ------
    ConfigurationError
        If the series is not of a perpetual.
    """
    if not is_perpetual(key.source):
        raise ConfigurationError(
            f"expected bars of a perpetual beside funding rates (a source such as binance-usdm), "
            f"found {key}"
        )


def funding_record(bars: Bars, first: int, rates: FundingRates | None) -> dict[str, Any] | None:
    """Return what the settings of a session say of funding; None for a market without.

    Parameters
    ----------
    bars : Bars
        Of the session and before.
    first : int
        The session's first bar.
    rates : FundingRates or None
        Those that are known.
    """
    if not is_perpetual(bars.source or ""):
        return None
    traded = bars[first:]
    begin, end = int(traded.timestamp[0]), int(traded.timestamp[-1]) + bars.interval_ms
    times = [] if rates is None else [time for time, _ in rates.between(begin, end)]
    if rates is None or not times:
        which = f"no funding rates of {bars.symbol} ({bars.source}) are known"
        when = "" if rates is None else " for the bars of this session"
        return {
            "charged": False,
            "n_rates": 0,
            "text": f"Funding is not charged: {which}{when}. A real position would pay or receive "
            "it.",
        }
    content = rates.timestamp.tobytes() + rates.rate.tobytes()
    return {
        "charged": True,
        "n_rates": len(times),
        "first_ms": times[0],
        "last_ms": times[-1],
        "sha256": hashlib.sha256(content).hexdigest(),
        "text": f"Funding is charged at {len(times):,} recorded rates, {_day(times[0])} to "
        f"{_day(times[-1])}; none are known beyond.",
    }


def is_charged(settings: Mapping[str, Any]) -> bool | None:
    """Return whether a session with these settings pays funding; None for a market without."""
    record: dict[str, Any] | None = settings.get("funding")
    return None if record is None else bool(record["charged"])


def due_at(bars: Bars, row: int, rates: FundingRates | None) -> Sequence[FundingDue]:
    """Return the funding due in one of the bars."""
    before = int(bars.timestamp[row - 1]) + bars.interval_ms if row else None
    return funding_due(rates, bars[row : row + 1], before)


def total_paid(payments: Sequence[FundingPayment]) -> Decimal:
    """Return what was paid in all, quote currency; negative when received."""
    return sum((payment.paid for payment in payments), Decimal(0))


def _day(time: int) -> str:
    return f"{moment_of(time):%Y-%m-%d %H:%M} UTC"
