"""What a forecaster learns: how far the price goes over the bars ahead.

A target belongs to the row that would have to decide, ``t``: it is counted from the open of bar
``t + 1``, where a trade would begin, to the close of bar ``t + horizon``. It is known once that
bar has closed.
"""

from dataclasses import dataclass

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray, read_only
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.features.labels import Labels, uniqueness
from cryptovolt.market.checking import require_clean


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Targets:
    """Complete targets only: a row whose outcome is not known yet has none.

    Parameters
    ----------
    row : ndarray of shape (n_targets,)
        Bar that decides, strictly increasing.
    timestamp : ndarray of shape (n_targets,)
        Open of that bar, milliseconds UTC.
    value : ndarray of shape (n_targets,)
        Log return from the open of bar ``row + 1`` to the close of bar `end`.
    end : ndarray of shape (n_targets,)
        Last bar the target was read from, after `row`.
    weight : ndarray of shape (n_targets,)
        Mean share of its interval that a target does not share with others, in (0, 1].
    last_rise : ndarray of shape (n_targets,)
        Whether the price rose over the `horizon` bars before and including `row`.
    horizon : int
        Bars an interval has.
    """

    row: IntArray
    timestamp: IntArray
    value: FloatArray
    end: IntArray
    weight: FloatArray
    last_rise: BoolArray
    horizon: int

    def __post_init__(self) -> None:
        if self.horizon < 1:
            raise ConfigurationError(f"expected a horizon of at least 1 bar, found {self.horizon}")
        columns = (self.timestamp, self.value, self.end, self.weight, self.last_rise)
        if any(column.shape != self.row.shape for column in columns):
            raise DataError("expected one value, end and weight per target")
        if not (np.diff(self.row) > 0).all():
            raise DataError("expected targets in the order of their bars, each bar once")
        if not np.isfinite(self.value).all():
            raise DataError("expected finite targets; leave rows without an outcome out")
        if not ((self.end > self.row) & (self.end <= self.row + self.horizon)).all():
            raise DataError(f"expected every target to end 1 to {self.horizon} bars after its row")
        for column in (self.row, *columns):
            read_only(column)

    def __len__(self) -> int:
        return self.row.size

    def select(self, chosen: BoolArray | IntArray) -> "Targets":
        """Return some of the targets, by mask of shape ``(n_targets,)`` or rising positions."""
        return Targets(
            row=self.row[chosen],
            timestamp=self.timestamp[chosen],
            value=self.value[chosen],
            end=self.end[chosen],
            weight=self.weight[chosen],
            last_rise=self.last_rise[chosen],
            horizon=self.horizon,
        )

    @property
    def directions(self) -> Labels:
        """The same rows as labels of their sign, −1 where nothing changed.

        What splits, purges and audits labels takes targets in this form.
        """
        return Labels(
            row=self.row,
            timestamp=self.timestamp,
            value=np.where(self.value > 0.0, 1, -1).astype(np.int8),
            end=self.end,
            weight=self.weight,
            outcome=self.value,
            last_direction=np.where(self.last_rise, 1, -1).astype(np.int8),
            horizon=self.horizon,
        )


def forward_return(bars: Bars, horizon: int = 12) -> Targets:
    """Return the log return from the open of bar ``t + 1`` to the close of bar ``t + horizon``.

    Parameters
    ----------
    bars : Bars
        Without errors.
    horizon : int, default=12
        Bars, at least 1.

    Returns
    -------
    Targets
        One per row whose outcome is complete, weighted by uniqueness. The first and the last
        `horizon` rows have none; nor have rows whose interval, or the `horizon` bars before it,
        miss bars: a return over a longer time is another thing.

    Raises
    ------
    DataError
        If the bars have errors, or too few for a single target.
    ConfigurationError
        If `horizon` is below 1.
    """
    if horizon < 1:
        raise ConfigurationError(f"expected a horizon of at least 1 bar, found {horizon}")
    require_clean(bars)
    row = np.arange(horizon, len(bars) - horizon)
    whole = 2 * horizon * bars.interval_ms
    row = row[bars.timestamp[row + horizon] - bars.timestamp[row - horizon] == whole]
    if row.size == 0:
        raise DataError(
            f"expected more than {2 * horizon} bars without a gap, found {len(bars)} bars; give "
            "more bars or a shorter horizon"
        )
    end = row + horizon
    return Targets(
        row=row,
        timestamp=bars.timestamp[row],
        value=np.log(bars.close[end] / bars.open[row + 1]),
        end=end,
        weight=uniqueness(row, end),
        last_rise=np.asarray(bars.close[row] > bars.close[row - horizon], dtype=np.bool_),
        horizon=horizon,
    )
