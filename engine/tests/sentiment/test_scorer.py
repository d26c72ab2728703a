import csv
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt import score_sentiment
from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.sentiment.lexicon import parse_lexicon, read_lexicon
from cryptovolt.sentiment.scorer import scorer_hash

GOOD = [
    "BTC to the moon",
    "ETF inflows surge",
    "Bitcoin hits a new all-time high",
    "Institutional adoption of ETH grows",
    "Buy the dip, diamond hands",
    "The halving is coming",
]
BAD = [
    "It was a rug pull",
    "It was a RUG-PULL",
    "I got rekt",
    "Bridge hack: 100 million drained",
    "Liquidation cascade on Binance",
    "The coin faces delisting",
    "Not your keys, not your coins",
    "The exchange paused withdrawals",
    "An exploit drained the pool",
]
NEUTRAL = [
    "A share of the United States treasury",
    "The hackathon begins at nine",
    "Moonlight over the exploitative banner",  # no word of these is a term
    "",
    "12345",
    "🤷",
]


@pytest.mark.parametrize("text", GOOD)
def test_good_news_scores_above_zero(text: str) -> None:
    assert score_sentiment([text])[0] > 0.25


@pytest.mark.parametrize("text", BAD)
def test_bad_news_scores_below_zero(text: str) -> None:
    assert score_sentiment([text])[0] < -0.25


@pytest.mark.parametrize("text", NEUTRAL)
def test_words_are_matched_whole_and_in_the_sense_of_this_market(text: str) -> None:
    assert abs(score_sentiment([text])[0]) < 0.1


def test_negation_turns_a_phrase() -> None:
    plain, negated, curly = score_sentiment(
        ["this is a rug pull", "this isn't a rug pull", "this isn’t a rug pull"]
    )
    assert plain < 0 < negated
    assert curly == negated


def test_control_characters_do_not_hide_a_word() -> None:
    clean, dirty = score_sentiment(["a scam for sure", "a\x00 scam\u202e for\x1b sure\ufeff"])
    assert clean == dirty


def test_one_text_in_place_of_a_list_is_refused() -> None:
    with pytest.raises(DataError, match="put it in brackets"):
        score_sentiment("to the moon")


def test_something_that_is_no_text_is_refused() -> None:
    with pytest.raises(DataError, match="of type float"):
        score_sentiment(["fine", float("nan")])  # pyright: ignore[reportArgumentType]


def test_no_texts_give_no_scores() -> None:
    assert score_sentiment([]).shape == (0,)


@given(st.lists(st.text(max_size=60), max_size=4))
def test_every_text_has_a_score_in_range_that_its_neighbours_do_not_change(
    texts: list[str],
) -> None:
    scores = score_sentiment(texts)
    assert scores.shape == (len(texts),)
    assert (np.abs(scores) <= 1.0).all()
    alone = [score_sentiment([text])[0] for text in texts]
    np.testing.assert_array_equal(scores, np.array(alone, dtype=np.float64))


def test_a_very_long_text_is_scored_by_its_beginning() -> None:
    start = "rekt " * 1_000
    assert score_sentiment([start + "moon " * 100_000])[0] == score_sentiment([start])[0]


def test_the_lexicon_has_enough_terms_with_readable_entries() -> None:
    lexicon = read_lexicon()
    assert len(lexicon) >= 1_000
    assert sum(" " in term for term in lexicon) >= 400
    assert all(term == term.lower().strip() for term in lexicon)
    assert all(-4 <= valence <= 4 for valence in lexicon.values())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("moon\t2.5", "expected term, valence and source"),
        ("moon\thigh\tslang: rises", "expected a number, found 'high'"),
        ("moon\t4.5\tslang: rises", "expected a valence in"),
        ("moon\tnan\tslang: rises", "expected a valence in"),
        ("moon\t1\tslang: rises\nmoon\t2\tslang: rises", "line 2: the term 'moon' appears twice"),
    ],
)
def test_a_bad_lexicon_is_refused(line: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        parse_lexicon(line)


def test_the_scorer_has_a_hash_of_its_own() -> None:
    assert len(scorer_hash()) == 64
    assert scorer_hash() == scorer_hash()


def test_the_lexicon_tells_crypto_comments_apart_better_than_vader_alone(
    real_data: Callable[[str], Path],
) -> None:
    # The half of the comments that was not read when the terms were chosen.
    with real_data("sentiment/surge-crypto-sentiment.csv").open(encoding="utf-8-sig") as handle:
        labels = {row["Comment Text"]: row["Sentiment"] for row in csv.DictReader(handle)}
    texts = [text for text in labels if sha256(text.encode()).digest()[0] % 2]
    positive = np.array([labels[text] == "Positive" for text in texts])
    ours, vader = score_sentiment(texts), _plain_vader(texts)
    assert _auc(ours, positive) > 0.82
    rng = np.random.default_rng(7)
    gains = np.empty(500)
    for k in range(gains.size):
        drawn = rng.integers(0, positive.size, positive.size)
        gains[k] = _auc(ours[drawn], positive[drawn]) - _auc(vader[drawn], positive[drawn])
    assert np.quantile(gains, 0.025) > 0.0


def _plain_vader(texts: list[str]) -> FloatArray:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    return np.array([analyzer.polarity_scores(text)["compound"] for text in texts])


def _auc(scores: FloatArray, positive: BoolArray) -> float:
    above = scores[positive][:, None] - scores[~positive]
    return float((above > 0).mean() + (above == 0).mean() / 2)
