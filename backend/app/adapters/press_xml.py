"""Feeds as text: decoded, and refused before parsing where they are no feed or a bomb. Pure."""

import codecs
import re

from cryptovolt.domain.errors import DataError

_PROLOG = re.compile(r"(?:\s|\ufeff|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._-]{1,40})", re.IGNORECASE)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FEEDS = ("<rss", "<feed", "<rdf:rdf", "<channel")
_ITEM_ENDS = re.compile(rb"</(?:item|entry)\s*>", re.IGNORECASE)
_CLOSINGS = (
    (b"<rss", b"</channel></rss>"), (b"<feed", b"</feed>"), (b"<rdf:rdf", b"</rdf:RDF>"),
    (b"<channel", b"</channel>"),
)  # fmt: skip
_LEGACY = "cp1252"


def decode(body: bytes, content_type: str) -> tuple[str, bool]:
    """Return the text of an answer, and whether its bytes were as they said.

    What is neither in the encoding that was declared nor in UTF-8 is read as Windows-1252, and
    what that has no character for is replaced.
    """
    declared = _declared(body, content_type)
    try:
        return body.decode(declared), True
    except (UnicodeDecodeError, LookupError):
        pass
    try:
        return body.decode("utf-8"), False
    except UnicodeDecodeError:
        return body.decode(_LEGACY, errors="replace"), False


def feed_body(text: str) -> bytes:
    """Return a feed in UTF-8 without its declaration.

    Raises
    ------
    DataError
        If it is empty, a page, or declares a document type: entities are how bombs are built.
    """
    prolog = _PROLOG.match(text)
    assert prolog is not None
    start = text[prolog.end() : prolog.end() + 200].lower()
    if not start:
        raise DataError("expected a feed, found an empty answer")
    if start.startswith(("<!doctype html", "<html")):
        raise DataError("expected a feed, found an HTML page")
    if start.startswith("<!"):
        raise DataError(
            "expected a feed without a document type, found one: it may declare entities that "
            "grow without bound, so nothing of it is parsed"
        )
    if not start.startswith(_FEEDS):
        raise DataError(f"expected a feed (RSS or Atom), found {start[:40]!r}")
    return text[prolog.end() :].encode("utf-8", errors="replace")


def first_items(body: bytes, most: int) -> tuple[bytes, int]:
    """Return a feed that ends after so many items, and how many were cut off.

    Feeds begin with their newest item; parsing ten thousand would take seconds.
    """
    ends = [found.end() for found in _ITEM_ENDS.finditer(body)]
    if len(ends) <= most:
        return body, 0
    start = body[:200].lower()
    closing = next(end for begin, end in _CLOSINGS if start.startswith(begin))
    return body[: ends[most - 1]] + closing, len(ends) - most


def joined(title: str, text: str) -> str:
    """Return a headline and what follows it as sentences of their own."""
    ends = title.rstrip().endswith((".", "!", "?", ":", "…"))
    return f"{title.rstrip()}{' ' if ends else '. '}{text}"


def _declared(body: bytes, content_type: str) -> str:
    for mark, name in _MARKS:
        if body.startswith(mark):
            return name
    found = _DECLARED.search(body[:500])
    if found is not None:
        return found.group(1).decode("ascii")
    told = _CHARSET.search(content_type)
    return told.group(1) if told is not None else "utf-8"
