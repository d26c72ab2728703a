"""Actions, sizes and vetoes become the share of equity to hold."""

import numpy as np

from cryptovolt.decision.fusion import FusionPolicy
from cryptovolt.domain.arrays import ActionArray, BoolArray, FloatArray
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.signal import ActionCode


def targets(
    actions: ActionArray, sizes: FloatArray, vetoed: BoolArray, policy: FusionPolicy
) -> FloatArray:
    """Return the share of equity to hold from each bar's close on; NaN keeps what is held.

    BUY asks for the size; SELL closes, or asks for minus the size where shorts are allowed; HOLD
    keeps. A veto turns BUY into HOLD and nothing else. Where the size is undefined nothing is
    opened: BUY keeps, SELL closes.

    Parameters
    ----------
    actions : int8 ndarray of shape (n_bars,)
        +1, 0 or −1.
    sizes : ndarray of shape (n_bars,)
        Share of equity, ≥ 0; NaN where it cannot be said.
    vetoed : bool ndarray of shape (n_bars,)
        Where buying is forbidden.
    policy : FusionPolicy
        Whether shorts are allowed.

    Returns
    -------
    ndarray of shape (n_bars,)
        What :func:`cryptovolt.simulate` takes.

    Raises
    ------
    DataError
        If the arrays differ in shape or a size is negative.
    """
    if not actions.shape == sizes.shape == vetoed.shape:
        raise DataError(
            "expected actions, sizes and vetoes of one length, found shapes "
            f"{actions.shape}, {sizes.shape}, {vetoed.shape}"
        )
    if (sizes < 0.0).any():
        row = int(np.argmax(sizes < 0.0))
        raise DataError(f"expected sizes of 0 or more, found {sizes[row]} at row {row}")
    bought = (actions == ActionCode.BUY) & ~vetoed
    sold = actions == ActionCode.SELL
    short = np.where(np.isnan(sizes), 0.0, -sizes) if policy.allow_short else np.zeros(sizes.shape)
    return np.where(bought, sizes, np.where(sold, short, np.nan))
