"""The capital of two gamblers on one stream of bounded differences (an e-process each way)."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from cryptovolt.domain.arrays import FloatArray

N_STAKES = 12
_LARGEST = 0.9
_SMALLEST = 0.01

STAKES: FloatArray = np.geomspace(_SMALLEST, _LARGEST, N_STAKES)
"""Shares of the capital that a difference as large as the bound would win or lose."""


class Capital:
    """What became of one unit that bet on differences above 0, and of one that bet below.

    The unit is spread over :data:`STAKES`; each part bets the same share of what it has on every
    bet. Its capital is ``mean over stakes of ∏ (1 ± stake × difference / bound)``, which is a
    martingale where the difference has mean 0 given the past, and never expected to grow where
    that mean lies on the other side.

    Parameters
    ----------
    bound : float
        Largest difference either way.
    n_streams : int, default=1
        The unit is also spread over so many streams; a bet is of one of them. Bets of one stream
        must be settled before its next.
    state : mapping, optional
        What :meth:`state` gave.

    References
    ----------
    T. M. Cover, "Universal Portfolios", *Mathematical Finance* 1 (1), 1991, p. 1-29 (capital
    spread over constant stakes). I. Waudby-Smith and A. Ramdas, 2024, section 4 (betting on
    bounded means).
    """

    def __init__(
        self, bound: float, n_streams: int = 1, state: Mapping[str, Any] | None = None
    ) -> None:
        nothing = np.zeros((n_streams, N_STAKES)).tolist()
        state = state or {"n_bets": 0, "total": 0.0, "above": nothing, "below": nothing}
        self.bound = bound
        self.n_bets = int(state["n_bets"])
        self._total = float(state["total"])
        self._above: FloatArray = np.array(state["above"], np.float64)
        self._below: FloatArray = np.array(state["below"], np.float64)

    def state(self) -> dict[str, Any]:
        """Return what the next bet needs, as JSON knows it: logarithms of the capital."""
        return {
            "n_bets": self.n_bets,
            "total": self._total,
            "above": self._above.tolist(),
            "below": self._below.tolist(),
        }

    def bet(self, difference: float, stream: int = 0) -> None:
        """Settle one bet of a stream; the difference is within the bound."""
        moved = difference / self.bound
        self._above[stream] += np.log1p(STAKES * moved)
        self._below[stream] += np.log1p(-STAKES * moved)
        self._total += difference
        self.n_bets += 1

    @property
    def mean(self) -> float:
        """Mean difference of a bet, 0 before the first."""
        return self._total / self.n_bets if self.n_bets else 0.0

    def values(self) -> tuple[float, float]:
        """Return the capital of who bet above 0 and of who bet below."""
        return _mean_of(self._above), _mean_of(self._below)


def _mean_of(logs: FloatArray) -> float:
    # At most e^600, so that an overwhelming proof stays a number that JSON knows.
    top = min(float(logs.max()), 600.0)
    parts = [math.exp(min(log, 600.0) - top) for log in logs.ravel().tolist()]
    return math.exp(top) * math.fsum(parts) / len(parts)
