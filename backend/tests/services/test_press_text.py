import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.press_text import MAX_TEXT, plain_text, storable


@pytest.mark.parametrize(
    ("given_text", "text"),
    [
        ("<p>Bitcoin <b>surges</b></p>", "Bitcoin surges"),
        ("Bitcoin &amp; Ether &lt;b&gt;rise&lt;/b&gt;", "Bitcoin & Ether rise"),
        ("&amp;lt;b&amp;gt;twice&amp;lt;/b&amp;gt;", "twice"),
        ("<script>alert('x')</script>Bitcoin", "Bitcoin"),
        ("Bitcoin<script>never ends", "Bitcoin"),
        ("<style>p{}</style>up<!-- hidden --> 5%", "up 5%"),
        ("<img src=x onerror=alert(1)>Bitcoin", "Bitcoin"),
        ("<![CDATA[Bitcoin rises]]>", "Bitcoin rises]]>"),
        ("BTC < 50k and ETH > 3k", "BTC < 50k and ETH > 3k"),
        ("I <3 bitcoin", "I <3 bitcoin"),
        ("Bit\x07coin \x1b[31mup\x00", "Bit coin [31mup"),
        ("a\u202eb\u200bc", "a b c"),
        ("<p>\x00</p>", ""),
    ],
)
def test_markup_becomes_plain_text(given_text: str, text: str) -> None:
    assert plain_text(given_text)[0] == text


@given(st.text(alphabet="<>/abscript!-[]CDAT&lt;gt; \x00\x1b", max_size=200))
def test_no_tag_and_no_control_character_is_left(given_text: str) -> None:
    text, _, _ = plain_text(given_text)
    assert "\x00" not in text
    assert "\x1b" not in text
    assert "<script" not in text.lower() or ">" not in text.lower().partition("<script")[2]


@pytest.mark.parametrize("piece", ["<script>", "<a ", "<!--", "</", "&amp;lt;", "<" * 7])
def test_no_text_takes_long(piece: str) -> None:
    began = time.perf_counter()
    plain_text(piece * 20_000)
    assert time.perf_counter() - began < 0.5


def test_a_long_text_is_cut_and_a_raw_one_fits_the_database() -> None:
    assert len(plain_text("word " * 10_000)[0]) <= MAX_TEXT
    assert storable("a\x00b\ud800c") == "a\ufffdb\ufffdc"
