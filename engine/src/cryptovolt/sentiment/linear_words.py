"""Classes of words: what a linear scorer knows about words it has never been shown.

``linear_words.tsv`` groups words of market reports by what they say (up, down, good, bad, …),
``linear_topics.tsv`` by what they are about (figures, shares, brokers, policy, …). Other words come
from VADER's lexicon by the sign of their valence. The crypto lexicon plays no part: a scorer
trained tomorrow does not change with it.
"""

from functools import cache
from importlib.resources import files

import numpy as np

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.sentiment.ngrams import WordClasses, word_hash


@cache
def market_words() -> dict[str, str]:
    """Return the class of each word of ``linear_words.tsv``."""
    return _read("linear_words.tsv")


@cache
def topic_words() -> dict[str, str]:
    """Return the topic of each word of ``linear_topics.tsv``."""
    return _read("linear_topics.tsv")


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
    """Return all words that have a class or a topic; a scorer keeps its own copy of them.

    The topic of a word with a class is that class; of a word of the general lexicon, its sign,
    unless it has another.
    """
    classes, topics = dict(market_words()), topic_words() | market_words()
    for word, valence in _general_words().items():
        if word.isalpha() and valence:
            sign = "pleasant" if valence > 0.0 else "unpleasant"
            classes.setdefault(word, sign)
            topics.setdefault(word, sign)
    names = sorted({*classes.values(), *topics.values()})
    number = {name: at for at, name in enumerate(names)}
    hashed = sorted(
        (word_hash(word), number.get(classes.get(word, ""), -1), number[topic])
        for word, topic in topics.items()
    )
    columns = np.array(hashed, dtype=object).T
    return WordClasses(
        columns[0].astype(np.uint64), columns[1].astype(np.int8), columns[2].astype(np.int8)
    )


def _read(name: str) -> dict[str, str]:
    return parse_words(files("cryptovolt.sentiment").joinpath(name).read_text("utf-8"))


def _general_words() -> dict[str, float]:
    text = files("vaderSentiment").joinpath("vader_lexicon.txt").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line.strip())
    return {fields[0]: float(fields[1]) for fields in rows}
