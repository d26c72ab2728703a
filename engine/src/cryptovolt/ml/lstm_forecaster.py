"""The LSTM forecaster: training by PyTorch, serving by ONNX Runtime.

A stored forecaster is a folder with ``forecaster.onnx`` (what is served), ``weights.safetensors``
(what it was written from) and ``manifest.json`` (columns, scales, settings, provenance, whether it
may vote, and the SHA-256 of all of it). Loading checks the hashes before anything is parsed;
nothing that is read can execute.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import ModelError
from cryptovolt.ml.forecaster_scaling import CUT, Scaling
from cryptovolt.ml.lstm_settings import LSTMSettings, TrainedLSTM, Weights
from cryptovolt.ml.model import Stored, describe, read_model, write_model
from cryptovolt.ml.onnx_lstm import OnnxWindows, lstm_graph

FORMAT = "cryptovolt-lstm/1"
GRAPH_FILE = "forecaster.onnx"
WEIGHTS_FILE = "weights.safetensors"

NOT_EVALUATED = "it was never evaluated against the last price"
"""Why a forecaster is silent that nobody tested."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LSTMForecaster:
    """A trained forecaster; the port :class:`cryptovolt.domain.ports.Forecaster`.

    Made by training or :func:`load_forecaster`.
    """

    manifest: Mapping[str, Any]
    files: Mapping[str, bytes]
    runtime: OnnxWindows

    def __repr__(self) -> str:
        return (
            f"LSTMForecaster({self.n_steps} steps, {len(self.feature_names)} features, "
            f"{self.horizon} bars ahead, {self.artefact_hash[:16]})"
        )

    @property
    def kind(self) -> str:
        """What kind of model it is."""
        return "lstm"

    @property
    def feature_names(self) -> Sequence[str]:
        """Columns it was trained on, in order."""
        return tuple(self.manifest["feature_names"])

    @property
    def artefact_hash(self) -> str:
        """SHA-256 of the manifest, which holds those of the files; 64 hex digits."""
        return str(self.manifest["artefact_hash"])

    @property
    def n_steps(self) -> int:
        """Rows of a window."""
        return self.runtime.n_steps

    @property
    def horizon(self) -> int:
        """Bars ahead."""
        return int(self.manifest["horizon"])

    @property
    def spread(self) -> float:
        """Standard deviation of its out-of-fold forecasts, log return; NaN if it has none."""
        found = self.manifest["voting"]["spread"]
        return float("nan") if found is None else float(found)

    @property
    def silence(self) -> str | None:
        """Why it casts no vote; None where it may."""
        found = self.manifest["voting"]["silence"]
        return None if found is None else str(found)

    @property
    def shrinkage(self) -> float:
        """What its log returns are multiplied by."""
        return float(self.manifest["shrinkage"])

    @property
    def scaling(self) -> Scaling:
        """The scales it was trained with."""
        return _scaling_of(self.manifest["scaling"])

    def forecast(self, windows: FloatArray) -> FloatArray:
        """Return the log return over the horizon, from the next open on.

        Parameters
        ----------
        windows : ndarray of shape (n_windows, n_steps, n_features)
            Rows oldest first, columns as in `feature_names`, not scaled.

        Returns
        -------
        ndarray of shape (n_windows,)
            NaN where a number of the window is not finite. A window has the same bits alone and
            among others: each is computed on its own.

        Raises
        ------
        ModelError
            If the windows have another shape.
        """
        expected = (self.n_steps, len(self.feature_names))
        if windows.ndim != 3 or windows.shape[1:] != expected:
            raise ModelError(
                f"expected windows of {expected[0]} rows and {expected[1]} features, found shape "
                f"{windows.shape}"
            )
        given = np.ascontiguousarray(windows, dtype=np.float64)
        said = np.full(len(given), np.nan)
        for place, window in enumerate(given):
            if np.isfinite(window).all():
                said[place] = self.runtime.one(window)
        return said

    def save(self, folder: Path) -> Path:
        """Write the model into a folder of its own, named by its hash, and return that folder."""
        return write_model(folder, self.manifest, self.files)


def make_forecaster(
    trained: TrainedLSTM,
    scaling: Scaling,
    feature_names: Sequence[str],
    horizon: int,
    settings: LSTMSettings,
    provenance: Mapping[str, Any],
    *,
    shrinkage: float = 1.0,
    spread: float | None = None,
    silence: str | None = NOT_EVALUATED,
) -> LSTMForecaster:
    """Return a forecaster with its graph, manifest and hash.

    Parameters
    ----------
    trained : TrainedLSTM
        From :func:`cryptovolt.ml.lstm_training.train_lstm`.
    scaling : Scaling
        Of the same training rows.
    feature_names : sequence of str
        Columns, in order.
    horizon : int
        Bars ahead.
    settings : LSTMSettings
        How it was trained.
    provenance : mapping
        What it was trained on, as JSON knows it.
    shrinkage : float, default=1.0
        What its log returns are multiplied by, at least 0.
    spread : float, optional
        Standard deviation of its out-of-fold forecasts.
    silence : str, optional
        Why it may not vote; None where it may, and then `spread` is needed.

    Returns
    -------
    LSTMForecaster

    Raises
    ------
    ModelError
        If it may vote without a spread, or the package `onnx` is not installed.
    """
    from safetensors.numpy import save  # noqa: PLC0415 - start-up stays fast without it

    if silence is None and (spread is None or not spread > 0.0):
        raise ModelError(f"expected forecasts that vary of a model that votes, found {spread}")
    graph = lstm_graph(trained.weights, scaling.shrunk(shrinkage), settings.n_steps)
    files = {GRAPH_FILE: graph, WEIGHTS_FILE: save(dict(trained.weights))}
    manifest = describe(
        format_=FORMAT,
        kind="lstm",
        feature_names=feature_names,
        settings=settings,
        provenance=provenance,
        libraries=("torch", "onnx"),
        files=files,
        more={
            "n_steps": settings.n_steps,
            "horizon": horizon,
            "scaling": _stored_scaling(scaling),
            "shrinkage": shrinkage,
            "training": {"n_epochs": trained.n_epochs, "losses": list(trained.losses)},
            "voting": {"spread": spread, "silence": silence},
        },
    )
    return LSTMForecaster(manifest, files, OnnxWindows(graph))


def read_stored(stored: Stored) -> LSTMForecaster:
    """Return the forecaster in files whose hashes were checked.

    Raises
    ------
    ModelError
        If the manifest lacks something, or the graph is of another shape than it says.
    """
    manifest = stored.manifest
    try:
        shape = (int(manifest["n_steps"]), len(manifest["feature_names"]))
        graph = stored.files[GRAPH_FILE]
        model = LSTMForecaster(manifest, stored.files, OnnxWindows(graph))
        found = (model.scaling, model.shrinkage, model.horizon, model.spread, model.silence)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"expected the manifest of a forecaster, found one without {error}; train it again"
        ) from error
    runtime = model.runtime
    if (runtime.n_steps, runtime.n_features) != shape or found[0].centre.size != shape[1]:
        raise ModelError(
            f"expected a graph of {shape[0]} rows and {shape[1]} features, found one of "
            f"{runtime.n_steps} and {runtime.n_features}; train it again"
        )
    return model


def load_forecaster(folder: Path) -> LSTMForecaster:
    """Read a stored forecaster and check that nothing in it has changed.

    Parameters
    ----------
    folder : Path
        What :meth:`LSTMForecaster.save` returned.

    Returns
    -------
    LSTMForecaster

    Raises
    ------
    ModelError
        If a file is missing, is not of this format, or differs from its SHA-256.
    """
    stored = read_model(folder)
    found = stored.manifest["format"]
    if found != FORMAT:
        raise ModelError(f"expected a forecaster of format {FORMAT}, found {found!r} in {folder}")
    return read_stored(stored)


def weights_of(model: LSTMForecaster) -> Weights:
    """Return the trained weights, name to float32 array."""
    from safetensors.numpy import load  # noqa: PLC0415 - start-up stays fast without it

    return load(model.files[WEIGHTS_FILE])


def _scaling_of(stored: Mapping[str, Any]) -> Scaling:
    return Scaling(
        centre=np.array(stored["centre"], np.float64),
        scale=np.array(stored["scale"], np.float64),
        target_centre=float(stored["target_centre"]),
        target_scale=float(stored["target_scale"]),
    )


def _stored_scaling(scaling: Scaling) -> dict[str, Any]:
    return {
        "centre": scaling.centre.tolist(),
        "scale": scaling.scale.tolist(),
        "cut": CUT,
        "target_centre": scaling.target_centre,
        "target_scale": scaling.target_scale,
    }
