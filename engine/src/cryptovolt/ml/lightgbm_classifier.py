"""Boosted trees grown by LightGBM (extra ``boost``), served without it.

The rows it is trained on are rounded to float32, as XGBoost rounds them, so that the flat trees ask
exactly what LightGBM asks. Its one file beside the manifest is LightGBM's own text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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
    require_both_classes,
)
from cryptovolt.ml.tree_classifier import GrownTrees, TreeClassifier
from cryptovolt.ml.trees import FlatTrees, Nodes, flatten

FORMAT = "cryptovolt-lightgbm/1"
KIND = "lightgbm"
MODEL_FILE = "model.txt"

# Bits of LightGBM's decision type: a category, and what counts as missing (0: nothing does).
_CATEGORY, _MISSING = 1, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class LightGBMSettings:
    """How the trees are grown; names and meaning as in :class:`~.BoosterSettings`.

    Parameters
    ----------
    max_depth : int
        Splits from root to leaf; a tree has up to ``2 ** max_depth`` leaves.
    n_rounds, early_stopping : int
        Most trees, and rounds without improvement after which training stops.
    learning_rate, subsample, colsample : float
        In (0, 1].
    min_child_weight, reg_lambda : float
        Least sum of hessians in a leaf; ridge on leaf values.
    validation : float
        Share of the training set, at its end, that decides when to stop, in (0, 0.5].
    calibration : {"platt", "isotonic", "best"}
        How margins become probabilities.
    seed, n_threads : int
        Fixed, so that the same data give the same bytes.
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
    calibration: str = "platt"
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
        if self.calibration not in METHODS:
            raise ConfigurationError(
                f"expected calibration {', '.join(METHODS)}, found {self.calibration!r}"
            )


class LightGBMClassifier(TreeClassifier):
    """A trained classifier; the port :class:`cryptovolt.domain.ports.Model`."""

    __slots__ = ()

    KIND = KIND
    FILE = MODEL_FILE


@dataclass(frozen=True, slots=True)
class LightGBMTrainer:
    """Trains LightGBM's trees; the port :class:`cryptovolt.ml.model.Trainer`."""

    settings: LightGBMSettings = field(default_factory=LightGBMSettings)

    @property
    def kind(self) -> str:
        """``"lightgbm"``."""
        return KIND

    @property
    def validation(self) -> float:
        """Share of a training set that decides when to stop."""
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
    ) -> GrownTrees:
        """Return trees fitted to one set of rows and stopped by a later one.

        Raises
        ------
        ModelError
            If LightGBM is not installed, or either set holds one class only.
        """
        try:
            import lightgbm  # noqa: PLC0415 - an extra, and needed for training only
        except ImportError as error:
            raise ModelError(
                "expected LightGBM to train with, found none; install cryptovolt[boost]"
            ) from error
        require_both_classes(up, weight, stop_up)
        fit = lightgbm.Dataset(
            _rounded(values), up, weight=balanced_weights(up, weight, up, weight)
        )
        stop = lightgbm.Dataset(
            _rounded(stop_values),
            stop_up,
            reference=fit,
            weight=balanced_weights(stop_up, stop_weight, up, weight),
        )
        settings = self.settings if seed is None else replace(self.settings, seed=seed)
        booster: Any = lightgbm.train(
            _parameters(settings),
            fit,
            settings.n_rounds,
            valid_sets=[stop],
            callbacks=[lightgbm.early_stopping(settings.early_stopping, verbose=False)],
        )
        text: str = booster.model_to_string(num_iteration=booster.best_iteration)
        return GrownTrees(text.encode(), read_text(text.encode()))

    def model(
        self,
        fitted: Fitted,
        feature_names: Sequence[str],
        calibration: Calibration,
        provenance: Mapping[str, Any],
        training: Mapping[str, Any],
    ) -> LightGBMClassifier:
        """Return a calibrated model that can be stored."""
        manifest = describe(
            format_=FORMAT,
            kind=KIND,
            feature_names=feature_names,
            settings=self.settings,
            provenance=provenance,
            libraries=("lightgbm",),
            files={MODEL_FILE: fitted.content},
            more={"calibration": calibration.to_record(), "training": dict(training)},
        )
        return LightGBMClassifier(fitted.content, manifest, read_text(fitted.content), calibration)


def trainer_of(settings: Mapping[str, Any]) -> LightGBMTrainer:
    """Return the trainer with the settings of a manifest."""
    return LightGBMTrainer(LightGBMSettings(**settings))


def read_stored(stored: Stored) -> LightGBMClassifier:
    """Return the classifier of a checked folder.

    Raises
    ------
    ModelError
        If it is not whole.
    """
    manifest = dict(stored.manifest)
    try:
        model, calibration = stored.files[MODEL_FILE], dict(manifest["calibration"])
        n_features = len(manifest["feature_names"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"expected {MODEL_FILE} and a calibration, found a part only") from error
    trees = read_text(model)
    if trees.n_features != n_features:
        raise ModelError(f"expected trees over {n_features} columns, found {trees.n_features}")
    return LightGBMClassifier(model, manifest, trees, read_calibration(calibration))


def read_text(model: bytes) -> FlatTrees:
    """Return the trees of a model that LightGBM saved as text; LightGBM itself is not needed.

    Raises
    ------
    ModelError
        If the text is no binary classifier over numbers.
    """
    try:
        head, *blocks = model.decode().split("\nend of trees")[0].split("\nTree=")
        said = _fields(head)
        if said["objective"] != "binary sigmoid:1":
            raise ModelError(f"expected a binary classifier, found {said['objective']!r}")
        trees = [_nodes_of(_fields(block)) for block in blocks]
        n_features = int(said["max_feature_idx"]) + 1
    except (KeyError, IndexError, ValueError) as error:
        raise ModelError(
            "expected a model that LightGBM saved as text, found something else, which begins with "
            f"{model[:20]!r}"
        ) from error
    if not trees:
        raise ModelError("expected trees of a binary classifier, found none")
    return flatten(trees, 0.0, n_features)


def _fields(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.split("\n") if "=" in line)


def _nodes_of(tree: dict[str, str]) -> Nodes:
    leaves = _floats(tree["leaf_value"])
    n_splits = int(tree["num_leaves"]) - 1
    if not n_splits:
        return Nodes([-1], [-1], [0], [0.0], leaves, [1.0])
    kinds = _integers(tree["decision_type"])
    if any(kind & (_CATEGORY | _MISSING) for kind in kinds):
        raise ModelError("expected trees that compare finite numbers, found another decision")
    # Inner nodes first, then leaves; a child below 0 is leaf −1 − child.
    left = [_place(child, n_splits) for child in _integers(tree["left_child"])]
    right = [_place(child, n_splits) for child in _integers(tree["right_child"])]
    none = [-1] * len(leaves)
    return Nodes(
        left + none,
        right + none,
        _integers(tree["split_feature"]) + none,
        _above(_floats(tree["threshold"])) + [0.0] * len(leaves),
        [0.0] * n_splits + leaves,
        _floats(tree["internal_count"]) + _floats(tree["leaf_count"]),
    )


def _place(child: int, n_splits: int) -> int:
    return child if child >= 0 else n_splits - 1 - child


def _above(thresholds: list[float]) -> list[float]:
    # LightGBM sends x ≤ threshold to the left, flat trees x < threshold: of the float32 numbers,
    # these are the same ones when compared with the next float32 above the threshold.
    exact = np.array(thresholds, np.float64)
    near = exact.astype(np.float32)
    above = np.where(near > exact, near, np.nextafter(near, np.float32(np.inf)))
    return above.astype(np.float64).tolist()


def _integers(text: str) -> list[int]:
    return [int(word) for word in text.split()]


def _floats(text: str) -> list[float]:
    return [float(word) for word in text.split()]


def _rounded(values: FloatArray) -> FloatArray:
    return values.astype(np.float32).astype(np.float64)


def _parameters(settings: LightGBMSettings) -> dict[str, Any]:
    return {
        "objective": "binary",
        "metric": "binary_logloss",
        "boost_from_average": False,
        "use_missing": False,
        "max_depth": settings.max_depth,
        "num_leaves": 2**settings.max_depth,
        "learning_rate": settings.learning_rate,
        "bagging_fraction": settings.subsample,
        "bagging_freq": 1,
        "feature_fraction": settings.colsample,
        "min_sum_hessian_in_leaf": settings.min_child_weight,
        "min_data_in_leaf": 1,
        "lambda_l2": settings.reg_lambda,
        "seed": settings.seed,
        "num_threads": settings.n_threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
