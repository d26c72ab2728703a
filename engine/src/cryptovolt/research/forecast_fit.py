"""One fit of a forecaster: scales, network, and the graph that serves both."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.ports import Progress
from cryptovolt.features.targets import Targets
from cryptovolt.ml.forecaster_scaling import Scaling, fit_scaling
from cryptovolt.ml.lstm_settings import LSTMSettings, TrainedLSTM
from cryptovolt.ml.lstm_training import train_lstm
from cryptovolt.ml.onnx_lstm import OnnxWindows, lstm_graph
from cryptovolt.ml.split import validation_tail


@dataclass(frozen=True, slots=True, eq=False)
class FittedLSTM:
    """A network with the scales of its rows.

    Parameters
    ----------
    trained : TrainedLSTM
        The network.
    scaling : Scaling
        Of inputs and target.
    runtime : OnnxWindows
        What serves them; not shrunk.
    tail : ndarray of shape (n_tail,)
        Positions in the targets that decided when to stop.
    tail_said : ndarray of shape (n_tail,)
        Log returns forecast there.
    fitted_until : mapping
        Each fitted step to the last bar of any target it was fitted to.
    """

    trained: TrainedLSTM
    scaling: Scaling
    runtime: OnnxWindows
    tail: IntArray
    tail_said: FloatArray
    fitted_until: Mapping[str, int]

    @property
    def spread(self) -> float:
        """Standard deviation of the forecasts at the tail; 1 where they are all the same."""
        return float(np.std(self.tail_said)) or 1.0

    def forecast(self, values: FloatArray, rows: IntArray) -> FloatArray:
        """Return the log returns for windows that end at `rows`, one window at a time."""
        return _forecast(self.runtime, values, rows)


def fit_lstm(
    values: FloatArray,
    targets: Targets,
    train: IntArray,
    settings: LSTMSettings,
    progress: Progress | None = None,
) -> FittedLSTM:
    """Return scales and network of a training set; its newest part decides when to stop.

    Parameters
    ----------
    values : ndarray of shape (n_bars, n_features)
        Features, not scaled; C-contiguous.
    targets : Targets
        Whose rows all end a whole window.
    train : ndarray of shape (n_train,)
        Positions in the targets.
    settings : LSTMSettings
        How it is trained.
    progress : Progress, optional
        Told after each pass.

    Raises
    ------
    ModelError
        If PyTorch is not installed, there are too few windows, or the targets never change.
    """
    fit, tail = validation_tail(targets.directions, train, settings.validation)
    scaling = fit_scaling(values[targets.row[fit]], targets.value[fit])
    scaled, target = scaling.inputs(values), scaling.target(targets.value)
    some, late = fit[:: settings.stride], tail[:: settings.stride]
    trained = train_lstm(
        scaled,
        targets.row[some],
        target[some],
        targets.weight[some],
        targets.row[late],
        target[late],
        targets.weight[late],
        settings,
        progress,
    )
    runtime = OnnxWindows(lstm_graph(trained.weights, scaling, settings.n_steps))
    until = int(targets.end[fit].max())
    return FittedLSTM(
        trained=trained,
        scaling=scaling,
        runtime=runtime,
        tail=tail,
        tail_said=_forecast(runtime, values, targets.row[tail]),
        fitted_until={
            "scales": until,
            "network": until,
            "early stopping": int(targets.end[tail].max()),
        },
    )


def _forecast(runtime: OnnxWindows, values: FloatArray, rows: IntArray) -> FloatArray:
    # Rows of a C-ordered matrix that follow each other are a window as they lie.
    return np.array(
        [runtime.one(values[row + 1 - runtime.n_steps : row + 1]) for row in rows.tolist()],
        np.float64,
    )
