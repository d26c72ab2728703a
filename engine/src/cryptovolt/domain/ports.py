"""What the engine needs from outside, as protocols. Adapters live in the server."""

from collections.abc import Sequence
from typing import Protocol

from cryptovolt.domain.arrays import FloatArray


class Progress(Protocol):
    """Told how far a long piece of work has come."""

    def __call__(self, done: int, total: int, message: str) -> None:
        """Report that `done` of `total` steps are finished."""
        ...


class Classifier(Protocol):
    """A trained model that says how likely a rise is.

    The same code answers in backtest, paper and live, for one row and for many.
    """

    @property
    def feature_names(self) -> Sequence[str]:
        """Columns it was trained on, in order."""
        ...

    @property
    def artefact_hash(self) -> str:
        """SHA-256 of the stored model, 64 hex digits."""
        ...

    def probability_up(self, values: FloatArray) -> FloatArray:
        """Return P(up) for rows of shape ``(n_rows, n_features)``; NaN where it cannot say."""
        ...
