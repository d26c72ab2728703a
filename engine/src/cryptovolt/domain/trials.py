"""Trials: every configuration that was ever evaluated, chained so that none can be forgotten.

A Sharpe ratio found among many has to be judged by how many there were. A trial is one evaluation:
a backtest, a fit of a model, one row of a sweep, one step of a search, one training run of a walk
forward. Trials are kept in a ledger (:class:`cryptovolt.domain.ports.TrialLedger`) that only grows.
Each holds the hash of the one before it, and its own hash covers everything it says, so that an
edit or a deletion breaks the chain.

Not every row is another thing to choose from. What is fitted again and again for one configuration,
such as the folds of a walk-forward, shares a *choice* and counts once; what a gate fits to see that
chance stays chance is a *check*, holds no returns to choose by, and does not count (see
:func:`choices_of`).

Sharpe ratios are per bar, never annualised; kurtosis is not in excess (normal = 3); what is
undefined is None.
"""

import base64
import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from cryptovolt.domain.errors import CryptoVoltError, DataError
from cryptovolt.domain.timeframe import timeframe_ms

GENESIS = "0" * 64
"""What the first trial of a ledger names as the one before it."""

Scalar: TypeAlias = str | int | float | bool | None
"""What a parameter may be: what JSON can say in one word."""


class TrialKind(StrEnum):
    """What was evaluated."""

    BACKTEST = "backtest"
    FIT = "fit"
    SWEEP = "sweep"
    SEARCH = "search"
    WALKFORWARD = "walkforward"
    CHECK = "check"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trial:
    """One configuration that was evaluated, and what came out.

    Parameters
    ----------
    kind : TrialKind or str
        ``"backtest"``, ``"fit"``, ``"sweep"``, ``"search"``, ``"walkforward"`` or ``"check"``; a
        check has no returns and no Sharpe ratio.
    study : str
        What the researcher calls it; has no influence on what is counted.
    symbols : tuple of str
        What was traded; kept in alphabetical order.
    timeframe : str
        Of the bars.
    first, last : int
        Opens of the first and the last bar, milliseconds UTC.
    data_hash : str
        SHA-256 of the bars, 64 hex digits.
    parameters : mapping of str to scalar
        What was tried.
    n_observations : int
        Number of returns behind the moments.
    sharpe, skewness, kurtosis : float or None
        Of the returns per bar; None where undefined.
    returns : ndarray of shape (n_periods,), float32
        Returns per `returns_ms` on end from the period that holds `first`, to compare trials with.
    returns_ms : int
        Length of such a period in milliseconds; periods are counted from the epoch.
    setup : str
        Fingerprint of what decided the result besides data and parameters (code, costs, rules).
    choice : str
        Fingerprint of the configuration and its whole data, shared by all rows that are parts of
        one choice, such as its folds; empty where the row is a choice of its own.
    result : mapping of str to float or None
        Standard measures, None where undefined.
    previous, hash : str
        SHA-256 of the trial before it and of this one; set by the ledger.

    Raises
    ------
    DataError
        If a value is missing or of the wrong kind.
    """

    kind: TrialKind
    study: str
    symbols: tuple[str, ...]
    timeframe: str
    first: int
    last: int
    data_hash: str
    parameters: Mapping[str, Scalar]
    n_observations: int
    sharpe: float | None
    skewness: float | None
    kurtosis: float | None
    returns: npt.NDArray[np.float32]
    returns_ms: int
    setup: str = ""
    choice: str = ""
    result: Mapping[str, float | None] = field(default_factory=dict[str, float | None])
    previous: str = ""
    hash: str = ""

    def __post_init__(self) -> None:
        if self.kind not in set(TrialKind):
            raise DataError(
                f"expected a kind of trial among {', '.join(TrialKind)}, found {self.kind!r}"
            )
        timeframe_ms(self.timeframe)
        if not self.study or not self.symbols or not all(self.symbols):
            raise DataError(
                "expected a study and at least one symbol, found "
                f"{self.study!r} and {self.symbols!r}"
            )
        for name in _WHOLE:
            value: object = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool):
                raise DataError(f"expected {name} as a whole number, found {value!r}")
        if not 0 <= self.first <= self.last:
            raise DataError(f"expected 0 ≤ first ≤ last, found {self.first} and {self.last}")
        if self.n_observations < 0 or self.returns_ms <= 0:
            raise DataError(
                "expected n_observations ≥ 0 and returns_ms > 0, found "
                f"{self.n_observations} and {self.returns_ms}"
            )
        self._normalise()
        if self.kind is TrialKind.CHECK:
            self._require_nothing_to_choose_by()

    def _require_nothing_to_choose_by(self) -> None:
        # Checks do not count, so what could be chosen may not be called one.
        if self.returns.size or self.n_observations or self.sharpe is not None:
            raise DataError(
                f"expected a check without returns, found {self.n_observations} of them: what can "
                "be chosen counts, so give it its own kind"
            )

    def _normalise(self) -> None:
        returns = np.array(self.returns, np.float32)
        if returns.ndim != 1 or not np.isfinite(returns).all():
            raise DataError(f"expected finite returns of shape (n,), found shape {returns.shape}")
        returns.flags.writeable = False
        for text in (
            self.study,
            self.choice,
            *self.symbols,
            *self.parameters,
            *self.parameters.values(),
        ):
            _require_storable(text)
        moments = {name: _defined(getattr(self, name)) for name in _MOMENTS}
        values: dict[str, object] = {
            "kind": TrialKind(self.kind),
            "symbols": tuple(sorted(set(self.symbols))),
            "returns": returns,
            "parameters": MappingProxyType({k: _scalar(v) for k, v in self.parameters.items()}),
            "result": MappingProxyType({k: _defined(v) for k, v in self.result.items()}),
            **moments,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def chained(self, previous: str) -> "Trial":
        """Return this trial as the one that follows the trial with the hash `previous`."""
        linked = replace(self, previous=previous, hash="")
        return replace(linked, hash=digest(linked.payload()))

    def payload(self) -> str:
        """Return everything but the hash as one line of JSON, the same for equal trials."""
        record: dict[str, Any] = {
            name: getattr(self, name) for name in _FIELDS if name not in {"hash", "returns"}
        }
        if not self.choice:
            # Rows from before there were choices keep their text.
            del record["choice"]
        record["symbols"] = list(self.symbols)
        record["parameters"] = dict(self.parameters)
        record["result"] = dict(self.result)
        record["returns"] = base64.b64encode(self.returns.astype("<f4").tobytes()).decode()
        return json.dumps(
            record, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )

    @classmethod
    def from_payload(cls, payload: str) -> "Trial":
        """Return the trial that was written as this payload, with the hash of the text itself.

        Raises
        ------
        DataError
            If the text is no trial.
        """
        try:
            record = cast("dict[str, Any]", json.loads(payload))
            record["returns"] = np.frombuffer(base64.b64decode(record["returns"]), "<f4")
            record["symbols"] = tuple(record["symbols"])
            return cls(**record, hash=digest(payload))
        except (CryptoVoltError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"expected a trial as JSON, found {payload[:80]!r} ({error})") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialCount:
    """How much was tried on the data of one result: what deflates its Sharpe ratio.

    Parameters
    ----------
    n_trials : int
        All choices among them, whatever they were called; at least 1.
    n_effective : int
        Different ideas among them: clusters of trials whose returns move together, in
        [1, n_trials].
    sharpe_variance : float or None
        Variance of their Sharpe ratios per bar of the judged time frame, each cluster weighing the
        same; None below two trials with a Sharpe ratio.
    """

    n_trials: int
    n_effective: int
    sharpe_variance: float | None

    def __str__(self) -> str:
        if self.n_trials == 1:
            return described_count(1)
        return f"{described_count(self.n_trials)}, {self.n_effective:,} of them different"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerCheck:
    """What a check of a whole ledger found.

    Parameters
    ----------
    n_trials : int
        Trials that are there.
    faults : tuple of str
        One sentence for each place where the chain is broken.
    notes : tuple of str
        What happened but broke nothing, such as an append that a crash cut short.
    """

    n_trials: int
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def intact(self) -> bool:
        """Whether every trial is there as it was written."""
        return not self.faults

    def __str__(self) -> str:
        state = "intact" if self.intact else "BROKEN"
        head = f"{described_count(self.n_trials)}, {state}"
        return "\n".join([head, *self.faults, *self.notes])


def choices_of(trials: Iterable[Trial]) -> tuple[Trial, ...]:
    """Return one row for everything that could have been chosen.

    Rows of one choice are represented by the one with most returns, the first of equals: the whole
    result where it is there, else its longest part. A part that was never completed still counts.
    Checks are left out. The order is that of the rows that remain.

    Parameters
    ----------
    trials : iterable of Trial
        In the order of the ledger.
    """
    rows = [trial for trial in trials if trial.kind is not TrialKind.CHECK]
    longest: dict[str, int] = {}
    for row, trial in enumerate(rows):
        known = longest.setdefault(trial.choice, row)
        if trial.n_observations > rows[known].n_observations:
            longest[trial.choice] = row
    return tuple(
        trial for row, trial in enumerate(rows) if not trial.choice or longest[trial.choice] == row
    )


def described_count(n_trials: int) -> str:
    """Return a number of trials in words."""
    return "1 trial" if n_trials == 1 else f"{n_trials:,} trials"


def digest(payload: str) -> str:
    """Return the SHA-256 of a payload, 64 hex digits."""
    return hashlib.sha256(payload.encode()).hexdigest()


_FIELDS = tuple(f.name for f in fields(Trial))
_WHOLE = ("first", "last", "n_observations", "returns_ms")
_MOMENTS = ("sharpe", "skewness", "kurtosis")


def _defined(value: float | None) -> float | None:
    if value is None:
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def _require_storable(text: object) -> None:
    # What a database cannot store as text.
    if isinstance(text, str) and any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text):
        raise DataError(f"expected text without NUL and half characters, found {text!r}")


def _scalar(value: object) -> Scalar:
    plain: object = cast("Any", value).item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and not math.isfinite(plain):
        raise DataError(f"expected finite parameters, found {plain}")
    if plain is not None and not isinstance(plain, (str, int, float, bool)):
        raise DataError(
            f"expected parameters as text, numbers, true, false or None, found {plain!r}"
        )
    return plain
