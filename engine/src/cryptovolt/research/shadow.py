"""Champion and challengers side by side: what they said and did on the same bars.

Accounts are compared only where they saw the same bars at the same costs. What comes out is a
record for a page: figures of the whole and, at the end of each block of the sequential test, where
everything stood.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt.domain.costs import Costs
from cryptovolt.domain.errors import DataError
from cryptovolt.performance.classification import brier_score, log_loss
from cryptovolt.research.sequential import (
    Outcome,
    SequentialTest,
    Standing,
)
from cryptovolt.research.sequential_settings import SequentialSettings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Followed:
    """What one model said and what its account on paper did.

    Parameters
    ----------
    name : str
        Of the model.
    costs : Costs
        That its account paid.
    timestamp : ndarray of shape (n_bars,)
        Opens of the bars, milliseconds UTC.
    equity : ndarray of shape (n_bars,)
        At the close of each bar, quote currency, after costs; above 0.
    traded : ndarray of shape (n_bars,)
        Notional of the fills of each bar, quote currency.
    probability : ndarray of shape (n_bars,)
        P(up) that was said at each bar's close, NaN where it abstained.
    """

    name: str
    costs: Costs
    timestamp: IntArray
    equity: FloatArray
    traded: FloatArray
    probability: FloatArray

    def __post_init__(self) -> None:
        columns = (self.equity, self.traded, self.probability)
        if self.timestamp.size < 2 or any(c.shape != self.timestamp.shape for c in columns):
            raise DataError("expected equity, traded and probability of each of at least two bars")
        if not ((self.equity > 0.0) & np.isfinite(self.equity)).all():
            raise DataError(f"expected equity above 0 of {self.name}; a ruined account is retired")
        if not (self.traded >= 0.0).all():
            raise DataError(f"expected traded notional of at least 0 of {self.name}")

    @property
    def returns(self) -> FloatArray:
        """Return of each bar after the first, shape ``(n_bars − 1,)``."""
        return self.equity[1:] / self.equity[:-1] - 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What came of the rows of which it is known.

    Parameters
    ----------
    row, end : ndarray of shape (n_known,)
        Bar that decides, rising, and last bar of its label.
    up : ndarray of shape (n_known,)
        What happened.
    """

    row: IntArray
    end: IntArray
    up: BoolArray


@dataclass(frozen=True, slots=True)
class Figures:
    """One model in figures; None where one is undefined.

    Parameters
    ----------
    name : str
        Of the model.
    total_return : float
        After costs, a fraction.
    turnover : float
        Notional traded a bar, as a fraction of the equity.
    abstained : float
        Share of the bars at which nothing was said.
    log_loss, brier : float or None
        On the rows of which both models spoke, so that they compare.
    n_rows : int
        How many these are.
    """

    name: str
    total_return: float
    turnover: float
    abstained: float
    log_loss: float | None
    brier: float | None
    n_rows: int


@dataclass(frozen=True, slots=True)
class Moment:
    """Where two models stood when a block was over; evidence as e-values."""

    timestamp: int
    champion_equity: float
    challenger_equity: float
    log_loss_saved: float
    better: float
    worse: float
    decision: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A challenger beside the champion."""

    champion: Figures
    challenger: Figures
    standing: Standing
    moments: tuple[Moment, ...]

    def to_record(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return asdict(self)


def compare(
    champion: Followed,
    challenger: Followed,
    outcomes: Outcomes,
    settings: SequentialSettings | None = None,
) -> Comparison:
    """Return how a challenger did beside the champion.

    Parameters
    ----------
    champion, challenger : Followed
        On the same bars at the same costs.
    outcomes : Outcomes
        Rows of these bars whose labels are complete.
    settings : SequentialSettings, optional
        Of the test; the defaults if not given.

    Returns
    -------
    Comparison
        Its standing is that of a :class:`~cryptovolt.research.sequential.SequentialTest` that was
        given these bars one by one.

    Raises
    ------
    DataError
        If bars or costs differ, or an outcome lies outside the bars.
    """
    _check_pair(champion, challenger, outcomes)
    test = SequentialTest(settings)
    known = _by_end(champion, challenger, outcomes)
    before, after = champion.returns, challenger.returns
    moments: list[Moment] = []
    for bar in range(1, champion.timestamp.size):
        now = known.get(bar, ())
        if test.observe(bar, float(before[bar - 1]), float(after[bar - 1]), now):
            moments.append(_moment(test.standing(), champion, challenger, bar))
    both = _both(champion, challenger, outcomes)
    return Comparison(
        _figures(champion, outcomes, both),
        _figures(challenger, outcomes, both),
        test.standing(),
        tuple(moments),
    )


def _check_pair(champion: Followed, challenger: Followed, outcomes: Outcomes) -> None:
    if not np.array_equal(champion.timestamp, challenger.timestamp):
        raise DataError(
            f"expected {champion.name} and {challenger.name} on the same bars, found "
            f"{champion.timestamp.size} and {challenger.timestamp.size}, or other times"
        )
    if champion.costs != challenger.costs:
        raise DataError(f"expected the same costs, found {champion.costs} and {challenger.costs}")
    row, end = outcomes.row, outcomes.end
    inside = row.shape == end.shape == outcomes.up.shape and (
        not row.size or bool(row[0] >= 0 and end.max() < champion.timestamp.size)
    )
    if not inside or not ((np.diff(row) > 0).all() and (end > row).all()):
        raise DataError("expected outcomes in the order of their rows, each ending later, in bars")


def _both(champion: Followed, challenger: Followed, outcomes: Outcomes) -> BoolArray:
    first, second = champion.probability[outcomes.row], challenger.probability[outcomes.row]
    return ~(np.isnan(first) | np.isnan(second))


def _by_end(
    champion: Followed, challenger: Followed, outcomes: Outcomes
) -> dict[int, Sequence[Outcome]]:
    found: dict[int, list[Outcome]] = {}
    said = zip(
        outcomes.end.tolist(),
        outcomes.row.tolist(),
        outcomes.up.tolist(),
        champion.probability[outcomes.row].tolist(),
        challenger.probability[outcomes.row].tolist(),
        strict=True,
    )
    for end, *rest in said:
        found.setdefault(end, []).append(Outcome(*rest))
    return dict(found)


def _moment(standing: Standing, champion: Followed, challenger: Followed, bar: int) -> Moment:
    return Moment(
        int(champion.timestamp[bar]),
        float(champion.equity[bar]),
        float(challenger.equity[bar]),
        standing.mean["log_loss"],
        standing.better,
        standing.worse,
        standing.decision.value,
    )


def _figures(followed: Followed, outcomes: Outcomes, both: BoolArray) -> Figures:
    up, said = outcomes.up[both], followed.probability[outcomes.row[both]]
    return Figures(
        followed.name,
        float(followed.equity[-1] / followed.equity[0] - 1.0),
        math.fsum((followed.traded / followed.equity).tolist()) / followed.equity.size,
        float(np.isnan(followed.probability).mean()),
        log_loss(up, said) if up.size else None,
        brier_score(up, said) if up.size else None,
        int(up.size),
    )
