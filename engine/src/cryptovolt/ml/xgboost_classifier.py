"""The gradient-boosted classifier: training by XGBoost, serving without it.

A stored model is a folder with ``model.json`` (XGBoost's own format) and ``manifest.json``
(columns, calibration, settings, provenance and the SHA-256 of both). Loading checks the hashes;
nothing that is read can execute.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.errors import ConfigurationError, ModelError
from cryptovolt.ml.calibration import Platt
from cryptovolt.ml.trees import FlatTrees, read_trees

FORMAT = "cryptovolt-xgboost/1"
MODEL_FILE = "model.json"
MANIFEST_FILE = "manifest.json"


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


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class XGBoostClassifier:
    """A trained classifier; the port :class:`cryptovolt.domain.ports.Classifier`.

    Made by training or :func:`load_classifier`.
    """

    model: bytes
    manifest: dict[str, Any]
    trees: FlatTrees
    calibration: Platt

    def __repr__(self) -> str:
        return (
            f"XGBoostClassifier({self.trees.root.size} trees, {len(self.feature_names)} features, "
            f"{self.artefact_hash[:16]})"
        )

    @property
    def feature_names(self) -> Sequence[str]:
        """Columns it was trained on, in order."""
        return tuple(self.manifest["feature_names"])

    @property
    def artefact_hash(self) -> str:
        """SHA-256 of the manifest, which holds that of the trees; 64 hex digits."""
        return self.manifest["artefact_hash"]

    def probability_up(self, values: FloatArray) -> FloatArray:
        """Return the calibrated P(up).

        Parameters
        ----------
        values : ndarray of shape (n_rows, n_features)
            Columns as in `feature_names`.

        Returns
        -------
        ndarray of shape (n_rows,)
            In [0, 1]; NaN where a feature is not finite. A row has the same bits alone and in a
            batch.

        Raises
        ------
        ModelError
            If the rows have another number of columns.
        """
        return self.trees.calibrated(values, self.calibration.slope, self.calibration.intercept)[1]

    def save(self, folder: Path) -> Path:
        """Write the model into a folder of its own, named by its hash, and return that folder."""
        own = folder / self.artefact_hash[:16]
        own.mkdir(parents=True, exist_ok=True)
        (own / MODEL_FILE).write_bytes(self.model)
        (own / MANIFEST_FILE).write_bytes(_canonical(self.manifest))
        return own


def make_classifier(
    model: bytes,
    feature_names: Sequence[str],
    calibration: Platt,
    settings: BoosterSettings,
    provenance: dict[str, Any],
) -> XGBoostClassifier:
    """Return a classifier with its manifest and hash."""
    import xgboost  # noqa: PLC0415 - heavy, and needed for training only

    manifest: dict[str, Any] = {
        "format": FORMAT,
        "feature_names": list(feature_names),
        "calibration": asdict(calibration),
        "settings": asdict(settings),
        "provenance": provenance,
        "xgboost": xgboost.__version__,
        "model_sha256": hashlib.sha256(model).hexdigest(),
    }
    manifest["artefact_hash"] = hashlib.sha256(_canonical(manifest)).hexdigest()
    return XGBoostClassifier(model, manifest, read_trees(model), calibration)


def load_classifier(folder: Path) -> XGBoostClassifier:
    """Read a stored model and check that nothing in it has changed.

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
    try:
        model = (folder / MODEL_FILE).read_bytes()
        text = (folder / MANIFEST_FILE).read_bytes()
    except OSError as error:
        raise ModelError(f"expected a stored model in {folder}, found {error.strerror}") from error
    try:
        manifest: dict[str, Any] = json.loads(text)
        claimed = str(manifest["artefact_hash"])
        found_format, model_hash = str(manifest["format"]), str(manifest["model_sha256"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"expected a manifest in {folder}, found a damaged one") from error
    if found_format != FORMAT:
        raise ModelError(f"expected a model of format {FORMAT}, found {found_format}")
    rest = {key: value for key, value in manifest.items() if key != "artefact_hash"}
    if (
        hashlib.sha256(model).hexdigest() != model_hash
        or hashlib.sha256(_canonical(rest)).hexdigest() != claimed
        or _canonical(manifest) != text
    ):
        raise ModelError(
            f"expected the model in {folder} as it was stored, found it changed; train it again"
        )
    return XGBoostClassifier(model, manifest, read_trees(model), Platt(**manifest["calibration"]))


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

    up_weight, down_weight = float(weight[up].sum()), float(weight[~up].sum())
    if not min(up_weight, down_weight) > 0.0 or stop_up.all() or not stop_up.any():
        raise ModelError(
            f"expected rises and falls to learn from, found {int(up.sum())} rises in {up.size} "
            f"rows and {int(stop_up.sum())} in the {stop_up.size} rows that decide when to stop"
        )
    fit = xgboost.QuantileDMatrix(
        values.astype(np.float32),
        label=up,
        weight=_balanced(up, weight, up_weight, down_weight),
        nthread=settings.n_threads,
    )
    stop = xgboost.QuantileDMatrix(
        stop_values.astype(np.float32),
        label=stop_up,
        weight=_balanced(stop_up, stop_weight, up_weight, down_weight),
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


def _balanced(up: BoolArray, weight: FloatArray, up_sum: float, down_sum: float) -> FloatArray:
    total = up_sum + down_sum
    balanced = weight * np.where(up, total / (2.0 * up_sum), total / (2.0 * down_sum))
    return balanced / balanced.mean()


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


def _canonical(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False).encode()
