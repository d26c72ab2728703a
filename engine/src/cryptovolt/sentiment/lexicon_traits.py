"""What the compiled scorer knows of a character, of a word and of a unit, as bits; its arrays.

A *unit* is one word, emoticon, emoji or phrase of a text. An *entry* is a row of the table of known
words and phrases. A unit carries the bits of its entry and those of its own form.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

from cryptovolt.domain.arrays import FloatArray, IntArray

CodeArray: TypeAlias = npt.NDArray[np.uint32]
"""Code points of Unicode."""
KindArray: TypeAlias = npt.NDArray[np.uint16]
"""Bits of characters."""
Int32Array: TypeAlias = npt.NDArray[np.int32]

N_CODES = 0x20000
"""Code points beyond this have no case, are no space and are no emoji."""

# Characters.
SPACE = 1
UPPER = 2
LOWER = 4
PUNCTUATION = 8
SPLIT = 16
DROPPED = 32
ALONE = 64
DIGIT = 128
PICTURE = 256

# Entries.
KNOWN = 1 << 0
BOOSTER = 1 << 1
NEGATION = 1 << 2
NO = 1 << 3
OR_NOR = 1 << 4
LEAST = 1 << 5
AT_VERY = 1 << 6
SO_THIS = 1 << 7
NEVER = 1 << 8
WITHOUT = 1 << 9
DOUBT = 1 << 10
KIND = 1 << 11
OF = 1 << 12
BUT = 1 << 13
CRYPTO = 1 << 14
ACRONYM = 1 << 15
RISES = 1 << 16
FALLS = 1 << 17
TO = 1 << 18
PERCENT_WORD = 1 << 19
ASKS = 1 << 20
TURNS = 1 << 21
DOUBTS = 1 << 22
IDIOM = 1 << 23

# Forms.
CAPITALS = 1 << 32
STOPS = 1 << 33
QUESTION = 1 << 34
NAME = 1 << 35
PIECE = 1 << 36
PERCENT = 1 << 37
MINUS = 1 << 38
PLUS = 1 << 39
COMMA = 1 << 40
OPENED = 1 << 41
CLOSED = 1 << 42


_Function = TypeVar("_Function", bound=Callable[..., Any])
_njit: Any = numba.njit


def compiled(function: _Function) -> _Function:
    """Compile a function that only compiled functions of the scorer call."""
    # Nothing of it allocates. Unless told so (`_nrt=False`), every call counts the references of
    # every array it is handed, which takes three times as long as the work itself.
    options = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return cast("_Function", _njit(cache=True, nogil=True, _nrt=False, **options)(function))


def compiled_door(function: _Function) -> _Function:
    """Compile a function of the scorer that Python calls too."""
    return cast("_Function", _njit(cache=True, nogil=True, _nrt=False)(function))


# Columns of the units of a text; of what each is worth.
START, END, ENTRY, TRAITS, FIRST = 0, 1, 2, 3, 4
BASE, SHARE = 0, 1


class Characters(NamedTuple):
    """What is known of each character.

    Parameters
    ----------
    read, kind : ndarray of shape (N_CODES,)
        The sign that is read in its place, in lower case; its bits.
    picture : ndarray of shape (N_CODES,)
        Index of an emoji's description.
    picture_start, picture_letters : ndarray
        Where each description begins, and the letters of all.
    """

    read: CodeArray
    kind: KindArray
    picture: Int32Array
    picture_start: Int32Array
    picture_letters: CodeArray


class Words(NamedTuple):
    """A hash table with open addresses.

    Parameters
    ----------
    slots : ndarray of shape (a power of two,)
        Index of a word, or −1.
    start, letters : ndarray
        Where each word's letters begin, and the letters of all.
    traits : ndarray of shape (n_entries,)
        Bits of each word, then of each phrase.
    """

    slots: Int32Array
    start: Int32Array
    letters: CodeArray
    traits: IntArray


class Trie(NamedTuple):
    """Phrases and idioms as steps from word to word.

    Parameters
    ----------
    phrase_from, idiom_from : ndarray of shape (n_words,)
        Node that a phrase of ours, an idiom of VADER begins with, or −1.
    edge_start : ndarray of shape (n_nodes + 1,)
        Where each node's edges begin.
    edges : ndarray of shape (n_edges, 2)
        Word · 2 + comma before it, and the node it leads to.
    entry, value : ndarray of shape (n_nodes,)
        Entry of the phrase that ends here, or −1; valence of the idiom, or NaN.
    """

    phrase_from: Int32Array
    idiom_from: Int32Array
    edge_start: Int32Array
    edges: Int32Array
    entry: Int32Array
    value: FloatArray


class Tables(NamedTuple):
    """Everything that rates a text.

    Parameters
    ----------
    extended : bool
        Whether the rules and the cleaning of this project are on; else the rules are VADER's.
    characters, words, trie
        As above.
    valence, boost : ndarray of shape (n_entries,)
        Per word, then per phrase; what a degree word adds.
    """

    extended: bool
    characters: Characters
    words: Words
    trie: Trie
    valence: FloatArray
    boost: FloatArray


class Work(NamedTuple):
    """Room for one text at a time.

    Parameters
    ----------
    letters, kinds, source : ndarray of shape (n_letters,)
        The letters that are read, their bits, and where in the text each comes from.
    units : ndarray of shape (n_units, 5)
        Where each begins and ends in `letters`, its entry or −1, its bits, and the earliest unit
        that changed its value.
    worth : ndarray of shape (n_units, 2)
        The valence before the rules, and what the unit contributes to the sum.
    """

    letters: CodeArray
    kinds: KindArray
    source: Int32Array
    units: IntArray
    worth: FloatArray


def work_room(n_letters: int, n_units: int) -> Work:
    """Return arrays for texts of up to so many letters and units."""
    return Work(
        letters=np.empty(n_letters, dtype=np.uint32),
        kinds=np.empty(n_letters, dtype=np.uint16),
        source=np.empty(n_letters, dtype=np.int32),
        units=np.empty((n_units, 5), dtype=np.int64),
        worth=np.empty((n_units, 2), dtype=np.float64),
    )
