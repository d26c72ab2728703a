"""The linear scorer: what it learns, what it serves, and what it refuses to read."""

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from safetensors.numpy import load, save
from scipy import special
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import ConfigurationError, DataError, ModelError
from cryptovolt.domain.ports import TextScorer
from cryptovolt.sentiment.linear import LinearScorer
from cryptovolt.sentiment.linear_fit import LinearFit, LinearSettings, fit_linear
from cryptovolt.sentiment.linear_folds import grouped_folds
from cryptovolt.sentiment.linear_labels import parse_label_names, read_labels
from cryptovolt.sentiment.linear_weights import SHARE
from cryptovolt.sentiment.linear_words import (
    market_words,
    parse_words,
    topic_words,
    word_classes,
)
from cryptovolt.sentiment.ngrams import GramRules, WordClasses, grams, prepare, word_hash
from cryptovolt.sentiment.ngrams_table import Vocabulary, make_table, vectors

COINS = "bitcoin ether solana litecoin cardano polkadot ripple stellar cosmos tezos".split()  # noqa: SIM905
SAID = {
    "positive": ("soars to a new high", "wins approval of its fund", "beats every estimate"),
    "negative": ("plunges after a hack", "is sued for fraud", "misses every estimate"),
    "neutral": ("holds a meeting on Monday", "publishes its newsletter", "names a new office"),
}
SETTINGS = LinearSettings(folds=3, strengths=(3.0, 10.0))


def _labelled(*classes: str) -> tuple[list[str], list[str]]:
    rows = [
        (f"{coin} {said} {end}", label)
        for label in classes
        for coin in COINS
        for said in SAID[label]
        for end in ("today", "in a quiet trade by the sea")
    ]
    return [text for text, _ in rows], [label for _, label in rows]


def _fit(*classes: str, seed: int = 7) -> LinearFit:
    texts, labels = _labelled(*classes)
    groups = np.arange(len(texts)) // 2
    return fit_linear(texts, labels, np.random.default_rng(seed), settings=SETTINGS, groups=groups)


@pytest.fixture(scope="module")
def fit() -> LinearFit:
    return _fit("negative", "neutral", "positive")


def test_it_is_a_scorer_of_texts(fit: LinearFit) -> None:
    scorer: TextScorer = fit.scorer
    assert scorer.name == "linear"
    assert len(scorer.hash) == 64
    good, bad, dull = scorer.score(
        ["monero soars to a new high", "monero plunges after a hack", "monero names a new office"]
    )
    assert -1.0 <= bad < -0.5 < dull < 0.5 < good <= 1.0
    assert fit.scorer.classify(["x beats every estimate"]) == ["positive"]


def test_a_score_is_the_probability_of_good_less_that_of_bad(fit: LinearFit) -> None:
    texts, _ = _labelled("negative", "neutral", "positive")
    said = fit.scorer.probabilities(texts)
    np.testing.assert_allclose(said.sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_array_equal(fit.scorer.score(texts), said[:, 2] - said[:, 0])


def test_a_text_without_any_known_n_gram_scores_nothing(fit: LinearFit) -> None:
    assert fit.scorer.score(["", "☃", "字"]).tolist() == [0.0, 0.0, 0.0]
    assert fit.scorer.score([]).shape == (0,)
    assert fit.scorer.probabilities([""]).sum() == pytest.approx(1.0)


def test_a_text_has_the_same_bits_alone_and_among_others(fit: LinearFit) -> None:
    texts, _ = _labelled("positive", "negative")
    together = fit.scorer.score(texts)
    alone = np.concatenate([fit.scorer.score([text]) for text in texts])
    np.testing.assert_array_equal(together, alone)


def test_served_probabilities_are_the_trainers_own(tmp_path: Path) -> None:
    for classes in (("negative", "neutral", "positive"), ("negative", "positive")):
        made = _fit(*classes)
        texts, labels = _labelled(*classes)
        folder = made.scorer.save(tmp_path / str(len(classes)))
        arrays = load((folder / "weights.safetensors").read_bytes())
        known = Vocabulary(arrays["keys"], arrays["idf"])
        own = WordClasses(arrays["class_words"], arrays["class_of"], arrays["topic_of"])
        features = grams(prepare(texts), GramRules(), own)
        rows = csr_matrix(vectors(features, make_table(known), known.idf), dtype=np.float64)
        rows.resize(len(texts), known.keys.size)
        rows.sort_indices()
        strength = made.scorer.manifest["settings"]["strength"]
        margins = _margins_of_scikit_learn(rows, np.array(labels), classes, strength)
        found = made.scorer.manifest["calibration"]
        expected = special.softmax(found["slope"] * margins + np.array(found["bias"]), axis=1)
        np.testing.assert_allclose(made.scorer.probabilities(texts), expected, atol=1e-6)


def _margins_of_scikit_learn(
    rows: csr_matrix, labels: Any, classes: tuple[str, ...], strength: float
) -> FloatArray:
    # Ratios as multinomial naive Bayes counts them; the regression sees what they say.
    columns: list[FloatArray] = []
    for name in classes:
        bayes: Any = MultinomialNB(alpha=1.0).fit(rows, labels == name)
        ratio = np.abs(bayes.feature_log_prob_[1] - bayes.feature_log_prob_[0])
        led: Any = cast("Any", rows).multiply(1.0 - SHARE + SHARE * ratio).tocsr()
        model: Any = LogisticRegression(
            C=strength, class_weight="balanced", solver="liblinear", max_iter=300, tol=1e-3
        )
        columns.append(model.fit(led, labels == name).decision_function(led))
    margins = np.column_stack(columns)
    return np.column_stack([-margins[:, 1], margins[:, 1]]) / 2.0 if len(classes) == 2 else margins


def test_probabilities_out_of_fold_come_true_as_often_as_they_say(fit: LinearFit) -> None:
    _, labels = _labelled("negative", "neutral", "positive")
    happened = np.array([[label == name for name in fit.scorer.classes] for label in labels])
    np.testing.assert_allclose(fit.probabilities.mean(axis=0), happened.mean(axis=0), atol=0.03)


def test_the_same_texts_give_the_same_bytes_and_other_texts_others(
    fit: LinearFit, tmp_path: Path
) -> None:
    again = _fit("negative", "neutral", "positive")
    for made, name in ((fit, "a"), (again, "b")):
        made.scorer.save(tmp_path / name)
    for file in ("weights.safetensors", "manifest.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert _fit("negative", "positive").scorer.hash != fit.scorer.hash


def test_a_stored_scorer_scores_as_before(fit: LinearFit, tmp_path: Path) -> None:
    texts, _ = _labelled("positive", "neutral")
    read = LinearScorer.load(fit.scorer.save(tmp_path / "scorer"))
    assert read.hash == fit.scorer.hash
    np.testing.assert_array_equal(read.score(texts), fit.scorer.score(texts))
    assert {path.suffix for path in (tmp_path / "scorer").iterdir()} == {".json", ".safetensors"}


def test_it_knows_which_texts_it_was_trained_on(fit: LinearFit) -> None:
    seen = fit.scorer.trained_on(
        ["BITCOIN soars to a new high, today!", "bitcoin soars to a new low today"]
    )
    assert seen.tolist() == [True, False]


@pytest.mark.parametrize("file", ["weights.safetensors", "manifest.json"])
def test_a_changed_byte_is_refused(fit: LinearFit, tmp_path: Path, file: str) -> None:
    folder = fit.scorer.save(tmp_path / "scorer")
    content = bytearray((folder / file).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / file).write_bytes(bytes(content))
    with pytest.raises(ModelError, match="expected"):
        LinearScorer.load(folder)


def test_arrays_that_do_not_fit_each_other_are_refused(fit: LinearFit, tmp_path: Path) -> None:
    import hashlib

    def canonical(content: dict[str, Any]) -> bytes:
        return json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False).encode()

    folder = fit.scorer.save(tmp_path / "scorer")
    arrays = load((folder / "weights.safetensors").read_bytes())
    packed = save(arrays | {"idf": arrays["idf"][:-1].copy()})
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["weights.safetensors"] = hashlib.sha256(packed).hexdigest()
    del manifest["hash"]
    manifest["hash"] = hashlib.sha256(canonical(manifest)).hexdigest()
    (folder / "weights.safetensors").write_bytes(packed)
    (folder / "manifest.json").write_bytes(canonical(manifest))
    with pytest.raises(ModelError, match="fit each other"):
        LinearScorer.load(folder)


def test_nothing_but_a_stored_scorer_is_overwritten(fit: LinearFit, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ModelError, match=r"notes\.txt"):
        fit.scorer.save(tmp_path)
    with pytest.raises(ModelError, match="stored linear scorer"):
        LinearScorer.load(tmp_path)


BAD: list[tuple[list[str], list[str], str]] = [
    (["a"], ["positive", "negative"], "a label for each text"),
    (["a", "b"], ["positive", "great"], "great"),
    (["a", "b"], ["positive", "positive"], "positive ones only"),
    ([], [], "no labelled text"),
    (["a", "b"], ["positive", "negative"], "at least 10 texts"),
]


@pytest.mark.parametrize(("texts", "labels", "message"), BAD)
def test_what_cannot_be_learned_from_is_refused(
    texts: list[str], labels: list[str], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        fit_linear(texts, labels, np.random.default_rng(1))


def test_a_class_of_twins_alone_is_refused() -> None:
    texts, labels = _labelled("negative", "positive")
    groups = np.where(np.array(labels) == "negative", 0, 1 + np.arange(len(texts)))
    with pytest.raises(DataError, match="groups of twins"):
        fit_linear(texts, labels, np.random.default_rng(1), groups=groups)


def test_folds_keep_groups_together_and_spread_the_classes() -> None:
    rng = np.random.default_rng(5)
    groups = rng.integers(0, 300, 1000)
    groups = np.unique(groups, return_inverse=True)[1]
    y = (rng.random(1000) < 0.2).astype(np.int64)
    fold = grouped_folds(y, groups, 5, rng)
    assert all(np.unique(fold[groups == group]).size == 1 for group in range(groups.max() + 1))
    shares = [y[fold == number].mean() for number in range(5)]
    assert max(shares) - min(shares) < 0.02
    assert np.ptp(np.bincount(fold)) < 30


def test_labels_are_known_by_their_usual_names() -> None:
    assert read_labels([" Bullish", "BEAR", "neutral", "pos"]) == [
        "positive", "negative", "neutral", "positive",
    ]  # fmt: skip
    assert read_labels(["-1", "0", "1"]) == ["negative", "neutral", "positive"]
    names = parse_label_names("0=negative,1=bullish,2=neutral")
    assert read_labels(["1", "0", "2"], names) == ["positive", "negative", "neutral"]
    with pytest.raises(DataError, match="row 2; say what it means with --labels"):
        read_labels(["positive", "2"])
    for text in ("0", "0=awful", "=positive", "1=positive,1=negative"):
        with pytest.raises(ConfigurationError, match="expected labels as in"):
            parse_label_names(text)


def test_a_word_has_one_class() -> None:
    assert market_words()["soars"] == "up"
    assert market_words()["plunges"] == "down"
    assert topic_words()["revenue"] == "figure"
    assert not topic_words().keys() & market_words().keys()
    with pytest.raises(ConfigurationError, match="'moon' appears twice"):
        parse_words("up\tmoon\ndown\tmoon\n")
    with pytest.raises(ConfigurationError, match="line 1"):
        parse_words("up moon\n")


def test_a_word_with_a_topic_alone_has_no_class() -> None:
    known = word_classes()
    at = {word: np.searchsorted(known.words, word_hash(word)) for word in ("soars", "revenue")}
    assert known.classes[at["soars"]] == known.topics[at["soars"]] >= 0
    assert known.classes[at["revenue"]] == -1
    assert known.topics[at["revenue"]] >= 0
    assert (np.diff(known.words.astype(object)) > 0).all()
