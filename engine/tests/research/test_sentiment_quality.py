"""The quality of scorers: scikit-learn's numbers, intervals by groups, and what is refused."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.ports import TextScorer
from cryptovolt.research import sentiment_quality_files
from cryptovolt.research.sentiment_quality import (
    Scored,
    evaluate_scorers,
    score_texts,
)
from cryptovolt.research.sentiment_quality_classes import (
    Thresholds,
    choose_thresholds,
    classify,
    parse_thresholds,
)
from cryptovolt.research.sentiment_quality_files import LabelledTexts, read_labelled
from cryptovolt.research.sentiment_quality_folds import cross_validate, cross_validate_ensemble
from cryptovolt.sentiment.ensemble import EnsembleScorer
from cryptovolt.sentiment.linear_fit import LinearSettings, fit_linear
from cryptovolt.sentiment.scorer import LexiconScorer

CLASSES = ("negative", "neutral", "positive")


def _data(n: int, seed: int = 1, classes: tuple[str, ...] = CLASSES) -> LabelledTexts:
    rng = np.random.default_rng(seed)
    labels = tuple(rng.choice(classes, n).tolist())
    words = {"negative": "falls hacked", "neutral": "meets", "positive": "rises approved"}
    texts = tuple(f"{words[x]} coin{i} a{i % 97} b{i % 89} c{i % 83}" for i, x in enumerate(labels))
    return LabelledTexts(texts=texts, labels=labels, classes=classes, source="made.csv")


def _noisy_score(data: LabelledTexts, noise: float, seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    truth = {"negative": -0.5, "neutral": 0.0, "positive": 0.5}
    return np.clip([truth[x] for x in data.labels] + rng.normal(0, noise, len(data)), -1, 1)


@pytest.mark.parametrize("classes", [CLASSES, ("negative", "positive")])
def test_every_measure_is_scikit_learns(classes: tuple[str, ...]) -> None:
    data = _data(400, classes=classes)
    score = _noisy_score(data, 0.6, 2)
    fixed = Thresholds(-0.2, 0.2)
    found = evaluate_scorers(
        data,
        [Scored("one", "", score)],
        np.random.default_rng(3),
        thresholds=fixed,
        groups=np.arange(len(data)),
        n_samples=20,
    ).scorers[0]
    y = np.array([classes.index(x) for x in data.labels])
    predicted = classify(score, fixed, len(classes))
    sided = (y == 0) | (y == len(classes) - 1)
    up, said = y[sided] > 0, (1 + score[sided]) / 2
    expected: dict[str, Any] = {
        "accuracy": metrics.accuracy_score(y, predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, predicted),
        "macro_f1": metrics.f1_score(y, predicted, average="macro"),
        "auc": metrics.roc_auc_score(up, said),
        "brier": metrics.brier_score_loss(up, said),
    }
    for name, value in expected.items():
        assert found.measures[name].estimate == pytest.approx(value, abs=1e-12), name
    assert found.confusion == metrics.confusion_matrix(y, predicted).tolist()


def test_the_calibration_error_is_that_of_a_hand_made_table() -> None:
    # Ten said 0.95 and six came true, ten said 0.15 and none: (10·0.35 + 10·0.15) / 20.
    labels = ("positive",) * 6 + ("negative",) * 14
    data = LabelledTexts(
        texts=tuple(f"t{i}" for i in range(20)), labels=labels, classes=("negative", "positive")
    )
    score = np.array([0.9] * 10 + [-0.7] * 10)
    found = evaluate_scorers(
        data,
        [Scored("one", "", score)],
        np.random.default_rng(3),
        thresholds=Thresholds(0.0, 0.0),
        groups=np.arange(20),
        n_samples=20,
    )
    assert found.scorers[0].measures["ece"].estimate == pytest.approx(0.25)


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    hits = 0
    for seed in range(60):
        data = _data(150, seed, ("negative", "positive"))
        rng = np.random.default_rng(1000 + seed)
        right = rng.random(150) < 0.8
        sign = np.array([1.0 if x == "positive" else -1.0 for x in data.labels])
        found = evaluate_scorers(
            data,
            [Scored("one", "", np.where(right, sign, -sign))],
            rng,
            thresholds=Thresholds(0.0, 0.0),
            groups=np.arange(150),
            n_samples=100,
        )
        hits += 0.8 in found.scorers[0].measures["accuracy"]
    # 57 are expected; fewer than 49 or all 60 by a wide margin would be a wrong width.
    assert 49 <= hits <= 60


def test_repeating_every_text_does_not_narrow_an_interval() -> None:
    data = _data(120)
    score = _noisy_score(data, 0.6, 4)
    many = LabelledTexts(texts=data.texts * 5, labels=data.labels * 5, classes=data.classes)
    one_by_one, together = (
        evaluate_scorers(
            some,
            [Scored("one", "", values)],
            np.random.default_rng(5),
            thresholds=Thresholds(-0.2, 0.2),
            groups=groups,
            n_samples=400,
        )
        .scorers[0]
        .measures["accuracy"]
        for some, values, groups in (
            (data, score, np.arange(120)),
            (many, np.tile(score, 5), np.tile(np.arange(120), 5)),
        )
    )
    assert together.estimate == pytest.approx(one_by_one.estimate)
    assert together.high - together.low == pytest.approx(one_by_one.high - one_by_one.low, rel=0.25)


def test_a_better_scorer_is_better_by_the_paired_difference() -> None:
    data = _data(400)
    found = evaluate_scorers(
        data,
        [
            Scored("rough", "", _noisy_score(data, 0.8, 6)),
            Scored("fine", "", _noisy_score(data, 0.3, 7)),
        ],
        np.random.default_rng(8),
        n_samples=200,
    )
    by_name = {d.measure: d.interval for d in found.differences}
    assert by_name.keys() == {"accuracy", "macro_f1", "auc"}
    assert all(interval.low > 0.0 for interval in by_name.values())
    same = evaluate_scorers(
        data,
        [Scored("a", "", _noisy_score(data, 0.8, 6)), Scored("b", "", _noisy_score(data, 0.8, 6))],
        np.random.default_rng(8),
        n_samples=100,
    )
    assert all(tuple(d.interval[:3]) == (0.0, 0.0, 0.0) for d in same.differences)


def test_thresholds_are_chosen_on_the_other_folds() -> None:
    # A score that says nothing: thresholds chosen on the texts themselves would look better.
    data = _data(300)
    score = np.random.default_rng(9).uniform(-1, 1, 300)
    y = np.array([CLASSES.index(x) for x in data.labels])
    inside = metrics.f1_score(
        y, classify(score, choose_thresholds(score, y, 3), 3), average="macro"
    )
    found = evaluate_scorers(
        data, [Scored("noise", "", score)], np.random.default_rng(10), n_samples=20
    ).scorers[0]
    assert len(found.thresholds) == 5
    assert found.measures["macro_f1"].estimate < inside


def test_chosen_thresholds_are_the_best_there_are() -> None:
    rng = np.random.default_rng(11)
    score, y = np.round(rng.uniform(-1, 1, 40), 1), rng.integers(0, 3, 40)
    best = max(
        metrics.f1_score(y, classify(score, Thresholds(low, high), 3), average="macro")
        for low in np.unique(score)
        for high in np.unique(score)
        if low <= high
    )
    chosen = classify(score, choose_thresholds(score, y, 3), 3)
    assert metrics.f1_score(y, chosen, average="macro") == pytest.approx(best)


def test_a_scorer_trained_on_these_texts_is_stamped() -> None:
    data = _data(120)
    settings = LinearSettings(folds=2, strengths=(3.0,))
    scorer = fit_linear(data.texts, data.labels, np.random.default_rng(1), settings=settings).scorer
    found = evaluate_scorers(
        data, [score_texts(scorer, data)], np.random.default_rng(2), n_samples=20
    )
    assert found.scorers[0].n_trained_on == 120
    assert "TRAINED ON THESE TEXTS (120)" in str(found)
    assert found.to_record()["scorers"][0]["stamp"] == "trained on these texts (120)"
    others = LabelledTexts(
        texts=tuple(f"other {t}" for t in data.texts), labels=data.labels, classes=data.classes
    )
    clean = evaluate_scorers(
        others, [score_texts(scorer, others)], np.random.default_rng(2), n_samples=20
    )
    assert clean.scorers[0].stamp == ""
    joined = EnsembleScorer((LexiconScorer(), scorer), (1.0, 1.0))
    seen = score_texts(joined, data).seen
    assert seen is not None
    assert seen.all()
    assert score_texts(LexiconScorer(), data).seen is None


def test_cross_validation_knows_nothing_of_what_it_predicts() -> None:
    # Labels that have nothing to do with the texts cannot be predicted, however they are fitted.
    data = _data(240)
    shuffled = tuple(np.random.default_rng(12).permutation(data.labels).tolist())
    noise = LabelledTexts(texts=data.texts, labels=shuffled, classes=data.classes)
    settings = LinearSettings(folds=2, strengths=(3.0,))
    groups = np.arange(240)
    for some, low, high in ((data, 0.95, 1.0), (noise, 0.2, 0.47)):
        scored = cross_validate(
            some, np.random.default_rng(13), settings=settings, groups=groups, n_folds=3
        )
        found = evaluate_scorers(
            some, [scored], np.random.default_rng(14), groups=groups, n_samples=20
        )
        assert low <= found.scorers[0].measures["macro_f1"].estimate <= high


def test_an_ensemble_is_cross_validated_with_all_that_is_fitted() -> None:
    def trained(
        texts: Sequence[str], labels: Sequence[str], rng: np.random.Generator
    ) -> TextScorer:
        settings = LinearSettings(folds=2, strengths=(3.0,))
        return fit_linear(texts, labels, rng, settings=settings).scorer

    data = _data(150)
    shuffled = tuple(np.random.default_rng(12).permutation(data.labels).tolist())
    noise = LabelledTexts(texts=data.texts, labels=shuffled, classes=data.classes)
    groups = np.arange(150)
    for some, low, high in ((data, 0.95, 1.0), (noise, 0.3, 0.7)):
        scored = cross_validate_ensemble(
            some, [LexiconScorer(), trained], np.random.default_rng(13), groups=groups, n_folds=2
        )
        found = evaluate_scorers(
            some, [scored], np.random.default_rng(14), groups=groups, n_samples=20
        )
        assert low <= found.scorers[0].measures["auc"].estimate <= high


def test_the_worst_mistakes_come_first_and_twins_once() -> None:
    data = LabelledTexts(
        texts=("alpha", "beta", "beta", "gamma", "delta"),
        labels=("negative", "negative", "negative", "positive", "positive"),
        classes=("negative", "positive"),
    )
    score = np.array([0.2, 0.9, 0.9, -0.5, 0.8])
    found = evaluate_scorers(
        data,
        [Scored("one", "", score)],
        np.random.default_rng(1),
        thresholds=Thresholds(0.0, 0.0),
        groups=np.array([0, 1, 1, 2, 3]),
        n_samples=20,
        n_folds=2,
    )
    assert [m.text for m in found.scorers[0].worst] == ["beta", "gamma", "alpha"]


def test_scorers_have_different_names() -> None:
    data = _data(30)
    twice = [Scored("one", "", np.zeros(30))] * 2
    for scored in (twice, []):
        with pytest.raises(ConfigurationError, match="different names"):
            evaluate_scorers(data, scored, np.random.default_rng(1))


@pytest.mark.parametrize("text", ["0.1", "0.2,0.1", "-2,0", "a,b", "nan,nan", "0,0,0"])
def test_thresholds_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="two thresholds"):
        parse_thresholds(text)


def _write(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows(rows)
    return path


def test_files_are_read_together_and_empty_texts_counted(tmp_path: Path) -> None:
    one = _write(tmp_path / "a.csv", [["My Text", "L"], ["it rises", "Bullish"], ["  ", "Bullish"]])
    two = tmp_path / "b.jsonl"
    two.write_text('{"my text": "it falls\\u0000", "l": "bearish"}\n')
    data = read_labelled([one, two], "My Text", "l")
    assert data.texts == ("it rises", "it falls")
    assert data.labels == ("positive", "negative")
    assert (data.n_empty, data.source) == (1, "a.csv, b.jsonl")


BAD: list[tuple[list[list[str]], str]] = [
    ([["text", "mood"], ["a", "1"]], "expected a column called label"),
    ([["text", "label"], ["a", "great"]], "'great' in row 1"),
    ([["text", "label"], ["a", "bullish"], ["b", "pos"]], "positive ones only"),
    ([["text", "label"]], "found none"),
    ([["text", "label"], [" ", "positive"]], "found none"),
    ([], "found none"),
]


@pytest.mark.parametrize(("rows", "message"), BAD)
def test_a_file_that_cannot_be_used_is_refused(
    tmp_path: Path, rows: list[list[str]], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read_labelled([_write(tmp_path / "bad.csv", rows)], "text", "label")


def test_another_encoding_and_another_kind_of_file_are_refused(tmp_path: Path) -> None:
    latin = tmp_path / "latin.csv"
    latin.write_bytes("text,label\ncafé,positive\n".encode("latin-1"))
    with pytest.raises(DataError, match="UTF-8"):
        read_labelled([latin], "text", "label")
    with pytest.raises(DataError, match=r"\.csv or \.jsonl"):
        read_labelled([_write(tmp_path / "book.xls", [["text"]])], "text", "label")
    with pytest.raises(DataError, match="found nothing at"):
        read_labelled([tmp_path / "absent.csv"], "text", "label")


def test_a_file_of_a_gigabyte_is_refused_unread(tmp_path: Path) -> None:
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as handle:
        handle.truncate(2**30)
    with pytest.raises(DataError, match="at most 256 MB of labelled texts, found 1,024 MB"):
        read_labelled([huge], "text", "label")


def test_too_many_texts_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentiment_quality_files, "MAX_TEXTS", 3)
    rows = [["text", "label"], *[[f"t{i}", "positive"] for i in range(5)]]
    with pytest.raises(DataError, match="at most 3 texts"):
        read_labelled([_write(tmp_path / "many.csv", rows)], "text", "label")
