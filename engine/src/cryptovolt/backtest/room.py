"""Memory for what runs find, used again by run after run."""

from dataclasses import dataclass, field

import numpy as np

from cryptovolt.domain.arrays import IntArray
from cryptovolt.trading.step import layout as at

_FIRST_FILLS = 1024


@dataclass(slots=True)
class Room:
    """Where one thread writes run after run: fresh memory for each would cost more than the run.

    What a run left here is overwritten by the next one. It is as large as the largest so far.
    """

    _equity: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    _fills: IntArray = field(default_factory=lambda: np.empty((0, at.N_FILL), np.int64))

    def equity(self, n_bars: int) -> IntArray:
        """Return room for the equity at each close, shape (n_bars,)."""
        if self._equity.size < n_bars:
            self._equity = np.empty(n_bars, np.int64)
        return self._equity[:n_bars]

    def fills(self, at_once: int) -> IntArray:
        """Return all room for fills, shape (n_rows, N_FILL); a bar brings `at_once` at most."""
        if len(self._fills) < _FIRST_FILLS + at_once:
            self._fills = np.empty((_FIRST_FILLS + at_once, at.N_FILL), np.int64)
        return self._fills

    def more_fills(self) -> IntArray:
        """Return twice the room for fills; those so far are kept."""
        self._fills = np.concatenate([self._fills, np.empty_like(self._fills)])
        return self._fills
