"""N-grams: words are made comparable, hashes are fixed, vectors are those of scikit-learn."""

from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.sentiment.ngrams import GramRules, WordClasses, grams, prepare, word_hash
from cryptovolt.sentiment.ngrams_table import fit_vocabulary, make_table, vectors
from cryptovolt.sentiment.ngrams_twins import twin_groups

TEXTS = [
    "Bitcoin soars as the fund wins approval, traders say",
    "Ether falls, falls and falls again after the hack of a bridge",
    "the fund of the fund is a fund",
    "Traders say: hold!",
    "Bitcoin falls after traders sell the news",
]


def _words(text: str) -> list[str]:
    made = prepare([text])
    return "".join(map(chr, made.points)).split()


SCENARIOS = [
    ("$BTC up +3.7% https://t.co/x", "_tag up _pctup _url"),
    ("-2 % today, 5% off", "_pctdown today , _pct off"),
    ("Q4 sales 3.22 vs. 3.32 bln", "q4 sales _num vs . _less _num bln"),
    ("target cut to $45 from $50", "target cut to $ _num from $ _less _num"),
    ("raised to 1,200 from 950.5", "raised to _num from _more _num"),
    ("@vitalik: don’t sell…", "_user : don't sell _dots"),
    ("loss of -$9.30", "loss of _minus"),
    ("moon🚀🚀", "moon 🚀 🚀"),
    ("#economy", "# economy"),
    ("two\nlines\x00 'quoted'", "two lines ' quoted '"),
]


@pytest.mark.parametrize(("text", "expected"), SCENARIOS)
def test_words_are_made_comparable(text: str, expected: str) -> None:
    assert _words(text) == expected.split()


def test_the_hash_of_a_word_is_fnv_1a() -> None:
    # From the test vectors of RFC 9923, appendix C: 64-bit FNV-1a of "", "a" and "foobar".
    assert word_hash("") == 0xCBF29CE484222325
    assert word_hash("a") == 0xAF63DC4C8601EC8C
    assert word_hash("foobar") == 0x85944171F73967E8


def test_blocks_hold_what_they_say() -> None:
    found = grams(prepare(["one two three"]), GramRules(words=2, letters_to=3, gap=2))
    counts = np.bincount(found.blocks, minlength=7).tolist()
    # The edges are two more words. " one " has 4 pieces of two characters and 3 of three.
    assert counts == [7, 7 + 7 + 11, 3, 0, 0, 0, 0]
    plain = grams(prepare(["one two three"]), GramRules(words=2, letters_to=3, gap=2, edges=False))
    assert np.bincount(plain.blocks).tolist() == [5, 7 + 7 + 11, 1]


def test_a_word_of_a_class_stands_for_the_others() -> None:
    both = sorted((word_hash(word), 0) for word in ("soars", "jumps"))
    words = np.array([word for word, _ in both], np.uint64)
    classes = WordClasses(words, np.zeros(2, np.int8), np.zeros(2, np.int8))
    first, second = (
        set(found.keys[found.blocks >= 3].tolist())
        for found in (grams(prepare([t]), GramRules(), classes) for t in ("it soars", "it jumps"))
    )
    assert first == second != set()
    assert not (grams(prepare(["it sits"]), GramRules(), classes).blocks >= 3).any()


def _runs_of_words(text: str) -> list[str]:
    words = ["<s>", *text.split(), "</s>"]
    runs = [words[i : i + n] for n in (1, 2, 3) for i in range(len(words) - n + 1)]
    return [" ".join(run) for run in runs[1:] if run != ["</s>"]]


def test_a_word_with_a_topic_alone_is_seen_in_the_topics_alone() -> None:
    words = np.array([word_hash("revenue")], np.uint64)
    classes = WordClasses(words, np.array([-1], np.int8), np.array([3], np.int8))
    rules = GramRules(words=2, gap=2)
    found = grams(prepare(["revenue of acme"]), rules, classes)
    # Edge and revenue, revenue, revenue and of; pairs: edge .. of has none, revenue .. acme has.
    assert np.bincount(found.blocks, minlength=7)[3:].tolist() == [0, 0, 3, 1]
    other = grams(prepare(["revenue of acme"]), rules, classes._replace(topics=words.astype("i1")))
    assert set(found.keys.tolist()) != set(other.keys.tolist())


@pytest.mark.parametrize("block", [0, 1])
def test_vectors_are_those_of_scikit_learn(block: int) -> None:
    if block == 0:
        oracle = TfidfVectorizer(analyzer=cast("Any", _runs_of_words), min_df=2, sublinear_tf=True)
    else:
        oracle = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True
        )
    texts = [" ".join(_words(text)) for text in TEXTS]
    expected: Any = cast("Any", oracle).fit_transform(texts)
    # Words have edges and a length of 1.4.
    found = grams(prepare(TEXTS), GramRules())
    vocabulary = fit_vocabulary(found)
    made = vectors(found, make_table(vocabulary), vocabulary.idf)
    own = set(found.keys[found.blocks == block].tolist())
    for i in range(len(TEXTS)):
        rows = slice(int(made.first[i]), int(made.first[i + 1]))
        values = [
            value
            for value, column in zip(made.values[rows], made.columns[rows], strict=True)
            if int(vocabulary.keys[column]) in own
        ]
        row: list[float] = expected[i].data.tolist()
        if block == 1:
            # scikit-learn makes a word shorter than n one n-gram once for every n.
            assert sum(v * v for v in values) == pytest.approx(1.0)
            continue
        np.testing.assert_allclose(sorted(values), 1.4 * np.sort(row), rtol=1e-12)


@given(st.lists(st.text(max_size=60), max_size=6), st.text(max_size=60))
def test_a_text_has_the_same_features_alone_and_among_others(others: list[str], text: str) -> None:
    alone = grams(prepare([text]), GramRules())
    among = grams(prepare([*others, text, *others]), GramRules())
    at = len(others)
    own = among.keys[among.first[at] : among.first[at + 1]]
    np.testing.assert_array_equal(own, alone.keys)


def test_only_the_beginning_of_an_endless_text_is_read() -> None:
    assert len(prepare(["ab " * 100_000]).points) == 5_000


def test_what_is_no_list_of_texts_is_refused() -> None:
    with pytest.raises(DataError, match="brackets"):
        prepare("one text")
    with pytest.raises(DataError, match="of type int"):
        prepare([1])  # pyright: ignore[reportArgumentType]
    with pytest.raises(ConfigurationError, match="words in 1 to 4"):
        GramRules(words=9)


def test_twins_are_found_and_strangers_are_not() -> None:
    groups = twin_groups(
        [
            "Acme stock price target cut to $45 from $50 at Mizuho https://a.b/c",
            "Miners sell as the hash rate falls to a low of the year",
            "ACME stock price target cut to $39 from $45 at Mizuho",
            "Miners sell as hash rate falls to a low of the year - report",
            "Nothing like the others at all",
            "",
            "",
        ]
    )
    assert groups.tolist() == [0, 1, 0, 1, 2, 3, 3]


def test_a_crowd_of_identical_texts_is_one_group() -> None:
    groups = twin_groups(["buy this coin now before it moons"] * 5_000 + ["another one"])
    assert groups.max() == 1
    assert np.bincount(groups).tolist() == [5_000, 1]
