"""From forecasts to the vote of a forecaster.

The vote is ``tanh(forecast / spread)``: sign and size of the forecast, in units of the standard
deviation of the model's own out-of-fold forecasts. Only a forecaster that beat the last price may
vote; any other is silent, and says why.
"""

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import DataError, ModelError
from cryptovolt.domain.ports import Forecaster
from cryptovolt.features.build import Features
from cryptovolt.ml.sequences import whole_windows, windows_of

_CHUNK = 512


def forecast_rows(model: Forecaster, features: Features, first: int = 0) -> FloatArray:
    """Return the forecast at every row from one on.

    Parameters
    ----------
    model : Forecaster
        Asked for whole windows only.
    features : Features
        Must have every column it was trained on. The window of row `first` reaches
        ``n_steps − 1`` rows before it.
    first : int, default=0
        Rows before it are not asked for, as in live trading.

    Returns
    -------
    ndarray of shape (n_bars − first,)
        Log return over the horizon. NaN where the window is not whole: a bar is missing in it, a
        feature is not finite, or it would begin before the first row.

    Raises
    ------
    ModelError
        If a column is missing.
    """
    try:
        chosen = features.select(model.feature_names)
    except DataError as error:
        raise ModelError(f"model {model.artefact_hash[:16]} says nothing: {error}") from error
    said = np.full(len(features), np.nan)
    rows = np.flatnonzero(whole_windows(chosen, model.n_steps))
    rows = rows[rows >= first]
    for start in range(0, rows.size, _CHUNK):
        part = rows[start : start + _CHUNK]
        said[part] = model.forecast(windows_of(chosen.values, part, model.n_steps))
    return said[first:]


def forecast_votes(model: Forecaster, features: Features, first: int = 0) -> FloatArray:
    """Return the votes of a forecaster at every row from one on.

    Parameters
    ----------
    model, features, first
        As for :func:`forecast_rows`.

    Returns
    -------
    ndarray of shape (n_bars − first,)
        In [−1, 1]; NaN where there is no forecast, and everywhere for a model that may not vote
        (see `silence`).

    Raises
    ------
    ModelError
        If a column is missing.
    """
    if model.silence is not None:
        return np.full(max(0, len(features) - first), np.nan)
    return np.tanh(forecast_rows(model, features, first) / model.spread)
