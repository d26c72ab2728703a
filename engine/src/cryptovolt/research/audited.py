"""What gates on splits look at, whatever was trained."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from cryptovolt.features.labels import Labels
from cryptovolt.ml.split import Fold, WalkForward


class AuditedFold(Protocol):
    """One fold of an evaluation."""

    @property
    def fold(self) -> Fold:
        """Training and test positions in the labels."""
        ...

    @property
    def fitted_until(self) -> Mapping[str, int]:
        """Each fitted step to the last bar of any label it was fitted to."""
        ...


class Audited(Protocol):
    """An evaluation by walk-forward."""

    @property
    def labels(self) -> Labels:
        """The rows that were used, with their intervals."""
        ...

    @property
    def walk(self) -> WalkForward:
        """How they were split."""
        ...

    @property
    def folds(self) -> Sequence[AuditedFold]:
        """In order of time."""
        ...
