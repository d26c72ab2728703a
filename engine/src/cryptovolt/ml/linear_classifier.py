"""The linear baseline: logistic regression with a ridge, on standardised columns.

What more elaborate models have to beat. Centre and scale of each column come from the rows it was
fitted to and are stored with it, as JSON; a row's log odds are summed column by column, so its bits
are the same alone and in a batch.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.errors import ConfigurationError, ModelError
from cryptovolt.domain.ports import Contributions
from cryptovolt.ml.calibration import METHODS, Calibration, read_calibration
from cryptovolt.ml.logistic import fit_ridge, mean_loss
from cryptovolt.ml.model import (
    Fitted,
    Stored,
    balanced_weights,
    canonical,
    describe,
    require_both_classes,
    write_model,
)

FORMAT = "cryptovolt-linear/1"
KIND = "linear"
MODEL_FILE = "linear.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearSettings:
    """How the coefficients are found.

    Parameters
    ----------
    ridge, most_ridge : float
        Least and most ridge tried, above 0, as a share of the weight of the rows: a ridge of 1
        counts a squared coefficient as half a unit of log loss in every row.
    n_ridges : int
        How many are tried between them, evenly by logarithm; the stopping rows choose.
    validation : float
        Share of the training set, at its end, that chooses, in (0, 0.5].
    calibration : {"platt", "isotonic", "best"}
        How margins become probabilities.
    """

    ridge: float = 1e-4
    most_ridge: float = 1.0
    n_ridges: int = 5
    validation: float = 0.2
    calibration: str = "platt"

    def __post_init__(self) -> None:
        if not 0.0 < self.ridge <= self.most_ridge < float("inf") or not self.n_ridges >= 1:
            raise ConfigurationError(
                f"expected 0 < ridge ≤ most_ridge and at least 1 of them, found {self}"
            )
        if not 0.0 < self.validation <= 0.5:
            raise ConfigurationError(f"expected validation in (0, 0.5], found {self.validation}")
        if self.calibration not in METHODS:
            raise ConfigurationError(
                f"expected calibration {', '.join(METHODS)}, found {self.calibration!r}"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """``intercept + Σ coefficient × (value − centre) / scale``.

    Parameters
    ----------
    centre, scale, coefficient : ndarray of shape (n_features,)
        Mean and standard deviation of the fitted rows, and log odds per standard deviation.
    intercept : float
        Log odds of a row of means.
    """

    centre: FloatArray
    scale: FloatArray
    coefficient: FloatArray
    intercept: float

    @property
    def n_trees(self) -> int:
        """A line has none."""
        return 0

    @property
    def content(self) -> bytes:
        """What is stored of it; numbers are written so that the same bits come back."""
        columns = {
            "centre": self.centre.tolist(),
            "scale": self.scale.tolist(),
            "coefficient": self.coefficient.tolist(),
        }
        return canonical({**columns, "intercept": self.intercept})

    def contributions(self, values: FloatArray) -> FloatArray:
        """Return what each column adds, shape ``(n_rows, n_features)``; NaN in unusable rows.

        Raises
        ------
        ModelError
            If the rows have another number of columns.
        """
        if values.ndim != 2 or values.shape[1] != self.centre.size:
            raise ModelError(
                f"expected rows of {self.centre.size} features, found shape {values.shape}"
            )
        rows = np.ascontiguousarray(values, dtype=np.float64)
        return _parts(rows, self.centre, self.scale, self.coefficient)

    def calibrated(
        self, values: FloatArray, calibration: Calibration | None
    ) -> tuple[FloatArray, FloatArray]:
        """Return log odds and P(up) of rows; without a calibration the odds are believed."""
        margin = _sums(self.contributions(values), self.intercept)
        if calibration is None:
            return margin, 1.0 / (1.0 + np.exp(-margin))
        return margin, calibration.probability(margin)


def read_line(content: bytes) -> Line:
    """Return a line from what is stored of it.

    Raises
    ------
    ModelError
        If it is not whole.
    """
    try:
        said: dict[str, Any] = json.loads(content)
        columns = [np.array(said[key], np.float64) for key in ("centre", "scale", "coefficient")]
        line = Line(columns[0], columns[1], columns[2], float(said["intercept"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError("expected the coefficients of a line, found something else") from error
    numbers = np.concatenate([*columns, [line.intercept]])
    if len({column.shape for column in columns}) > 1 or not np.isfinite(numbers).all():
        raise ModelError("expected a finite coefficient for each column, found other numbers")
    return line


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LinearClassifier:
    """A trained line; the port :class:`cryptovolt.domain.ports.Model`."""

    line: Line
    manifest: dict[str, Any]
    calibration: Calibration

    def __repr__(self) -> str:
        return f"LinearClassifier({len(self.feature_names)} features, {self.artefact_hash[:16]})"

    @property
    def kind(self) -> str:
        """``"linear"``."""
        return KIND

    @property
    def feature_names(self) -> Sequence[str]:
        """Columns it was trained on, in order."""
        return tuple(self.manifest["feature_names"])

    @property
    def artefact_hash(self) -> str:
        """SHA-256 of the manifest, which holds that of the coefficients; 64 hex digits."""
        return self.manifest["artefact_hash"]

    def margins(self, values: FloatArray) -> FloatArray:
        """Return the log odds before calibration, shape ``(n_rows,)``; NaN where undefined."""
        return self.line.calibrated(values, None)[0]

    def probability_up(self, values: FloatArray) -> FloatArray:
        """Return the calibrated P(up), shape ``(n_rows,)``; NaN where a feature is not finite."""
        return self.line.calibrated(values, self.calibration)[1]

    def contributions(self, values: FloatArray) -> Contributions:
        """Return what each column adds to the log odds of a row of means; exact by definition."""
        return Contributions(self.line.intercept, self.line.contributions(values))

    def save(self, folder: Path) -> Path:
        """Write the model into a folder of its own, named by its hash, and return that folder."""
        return write_model(folder, self.manifest, {MODEL_FILE: self.line.content})


@dataclass(frozen=True, slots=True)
class LinearTrainer:
    """Fits lines; the port :class:`cryptovolt.ml.model.Trainer`."""

    settings: LinearSettings = field(default_factory=LinearSettings)

    @property
    def kind(self) -> str:
        """``"linear"``."""
        return KIND

    @property
    def validation(self) -> float:
        """Share of a training set that chooses the ridge."""
        return self.settings.validation

    @property
    def calibration(self) -> str:
        """How margins become probabilities."""
        return self.settings.calibration

    def fit(
        self,
        values: FloatArray,
        up: BoolArray,
        weight: FloatArray,
        stop_values: FloatArray,
        stop_up: BoolArray,
        stop_weight: FloatArray,
        seed: int | None = None,
    ) -> Line:
        """Return the line whose ridge is best for the stopping rows; nothing is drawn.

        Raises
        ------
        ModelError
            If either set holds one class only.
        """
        del seed
        require_both_classes(up, weight, stop_up)
        mass = balanced_weights(up, weight, up, weight)
        stop_mass = balanced_weights(stop_up, stop_weight, up, weight)
        centre, scale = values.mean(axis=0), values.std(axis=0)
        # A column that is constant in these rows says nothing.
        scale = np.where(scale > 0.0, scale, 1.0)
        rows = (values - centre) / scale
        given = self.settings
        best, least = None, np.inf
        for ridge in np.geomspace(given.ridge, given.most_ridge, given.n_ridges).tolist():
            coefficient, intercept = fit_ridge(rows, up, mass, ridge)
            line = Line(centre, scale, coefficient, intercept)
            loss = mean_loss(line.calibrated(stop_values, None)[0], stop_up, stop_mass)
            if best is None or loss < least:
                best, least = line, loss
        if best is None:
            raise ModelError("expected a ridge to fit with, found none")
        return best

    def model(
        self,
        fitted: Fitted,
        feature_names: Sequence[str],
        calibration: Calibration,
        provenance: Mapping[str, Any],
        training: Mapping[str, Any],
    ) -> LinearClassifier:
        """Return a calibrated model that can be stored."""
        manifest = describe(
            format_=FORMAT,
            kind=KIND,
            feature_names=feature_names,
            settings=self.settings,
            provenance=provenance,
            libraries=(),
            files={MODEL_FILE: fitted.content},
            more={"calibration": calibration.to_record(), "training": dict(training)},
        )
        return LinearClassifier(read_line(fitted.content), manifest, calibration)


def trainer_of(settings: Mapping[str, Any]) -> LinearTrainer:
    """Return the trainer with the settings of a manifest."""
    return LinearTrainer(LinearSettings(**settings))


def read_stored(stored: Stored) -> LinearClassifier:
    """Return the classifier of a checked folder.

    Raises
    ------
    ModelError
        If it is not whole.
    """
    manifest = dict(stored.manifest)
    try:
        content, calibration = stored.files[MODEL_FILE], dict(manifest["calibration"])
        n_features = len(manifest["feature_names"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"expected {MODEL_FILE} and a calibration, found a part only") from error
    line = read_line(content)
    if line.centre.size != n_features:
        raise ModelError(f"expected {n_features} coefficients, found {line.centre.size}")
    return LinearClassifier(line, manifest, read_calibration(calibration))


@njit(cache=True, nogil=True)
def _parts(
    values: FloatArray, centre: FloatArray, scale: FloatArray, coefficient: FloatArray
) -> FloatArray:
    parts = np.full(values.shape, np.nan)
    for row in range(values.shape[0]):
        usable = True
        for column in range(values.shape[1]):
            usable &= isfinite(values[row, column])
        if usable:
            for column in range(values.shape[1]):
                away = (values[row, column] - centre[column]) / scale[column]
                parts[row, column] = coefficient[column] * away
    return parts


@njit(cache=True, nogil=True)
def _sums(parts: FloatArray, intercept: float) -> FloatArray:
    total = np.full(parts.shape[0], intercept)
    for row in range(parts.shape[0]):
        for column in range(parts.shape[1]):
            total[row] += parts[row, column]
    return total
