"""Labels of another rule's trades: whether each would have paid.

The rule (the *primary* one) says the side; the model learns when to follow it. So it can be right
by staying out, and its P(up) reads as the probability that the trade pays.
"""

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs
from cryptovolt.domain.errors import DataError
from cryptovolt.features.labels import (
    Labels,
    barrier_rows,
    direction_before,
    first_touch,
    round_trip,
)
from cryptovolt.features.weights import uniqueness


def meta_labels(
    bars: Bars,
    side: FloatArray,
    horizon: int = 12,
    width: float = 1.0,
    costs: Costs | None = None,
) -> Labels:
    """Return whether the primary side's trade pays after costs.

    The trade begins at the open of bar ``t + 1`` and ends at the first of the three barriers of
    :func:`~cryptovolt.features.labels.triple_barrier`: a profit is taken on its own side, a loss on
    the other one, and after `horizon` bars it is closed. A bar that reaches both is a loss.

    Parameters
    ----------
    bars : Bars
        Without errors.
    side : ndarray of shape (n_bars,)
        What the primary rule wants at the close of each bar, known then: above 0 long, below 0
        short, 0 or NaN no trade. Only the sign counts.
    horizon : int, default=12
        Bars after which a trade ends, at least 1.
    width : float, default=1.0
        Distance of the barriers in standard deviations over the horizon, above 0; the costs of a
        round trip come on top.
    costs : Costs, optional
        What a fill costs; the usual costs if not given.

    Returns
    -------
    Labels
        One per row with a trade and a complete outcome: +1 where its log return is above the costs
        of a round trip, else −1.

    Raises
    ------
    DataError
        If the bars have errors, `side` has another shape, or no trade is complete.
    ConfigurationError
        If `horizon` or `width` is out of range.

    References
    ----------
    Marcos López de Prado, *Advances in Financial Machine Learning*, 2018, section 3.6.
    """
    if side.shape != (len(bars),):
        raise DataError(f"expected one side per bar, shape {(len(bars),)}, found {side.shape}")
    costs = Costs() if costs is None else costs
    row, distance = barrier_rows(bars, horizon, width, costs)
    trades = (side[row] > 0.0) | (side[row] < 0.0)
    row, distance = row[trades], distance[trades]
    if row.size == 0:
        raise DataError(
            "expected a side above or below 0 at a bar with a complete outcome, found no trade"
        )
    taken = np.where(side[row] > 0.0, 1, -1).astype(np.int8)
    _, end, outcome = first_touch(
        bars.open, bars.high, bars.low, bars.close, row, distance, taken, horizon
    )
    return Labels(
        row=row,
        timestamp=bars.timestamp[row],
        value=np.where(outcome > round_trip(costs), 1, -1).astype(np.int8),
        end=end,
        weight=uniqueness(row, end),
        outcome=outcome,
        last_direction=direction_before(bars, row, horizon),
        horizon=horizon,
        side=taken,
    )
