"""Funding of perpetuals: what longs and shorts pay one another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray, read_only
from cryptovolt.domain.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FundingRates:
    """Recorded funding rates of one perpetual; intervals may change.

    Parameters
    ----------
    timestamp : ndarray of shape (n_payments,)
        When each was paid, int64 milliseconds UTC, increasing.
    rate : ndarray of shape (n_payments,)
        Fraction of the position's value that longs pay to shorts; negative when shorts pay. In
        [−1, 1].

    Raises
    ------
    DataError
        If shapes differ, times do not increase, or a rate is missing or outside its range.
    """

    timestamp: IntArray
    rate: FloatArray

    def __post_init__(self) -> None:
        for name in ("timestamp", "rate"):
            given = getattr(self, name)
            if not isinstance(given, np.ndarray):
                raise DataError(f"expected {name} as an array, found {type(given).__name__}")
        if self.timestamp.ndim != 1 or self.timestamp.shape != self.rate.shape:
            raise DataError(
                "expected timestamp and rate of one length, found shapes "
                f"{self.timestamp.shape} and {self.rate.shape}"
            )
        if self.timestamp.dtype != np.int64:
            raise DataError(f"expected timestamp as int64, found {self.timestamp.dtype}")
        wrong = np.diff(self.timestamp) <= 0
        if wrong.any():
            row = int(np.argmax(wrong)) + 1
            raise DataError(
                f"expected funding times that increase, found {self.timestamp[row]} in row {row} "
                f"after {self.timestamp[row - 1]}"
            )
        known = np.abs(self.rate) <= 1.0
        if not known.all():
            row = int(np.argmin(known))
            raise DataError(
                f"expected funding rates in [-1, 1], found {self.rate[row]} in row {row}"
            )
        for array in (self.timestamp, self.rate):
            read_only(array)

    def __len__(self) -> int:
        return self.rate.size

    def between(self, start: int, end: int) -> Iterator[tuple[int, float]]:
        """Yield time and rate of the payments in [start, end), milliseconds UTC."""
        first, last = np.searchsorted(self.timestamp, [start, end])
        times: list[int] = self.timestamp[first:last].tolist()
        rates: list[float] = self.rate[first:last].tolist()
        yield from zip(times, rates, strict=True)

    def paid_until(self, time: int) -> "FundingRates":
        """Return the payments made at or before a time (milliseconds UTC)."""
        n_paid = int(np.searchsorted(self.timestamp, time, side="right"))
        return FundingRates(timestamp=self.timestamp[:n_paid], rate=self.rate[:n_paid])


Funding: TypeAlias = FundingRates | Mapping[str, FundingRates]
"""Rates of the one symbol there is, or by symbol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingPayment:
    """One payment on a position.

    Parameters
    ----------
    time : int
        Open of the bar in which it was due, milliseconds UTC.
    symbol : str
        Venue form.
    rate : float
        As recorded.
    quantity : Decimal
        What was held, base currency, negative when short.
    price : Decimal
        At which it was valued, quote currency.
    paid : Decimal
        Quote currency; negative when received.
    """

    time: int
    symbol: str
    rate: float
    quantity: Decimal
    price: Decimal
    paid: Decimal
