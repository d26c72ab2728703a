"""What the compiled scorer knows of each character: case, space, what it is read as."""

import string
import unicodedata
from collections.abc import Iterable, Mapping

import numpy as np

from cryptovolt.sentiment.lexicon_traits import (
    ALONE,
    DIGIT,
    DROPPED,
    LOWER,
    N_CODES,
    PUNCTUATION,
    SPACE,
    SPLIT,
    UPPER,
    CodeArray,
    KindArray,
)
from cryptovolt.sentiment.text import FORBIDDEN

DROPPED_SIGNS = "\u00ad\u200c\u200d\u20e3\ufe0e\ufe0f" + "".join(map(chr, range(0x1F3FB, 0x1F400)))
"""Soft hyphen, joiners, keycap, variation selectors, skin tones: they change no word or emoji."""

_SPLITTING = '-/.,;!?:()"*|+=~<>[]{}#'
_READ_AS = {
    "‘’ʼ′`´": "'",
    "“”„«»‹›″": '"',
    "–‑‐‒−": "-",
    "—―": ";",
    "…": ".",
    "！": "!",
    "？": "?",
}
# Letters with case end here, but for the few blocks beyond; the ideographs between have none.
_CASED = (range(0x3000), range(0xA000, 0xD800), range(0xE000, N_CODES))


def character_tables(*, extended: bool, alone: Iterable[str] = ()) -> tuple[CodeArray, KindArray]:
    """Return the sign that each character is read as, in lower case, and each one's bits.

    With `extended` that includes the cleaning of this project.
    """
    kind = np.zeros(N_CODES, dtype=np.uint16)
    lower = np.arange(N_CODES, dtype=np.uint32)
    for codes in _CASED:
        for code in codes:
            _enter_case(code, kind, lower)
    _mark(kind, {PUNCTUATION: string.punctuation})
    if not extended:
        return lower, kind
    _mark(kind, {SPLIT: _SPLITTING, DIGIT: string.digits})
    read_as = _read_as()
    read, kind = lower[read_as], kind[read_as]
    _mark(kind, {DROPPED: DROPPED_SIGNS, ALONE: alone})
    return read, kind


def _mark(kind: KindArray, bits: Mapping[int, Iterable[str]]) -> None:
    for bit, signs in bits.items():
        for sign in signs:
            kind[ord(sign)] |= bit


def _enter_case(code: int, kind: KindArray, lower: CodeArray) -> None:
    sign = chr(code)
    if sign.isspace():
        kind[code] = SPACE
    if sign.isupper():
        kind[code] = UPPER
    elif sign.islower() or sign.istitle():
        kind[code] = LOWER
    small = sign.lower()
    if len(small) == 1:
        lower[code] = ord(small)


def _read_as() -> CodeArray:
    fold = np.arange(N_CODES, dtype=np.uint32)
    for code in range(N_CODES):
        if FORBIDDEN.match(chr(code)):
            fold[code] = ord(" ")
    for signs, sign in _READ_AS.items():
        fold[list(map(ord, signs))] = ord(sign)
    # Letters of full width and of mathematics are how filters are dodged: "𝗦𝗖𝗔𝗠".
    for code in (*range(0xFF01, 0xFF5F), *range(0x1D400, 0x1D800)):
        plain = unicodedata.normalize("NFKC", chr(code))
        if len(plain) == 1 and plain.isascii():
            fold[code] = ord(plain)
    return fold
