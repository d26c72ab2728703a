"""Gates on the evaluation and the trained model itself."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.ports import Model
from cryptovolt.features.build import Features
from cryptovolt.ml.lightgbm_classifier import LightGBMClassifier
from cryptovolt.ml.model import load_model
from cryptovolt.ml.xgboost_classifier import XGBoostClassifier
from cryptovolt.research.audited import Audited
from cryptovolt.research.evaluation import Evaluation
from cryptovolt.research.gate import Gate

LEAST_INDEPENDENT_ROWS = 50
LEAST_MINORITY = 0.05
MOST_PLAUSIBLE_AUC = 0.75
SERVING_TOLERANCE = 1e-6
_ROWS_SERVED = 2_000


def split_audit(evaluation: Audited) -> Gate:
    """Check on index sets that no training label reaches into a test set or its embargo."""
    labels = evaluation.labels
    embargo = evaluation.walk.embargo_bars(labels)
    gaps: list[int] = []
    shared = 0
    tested = np.concatenate([result.fold.test for result in evaluation.folds])
    for result in evaluation.folds:
        train, test = result.fold.train, result.fold.test
        gaps.append(int(labels.row[test].min() - labels.end[train].max()))
        shared += np.intersect1d(train, test).size
    shared += tested.size - np.unique(tested).size
    return Gate(
        "split_audit",
        shared == 0 and min(gaps) > embargo,
        float(min(gaps)),
        float(embargo),
        f"training labels end {min(gaps)} bars before their test set (embargo {embargo}), and "
        f"{shared} rows are in two sets; none may be",
    )


def fitted_on_training_rows(evaluation: Audited) -> Gate:
    """Check that every fitted step saw only labels that ended before the test set began."""
    gaps = {
        f"{step} of fold {result.fold.number + 1}": int(
            evaluation.labels.row[result.fold.test].min() - until
        )
        for result in evaluation.folds
        for step, until in result.fitted_until.items()
    }
    nearest = min(gaps, key=lambda step: gaps[step])
    return Gate(
        "fitted_on_training_rows",
        gaps[nearest] > 0,
        float(gaps[nearest]),
        0.0,
        f"the {nearest} knew labels up to {gaps[nearest]} bars before the test set; all must end "
        "before it",
    )


def enough_rows(evaluation: Audited) -> Gate:
    """Check that the test rows hold enough outcomes that do not overlap."""
    tested = np.concatenate([result.fold.test for result in evaluation.folds])
    independent = float(evaluation.labels.weight[tested].sum())
    return Gate(
        "enough_rows",
        independent >= LEAST_INDEPENDENT_ROWS,
        independent,
        float(LEAST_INDEPENDENT_ROWS),
        f"{tested.size} test rows hold {independent:.0f} independent outcomes; at least "
        f"{LEAST_INDEPENDENT_ROWS} are needed",
    )


def both_classes(evaluation: Evaluation) -> Gate:
    """Check that every test set has rises and falls."""
    shares = [float(evaluation.labels.up[result.fold.test].mean()) for result in evaluation.folds]
    minority = min(min(share, 1.0 - share) for share in shares)
    return Gate(
        "both_classes",
        minority >= LEAST_MINORITY,
        minority,
        LEAST_MINORITY,
        f"the rarer class is {minority:.1%} of its smallest test set; at least "
        f"{LEAST_MINORITY:.0%} is needed",
    )


def plausible_auc(evaluation: Evaluation) -> Gate:
    """Take an AUC that market bars do not give for a leak until it is explained."""
    area = evaluation.scores["auc"].value
    return Gate(
        "plausible_auc",
        area <= MOST_PLAUSIBLE_AUC,
        area,
        MOST_PLAUSIBLE_AUC,
        f"the out-of-sample AUC is {area:.3f}; above {MOST_PLAUSIBLE_AUC} it is taken for a leak",
    )


def serving_equals_training(features: Features, evaluation: Evaluation) -> Gate:
    """Compare what is served with what was trained, and single rows with the batch."""
    model = evaluation.model
    values = features.values[evaluation.labels.row[-_ROWS_SERVED:]]
    margins, library = _trained_margins(model, values)
    served = 1.0 / (1.0 + np.exp(-model.margins(values)))
    difference = float(np.abs(served - 1.0 / (1.0 + np.exp(-margins))).max())
    batch = model.probability_up(values)
    n_differing = sum(
        model.probability_up(values[row : row + 1])[0] != batch[row]
        for row in range(0, len(values), 20)
    )
    return Gate(
        "serving_equals_training",
        bool(difference <= SERVING_TOLERANCE and n_differing == 0),
        difference,
        SERVING_TOLERANCE,
        f"served probabilities differ from {library}'s by at most {difference:.1e}, and "
        f"{n_differing} rows differ between alone and in a batch; none may",
    )


def _trained_margins(model: Model, values: FloatArray) -> tuple[FloatArray, str]:
    if isinstance(model, XGBoostClassifier):
        import xgboost  # noqa: PLC0415 - heavy, and needed here only

        booster = xgboost.Booster({"nthread": 1})
        booster.load_model(bytearray(model.model))
        said = booster.inplace_predict(values.astype(np.float32), predict_type="margin")
        return np.asarray(said, np.float64), "XGBoost"
    if isinstance(model, LightGBMClassifier):
        import lightgbm  # noqa: PLC0415 - an extra, there where such a model was trained

        trained = lightgbm.Booster(model_str=model.model.decode())
        rounded = values.astype(np.float32).astype(np.float64)
        return np.asarray(trained.predict(rounded, raw_score=True), np.float64), "LightGBM"
    with TemporaryDirectory() as folder:
        stored = load_model(model.save(Path(folder)))
    # Only a forecaster, which these gates are not for, has no log odds.
    return cast("Model", stored).margins(values), "the stored model"
