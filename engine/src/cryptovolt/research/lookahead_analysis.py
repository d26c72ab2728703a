"""What a look-ahead analysis found."""

from dataclasses import asdict, dataclass
from typing import Any

from cryptovolt.research.leaks import Leak
from cryptovolt.research.order_probe import ORDERS
from cryptovolt.research.probes import TARGET

DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAheadAnalysis:
    """What altering the future changed.

    Parameters
    ----------
    name : str
        What was analysed.
    seed : int
        Drew the bars and the noise.
    n_times : int
        Bars after which the future was altered: in three ways, or, of a strategy that sends
        orders, by deleting it.
    values : tuple of str
        Everything that was compared.
    changed : tuple of str
        What of it changed at least once.
    leaks : tuple of Leak
        The lines (or features) where the change began, in the order of the file.
    repeatable : bool, default=True
        Whether a strategy that sends orders sends the same twice when it is asked the same.
    """

    name: str
    seed: int
    n_times: int
    values: tuple[str, ...]
    changed: tuple[str, ...]
    leaks: tuple[Leak, ...]
    repeatable: bool = True

    @property
    def guilty(self) -> bool:
        """Whether anything reads ahead, or is another thing each time."""
        return bool(self.leaks) or not self.repeatable

    @property
    def target_changed(self) -> bool:
        """Whether the target itself changed, or the orders."""
        return TARGET in self.changed or ORDERS in self.changed

    def to_record(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return {**asdict(self), "guilty": self.guilty, "target_changed": self.target_changed}

    def __str__(self) -> str:
        heads = "".join(f"\n  {leak}" for leak in self.leaks)
        if ORDERS in self.values:
            return self._of_orders() + heads
        tried = f"{len(self.values)} values at {self.n_times} bars, three futures each"
        if not self.guilty:
            return f"{self.name} does not read ahead: {tried}, nothing changed"
        reached = "the target changed" if self.target_changed else "the target did not change"
        return f"{self.name} READS AHEAD: {tried}; {reached}{heads}"

    def _of_orders(self) -> str:
        tried = f"its orders up to {self.n_times} bars, with the later ones deleted"
        if not self.repeatable:
            return f"{self.name} is NOT REPRODUCIBLE: asked the same twice, it sent other orders"
        if self.guilty:
            return f"{self.name} READS AHEAD: {tried}, were others"
        return f"{self.name} does not read ahead: {tried}, stayed the same"
