"""With our lexicon and rules off, the scorer is VADER: its own package is the oracle."""

import csv
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from cryptovolt.sentiment.scorer import LexiconScorer

SENTENCES = [
    "Bitcoin is a good coin, safe and useful.",
    "Bitcoin is not a good coin",
    "Bitcoin isn't a good coin",
    "It is not very good, nor safe",
    "It never was this good",
    "never so good as today",
    "they were never this bad and never so happy",
    "It can only go so well",
    "Nobody had this success before, this great success",
    "without doubt a good trade",
    "without a doubt a great trade",
    "without any good news",
    "an extremely good and slightly risky trade",
    "VERY good and REALLY bad",
    "a very, very, very good trade",
    "it is EXTREMELY GOOD news",
    "THIS IS ALL GOOD",
    "This is GOOD",
    "sort of good, kind of nice, just enough luck",
    "it is some kind of wonder and kind people",
    "The price was good, but the fees are terrible and the people are horrible",
    "good but good but bad good bad",
    "bad bad but bad bad",
    "the least good trade; at least a good one; the very least happy",
    "least happy",
    "no good will come, no fear or panic, no no no",
    "no",
    "a coin with no real value, or trust",
    "that is the shit, and he is a bad ass to die for",
    "a kiss of death for the love of it, yeah right",
    "what a beating heart of love this was",
    "they took us to the bus stop and the bomb went off badly",
    "good! good!! good!!!!!!",
    "bad? bad?? bad??? bad????",
    "is it really good?!?!",
    "nice :) and :D and :-( and <3 and :P",
    "great 🚀🚀 and 😂😂 but 😡 end 💔",
    "good😀bad",
    "Not bad at all",
    "uh-uh, kind-of good, sort-of bad",
    "don’t be sad",
    "g!",
    "good\u2003bad\x1cugly\u2028great",
    "ＧＯＯＤ İS GOOD ẞ ǅ ﬀ Ⅷ ⓖ",
    "",
    " ",
    "...",
    "?!",
]
WORDS = """good bad GREAT terrible love hate no not never so this without doubt least at very but
    kind of sort just enough or nor the shit bomb bus stop yeah right to die for extremely slightly
    VERY isn't can't good, bad. good! bad? :) :( <3 btc BTC but. BUT kiss death beating heart a x 😀
    💔 🚀 good😀 despite rarely less"""
VOCABULARY = WORDS.split()


@cache
def package() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()


def by_package(text: str) -> float:
    return float(package().polarity_scores(text)["compound"])


def compare(texts: list[str]) -> None:
    ours = LexiconScorer(plain=True).score(texts)
    theirs = np.array([by_package(text) for text in texts])
    differing = np.flatnonzero(ours != theirs)
    assert [(texts[k], ours[k], theirs[k]) for k in differing] == []


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_for_each_rule_scores_as_in_the_package(sentence: str) -> None:
    compare([sentence])


@given(st.lists(st.lists(st.sampled_from(VOCABULARY), max_size=14).map(" ".join), max_size=20))
@settings(max_examples=150)
def test_words_in_any_order_score_as_in_the_package(texts: list[str]) -> None:
    compare(texts)


@given(st.lists(st.text(max_size=40), max_size=5))
def test_any_characters_score_as_in_the_package(texts: list[str]) -> None:
    compare(texts)


@pytest.mark.parametrize(
    ("file", "column"),
    [
        ("bitcoin-news-2021-2022.csv", "Short Description"),
        ("surge-crypto-sentiment.csv", "Comment Text"),
        ("twitter-financial-news-train.csv", "text"),
    ],
)
def test_every_text_of_the_real_data_scores_as_in_the_package(
    real_data: Callable[[str], Path], file: str, column: str
) -> None:
    with real_data(f"sentiment/{file}").open(encoding="utf-8-sig") as handle:
        compare([row[column][:5_000] for row in csv.DictReader(handle)])
