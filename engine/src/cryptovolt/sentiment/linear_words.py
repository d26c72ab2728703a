"""Classes of words: what a linear scorer knows about words it has never been shown.

``linear_words.tsv`` groups words of market reports (up, down, good, bad, shares, …); other words
come from VADER's lexicon and the crypto lexicon, by the sign of their valence.
"""

from functools import cache
from importlib.resources import files

import numpy as np

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.sentiment.lexicon import read_lexicon
from cryptovolt.sentiment.ngrams import WordClasses, word_hash


@cache
def market_words() -> dict[str, str]:
    """Return the class of each word of ``linear_words.tsv``."""
    return parse_words(
        files("cryptovolt.sentiment").joinpath("linear_words.tsv").read_text("utf-8")
    )


def parse_words(text: str) -> dict[str, str]:
    """Return the class of each word; a line names a class and, after a tab, its words.

    Raises
    ------
    ConfigurationError
        If a line is not of that form, or a word appears twice.
    """
    words: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        name, tab, members = line.partition("\t")
        if not name.isidentifier() or not tab or not members.split():
            raise ConfigurationError(
                f"line {number}: expected a class and its words, with a tab between, found {line!r}"
            )
        for word in members.split():
            if word in words:
                raise ConfigurationError(f"line {number}: the word {word!r} appears twice")
            words[word] = name
    return words


@cache
def word_classes() -> WordClasses:
    """Return all words that have a class; a scorer keeps its own copy of them."""
    found = dict(market_words())
    for word, valence in (*read_lexicon().items(), *_general_words().items()):
        if word.isalpha() and valence:
            found.setdefault(word, "pleasant" if valence > 0.0 else "unpleasant")
    names = sorted(set(found.values()))
    hashed = sorted((word_hash(word), names.index(name)) for word, name in found.items())
    return WordClasses(
        np.array([word for word, _ in hashed], np.uint64),
        np.array([number for _, number in hashed], np.int8),
    )


def _general_words() -> dict[str, float]:
    text = files("vaderSentiment").joinpath("vader_lexicon.txt").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line.strip())
    return {fields[0]: float(fields[1]) for fields in rows}
