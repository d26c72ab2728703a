"""What the engine needs from outside, as protocols. Adapters live in the server."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.trials import LedgerCheck, Trial


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


class Contributions(NamedTuple):
    """What each column adds to the log odds of each row; ``bias + matrix.sum(axis=1)`` is all.

    `bias` is what the model says of rows it knows nothing about; `matrix` has the shape
    ``(n_rows, n_features)`` and is NaN in rows with a feature that is not finite.
    """

    bias: float
    matrix: FloatArray


class Model(Classifier, Protocol):
    """A classifier that can be stored, asked for its log odds and asked why."""

    @property
    def kind(self) -> str:
        """How it was learned: ``"xgboost"``, ``"lightgbm"`` or ``"linear"``."""
        ...

    @property
    def manifest(self) -> Mapping[str, Any]:
        """Columns, calibration, settings, provenance and the SHA-256 of every file."""
        ...

    def margins(self, values: FloatArray) -> FloatArray:
        """Return the log odds before calibration, shape ``(n_rows,)``; NaN where undefined."""
        ...

    def contributions(self, values: FloatArray) -> Contributions:
        """Return what each column adds to the log odds of each row."""
        ...

    def save(self, folder: Path) -> Path:
        """Write the model into a folder of its own, named by its hash, and return that folder."""
        ...


class Forecaster(Protocol):
    """A trained model that says how far the price will go.

    It counts only when it was promoted, and votes only when it beat saying "no change".
    """

    @property
    def feature_names(self) -> Sequence[str]:
        """Columns it was trained on, in order."""
        ...

    @property
    def artefact_hash(self) -> str:
        """SHA-256 of the stored model, 64 hex digits."""
        ...

    @property
    def n_steps(self) -> int:
        """Bars in a window, the newest last."""
        ...

    @property
    def horizon(self) -> int:
        """Bars ahead that are forecast."""
        ...

    @property
    def spread(self) -> float:
        """Standard deviation of its out-of-fold forecasts, log return; NaN if it has none."""
        ...

    @property
    def silence(self) -> str | None:
        """Why it casts no vote; None where it beat the last price and may."""
        ...

    def forecast(self, windows: FloatArray) -> FloatArray:
        """Return the log return over the horizon, NaN where a window has a hole.

        Windows have the shape ``(n_rows, n_steps, n_features)``.
        """
        ...


class TextScorer(Protocol):
    """Says how good a text sounds for a holder of the coin. Every scorer has this one face.

    Its name and hash are stored beside each score: a score from another scorer is another
    version, never a correction.
    """

    @property
    def name(self) -> str:
        """What kind of scorer it is, e.g. ``"lexicon"``, ``"linear"`` or ``"ensemble"``."""
        ...

    @property
    def hash(self) -> str:
        """SHA-256 of everything a score depends on, 64 hex digits."""
        ...

    def score(self, texts: Sequence[str]) -> FloatArray:
        """Return scores of shape ``(n_texts,)`` in [−1, 1]; 0 where nothing is known.

        A text's score depends on that text alone, not on the others beside it.

        Raises
        ------
        DataError
            If a single text is given, or an element is not a text.
        """
        ...


class TrialLedger(Protocol):
    """Remembers every trial; it only grows. A file in the engine, a table in the server."""

    def append(self, trials: Sequence[Trial]) -> tuple[Trial, ...]:
        """Add trials in order and return them chained; they are stored when this returns.

        Raises
        ------
        DataError
            If the ledger is broken.
        """
        ...

    def trials(self, symbols: Collection[str], first: int, last: int) -> tuple[Trial, ...]:
        """Return all trials on data that overlaps with this, in the order they were added.

        Data overlaps where a symbol is shared and the times from `first` to `last` (bar opens,
        milliseconds UTC, inclusive) touch. Study, time frame and venue play no part.

        Raises
        ------
        DataError
            If the ledger is broken: a count from it would be worth nothing.
        """
        ...

    def verify(self) -> LedgerCheck:
        """Check the whole chain and name every place where it is broken."""
        ...
