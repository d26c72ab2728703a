"""Conformal prediction that follows a market: the level moves until the promise is kept.

After each outcome the level rises a little where it was not expected, and falls a little where it
was, and the bound is taken from the newest scores. Whatever the market does, over `n` outcomes that
are known at most `h` bars late the share of expected ones is within
``(1 + rate × (h + 1)) / (rate × n)`` of the promise. An outcome counts when its label is complete,
not when its row was decided.

What a live bound is depends on every outcome since the state began. Votes use the fixed bound that
is stored with a model, so that a replay of any stretch finds the same ones.
"""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil, inf, isfinite
from typing import Any

import numpy as np
from numba import njit

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import ConfigurationError, ModelError

RATE = 0.02
"""How far the level moves after an outcome that was not expected."""

WINDOW = 1000
"""Newest scores that the bound is taken from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptiveSettings:
    """How a level follows what happens.

    Parameters
    ----------
    coverage : float, default=0.9
        Share of outcomes to be expected, in (0, 1).
    rate : float, default=0.02
        How far one outcome may move the level, in [0, 1); 0 leaves it where it is.
    window : int, default=1000
        Newest scores the bound is taken from, at least 1.
    """

    coverage: float = 0.9
    rate: float = RATE
    window: int = WINDOW

    def __post_init__(self) -> None:
        if not 0.0 < self.coverage < 1.0 or not 0.0 <= self.rate < 1.0 or not self.window >= 1:
            raise ConfigurationError(
                "expected coverage in (0, 1), rate in [0, 1) and a window of at least 1, found "
                f"{self.coverage}, {self.rate} and {self.window}"
            )


class AdaptiveConformal:
    """The state of one model, told outcomes as they become known.

    Parameters
    ----------
    settings : AdaptiveSettings, optional
    scores : iterable of float, default=()
        Out-of-fold scores to begin with, oldest first.
    level : float, optional
        Where the level stands; the coverage if not given.

    References
    ----------
    Isaac Gibbs and Emmanuel Candès, "Adaptive Conformal Inference Under Distribution Shift",
    NeurIPS 2021.
    """

    def __init__(
        self,
        settings: AdaptiveSettings | None = None,
        scores: Iterable[float] = (),
        level: float | None = None,
    ) -> None:
        self.settings = AdaptiveSettings() if settings is None else settings
        self.level = self.settings.coverage if level is None else level
        self._recent = deque[float]()
        self._ordered = list[float]()
        for score in scores:
            self._keep(score)

    @property
    def bound(self) -> float:
        """Largest score that is expected now; inf where everything is, −inf where nothing is."""
        place = ceil(self.level * (len(self._ordered) + 1))
        if place > len(self._ordered):
            return inf
        return self._ordered[place - 1] if place >= 1 else -inf

    def observe(self, score: float, bound: float) -> None:
        """Learn of one outcome: its score, and the bound that was used when its row was decided.

        Outcomes that become known at one bar are told in the order of their rows.

        Raises
        ------
        ModelError
            If the score is not finite.
        """
        if not isfinite(score):
            raise ModelError(f"expected a finite score, found {score}")
        missed = 1.0 if score > bound else 0.0
        self.level += self.settings.rate * (missed - (1.0 - self.settings.coverage))
        self._keep(score)

    def to_record(self) -> dict[str, Any]:
        """Return the state as JSON knows it."""
        chosen = self.settings
        return {
            "coverage": chosen.coverage,
            "rate": chosen.rate,
            "window": chosen.window,
            "level": self.level,
            "scores": list(self._recent),
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "AdaptiveConformal":
        """Read what :meth:`to_record` returned.

        Raises
        ------
        ModelError
            If it is something else.
        """
        try:
            settings = AdaptiveSettings(
                coverage=float(record["coverage"]),
                rate=float(record["rate"]),
                window=int(record["window"]),
            )
            return cls(settings, map(float, record["scores"]), float(record["level"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError("expected the record of an adaptive state, found another") from error

    def _keep(self, score: float) -> None:
        if len(self._recent) == self.settings.window:
            del self._ordered[bisect_left(self._ordered, self._recent.popleft())]
        self._recent.append(score)
        insort(self._ordered, score)


def adaptive_bounds(
    score: FloatArray, row: IntArray, end: IntArray, settings: AdaptiveSettings | None = None
) -> FloatArray:
    """Return the bound that was known at each row, as if outcomes had been told one by one.

    Parameters
    ----------
    score : ndarray of shape (n_labels,)
        Out-of-fold scores, finite.
    row, end : ndarray of shape (n_labels,)
        Bar that decides, increasing, and last bar of each label. Row `t` knows the outcomes of
        labels that end at or before bar `t`.
    settings : AdaptiveSettings, optional

    Returns
    -------
    ndarray of shape (n_labels,)
        The same bits as :class:`AdaptiveConformal` gives; inf at first, when too little is known.

    Raises
    ------
    ModelError
        If the arrays differ in shape or a score is not finite.
    """
    if not score.shape == row.shape == end.shape or not np.isfinite(score).all():
        raise ModelError("expected one finite score, row and end per label, found others")
    chosen = AdaptiveSettings() if settings is None else settings
    done = np.lexsort((row, end))
    return _follow(score, row, end, done, chosen.coverage, chosen.rate, chosen.window)


@njit(cache=True, nogil=True)
def _follow(
    score: FloatArray,
    row: IntArray,
    end: IntArray,
    done: IntArray,
    coverage: float,
    rate: float,
    window: int,
) -> FloatArray:
    bounds = np.empty(score.size)
    ordered = np.empty(window)
    level, n_known, next_done = coverage, 0, 0
    for i in range(score.size):
        while next_done < done.size and end[done[next_done]] <= row[i]:
            j = int(done[next_done])
            missed = 1.0 if score[j] > bounds[j] else 0.0
            level += rate * (missed - (1.0 - coverage))
            if n_known == window:
                _take_out(ordered, n_known, score[int(done[next_done - window])])
                n_known -= 1
            _put_in(ordered, n_known, score[j])
            n_known += 1
            next_done += 1
        place = int(np.ceil(level * (n_known + 1)))
        if place > n_known:
            bounds[i] = np.inf
        else:
            bounds[i] = ordered[place - 1] if place >= 1 else -np.inf
    return bounds


@njit(cache=True, nogil=True)
def _put_in(ordered: FloatArray, n_known: int, score: float) -> None:
    at = n_known
    while at > 0 and ordered[at - 1] > score:
        ordered[at] = ordered[at - 1]
        at -= 1
    ordered[at] = score


@njit(cache=True, nogil=True)
def _take_out(ordered: FloatArray, n_known: int, score: float) -> None:
    at = 0
    while ordered[at] < score:
        at += 1
    for k in range(at, n_known - 1):
        ordered[k] = ordered[k + 1]
