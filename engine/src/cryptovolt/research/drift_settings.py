"""How live rows are watched, and what an alarm says.

A monitor looks at the newest `window` rows, every `step` rows. Its threshold is a quantile of what
the largest look of a whole `period` is where nothing has changed, so that an alarm can say how
often it would have come by chance.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.random import Generator

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import ConfigurationError, DataError

_LEAST = 1e-6
_KEPT_BACK = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftSettings:
    """How often rows are looked at, and how often an alarm may be false.

    Parameters
    ----------
    window : int, default=480
        Newest rows that are compared with the reference, at least 20.
    step : int, default=24
        Rows between two looks.
    period : int, default=720
        Rows that `rate` is about; a multiple of `step`.
    rate : float, default=0.05
        Probability of any alarm within a period in which nothing changes, in (0, 0.5].
    n_resamples : int, default=500
        Periods drawn from the reference; at least ``10 / rate``.
    mean_block : int, optional
        Mean rows of a block that is drawn as it was; twice the window by default. It must be
        several times longer than neighbours resemble each other or labels overlap.
    """

    window: int = 480
    step: int = 24
    period: int = 720
    rate: float = 0.05
    n_resamples: int = 500
    mean_block: int | None = None

    def __post_init__(self) -> None:
        if self.window < 20 or self.step < 1 or self.period < 1 or self.period % self.step:
            raise ConfigurationError(
                "expected a window of at least 20 rows and a period that is a multiple of the "
                f"step, found {self.window}, {self.period} and {self.step}"
            )
        if not 0.0 < self.rate <= 0.5:
            raise ConfigurationError(f"expected a rate in (0, 0.5], found {self.rate}")
        if self.n_resamples < 10.0 / self.rate:
            raise ConfigurationError(
                f"expected at least {10.0 / self.rate:.0f} resamples for a rate of {self.rate:g}, "
                f"found {self.n_resamples}"
            )
        if self.mean_block is not None and self.mean_block < 1:
            raise ConfigurationError(f"expected blocks of rows, found {self.mean_block}")

    @property
    def block(self) -> int:
        """Mean rows of a block."""
        return 2 * self.window if self.mean_block is None else self.mean_block

    def is_look(self, n_seen: int) -> bool:
        """Return whether the monitor looks after so many rows."""
        return n_seen >= self.window and (n_seen - self.window) % self.step == 0

    def enough(self, n_rows: int) -> None:
        """Refuse a reference that is too short to say what chance does.

        Raises
        ------
        DataError
            If it has fewer rows than five windows.
        """
        if n_rows < 5 * self.window:
            raise DataError(
                f"expected a reference of at least {5 * self.window} rows, five windows, "
                f"found {n_rows}"
            )

    def path(self, n_rows: int, rng: Generator) -> IntArray:
        """Return rows of a window and the period after it, drawn in blocks of random length.

        Parameters
        ----------
        n_rows : int
            Rows of the reference; its end is followed by its beginning.
        rng : numpy.random.Generator
            Draws the blocks.

        References
        ----------
        D. N. Politis and J. P. Romano, "The Stationary Bootstrap", *Journal of the American
        Statistical Association* 89 (428), 1994, p. 1303-1313.
        """
        length = self.window + self.period
        begins = rng.random(length) < 1.0 / self.block
        begins[0] = True
        # The row a block would have begun with, had it begun at the path's first row.
        origin = (rng.integers(0, n_rows, length) - np.arange(length))[begins]
        return (origin[np.cumsum(begins) - 1] + np.arange(length)) % n_rows

    def limits(self, found: FloatArray, n_rows: int) -> FloatArray:
        """Return how large each statistic may be, so that all hold at once with ``1 − rate``.

        Parameters
        ----------
        found : ndarray of shape (n_resamples, n_statistics)
            The largest look of each period drawn, at least 0.
        n_rows : int
            Of the reference.

        Returns
        -------
        ndarray of shape (n_statistics,)
            Above 0.

        Notes
        -----
        Each statistic is first put in relation to its own limit, so that a restless one does not
        hide the others; then the largest of them has a limit. A limit is the larger of the quantile
        of what was drawn and that of a lognormal law with the t distribution's tail: a reference of
        few independent periods has not shown the largest there are. For the same reason both are
        taken at half the rate; what comes of it is measured in the reference pages.

        References
        ----------
        H. White, "A Reality Check for Data Snooping", *Econometrica* 68 (5), 2000, p. 1097-1126
        (the largest of dependent statistics by the stationary bootstrap).
        """
        own = self._quantile(np.maximum(found, _LEAST), n_rows)
        largest = (found / own).max(axis=1, keepdims=True)
        return own * self._quantile(np.maximum(largest, _LEAST), n_rows)

    def _quantile(self, found: FloatArray, n_rows: int) -> FloatArray:
        from scipy.stats import t  # noqa: PLC0415 - only where a reference is fitted

        level = 1.0 - _KEPT_BACK * self.rate
        drawn = np.quantile(found, level, axis=0, method="higher")
        n_periods = max(2.0, n_rows / (self.window + self.period))
        reach = float(t.ppf(level, n_periods - 1.0)) * math.sqrt(1.0 + 1.0 / n_periods)
        logs = np.log(found)
        return np.maximum(drawn, np.exp(logs.mean(axis=0) + reach * logs.std(axis=0, ddof=1)))


@dataclass(frozen=True, slots=True)
class DriftAlarm:
    """Something has moved.

    Parameters
    ----------
    name : str
        Of the column, ``"P(up)"``, ``"calibration: level"`` or ``"calibration: strength"``.
    at : int
        What the newest row was called, e.g. its bar's open in milliseconds UTC.
    measured : float
        What was found.
    threshold : float
        What it is allowed to be.
    rate : float
        Probability of any alarm of this monitor within `period` rows without a change.
    period : int
        Rows.
    text : str
        One sentence.
    """

    name: str
    at: int
    measured: float
    threshold: float
    rate: float
    period: int
    text: str

    def to_record(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return asdict(self)
