"""Markup of feeds becomes plain text. Pure; in one pass, whatever the text is."""

import html
import re

from cryptovolt.sentiment.text import clean_text

MAX_TEXT = 5_000
"""Characters of a text that are kept; a headline and its first paragraphs."""

MAX_RAW = 20_000

_TAG = re.compile(r"<!--|<!\[CDATA\[|</?([A-Za-z][A-Za-z0-9]*)[^<>]*>")
_SILENT = frozenset({"script", "style", "iframe", "object", "template", "svg", "noscript"})
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Escaped once more within a feed, markup comes to light only after its first unpacking.
_UNPACKINGS = 2


def plain_text(given: str) -> tuple[str, bool, bool]:
    """Return a text without markup, and whether it had any, or control characters."""
    raw = given[:MAX_RAW]
    text, had_markup = raw, False
    for _ in range(_UNPACKINGS):
        without = _without_tags(text)
        unescaped = html.unescape(without)
        had_markup = had_markup or without != text
        if unescaped == text:
            break
        text = unescaped
    text = _without_tags(text)
    return clean_text(text)[:MAX_TEXT].rstrip(), had_markup, _CONTROL.search(raw) is not None


def storable(given: str) -> str:
    """Return a text as it came, less what no database can hold."""
    return _UNSTORABLE.sub("\ufffd", given[:MAX_RAW])


def _without_tags(text: str) -> str:
    if "<" not in text:
        return text
    parts: list[str] = []
    position = 0
    while (tag := _TAG.search(text, position)) is not None:
        parts += (text[position : tag.start()], " ")
        position = _end_of(text, tag)
    parts.append(text[position:])
    return "".join(parts)


def _end_of(text: str, tag: re.Match[str]) -> int:
    if tag[0] == "<!--":
        end = text.find("-->", tag.end())
        return len(text) if end < 0 else end + 3
    if tag[0] == "<![CDATA[":
        return tag.end()
    name = tag[1].lower()
    if name not in _SILENT or tag[0].startswith("</") or tag[0].endswith("/>"):
        return tag.end()
    # What a page would run, or not show, is no text; without an end nothing is left of it.
    end = text.lower().find(f"</{name}", tag.end())
    return len(text) if end < 0 else end
