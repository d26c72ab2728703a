"""The lexicons and the words of the rules, as entries: what each word and each phrase does."""

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptovolt.sentiment.lexicon import read_acronyms, read_lexicon, read_vader
from cryptovolt.sentiment.lexicon_characters import DROPPED_SIGNS
from cryptovolt.sentiment.lexicon_rules import (
    DAMPENERS,
    DOUBT_CUES,
    INTENSIFIERS,
    NEGATIONS,
    OUR_WORDS,
    TURN_CUES,
    VADER_WORDS,
    terms_of,
    vader_boosters,
    vader_idioms,
    vader_negations,
)
from cryptovolt.sentiment.lexicon_traits import (
    ACRONYM,
    BOOSTER,
    CRYPTO,
    DOUBTS,
    KNOWN,
    NEGATION,
    TURNS,
)
from cryptovolt.sentiment.tokens import SHORT

_GAP = re.compile(r"[\s-]+")
_DROPPED = re.compile(f"[{DROPPED_SIGNS}]")
_STEP = 0.293
_CLEAR = 1.0
"""Words of ours below this count by themselves only, not in a compound as "well-known"."""


@dataclass(slots=True)
class Entry:
    """What a word or phrase does: its valence, what it adds as a degree word, its bits."""

    valence: float = 0.0
    boost: float = 0.0
    traits: int = 0


@dataclass(slots=True)
class Book:
    """Entries by word, and by the words of a phrase; a comma after a word belongs to it."""

    words: dict[str, Entry] = field(default_factory=dict[str, Entry])
    phrases: dict[tuple[str, ...], Entry] = field(default_factory=dict[tuple[str, ...], Entry])

    def word(self, word: str) -> Entry:
        """Return the entry of a word, a new one if there is none."""
        return self.words.setdefault(word, Entry())

    def term(self, term: str) -> Entry:
        """Return the entry of a word or phrase as a text would be split."""
        words = _words_of(term)
        if len(words) == 1:
            return self.word(words[0])
        for word in words:
            self.word(word.rstrip(","))
        return self.phrases.setdefault(words, Entry())


def vader_book() -> Book:
    """Return what VADER knows."""
    book = Book()
    for word, valence in read_vader().items():
        if " " not in word:
            _set_valence(book.word(word), valence, KNOWN)
    for word in vader_negations():
        book.word(word).traits |= NEGATION
    for word in (word for word in vader_boosters() if " " not in word):
        book.word(word).boost = vader_boosters()[word]
        book.word(word).traits |= BOOSTER
    _add_words(book, VADER_WORDS)
    for word in " ".join((*vader_idioms(), *vader_boosters())).split(" "):
        book.word(word)
    return book


def crypto_book() -> Book:
    """Return what VADER knows, and our terms and rules."""
    book = vader_book()
    for term, valence in read_vader().items():
        # VADER lists "fed up" and never finds it, since it looks at single words.
        if " " in term and term.replace(" ", "").replace("'", "").isalpha():
            _set_valence(book.term(term), valence, KNOWN)
    for term, valence in read_lexicon().items():
        traits = CRYPTO if abs(valence) >= _CLEAR else 0
        traits |= ACRONYM if term in read_acronyms() else 0
        for written in _writings(term):
            # A valence of 0 silences a word: it is then no word of the lexicon at all.
            _set_valence(book.term(written), valence, traits | (KNOWN if valence else 0))
    _add_rules(book)
    return book


def _add_words(book: Book, groups: Mapping[int, str]) -> None:
    for trait, words in groups.items():
        for word in words.split():
            book.word(word).traits |= trait


def _add_rules(book: Book) -> None:
    for term in terms_of(NEGATIONS):
        _set_rule(book.term(term), NEGATION)
    for gain, terms in ((_STEP, INTENSIFIERS), (-_STEP, DAMPENERS)):
        for term in terms_of(terms):
            _set_rule(book.term(term), BOOSTER)
            book.term(term).boost = gain
    _add_words(book, OUR_WORDS)
    for trait, terms in ((DOUBTS, DOUBT_CUES), (TURNS, TURN_CUES)):
        for term in terms_of(terms):
            for written in _writings(term):
                book.term(written).traits |= trait


def _set_valence(entry: Entry, valence: float, traits: int) -> None:
    entry.valence = valence
    entry.traits = (entry.traits & ~KNOWN) | traits


def _set_rule(entry: Entry, trait: int) -> None:
    entry.valence = 0.0
    entry.traits = (entry.traits & ~KNOWN) | trait


def _writings(term: str) -> tuple[str, ...]:
    # A comma in a term may be left out in a text.
    return (term, term.replace(",", "")) if "," in term else (term,)


def _words_of(term: str) -> tuple[str, ...]:
    plain = _DROPPED.sub("", term)
    if " " not in plain:
        bare = plain.strip(string.punctuation)
        return (bare if len(bare) > SHORT else plain,)
    return tuple(_bare(word) for word in _GAP.split(plain))


def _bare(word: str) -> str:
    return (word.strip(string.punctuation) or word) + ("," if word.endswith(",") else "")
