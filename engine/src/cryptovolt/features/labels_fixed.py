"""Labels after a fixed number of bars, with a dead zone around no change.

Rows are left out by what happened after them, so measures on labelled rows tell how well a model
separates moves that matter; what it earns on all rows, only a backtest tells.
"""

from math import sqrt
from typing import Literal, TypeAlias, get_args

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.features.labels import Labels, direction_before, round_trip, volatility_of
from cryptovolt.features.weights import uniqueness
from cryptovolt.market.checking import require_clean

DeadZoneUnit: TypeAlias = Literal["volatility", "costs"]
"""What a dead zone is counted in: standard deviations over the horizon, or round trips."""


def fixed_horizon(
    bars: Bars,
    horizon: int = 12,
    dead_zone: float = 0.5,
    *,
    unit: DeadZoneUnit = "volatility",
    costs: Costs | None = None,
) -> Labels:
    """Return whether the price is higher or lower after a number of bars.

    The change is counted from the open of bar ``t + 1`` to the close of bar ``t + horizon``. Above
    the dead zone a label is +1, below it −1; on its edge and inside there is none.

    Parameters
    ----------
    bars : Bars
        Without errors.
    horizon : int, default=12
        Bars, at least 1.
    dead_zone : float, default=0.5
        Half its width in `unit`, at least 0. With 0 only rows without any change have no label.
    unit : {"volatility", "costs"}, default="volatility"
        ``volatility × sqrt(horizon)`` with the volatility known at bar ``t``, or
        ``2 × (fee + slippage + spread / 2)``.
    costs : Costs, optional
        What a fill costs; the usual costs if not given.

    Returns
    -------
    Labels
        One per row with a complete outcome outside the dead zone. The first and the last `horizon`
        rows have none; nor have rows whose interval, or the `horizon` bars before it, miss bars,
        nor, with a zone in volatility, the first `VOLATILITY_BARS`. Weights count every complete
        row, also those inside the zone: which neighbours end inside it is known only later.

    Raises
    ------
    DataError
        If the bars have errors, or no row is outside the dead zone.
    ConfigurationError
        If `horizon`, `dead_zone` or `unit` is out of range.

    References
    ----------
    Marcos López de Prado, *Advances in Financial Machine Learning*, 2018, section 3.2.
    """
    if horizon < 1 or not 0.0 <= dead_zone < float("inf") or unit not in get_args(DeadZoneUnit):
        raise ConfigurationError(
            "expected horizon ≥ 1, dead_zone ≥ 0 and unit 'volatility' or 'costs', found horizon "
            f"{horizon}, dead_zone {dead_zone} and unit {unit!r}"
        )
    require_clean(bars)
    zone = _zone(bars, horizon, dead_zone, unit, Costs() if costs is None else costs)
    row = np.flatnonzero(_whole(bars, horizon) & (zone >= 0.0))
    end = row + horizon
    outcome = np.log(bars.close[end] / bars.open[row + 1])
    outside = np.abs(outcome) > zone[row]
    if not outside.any():
        raise DataError(
            f"expected rows that leave a dead zone of {dead_zone} × {unit} within {horizon} bars, "
            f"found none in {len(bars)} bars; give more bars or a narrower zone"
        )
    weight = uniqueness(row, end)[outside]
    row, end, outcome = row[outside], end[outside], outcome[outside]
    return Labels(
        row=row,
        timestamp=bars.timestamp[row],
        value=np.where(outcome > 0.0, 1, -1).astype(np.int8),
        end=end,
        weight=weight,
        outcome=outcome,
        last_direction=direction_before(bars, row, horizon),
        horizon=horizon,
    )


def _zone(
    bars: Bars, horizon: int, dead_zone: float, unit: DeadZoneUnit, costs: Costs
) -> FloatArray:
    if unit == "costs":
        return np.full(len(bars), dead_zone * round_trip(costs))
    return dead_zone * volatility_of(bars) * sqrt(horizon)


def _whole(bars: Bars, horizon: int) -> BoolArray:
    whole = np.zeros(len(bars), np.bool_)
    span = bars.timestamp[2 * horizon :] - bars.timestamp[: -2 * horizon]
    whole[horizon : horizon + span.size] = span == 2 * horizon * bars.interval_ms
    return whole
