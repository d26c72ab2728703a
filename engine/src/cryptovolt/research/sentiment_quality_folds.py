"""What scorers say about texts of a file when they are trained on the others."""

from collections.abc import Sequence

import numpy as np

from cryptovolt.domain.arrays import IntArray
from cryptovolt.domain.ports import Progress, TextScorer
from cryptovolt.research.sentiment_quality import Scored, class_numbers
from cryptovolt.research.sentiment_quality_files import LabelledTexts
from cryptovolt.sentiment.ensemble import Trainer, fit_ensemble
from cryptovolt.sentiment.linear_fit import LinearSettings, fit_linear
from cryptovolt.sentiment.linear_folds import grouped_folds
from cryptovolt.sentiment.ngrams_twins import twin_groups


def cross_validate(
    data: LabelledTexts,
    rng: np.random.Generator,
    *,
    settings: LinearSettings | None = None,
    groups: IntArray | None = None,
    n_folds: int = 5,
    progress: Progress | None = None,
) -> Scored:
    """Return what linear scorers say about texts they were not trained on.

    Everything is fitted anew for each fold, the strength and the calibration included, from the
    other folds alone.

    Parameters
    ----------
    data : LabelledTexts
    rng : numpy.random.Generator
        Deals the folds.
    settings : LinearSettings, optional
    groups : ndarray of shape (n_texts,), optional
        Texts of one group share a fold; twins by default.
    n_folds : int, default=5
        At least 2.
    progress : Progress, optional

    Returns
    -------
    Scored
        Its classes are those the scorers name.
    """
    groups = twin_groups(data.texts) if groups is None else groups
    y = class_numbers(data)
    fold = grouped_folds(y, groups, n_folds, rng)
    score, predicted = np.empty(y.size), np.empty(y.size, np.int64)
    for number in range(n_folds):
        train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        own_groups = np.unique(groups[train], return_inverse=True)[1].astype(np.int64)
        scorer = fit_linear(*_part(data, train), rng, settings=settings, groups=own_groups).scorer
        texts, _ = _part(data, test)
        score[test] = scorer.score(texts)
        predicted[test] = [data.classes.index(label) for label in scorer.classify(texts)]
        if progress is not None:
            progress(number + 1, n_folds, "folds")
    return Scored("linear, cross-validated", "", score, predicted)


def cross_validate_ensemble(
    data: LabelledTexts,
    members: Sequence[TextScorer | Trainer],
    rng: np.random.Generator,
    *,
    groups: IntArray | None = None,
    n_folds: int = 5,
    progress: Progress | None = None,
) -> Scored:
    """Return what ensembles say about texts that neither weights nor members were fitted to.

    For each fold the members that are trained and all weights are fitted anew, from the other folds
    alone.

    Parameters
    ----------
    data : LabelledTexts
    members : sequence of TextScorer or trainer
        As :func:`cryptovolt.sentiment.ensemble.fit_ensemble` takes them.
    rng : numpy.random.Generator
        Deals the folds.
    groups : ndarray of shape (n_texts,), optional
        Texts of one group share a fold; twins by default.
    n_folds : int, default=5
        At least 2.
    progress : Progress, optional

    Returns
    -------
    Scored
        Its scores; they become classes by thresholds, as those of the lexicons do.
    """
    groups = twin_groups(data.texts) if groups is None else groups
    fold = grouped_folds(class_numbers(data), groups, n_folds, rng)
    score = np.empty(len(data))
    for number in range(n_folds):
        train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        fitted = fit_ensemble(members, *_part(data, train), rng)
        score[test] = fitted.score(_part(data, test)[0])
        if progress is not None:
            progress(number + 1, n_folds, "folds of the ensemble")
    return Scored("ensemble, cross-validated", "", score)


def _part(data: LabelledTexts, rows: IntArray) -> tuple[list[str], list[str]]:
    at: list[int] = rows.tolist()
    return [data.texts[i] for i in at], [data.labels[i] for i in at]
