import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.press_xml import decode, feed_body
from cryptovolt.domain.errors import DataError

FEED = "<rss version='2.0'><channel><title>Café Zürich</title></channel></rss>"


@pytest.mark.parametrize(
    ("body", "content_type", "text", "as_declared"),
    [
        (FEED.encode(), "application/xml", FEED, True),
        (FEED.encode("latin-1"), "text/xml; charset=ISO-8859-1", FEED, True),
        (b"<?xml version='1.0' encoding='iso-8859-1'?>" + FEED.encode("latin-1"), "", None, True),
        (FEED.encode("utf-16"), "application/xml", "\ufeff" + FEED, True),
        (FEED.encode("latin-1"), "application/xml; charset=utf-8", FEED, False),
        (FEED.encode(), "application/xml; charset=ascii", FEED, False),
        (FEED.encode(), "application/xml; charset=klingon", FEED, False),
    ],
)
def test_a_feed_is_decoded_as_declared_or_as_it_must_be_meant(
    body: bytes, content_type: str, text: str | None, as_declared: bool
) -> None:
    found, honest = decode(body, content_type)
    assert honest is as_declared
    assert "Café Zürich" in found
    if text is not None:
        assert found.removeprefix("\ufeff") == text.removeprefix("\ufeff")


@given(st.binary(max_size=400), st.text(max_size=40))
def test_no_bytes_stop_the_decoding(body: bytes, charset: str) -> None:
    text, _ = decode(body, f"text/xml; charset={charset}")
    with contextlib.suppress(DataError):
        assert isinstance(feed_body(text), bytes)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "an empty answer"),
        ("  \n", "an empty answer"),
        ("<!DOCTYPE html><html><body>blocked</body></html>", "an HTML page"),
        ("<?xml version='1.0'?>\n<html xmlns='…'>", "an HTML page"),
        ("<!DOCTYPE rss [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]><rss>&b;</rss>", "document type"),
        ("<!-- one --><?x y?><!DOCTYPE rss SYSTEM 'file:///etc/passwd'><rss/>", "document type"),
        ("{\"error\": 1}", "'{\"error\": 1}'"),
        ("<svg></svg>", "'<svg></svg>'"),
    ],
)  # fmt: skip
def test_what_is_no_feed_is_refused_before_it_is_parsed(text: str, found: str) -> None:
    with pytest.raises(DataError) as caught:
        feed_body(text)
    assert found in str(caught.value)


@pytest.mark.parametrize("start", ["", "\ufeff", "<?xml version='1.0'?>\n", "<!-- hello -->\n"])
def test_a_feed_passes_with_whatever_stands_before_it(start: str) -> None:
    assert feed_body(start + FEED).decode() == FEED
