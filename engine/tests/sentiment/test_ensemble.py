import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize  # pyright: ignore[reportUnknownVariableType]

from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.errors import ConfigurationError, DataError, ModelError
from cryptovolt.domain.ports import TextScorer
from cryptovolt.sentiment.ensemble import EnsembleScorer, fit_ensemble
from cryptovolt.sentiment.ensemble_weights import RIDGE, fit_weights
from cryptovolt.sentiment.linear_fit import LinearSettings, fit_linear
from cryptovolt.sentiment.scorers import load_scorer


@dataclass(frozen=True)
class WordScorer:
    """Scores a text by whether it holds one word."""

    word: str
    value: float = 1.0

    @property
    def name(self) -> str:
        return f"word-{self.word}"

    @property
    def hash(self) -> str:
        return hashlib.sha256(f"{self.word} {self.value}".encode()).hexdigest()

    def score(self, texts: Sequence[str]) -> FloatArray:
        return np.array([self.value if self.word in text.split() else 0.0 for text in texts])


@dataclass(frozen=True)
class Parrot:
    """Knows the texts it was trained on by heart, and nothing else."""

    answers: dict[str, float]
    asked: list[str] = field(default_factory=list[str])
    name = "parrot"
    hash = "0" * 64

    def score(self, texts: Sequence[str]) -> FloatArray:
        self.asked.extend(texts)
        return np.array([self.answers.get(text, 0.0) for text in texts])

    def trained_on(self, texts: Sequence[str]) -> BoolArray:
        return np.array([text in self.answers for text in texts])


def train_parrot(
    texts: Sequence[str], labels: Sequence[str], _rng: np.random.Generator
) -> TextScorer:
    sign = {"positive": 1.0, "neutral": 0.0, "negative": -1.0}
    return Parrot({t: sign[label] for t, label in zip(texts, labels, strict=True)})


def corpus(n_texts: int = 120) -> tuple[list[str], list[str]]:
    """Return texts of which "moon" says positive and "rekt" negative, nine times out of ten."""
    rng = np.random.default_rng(3)
    texts: list[str] = []
    labels: list[str] = []
    for i in range(n_texts):
        label = ("positive", "negative", "neutral")[i % 3]
        word = {"positive": "moon", "negative": "rekt", "neutral": "today"}[label]
        if rng.random() < 0.1:
            word = {"moon": "rekt", "rekt": "moon", "today": "moon"}[word]
        noise = " ".join(f"word{rng.integers(10_000)}" for _ in range(6))
        texts.append(f"{word} {noise} {i}")
        labels.append(label)
    return texts, labels


def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def test_weights_are_those_of_an_independent_optimiser() -> None:
    random = np.random.default_rng(2)
    scores = random.uniform(-1, 1, (400, 3))
    chance = 1 / (1 + np.exp(-scores @ [2.0, 0.7, -1.0]))
    targets = np.where(random.random(400) < chance, 1.0, 0.0)
    targets[::7] = 0.5

    def loss(weights: FloatArray) -> float:
        margin = scores @ weights
        mean = (np.logaddexp(0, margin) - targets * margin).mean()
        return float(mean + RIDGE * weights @ weights)

    solve = cast("Any", minimize)
    expected: FloatArray = solve(loss, np.ones(3), bounds=[(0, None)] * 3, tol=1e-14).x
    found = fit_weights(scores, targets)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert found[2] == 0.0
    assert loss(found) <= loss(expected) + 1e-12


def test_a_member_that_learns_by_heart_gets_no_weight() -> None:
    texts, labels = corpus()
    ensemble = fit_ensemble([WordScorer("moon"), train_parrot], texts, labels, rng())
    moon, parrot = ensemble.weights
    assert moon > 0.5
    # On texts it was not trained on it says nothing; in sample it would have been perfect.
    assert parrot == 0.0


def test_a_trainable_member_is_never_scored_on_its_own_training_texts() -> None:
    texts, labels = corpus()
    trained: list[Parrot] = []

    def train(
        some: Sequence[str], their: Sequence[str], generator: np.random.Generator
    ) -> TextScorer:
        scorer = train_parrot(some, their, generator)
        assert isinstance(scorer, Parrot)
        trained.append(scorer)
        return scorer

    ensemble = fit_ensemble([train, WordScorer("moon")], texts, labels, rng(), n_folds=4)
    *folds, last = trained
    assert len(folds) == 4
    assert all(not set(fold.asked) & set(fold.answers) for fold in folds)
    assert sorted(text for fold in folds for text in fold.asked) == sorted(texts)
    assert ensemble.members[0] is last
    assert set(last.answers) == set(texts)


def test_near_duplicates_share_a_fold() -> None:
    texts, labels = corpus(60)
    texts += [f"BREAKING: {text} https://a.example/1" for text in texts]
    labels += labels
    ensemble = fit_ensemble([WordScorer("moon"), WordScorer("rekt", -1.0)], texts, labels, rng())
    assert min(ensemble.weights) > 0.5
    trained: list[set[str]] = []

    def train(some: Sequence[str], _their: Sequence[str], _rng: np.random.Generator) -> TextScorer:
        trained.append({text.removeprefix("BREAKING: ").split(" http")[0] for text in some})
        return WordScorer("moon")

    fit_ensemble([train], texts, labels, rng(), n_folds=3)
    assert [len(seen) for seen in trained[:3]] == [40, 40, 40]


def test_a_scorer_trained_on_the_texts_is_refused() -> None:
    texts, labels = corpus()
    with pytest.raises(DataError, match="hand in its trainer"):
        fit_ensemble([train_parrot(texts, labels, rng())], texts, labels, rng())


def test_the_same_generator_gives_the_same_ensemble() -> None:
    texts, labels = corpus()
    members = [WordScorer("moon"), WordScorer("rekt", -1.0), train_parrot]
    first = fit_ensemble(members, texts, labels, rng())
    assert first.weights == fit_ensemble(members, texts, labels, rng()).weights


@given(
    values=st.lists(st.floats(-1, 1), min_size=1, max_size=4),
    weights=st.lists(st.floats(0, 50), min_size=4, max_size=4),
)
def test_the_score_is_bounded_odd_and_rises_with_every_member(
    values: list[float], weights: list[float]
) -> None:
    def joined(numbers: list[float]) -> float:
        members = tuple(WordScorer("x", value) for value in numbers)
        return float(EnsembleScorer(members, tuple(weights[: len(numbers)])).score(["x"])[0])

    score = joined(values)
    assert -1.0 <= score <= 1.0
    assert joined([-value for value in values]) == -score
    assert joined([1.0, *values[1:]]) >= score


def test_what_no_member_knows_scores_zero() -> None:
    ensemble = EnsembleScorer((WordScorer("moon"), WordScorer("rekt", -1.0)), (3.0, 2.0))
    assert ensemble.score(["nothing known", "moon"]).tolist() == pytest.approx(
        [0.0, np.tanh(1.5)], abs=1e-15
    )


@dataclass(frozen=True)
class Broken:
    answer: FloatArray
    name = "broken"
    hash = "f" * 64

    def score(self, texts: Sequence[str]) -> FloatArray:
        if self.answer.size == 0:
            raise ModelError(f"cannot score {len(texts)} texts")
        return self.answer


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ([], "cannot score"),
        ([np.nan, 0.0], "broken"),
        ([1.5, 0.0], "broken"),
        ([0.0], "broken"),
    ],
)
def test_a_member_that_fails_is_an_error_and_never_silence(
    answer: list[float], sentence: str
) -> None:
    ensemble = EnsembleScorer((WordScorer("a"), Broken(np.array(answer))), (1.0, 1.0))
    with pytest.raises(ModelError, match=sentence):
        ensemble.score(["a", "b"])


BAD_FITS = [
    (["a b", "c d"], ["positive", "up"], 2, DataError, "'up'"),
    (["a b", "c d"], ["positive", "neutral"], 2, DataError, "positive and negative"),
    (["a b", "c d"], ["positive"], 2, DataError, "one label per text"),
    (["a b", "a b"], ["positive", "negative"], 2, DataError, "different texts"),
    (["a b", "c d"], ["positive", "negative"], 1, ConfigurationError, "2 folds"),
]


@pytest.mark.parametrize(("texts", "labels", "n_folds", "error", "sentence"), BAD_FITS)
def test_a_fit_that_makes_no_sense_is_refused(
    texts: list[str], labels: list[str], n_folds: int, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        fit_ensemble([WordScorer("a")], texts, labels, rng(), n_folds=n_folds)


@pytest.mark.parametrize("weights", [(), (1.0,), (1.0, -0.1), (1.0, np.nan), (1.0, np.inf)])
def test_weights_that_make_no_sense_are_refused(weights: tuple[float, ...]) -> None:
    with pytest.raises(ConfigurationError, match="one weight of at least 0"):
        EnsembleScorer((WordScorer("a"), WordScorer("b")), weights)


def built_in() -> EnsembleScorer:
    return EnsembleScorer((load_scorer("lexicon"), load_scorer("vader")), (2.0, 0.5))


def test_a_saved_ensemble_is_read_back_through_the_one_door(tmp_path: Path) -> None:
    ensemble = built_in()
    ensemble.save(tmp_path / "a")
    again = load_scorer(tmp_path / "a")
    texts = ["to the moon, great news", "a terrible hack", "nothing"]
    assert (again.name, again.hash) == ("ensemble", ensemble.hash)
    np.testing.assert_array_equal(again.score(texts), ensemble.score(texts))


@settings(max_examples=20, deadline=None)
@given(weight=st.floats(0, 10))
def test_the_hash_is_that_of_the_weights_too(weight: float) -> None:
    members = built_in().members
    same = EnsembleScorer(members, (2.0, weight)).hash == built_in().hash
    assert same == (weight == 0.5)


TAMPERED: list[tuple[tuple[str | int, ...], object, str]] = [
    (("members", 0, "weight"), 1.0, "other members or weights"),
    (("members", 0, "weight"), -1.0, "at least 0"),
    (("members", 0, "hash"), "0" * 64, "fit the ensemble again"),
    (("members", 0, "name"), "elsewhere", "built-in scorer"),
    (("members", 0, "folder"), "../b", "leads to another place"),
    (("members", 0), "lexicon", "name, hash and weight"),
    (("members",), [], "of the format"),
    (("kind",), "oracle", "of kind linear, transformer, ensemble"),
]


@pytest.mark.parametrize(("place", "value", "sentence"), TAMPERED)
def test_a_changed_manifest_is_refused(
    tmp_path: Path, place: tuple[str | int, ...], value: object, sentence: str
) -> None:
    built_in().save(tmp_path / "a")
    built_in().save(tmp_path / "b")
    path = tmp_path / "a" / "manifest.json"
    manifest = json.loads(path.read_text())
    target = manifest
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    path.write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match=sentence):
        load_scorer(tmp_path / "a")


def test_a_linear_member_is_trained_saved_and_read_back(tmp_path: Path) -> None:
    texts, labels = corpus(90)
    settings = LinearSettings(strengths=(3.0,), folds=2)

    def train(
        some: Sequence[str], their: Sequence[str], generator: np.random.Generator
    ) -> TextScorer:
        return fit_linear(some, their, generator, settings=settings).scorer

    ensemble = fit_ensemble([load_scorer("lexicon"), train], texts, labels, rng(), n_folds=2)
    ensemble.save(tmp_path / "a")
    again = load_scorer(tmp_path / "a")
    assert again.hash == ensemble.hash
    np.testing.assert_array_equal(again.score(texts), ensemble.score(texts))
    with pytest.raises(DataError, match="hand in its trainer"):
        fit_ensemble(ensemble.members, texts, labels, rng())
    weights = next((tmp_path / "a" / "member-1").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    with pytest.raises(ModelError):
        load_scorer(tmp_path / "a")


def test_an_unknown_scorer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="lexicon or vader"):
        load_scorer("vadre")
    with pytest.raises(ModelError, match=r"manifest\.json"):
        load_scorer(tmp_path)


def test_a_saved_ensemble_overwrites_nothing(tmp_path: Path) -> None:
    built_in().save(tmp_path)
    with pytest.raises(ModelError, match="empty or new folder"):
        built_in().save(tmp_path)
