"""What a gate says."""

from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any


@dataclass(frozen=True, slots=True)
class Gate:
    """The outcome of one integrity gate.

    Parameters
    ----------
    name : str
        E.g. ``"label_permutation"``.
    passed : bool
        Whether the model may go on.
    measured : float
        What was found.
    threshold : float
        What it was compared with.
    text : str
        One sentence: what was found and what was allowed.
    """

    name: str
    passed: bool
    measured: float
    threshold: float
    text: str

    def to_record(self) -> dict[str, Any]:
        """Return it as JSON knows it; undefined numbers are None."""
        record = asdict(self)
        for key in ("measured", "threshold"):
            record[key] = record[key] if isfinite(record[key]) else None
        return record
