"""What a client searches for: the part of the services' query languages that names coins.

Words and quoted phrases joined by OR and brackets match when any of them stands in the text as a
word; a minus before a word excludes it; operators with a colon (``lang:en``, ``is:retweet``,
``domain:``) are read only for the language.
"""

import re
from dataclasses import dataclass

from cryptovolt_venue.press.items import PressItem

_TOKEN = re.compile(r'(-?)("[^"]*"|[^\s()"]+)')
_LANGUAGES = {"en": "en", "english": "en", "eng": "en", "es": "es", "spanish": "es",
              "de": "de", "german": "de", "fr": "fr", "french": "fr"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for."""

    wanted: re.Pattern[str] | None
    unwanted: re.Pattern[str] | None
    language: str | None

    def matches(self, item: PressItem) -> bool:
        """Return whether an item is what was searched for."""
        text = item.text
        if self.language is not None and item.language != self.language:
            return False
        if self.unwanted is not None and self.unwanted.search(text):
            return False
        return self.wanted is None or self.wanted.search(text) is not None


def parse_query(text: str) -> Query:
    """Return the query of a text; without any word it matches everything."""
    wanted: list[str] = []
    unwanted: list[str] = []
    language: str | None = None
    for minus, token in _TOKEN.findall(text):
        if not token.startswith('"') and ":" in token:
            name, _, value = token.partition(":")
            if name in {"lang", "sourcelang"} and not minus:
                language = _LANGUAGES.get(value.lower(), value.lower())
            continue
        word = token.strip('"').strip()
        if word and word not in {"OR", "AND"}:
            (unwanted if minus else wanted).append(word)
    return Query(_any_of(wanted), _any_of(unwanted), language)


def _any_of(words: list[str]) -> re.Pattern[str] | None:
    if not words:
        return None
    either = "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True))
    # A cashtag begins with a sign that is no letter, so that \b would not do before it.
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)
