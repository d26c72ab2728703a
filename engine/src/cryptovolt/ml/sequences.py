"""Windows of rows: what a forecaster looks at.

A window that ends at row ``t`` is rows ``t − n_steps + 1 .. t``. It is whole when every feature of
every row is finite and no bar is missing between its rows; of any other nothing is said.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt.domain.errors import ConfigurationError, ModelError
from cryptovolt.domain.timeframe import timeframe_ms
from cryptovolt.features.build import Features

N_STEPS = 60
"""Rows of a window."""


def whole_windows(features: Features, n_steps: int = N_STEPS) -> BoolArray:
    """Return at which rows a whole window ends.

    Parameters
    ----------
    features : Features
        Any.
    n_steps : int, default=60
        Rows of a window, at least 1.

    Returns
    -------
    ndarray of shape (n_bars,)

    Raises
    ------
    ConfigurationError
        If `n_steps` is below 1.
    """
    if n_steps < 1:
        raise ConfigurationError(f"expected windows of at least 1 row, found {n_steps}")
    whole = np.zeros(len(features), np.bool_)
    if len(features) < n_steps:
        return whole
    n_usable = np.concatenate([[0], np.cumsum(features.usable)])
    time = features.timestamp
    span = (n_steps - 1) * timeframe_ms(features.timeframe)
    whole[n_steps - 1 :] = (n_usable[n_steps:] - n_usable[:-n_steps] == n_steps) & (
        time[n_steps - 1 :] - time[: time.size - n_steps + 1] == span
    )
    return whole


def windows_of(values: FloatArray, rows: IntArray, n_steps: int = N_STEPS) -> FloatArray:
    """Return the windows that end at some rows.

    Parameters
    ----------
    values : ndarray of shape (n_bars, n_features)
        Of the features.
    rows : ndarray of shape (n_windows,)
        Each at least ``n_steps − 1``.
    n_steps : int, default=60
        Rows of a window.

    Returns
    -------
    ndarray of shape (n_windows, n_steps, n_features)

    Raises
    ------
    ModelError
        If a window would begin before the first row.
    """
    if rows.size == 0:
        return np.empty((0, n_steps, values.shape[1]))
    if int(rows.min()) < n_steps - 1 or int(rows.max()) >= len(values):
        raise ModelError(
            f"expected windows of {n_steps} rows inside {len(values)} rows, found one that ends "
            f"at row {int(rows.min())} or {int(rows.max())}"
        )
    every = sliding_window_view(values, n_steps, axis=0)
    return np.ascontiguousarray(every[rows - (n_steps - 1)].transpose(0, 2, 1))
