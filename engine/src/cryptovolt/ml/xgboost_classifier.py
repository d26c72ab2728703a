"""The gradient-boosted classifier: training by XGBoost, serving without it.

Its one file beside the manifest is ``model.json``, XGBoost's own format.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.errors import ConfigurationError, ModelError
from cryptovolt.ml.calibration import METHODS, Calibration, read_calibration
from cryptovolt.ml.model import (
    Fitted,
    Stored,
    balanced_weights,
    describe,
    read_model,
    require_both_classes,
)
from cryptovolt.ml.tree_classifier import GrownTrees, TreeClassifier
from cryptovolt.ml.trees import read_trees

FORMAT = "cryptovolt-xgboost/2"
KIND = "xgboost"
MODEL_FILE = "model.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoosterSettings:
    """How the trees are grown.

    Parameters
    ----------
    max_depth : int
        Splits from root to leaf.
    n_rounds : int
        Most trees; training stops earlier when the validation tail gets no better.
    learning_rate : float
        Share of each tree that counts, in (0, 1].
    subsample, colsample : float
        Share of rows and columns a tree sees, in (0, 1].
    min_child_weight : float
        Least sum of hessians in a leaf; a row of mean weight has at most 0.25.
    reg_lambda : float
        Ridge on leaf values, at least 0.
    early_stopping : int
        Rounds without improvement after which training stops.
    validation : float
        Share of the training set, at its end, that decides when to stop, in (0, 0.5].
    seed, n_threads : int
        Fixed, so that the same data give the same bytes. More threads than free cores are slower.
    """

    max_depth: int = 4
    n_rounds: int = 200
    learning_rate: float = 0.05
    subsample: float = 0.8
    colsample: float = 0.5
    min_child_weight: float = 20.0
    reg_lambda: float = 5.0
    early_stopping: int = 30
    validation: float = 0.2
    seed: int = 7
    n_threads: int = 1

    def __post_init__(self) -> None:
        counts = (self.max_depth, self.n_rounds, self.early_stopping, self.n_threads)
        shares = (self.learning_rate, self.subsample, self.colsample, 2.0 * self.validation)
        if not all(count >= 1 for count in counts) or not all(0.0 < s <= 1.0 for s in shares):
            raise ConfigurationError(
                "expected counts of at least 1, shares in (0, 1] and validation in (0, 0.5], found "
                f"{self}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibratedSettings(BoosterSettings):
    """How the trees are grown and calibrated, where it is not by Platt's line.

    Parameters
    ----------
    calibration : str
        ``"isotonic"``, or ``"best"`` of both by out-of-fold log loss.
    """

    calibration: str = "best"


class XGBoostClassifier(TreeClassifier):
    """A trained classifier; the port :class:`cryptovolt.domain.ports.Model`.

    Made by training, :func:`load_classifier` or :func:`cryptovolt.ml.model.load_model`.
    """

    __slots__ = ()

    KIND = KIND
    FILE = MODEL_FILE


def make_classifier(
    model: bytes,
    feature_names: Sequence[str],
    calibration: Calibration,
    settings: BoosterSettings,
    provenance: Mapping[str, Any],
    training: Mapping[str, Any] | None = None,
) -> XGBoostClassifier:
    """Return a classifier with its manifest and hash.

    `training` is what :func:`cryptovolt.ml.model.training_range` says of its rows.
    """
    manifest = describe(
        format_=FORMAT,
        kind=KIND,
        feature_names=feature_names,
        settings=settings,
        provenance=provenance,
        libraries=("xgboost-cpu",),
        files={MODEL_FILE: model},
        more={"calibration": calibration.to_record(), "training": dict(training or {})},
    )
    return XGBoostClassifier(model, manifest, read_trees(model), calibration)


def read_stored(stored: Stored) -> XGBoostClassifier:
    """Return the classifier of a checked folder, also of the first format.

    Raises
    ------
    ModelError
        If it is not whole.
    """
    manifest = dict(stored.manifest)
    try:
        model, calibration = stored.files[MODEL_FILE], dict(manifest["calibration"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"expected {MODEL_FILE} and a calibration, found a part only") from error
    trees = read_trees(model)
    if trees.n_features != len(manifest["feature_names"]):
        raise ModelError(
            f"expected trees over {len(manifest['feature_names'])} columns, found "
            f"{trees.n_features}"
        )
    return XGBoostClassifier(model, manifest, trees, read_calibration(calibration))


def load_classifier(folder: Path) -> XGBoostClassifier:
    """Read a stored model of XGBoost and check that nothing in it has changed.

    Parameters
    ----------
    folder : Path
        What :meth:`XGBoostClassifier.save` returned.

    Returns
    -------
    XGBoostClassifier

    Raises
    ------
    ModelError
        If a file is missing, is not of this format, or differs from its SHA-256.
    """
    stored = read_model(folder)
    found = str(stored.manifest["format"])
    if not found.startswith("cryptovolt-xgboost/"):
        raise ModelError(f"expected a model of format {FORMAT}, found {found}")
    return read_stored(stored)


@dataclass(frozen=True, slots=True)
class XGBoostTrainer:
    """Trains gradient-boosted trees; the port :class:`cryptovolt.ml.model.Trainer`.

    Parameters
    ----------
    settings : BoosterSettings
        How the trees are grown; :class:`CalibratedSettings` also says how they are calibrated.
    """

    settings: BoosterSettings = field(default_factory=BoosterSettings)

    def __post_init__(self) -> None:
        if self.calibration not in METHODS:
            raise ConfigurationError(
                f"expected calibration {', '.join(METHODS)}, found {self.calibration!r}"
            )

    @property
    def kind(self) -> str:
        """``"xgboost"``."""
        return KIND

    @property
    def validation(self) -> float:
        """Share of a training set that decides when to stop."""
        return self.settings.validation

    @property
    def calibration(self) -> str:
        """How margins become probabilities."""
        given = self.settings
        return given.calibration if isinstance(given, CalibratedSettings) else "platt"

    def fit(
        self,
        values: FloatArray,
        up: BoolArray,
        weight: FloatArray,
        stop_values: FloatArray,
        stop_up: BoolArray,
        stop_weight: FloatArray,
        seed: int | None = None,
    ) -> GrownTrees:
        """Return trees as :func:`train_trees` grows them."""
        settings = self.settings if seed is None else replace(self.settings, seed=seed)
        model = train_trees(values, up, weight, stop_values, stop_up, stop_weight, settings)
        return GrownTrees(model, read_trees(model))

    def model(
        self,
        fitted: Fitted,
        feature_names: Sequence[str],
        calibration: Calibration,
        provenance: Mapping[str, Any],
        training: Mapping[str, Any],
    ) -> XGBoostClassifier:
        """Return a calibrated model that can be stored."""
        return make_classifier(
            fitted.content, feature_names, calibration, self.settings, provenance, training
        )


def trainer_of(settings: Mapping[str, Any]) -> XGBoostTrainer:
    """Return the trainer with the settings of a manifest."""
    made = CalibratedSettings if "calibration" in settings else BoosterSettings
    return XGBoostTrainer(made(**settings))


def train_trees(
    values: FloatArray,
    up: BoolArray,
    weight: FloatArray,
    stop_values: FloatArray,
    stop_up: BoolArray,
    stop_weight: FloatArray,
    settings: BoosterSettings,
) -> bytes:
    """Return trees fitted to one set of rows and stopped by a later one, as XGBoost's JSON.

    Both classes count the same: weights are scaled so that rises and falls of the fitted rows have
    equal sums; calibration brings the base rate back.

    Raises
    ------
    ModelError
        If the fitted or the stopping rows hold one class only.
    """
    import xgboost  # noqa: PLC0415 - heavy, and needed for training only

    require_both_classes(up, weight, stop_up)
    fit = xgboost.QuantileDMatrix(
        values.astype(np.float32),
        label=up,
        weight=balanced_weights(up, weight, up, weight),
        nthread=settings.n_threads,
    )
    stop = xgboost.QuantileDMatrix(
        stop_values.astype(np.float32),
        label=stop_up,
        weight=balanced_weights(stop_up, stop_weight, up, weight),
        ref=fit,
        nthread=settings.n_threads,
    )
    booster = xgboost.train(
        _parameters(settings),
        fit,
        settings.n_rounds,
        evals=[(stop, "stop")],
        early_stopping_rounds=settings.early_stopping,
        verbose_eval=False,
    )
    best: Any = booster[: booster.best_iteration + 1]
    return bytes(best.save_raw("json"))


def _parameters(settings: BoosterSettings) -> dict[str, Any]:
    return {
        "objective": "binary:logistic",
        "base_score": 0.5,
        "eval_metric": "logloss",
        "tree_method": "hist",
        "max_depth": settings.max_depth,
        "eta": settings.learning_rate,
        "subsample": settings.subsample,
        "colsample_bytree": settings.colsample,
        "min_child_weight": settings.min_child_weight,
        "lambda": settings.reg_lambda,
        "seed": settings.seed,
        "nthread": settings.n_threads,
    }
