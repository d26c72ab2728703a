"""Several scorers joined into one, with weights learnt on texts none of them was trained on.

The score is ``2 σ(Σ wᵢ sᵢ) − 1`` with weights of at least 0: P(positive) − P(negative) of a
logistic model of the members' scores sᵢ. It has no constant, so that a text no member knows
anything about scores 0. A neutral text counts as half positive, half negative.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias, cast, runtime_checkable

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt.domain.errors import ConfigurationError, DataError, ModelError
from cryptovolt.domain.ports import TextScorer
from cryptovolt.sentiment.duplicates import NearDuplicates
from cryptovolt.sentiment.ensemble_weights import fit_weights

FORMAT = "cryptovolt-ensemble/1"
MANIFEST_FILE = "manifest.json"

_TARGETS: Mapping[str, float] = {"positive": 1.0, "neutral": 0.5, "negative": 0.0}

Trainer: TypeAlias = Callable[[Sequence[str], Sequence[str], np.random.Generator], TextScorer]
"""Trains a scorer on texts and labels, as ``fit_linear`` does."""


@runtime_checkable
class Trained(Protocol):
    """A scorer that remembers what it was trained on."""

    def trained_on(self, texts: Sequence[str]) -> BoolArray:
        """Return which texts it was trained on."""
        ...


@runtime_checkable
class Savable(Protocol):
    """A scorer that is stored in a folder."""

    def save(self, folder: str | Path) -> Path:
        """Write it into the folder and return the folder."""
        ...


@dataclass(frozen=True, slots=True)
class EnsembleScorer:
    """Members and their weights; the port :class:`cryptovolt.domain.ports.TextScorer`.

    Raises
    ------
    ConfigurationError
        If there is no member, or not one finite weight of at least 0 for each.
    """

    members: tuple[TextScorer, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        valid = all(np.isfinite(weight) and weight >= 0.0 for weight in self.weights)
        if not self.members or len(self.members) != len(self.weights) or not valid:
            raise ConfigurationError(
                f"expected members and one weight of at least 0 for each, found "
                f"{len(self.members)} members and weights {self.weights}"
            )

    @property
    def name(self) -> str:
        """The name that is stored beside every score."""
        return "ensemble"

    @property
    def hash(self) -> str:
        """SHA-256 over the members' names and hashes and the weights; 64 hex digits."""
        content = json.dumps([FORMAT, self._described()], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    def score(self, texts: Sequence[str]) -> FloatArray:
        """Return how good each text sounds to all members together.

        Parameters
        ----------
        texts : sequence of str

        Returns
        -------
        ndarray of shape (n_texts,)
            In [−1, 1]; 0 where all members say 0.

        Raises
        ------
        ModelError
            If a member's answer is not one number in [−1, 1] per text. A member that fails is
            never counted as silent.
        """
        return _joined(member_scores(self.members, texts), np.array(self.weights))

    def save(self, folder: str | Path) -> Path:
        """Write the manifest, and each member that has files of its own into a folder beside it.

        Raises
        ------
        ModelError
            If the folder is not empty.
        """
        target = Path(folder)
        if target.exists() and any(target.iterdir()):
            raise ModelError(f"expected an empty or new folder, found files in {target}")
        target.mkdir(parents=True, exist_ok=True)
        described = self._described()
        for number, (member, entry) in enumerate(zip(self.members, described, strict=True)):
            if isinstance(member, Savable):
                entry["folder"] = f"member-{number}"
                member.save(target / f"member-{number}")
        manifest = {
            "format": FORMAT,
            "kind": "ensemble",
            "name": self.name,
            "hash": self.hash,
            "members": described,
        }
        (target / MANIFEST_FILE).write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")
        return target

    def _described(self) -> list[dict[str, str | float]]:
        return [
            {"name": member.name, "hash": member.hash, "weight": weight}
            for member, weight in zip(self.members, self.weights, strict=True)
        ]


def fit_ensemble(
    scorers: Sequence[TextScorer | Trainer],
    texts: Sequence[str],
    labels: Sequence[str],
    rng: np.random.Generator,
    *,
    n_folds: int = 5,
) -> EnsembleScorer:
    """Return an ensemble whose weights were learnt out of fold.

    Parameters
    ----------
    scorers : sequence of TextScorer or trainer
        A scorer is used as it is. A trainer, called with texts, labels and a generator, is trained
        once per fold on the other folds, and for the result once on all texts.
    texts, labels : sequence of str
        Labels are ``"positive"``, ``"neutral"`` and ``"negative"``.
    rng : numpy.random.Generator
        Decides the folds; near-duplicates share one.
    n_folds : int, default=5
        At least 2.

    Raises
    ------
    ConfigurationError
        If there is no scorer or fewer than 2 folds.
    DataError
        If lengths differ, a label is unknown, positive or negative texts are missing, there are
        fewer different texts than folds, or a scorer was trained on one of the texts: hand in its
        trainer instead.
    ModelError
        If a scorer's answer is not one number in [−1, 1] per text.

    References
    ----------
    L. Breiman, "Stacked Regressions", Machine Learning 24, 1996, p. 49 (non-negative weights).
    """
    if not scorers or n_folds < 2:
        raise ConfigurationError(
            f"expected at least one scorer and 2 folds, found {len(scorers)} and {n_folds}"
        )
    targets = _targets(texts, labels)
    folds = _folds(texts, n_folds, rng)
    columns = [_out_of_fold(scorer, texts, labels, folds, rng) for scorer in scorers]
    weights = fit_weights(np.column_stack(columns), targets)
    members = tuple(
        cast("TextScorer", s) if _is_scorer(s) else cast("Trainer", s)(texts, labels, rng)
        for s in scorers
    )
    return EnsembleScorer(members, tuple(weights.tolist()))


def member_scores(members: Sequence[TextScorer], texts: Sequence[str]) -> FloatArray:
    """Return every member's scores, shape ``(n_texts, n_members)``.

    Raises
    ------
    ModelError
        If an answer has another shape, is not finite, or lies outside −1 to 1.
    """
    return np.column_stack([_checked(member, texts) for member in members])


def _checked(member: TextScorer, texts: Sequence[str]) -> FloatArray:
    scores = np.asarray(member.score(texts), dtype=np.float64)
    if scores.shape != (len(texts),) or not (np.abs(scores) <= 1.0).all():
        raise ModelError(
            f"expected one score in [-1, 1] for each of {len(texts)} texts from {member.name}, "
            f"found shape {scores.shape} and values from "
            f"{scores.min(initial=np.inf)} to {scores.max(initial=-np.inf)}"
        )
    return scores


def _is_scorer(scorer: TextScorer | Trainer) -> bool:
    return hasattr(scorer, "score") and hasattr(scorer, "hash")


def _joined(scores: FloatArray, weights: FloatArray) -> FloatArray:
    return np.tanh(0.5 * (scores * weights).sum(axis=1))


def _targets(texts: Sequence[str], labels: Sequence[str]) -> FloatArray:
    if isinstance(texts, str) or len(texts) != len(labels):
        raise DataError(f"expected one label per text, found {len(texts)} and {len(labels)}")
    unknown = sorted(set(labels) - set(_TARGETS))
    if unknown:
        raise DataError(f"expected the labels {', '.join(_TARGETS)}, found {unknown[0]!r}")
    if not {"positive", "negative"} <= set(labels):
        raise DataError(f"expected positive and negative texts, found only {sorted(set(labels))}")
    return np.array([_TARGETS[label] for label in labels])


def _folds(texts: Sequence[str], n_folds: int, rng: np.random.Generator) -> IntArray:
    known = NearDuplicates(max_items=max(1, len(texts)))
    groups = [known.group_of(text, 0) for text in texts]
    names = list(dict.fromkeys(groups))
    if len(names) < n_folds:
        raise DataError(f"expected at least {n_folds} different texts, found {len(names)}")
    order = rng.permutation(len(names)) % n_folds
    fold_of = dict(zip(names, order.tolist(), strict=True))
    return np.array([fold_of[group] for group in groups], dtype=np.int64)


def _out_of_fold(
    scorer: TextScorer | Trainer,
    texts: Sequence[str],
    labels: Sequence[str],
    folds: IntArray,
    rng: np.random.Generator,
) -> FloatArray:
    if _is_scorer(scorer):
        fixed = cast("TextScorer", scorer)
        if isinstance(fixed, Trained) and bool(fixed.trained_on(texts).any()):
            raise DataError(
                f"expected a scorer that has not seen these texts, found {fixed.name} trained on "
                f"{int(fixed.trained_on(texts).sum())} of them; hand in its trainer instead"
            )
        return _checked(fixed, texts)
    scores = np.full(len(texts), np.nan)
    for fold in range(int(folds.max()) + 1):
        others: list[int] = np.flatnonzero(folds != fold).tolist()
        held: list[int] = np.flatnonzero(folds == fold).tolist()
        _targets([texts[i] for i in others], [labels[i] for i in others])
        trained = cast("Trainer", scorer)(
            [texts[i] for i in others], [labels[i] for i in others], rng
        )
        scores[held] = _checked(trained, [texts[i] for i in held])
    return scores
