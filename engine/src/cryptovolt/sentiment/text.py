"""Texts from outside: cleaned before anything is stored or scored, and recognised when repeated."""

import hashlib
import re

# Control characters, lone surrogates, zero-width spaces and marks that turn the writing direction:
# no database, terminal or page should ever be handed one.
FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]+"
)
_SPACES = re.compile(r"\s+")
_NO_WORD = re.compile(r"[\W_]+")


def clean_text(text: str) -> str:
    """Return the text without control characters, each run of white space as one space."""
    return _SPACES.sub(" ", FORBIDDEN.sub(" ", text)).strip()


def text_hash(text: str) -> str:
    """Return the same 64 hex digits for texts that differ only in case, spaces and punctuation."""
    letters = _NO_WORD.sub(" ", text.casefold()).strip()
    return text_digest(letters or text)


def text_digest(text: str) -> str:
    """Return the SHA-256 of a text as 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()
