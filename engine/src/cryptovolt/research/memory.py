"""What a recursion analysis found: how long each value remembers where its bars began."""

from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from cryptovolt.research.order_probe import ORDERS
from cryptovolt.research.probes import TARGET

DECISIONS = (TARGET, ORDERS)
"""What a strategy decides: it must settle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """How long one value remembers.

    Parameters
    ----------
    name : str
        Function, line and name; or the feature.
    difference : float
        Largest relative difference at the declared warm-up; infinite where it is undefined then.
    warmup : int or None
        Smallest warm-up tried from which on it stays within the tolerance; None where none does:
        it counts from the first bar, as a running sum.
    """

    name: str
    difference: float
    warmup: int | None

    def __str__(self) -> str:
        apart = f"differs by {self.difference:.1e}"
        if not isfinite(self.difference):
            apart = "is another value, or undefined,"
        needs = "never settles" if self.warmup is None else f"needs about {self.warmup}"
        return f"{self.name}: {apart} and {needs}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecursiveAnalysis:
    """What a longer warm-up would change.

    Parameters
    ----------
    name : str
        What was analysed.
    seed : int
        Drew the bars.
    warmup : int
        Declared.
    reference : int
        Bars that the values were compared with.
    n_times : int
        Bars at which they were.
    tolerance : float
        Relative.
    values : tuple of Memory
        Everything that was compared.
    smallest : int or None
        Warm-up that suffices for every value that ever settles, and for the target or orders; None
        where these never do.
    """

    name: str
    seed: int
    warmup: int
    reference: int
    n_times: int
    tolerance: float
    values: tuple[Memory, ...]
    smallest: int | None

    @property
    def changing(self) -> tuple[Memory, ...]:
        """Values that a longer warm-up would still change until it settles; a decision always."""
        return tuple(
            one
            for one in self.values
            if (one.name in DECISIONS and one.warmup is None)
            or (one.warmup is not None and not one.difference <= self.tolerance)
        )

    @property
    def counting(self) -> tuple[Memory, ...]:
        """Values that never settle: they count from the first bar."""
        return tuple(one for one in self.values if one.warmup is None and one.name not in DECISIONS)

    @property
    def guilty(self) -> bool:
        """Whether the declared warm-up is too short."""
        return bool(self.changing)

    def to_record(self) -> dict[str, Any]:
        """Return it as JSON knows it; an infinite difference is None."""
        values = [
            asdict(one) | {"difference": one.difference if isfinite(one.difference) else None}
            for one in self.values
        ]
        return asdict(self) | {
            "values": values,
            "guilty": self.guilty,
            "changing": [one.name for one in self.changing],
            "counting": [one.name for one in self.counting],
        }

    def __str__(self) -> str:
        tried = f"{len(self.values)} values at {self.n_times} bars, {self.reference:,} bars before"
        if not self.guilty:
            least = "" if self.smallest in (None, self.warmup) else f"; {self.smallest} would do"
            return f"{self.name}: a warm-up of {self.warmup} suffices ({tried}{least})"
        needed = (
            f"the smallest that suffices is {self.smallest}"
            if self.smallest is not None
            else f"none up to {self.reference:,} suffices"
        )
        heads = "\n".join(f"  {one}" for one in self.changing)
        return f"{self.name}: a warm-up of {self.warmup} is TOO SHORT, {needed} ({tried})\n{heads}"
