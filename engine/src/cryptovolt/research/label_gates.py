"""Gates on labels: they describe the bars they claim, no column knows them, chance gives 0.5."""

import hashlib
from math import sqrt

import numpy as np
from numpy.random import Generator

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.ports import TrialLedger
from cryptovolt.features.build import Features
from cryptovolt.ml.split import validation_tail
from cryptovolt.performance.classification import auc
from cryptovolt.research.evaluation import Evaluation
from cryptovolt.research.fits import keep_checks
from cryptovolt.research.gate import Gate

MOST_OF_ONE_COLUMN = 0.9
LEAST_ALIGNMENT = 0.95
N_PERMUTATIONS = 5
"""Trainings on permuted labels where nothing else is said; 20 in a thorough run."""


def label_alignment(bars: Bars, evaluation: Evaluation) -> Gate:
    """Compare each label with what the bars of its interval did: a shifted label does not fit."""
    labels = evaluation.labels
    realised = np.log(bars.close[labels.end] / bars.open[labels.row + 1])
    area = auc(labels.up, _ranks(realised))
    return Gate(
        "label_alignment",
        area >= LEAST_ALIGNMENT,
        area,
        LEAST_ALIGNMENT,
        f"the change from the bar after each row to the label's end ranks the labels with an AUC "
        f"of {area:.3f}; at least {LEAST_ALIGNMENT} is expected of labels in their place",
    )


def complete_labels(bars: Bars, evaluation: Evaluation) -> Gate:
    """Refuse labels of rows whose horizon is not over: what has not happened yet is no fall."""
    labels = evaluation.labels
    n_early = int((labels.row + labels.horizon >= len(bars)).sum())
    return Gate(
        "complete_labels",
        n_early == 0,
        float(n_early),
        0.0,
        f"{n_early} labels belong to rows whose {labels.horizon} bars are not over; none may",
    )


def single_feature(features: Features, evaluation: Evaluation) -> Gate:
    """Refuse a column that alone knows the outcome."""
    name, area = _best_column(features.values[evaluation.labels.row], features.names, evaluation)
    return Gate(
        "single_feature",
        area <= MOST_OF_ONE_COLUMN,
        area,
        MOST_OF_ONE_COLUMN,
        f"the column that separates the labels best, {name}, has an AUC of {area:.3f} alone; above "
        f"{MOST_OF_ONE_COLUMN} it knows the future",
    )


def leak_canary(features: Features, evaluation: Evaluation) -> Gate:
    """Plant the future return as a column and see that the check above refuses it."""
    values = features.values[evaluation.labels.row]
    planted = np.column_stack([values, evaluation.labels.outcome])
    name, area = _best_column(planted, (*features.names, "future return"), evaluation)
    found = name == "future return" and area > MOST_OF_ONE_COLUMN
    return Gate(
        "leak_canary",
        found,
        area,
        MOST_OF_ONE_COLUMN,
        f"a planted column with the future return was {'found' if found else 'not found'}: the "
        f"best column is {name} with an AUC of {area:.3f}",
    )


def label_permutation(
    features: Features,
    evaluation: Evaluation,
    rng: Generator,
    ledger: TrialLedger | None = None,
    n_permutations: int = N_PERMUTATIONS,
) -> Gate:
    """Train on labels permuted in blocks: what is left must be chance.

    With a ledger each training is a row there, a check that counts for no choice.

    References
    ----------
    Standard error of the AUC under no skill after Hanley and McNeil (1982), widened by the square
    root of the horizon because that many labels overlap.
    """
    labels, fold = evaluation.labels, evaluation.folds[-1].fold
    found: list[tuple[str, float]] = []
    for _ in range(n_permutations):
        up = labels.up[_permuted_blocks(len(labels), labels.horizon, rng)]
        found.append((hashlib.sha256(up.tobytes()).hexdigest(), _area(features, evaluation, up)))
    if ledger is not None:
        keep_checks(ledger, features, evaluation, found)
    areas = [area for _, area in found]
    n_up = float(labels.up[fold.test].sum())
    n_down = fold.test.size - n_up
    sigma = sqrt((fold.test.size + 1) / (12.0 * n_up * n_down) * labels.horizon)
    # One number for both conditions: each within 3 σ, and the mean within 3 σ / √repeats.
    errors = np.abs(np.array(areas) - 0.5)
    measured = max(errors.max(), abs(np.mean(areas) - 0.5) * sqrt(n_permutations)) / sigma
    return Gate(
        "label_permutation",
        bool(measured <= 3.0),
        float(measured),
        3.0,
        f"{n_permutations} trainings on permuted labels gave AUCs from {min(areas):.3f} to "
        f"{max(areas):.3f}, {measured:.1f} standard errors from chance; 3 are allowed",
    )


def _area(features: Features, evaluation: Evaluation, up: BoolArray) -> float:
    labels, fold = evaluation.labels, evaluation.folds[-1].fold
    values = features.values[labels.row]
    trainer = evaluation.trainer
    fit, tail = validation_tail(labels, fold.train, trainer.validation)
    fitted = trainer.fit(
        values[fit],
        up[fit],
        labels.weight[fit],
        values[tail],
        up[tail],
        labels.weight[tail],
    )
    return auc(up[fold.test], _ranks(fitted.calibrated(values[fold.test], None)[0]))


def _best_column(
    values: FloatArray, names: tuple[str, ...], evaluation: Evaluation
) -> tuple[str, float]:
    up = evaluation.labels.up
    areas = [auc(up, _ranks(values[:, column])) for column in range(values.shape[1])]
    strength = np.abs(np.array(areas) - 0.5) + 0.5
    best = int(np.argmax(strength))
    return names[best], float(strength[best])


def _ranks(values: FloatArray) -> FloatArray:
    # Any rising map into [0, 1] has the same AUC.
    distinct, place = np.unique(values, return_inverse=True)
    return place / max(1, distinct.size - 1)


def _permuted_blocks(n_rows: int, block: int, rng: Generator) -> IntArray:
    starts = rng.permutation(np.arange(0, n_rows, block))
    positions = (starts[:, None] + np.arange(block)).ravel()
    return positions[positions < n_rows]
