"""Train a stored forecaster again: the same data must give the same forecasts."""

import numpy as np

from cryptovolt.features.build import Features
from cryptovolt.features.targets import Targets
from cryptovolt.ml.lstm_forecaster import LSTMForecaster
from cryptovolt.ml.lstm_settings import LSTMSettings
from cryptovolt.ml.sequences import windows_of
from cryptovolt.research.forecast_fit import fit_lstm
from cryptovolt.research.forecast_walkforward import usable_targets

VERIFY_TOLERANCE = 1e-6
"""Largest difference in log return that counts as the same."""

_N_WINDOWS = 500


def difference_trained_again(model: LSTMForecaster, features: Features, targets: Targets) -> float:
    """Return by how much a model that is trained again says something else.

    Parameters
    ----------
    model : LSTMForecaster
        Whose settings and shrinkage are taken.
    features : Features
        That it was trained on.
    targets : Targets
        That it was trained on.

    Returns
    -------
    float
        Largest difference in log return on the newest 500 windows; compare it with
        `VERIFY_TOLERANCE`.

    Raises
    ------
    ModelError
        If PyTorch is not installed, or the data cannot be learned from.
    DataError
        If features and targets are not of the same bars, or a column is missing.
    """
    settings = LSTMSettings(**model.manifest["settings"])
    chosen = features.select(model.feature_names)
    kept = usable_targets(chosen, targets, settings.n_steps)
    fitted = fit_lstm(chosen.values, kept, np.arange(len(kept)), settings)
    rows = kept.row[-_N_WINDOWS:]
    again = fitted.forecast(chosen.values, rows) * model.shrinkage
    served = model.forecast(windows_of(chosen.values, rows, settings.n_steps))
    return float(np.abs(again - served).max())
