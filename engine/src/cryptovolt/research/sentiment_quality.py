"""How good scorers of texts are, by texts that people have labelled.

Every measure comes with a 95 % bootstrap interval that draws whole groups of twins, since a text
and its reprint are one observation. Scorers are compared on the same draws.

=================  ===============================================================================
accuracy           share of texts given the right class
balanced_accuracy  mean recall of the classes
macro_f1           mean F1 of the classes
auc                probability that a positive text scores above a negative one; neutral ones play
                   no part
brier, ece         of ``(1 + score) / 2`` as the probability of positive rather than negative;
                   neutral texts play no part; less is better
=================  ===============================================================================
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.ports import Progress, TextScorer
from cryptovolt.performance.bootstrap import Interval, bootstrap_interval
from cryptovolt.performance.classification import (
    auc,
    balanced_accuracy,
    brier_score,
    class_counts,
    expected_calibration_error,
    macro_f1,
    share_right,
)
from cryptovolt.research.sentiment_quality_classes import (
    Thresholds,
    choose_thresholds,
    classify,
)
from cryptovolt.research.sentiment_quality_files import LabelledTexts
from cryptovolt.research.sentiment_quality_result import (
    Difference,
    Mistake,
    ScorerQuality,
    SentimentQuality,
)
from cryptovolt.sentiment.ensemble import EnsembleScorer, Trained
from cryptovolt.sentiment.linear_folds import grouped_folds
from cryptovolt.sentiment.ngrams_twins import twin_groups

COMPARED = ("accuracy", "macro_f1", "auc")

_Statistic: TypeAlias = Callable[[FloatArray], float]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """The scores of one scorer, shape ``(n_texts,)`` in [−1, 1].

    `predicted` is given by scorers that name classes themselves; `seen` marks texts that the scorer
    was trained on.
    """

    name: str
    hash: str
    score: FloatArray
    predicted: IntArray | None = None
    seen: BoolArray | None = None


def score_texts(scorer: TextScorer, data: LabelledTexts, name: str | None = None) -> Scored:
    """Return the scores of labelled texts by a scorer."""
    scores = scorer.score(data.texts)
    return Scored(name or scorer.name, scorer.hash, scores, seen=_seen(scorer, data.texts))


def _seen(scorer: TextScorer, texts: Sequence[str]) -> BoolArray | None:
    members = scorer.members if isinstance(scorer, EnsembleScorer) else (scorer,)
    found = [member.trained_on(texts) for member in members if isinstance(member, Trained)]
    return np.logical_or.reduce(found) if found else None


def evaluate_scorers(
    data: LabelledTexts,
    scored: Sequence[Scored],
    rng: np.random.Generator,
    *,
    thresholds: Thresholds | None = None,
    groups: IntArray | None = None,
    n_samples: int = 1000,
    n_folds: int = 5,
    n_worst: int = 10,
    progress: Progress | None = None,
) -> SentimentQuality:
    """Return the quality of each scorer and the differences between them.

    Parameters
    ----------
    data : LabelledTexts
    scored : sequence of Scored
        At least one, names differ.
    rng : numpy.random.Generator
        Deals the folds and draws the samples.
    thresholds : Thresholds, optional
        How a score becomes a class; chosen out of fold by default, for the largest macro-F1.
    groups : ndarray of shape (n_texts,), optional
        Texts of one group are drawn together; twins by default.
    n_samples, n_folds, n_worst : int
        Bootstrap samples, at least 2; folds for the thresholds, at least 2; mistakes listed.
    progress : Progress, optional

    Returns
    -------
    SentimentQuality

    Raises
    ------
    ConfigurationError
        If there is no scorer, or two share a name.
    """
    names = [one.name for one in scored]
    if not names or len(set(names)) != len(names):
        raise ConfigurationError(f"expected scorers with different names, found {names}")
    groups = twin_groups(data.texts) if groups is None else groups
    y = class_numbers(data)
    fold = grouped_folds(y, groups, n_folds, rng)
    seed = int(rng.integers(2**63))
    qualities: list[ScorerQuality] = []
    measures: dict[str, dict[str, _Statistic]] = {}
    for done, one in enumerate(scored):
        predicted, used = _predict(one, y, fold, thresholds, len(data.classes))
        found = _statistics(one.score, predicted, y, len(data.classes))
        measures[one.name] = found
        qualities.append(
            ScorerQuality(
                name=one.name,
                hash=one.hash,
                thresholds=used,
                measures={
                    name: _interval(of, groups, n_samples, seed) for name, of in found.items()
                },
                confusion=class_counts(y, predicted, len(data.classes)).astype(int).tolist(),
                worst=_worst(data, one.score, predicted, y, groups, n_worst),
                n_trained_on=0 if one.seen is None else int(one.seen.sum()),
            )
        )
        if progress is not None:
            progress(done + 1, len(scored), "scorers")
    return SentimentQuality(
        source=data.source,
        n_texts=len(data),
        n_groups=int(groups.max()) + 1,
        n_empty=data.n_empty,
        n_by_class={c: data.labels.count(c) for c in data.classes},
        scorers=tuple(qualities),
        differences=_differences(measures, groups, n_samples, seed),
        n_samples=n_samples,
        fixed=thresholds is not None,
    )


def class_numbers(data: LabelledTexts) -> IntArray:
    """Return the class of each text as a number, from bad to good."""
    return np.array([data.classes.index(label) for label in data.labels], np.int64)


def _predict(
    one: Scored, y: IntArray, fold: IntArray, fixed: Thresholds | None, n_classes: int
) -> tuple[IntArray, tuple[Thresholds, ...]]:
    if one.predicted is not None:
        return one.predicted, ()
    if fixed is not None:
        return classify(one.score, fixed, n_classes), (fixed,)
    predicted = np.empty(y.size, np.int64)
    used: list[Thresholds] = []
    for number in range(int(fold.max()) + 1):
        test = fold == number
        used.append(choose_thresholds(one.score[~test], y[~test], n_classes))
        predicted[test] = classify(one.score[test], used[-1], n_classes)
    return predicted, tuple(used)


def _statistics(
    score: FloatArray, predicted: IntArray, y: IntArray, n_classes: int
) -> dict[str, _Statistic]:
    def counted(measure: Callable[[FloatArray], float]) -> _Statistic:
        return lambda weight: measure(class_counts(y, predicted, n_classes, weight))

    sided = np.flatnonzero((y == 0) | (y == n_classes - 1))
    # Sorted once: the AUC of sorted rows is fast.
    sided = sided[np.argsort(score[sided], kind="stable")]
    up, said = y[sided] > 0, (1.0 + score[sided]) / 2.0
    return {
        "accuracy": counted(share_right),
        "balanced_accuracy": counted(balanced_accuracy),
        "macro_f1": counted(macro_f1),
        "auc": lambda weight: auc(up, said, weight[sided]),
        "brier": lambda weight: brier_score(up, said, weight[sided]),
        "ece": lambda weight: expected_calibration_error(up, said, weight[sided]),
    }


def _interval(statistic: _Statistic, groups: IntArray, n_samples: int, seed: int) -> Interval:
    # The same seed for all: scorers are measured on the same draws of groups.
    n_groups = int(groups.max()) + 1

    def of_groups(drawn: IntArray) -> float:
        return statistic(np.bincount(drawn, minlength=n_groups)[groups].astype(np.float64))

    return bootstrap_interval(
        np.arange(n_groups, dtype=np.int64),
        of_groups,
        np.random.default_rng(seed),
        n_samples,
        mean_block=1.0,
    )


def _differences(
    measures: dict[str, dict[str, _Statistic]], groups: IntArray, n_samples: int, seed: int
) -> tuple[Difference, ...]:
    found: list[Difference] = []
    for first, second in combinations(measures, 2):
        for name in COMPARED:
            ours, theirs = measures[second][name], measures[first][name]

            def between(
                weight: FloatArray, ours: _Statistic = ours, theirs: _Statistic = theirs
            ) -> float:
                return ours(weight) - theirs(weight)

            interval = _interval(between, groups, n_samples, seed)
            found.append(Difference(second, first, name, interval))
    return tuple(found)


def _worst(
    data: LabelledTexts,
    score: FloatArray,
    predicted: IntArray,
    y: IntArray,
    groups: IntArray,
    n_worst: int,
) -> tuple[Mistake, ...]:
    top = len(data.classes) - 1
    error = np.where(y == 0, score, np.where(y == top, -score, np.abs(score)))
    rows = np.flatnonzero(predicted != y)
    found: list[Mistake] = []
    told: set[int] = set()
    for row in rows[np.argsort(-error[rows], kind="stable")].tolist():
        if len(found) == n_worst:
            break
        if int(groups[row]) not in told:
            told.add(int(groups[row]))
            label = data.classes[int(predicted[row])]
            found.append(Mistake(data.texts[row], data.labels[row], label, float(score[row])))
    return tuple(found)
