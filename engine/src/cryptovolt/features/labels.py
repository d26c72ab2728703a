"""What a model learns: the type of all labels, and the triple barrier.

The triple barrier says whether the price rises or falls first by enough to pay for a trade;
:mod:`~cryptovolt.features.labels_fixed` asks where it stands after a number of bars,
:mod:`~cryptovolt.features.labels_meta` whether another rule's trade pays.

A label belongs to the row that would have to decide, ``t``: the trade begins at the open of bar
``t + 1``, as in a backtest. It is known once its last bar, ``end``, has closed; the bars
``t + 1 .. end`` are its interval, which training and test sets may not share.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numba import njit

from cryptovolt.domain.arrays import ActionArray, BoolArray, FloatArray, IntArray, read_only
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.features.inputs import log_return
from cryptovolt.features.rolling import rolling_mean
from cryptovolt.features.weights import uniqueness
from cryptovolt.market.checking import require_clean

VOLATILITY_BARS = 100
"""Bars of returns that scale the barriers."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labels:
    """Complete labels only: a row whose outcome is not known yet has none.

    Parameters
    ----------
    row : ndarray of shape (n_labels,)
        Bar that decides, strictly increasing.
    timestamp : ndarray of shape (n_labels,)
        Open of that bar, milliseconds UTC.
    value : ndarray of shape (n_labels,)
        +1 up or −1 down, of meta labels +1 paid or −1 did not; never 0.
    end : ndarray of shape (n_labels,)
        Last bar the label was read from, after `row`.
    weight : ndarray of shape (n_labels,)
        Mean share of its interval that a label does not share with others, in (0, 1].
    outcome : ndarray of shape (n_labels,)
        Log return from the open of bar ``row + 1`` to the exit, before costs; of meta labels that
        of the trade, so a fall is a gain of a short one.
    last_direction : ndarray of shape (n_labels,)
        Sign of the price's change over the `horizon` bars before and including `row`, +1 or −1.
    horizon : int
        Most bars an interval has.
    side : ndarray of shape (n_labels,), optional
        Of meta labels: +1 where the trade is long, −1 where it is short.
    """

    row: IntArray
    timestamp: IntArray
    value: ActionArray
    end: IntArray
    weight: FloatArray
    outcome: FloatArray
    last_direction: ActionArray
    horizon: int
    side: ActionArray | None = None

    def __post_init__(self) -> None:
        if self.horizon < 1:
            raise ConfigurationError(f"expected a horizon of at least 1 bar, found {self.horizon}")
        columns = (self.timestamp, self.value, self.end, self.weight, self.outcome)
        if any(column.shape != self.row.shape for column in (*columns, self.last_direction)):
            raise DataError("expected one value, end, weight and outcome per label")
        _check_side(self.side, self.row.size)
        if not (np.diff(self.row) > 0).all():
            raise DataError("expected labels in the order of their bars, each bar once")
        if not np.isin(self.value, (-1, 1)).all():
            raise DataError("expected labels of -1 or 1; leave rows without an outcome out")
        if not ((self.end > self.row) & (self.end <= self.row + self.horizon)).all():
            raise DataError(f"expected every label to end 1 to {self.horizon} bars after its row")
        for column in (self.row, *columns, self.last_direction):
            read_only(column)

    def __len__(self) -> int:
        return self.row.size

    @property
    def up(self) -> BoolArray:
        """Whether each label is up, as bool of shape ``(n_labels,)``."""
        return self.value > 0

    def select(self, chosen: BoolArray | IntArray) -> "Labels":
        """Return some of the labels, by mask of shape ``(n_labels,)`` or rising positions."""
        return Labels(
            row=self.row[chosen],
            timestamp=self.timestamp[chosen],
            value=self.value[chosen],
            end=self.end[chosen],
            weight=self.weight[chosen],
            outcome=self.outcome[chosen],
            last_direction=self.last_direction[chosen],
            horizon=self.horizon,
            side=None if self.side is None else self.side[chosen],
        )


def _check_side(side: ActionArray | None, n_labels: int) -> None:
    if side is None:
        return
    if side.shape != (n_labels,) or not np.isin(side, (-1, 1)).all():
        raise DataError("expected one side of -1 or 1 per label")
    read_only(side)


def round_trip(costs: Costs) -> float:
    """Return what buying and selling once costs by market orders, as a log return.

    Fee, slippage and half the spread, twice. Impact and the part of the bar's range depend on the
    order and the bar; they are left to the backtest.
    """
    return 2.0 * (costs.fee + (costs.slippage + 0.5 * costs.spread))


def volatility_of(bars: Bars) -> FloatArray:
    """Return the root mean square log return of the newest `VOLATILITY_BARS` bars, else NaN."""
    return np.sqrt(rolling_mean(log_return(bars.close) ** 2, VOLATILITY_BARS))


def direction_before(bars: Bars, row: IntArray, horizon: int) -> ActionArray:
    """Return the sign of the change over the `horizon` bars up to each row; no change is −1."""
    rose = bars.close[row] > bars.close[row - horizon]
    return np.where(rose, 1, -1).astype(np.int8)


def triple_barrier(
    bars: Bars, horizon: int = 12, width: float = 1.0, costs: Costs | None = None
) -> Labels:
    """Return which of three barriers the price meets first.

    From the open of bar ``t + 1`` on, the upper and the lower barrier lie
    ``width × volatility × sqrt(horizon) + 2 × (fee + slippage + spread / 2)`` away, so that
    touching the upper one pays for a round trip; the third barrier is the close of bar
    ``t + horizon``.

    * The high reaches the upper barrier first: +1. The low reaches the lower one first: −1.
    * Both within one bar: −1, because which came first is not known and the worse is assumed.
    * Neither: the sign of the change from entry to the last close; no change is −1.
    * Rows without volatility (the first `VOLATILITY_BARS`, and flat stretches) and the last
      `horizon` rows have no label: where the outcome is not complete, also an early touch would
      favour fast moves.

    Parameters
    ----------
    bars : Bars
        Without errors.
    horizon : int, default=12
        Bars after which a label ends, at least 1.
    width : float, default=1.0
        Distance of the barriers in standard deviations over the horizon, above 0.
    costs : Costs, optional
        What a fill costs; the usual costs if not given.

    Returns
    -------
    Labels
        One per row with a complete outcome, weighted by uniqueness.

    Raises
    ------
    DataError
        If the bars have errors, or too few for a single label.
    ConfigurationError
        If `horizon` or `width` is out of range.

    References
    ----------
    Marcos López de Prado, *Advances in Financial Machine Learning*, 2018, ch. 3 and 4.
    """
    row, distance = barrier_rows(bars, horizon, width, Costs() if costs is None else costs)
    long = np.ones(row.size, np.int8)
    touched, end, outcome = first_touch(
        bars.open, bars.high, bars.low, bars.close, row, distance, long, horizon
    )
    rises = (touched > 0) | ((touched == 0) & (bars.close[end] > bars.open[row + 1]))
    return Labels(
        row=row,
        timestamp=bars.timestamp[row],
        value=np.where(rises, 1, -1).astype(np.int8),
        end=end,
        weight=uniqueness(row, end),
        outcome=outcome,
        last_direction=direction_before(bars, row, horizon),
        horizon=horizon,
    )


def barrier_rows(
    bars: Bars, horizon: int, width: float, costs: Costs
) -> tuple[IntArray, FloatArray]:
    """Return the rows whose barriers are known and over, and the barriers' log distance there.

    Raises
    ------
    DataError
        If the bars have errors, or too few for a single row.
    ConfigurationError
        If `horizon` or `width` is out of range.
    """
    if horizon < 1 or not 0.0 < width < float("inf"):
        raise ConfigurationError(
            f"expected horizon ≥ 1 and width > 0, found horizon {horizon} and width {width}"
        )
    require_clean(bars)
    volatility = volatility_of(bars)
    distance = width * volatility * sqrt(horizon) + round_trip(costs)
    complete = (volatility > 0.0) & (np.arange(len(bars)) + horizon < len(bars))
    complete[:horizon] = False
    row = np.flatnonzero(complete)
    if row.size == 0:
        raise DataError(
            f"expected more than {VOLATILITY_BARS + horizon} bars that move, found {len(bars)} bars"
        )
    return row, distance[row]


@njit(cache=True, nogil=True)
def first_touch(
    open_: FloatArray,
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    row: IntArray,
    distance: FloatArray,
    side: ActionArray,
    horizon: int,
) -> tuple[ActionArray, IntArray, FloatArray]:
    """Return what a trade from the open after each row meets first, where, and its log return.

    +1 is the barrier on its own side (above a long trade, below a short one), −1 the other one,
    also where one bar reaches both; 0 is the close of the last bar.
    """
    touched = np.zeros(row.size, np.int8)
    end = np.empty(row.size, np.int64)
    outcome = np.empty(row.size)
    for i in range(row.size):
        t = row[i]
        entry = open_[t + 1]
        upper, lower = entry * np.exp(distance[i]), entry * np.exp(-distance[i])
        end[i] = t + horizon
        outcome[i] = side[i] * np.log(close[t + horizon] / entry)
        for k in range(t + 1, t + horizon + 1):
            if low[k] <= lower or high[k] >= upper:
                loses = low[k] <= lower if side[i] > 0 else high[k] >= upper
                touched[i] = -1 if loses else 1
                end[i] = k
                outcome[i] = -distance[i] if loses else distance[i]
                break
    return touched, end, outcome
