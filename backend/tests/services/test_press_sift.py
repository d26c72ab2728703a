from dataclasses import replace
from typing import Any

import pytest

from app.core.press import ItemKind, RawItem
from app.services.press_sift import MOST_SUBJECTS, Sieve

NOW = 1_767_225_600_000
GOOD = RawItem(
    external_id="a1", event_time_ms=NOW - 60_000, text="Bitcoin ETF sees record inflows",
    url="https://example.org/a1", author="jane",
)  # fmt: skip


def test_a_good_item_is_kept_with_what_it_is_about() -> None:
    sifted = Sieve().sift("rss:wire", [GOOD], NOW)
    (kept,) = sifted.candidates
    assert kept.assets == ("BTC",)
    assert (kept.matched[0].by, kept.matched[0].term) == ("name", "Bitcoin")
    assert (kept.url, kept.raw_text, kept.language) == ("https://example.org/a1", None, "en")
    assert kept.author_hash is not None
    assert "jane" not in kept.author_hash
    assert dict(sifted.counts) == {"received": 1, "with_markup": 0, "undated": 0,
                                   "with_control_characters": 0}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"text": ""}, "empty"),
        ({"text": "<p> </p>\x00"}, "empty"),
        ({"event_time_ms": NOW + 600_000}, "future"),
        ({"text": "The weather was fine all day"}, "no_coin"),
        ({"text": "Bitcoin sube", "language": "es"}, "other_language"),
        ({"text": "Der Bitcoin ist nicht mehr das, was er einmal war"}, "other_language"),
        ({"external_id": " \x00"}, "without_id"),
    ],
)
def test_what_cannot_be_used_is_counted_by_its_reason(change: dict[str, Any], reason: str) -> None:
    sifted = Sieve().sift("rss:wire", [GOOD, replace(GOOD, **{"external_id": "b", **change})], NOW)
    assert [one.external_id for one in sifted.candidates] == ["a1"]
    assert sifted.counts[reason] == 1
    assert len(sifted.left_out) == 1


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://example.org/x", "https://example.org/x"),
        ("javascript:alert(1)", None),
        ("data:text/html,hi", None),
        ("//example.org/x", None),
        ("http://[broken", None),
        ("https://example.org/" + "x" * 3_000, None),
    ],
)
def test_a_link_leads_to_http_or_nowhere(url: str, kept: str | None) -> None:
    (item,) = Sieve().sift("rss:wire", [replace(GOOD, url=url)], NOW).candidates
    assert item.url == kept


def test_a_made_up_item_leads_to_no_real_page() -> None:
    items = [GOOD, replace(GOOD, external_id="b", url="https://press.invalid/b")]
    kept = Sieve(("BTC",)).sift("rss:wire", items, NOW).candidates
    assert [one.url for one in kept] == [None, "https://press.invalid/b"]


def test_coins_of_a_loopback_venue_are_found_and_others_are_not() -> None:
    sieve = Sieve(("BTC", "ZZTOP"))
    texts = ("$ZZTOP to the moon", "I sold my ZZTOP.", "Ethereum is fine", "Bitcoin is fine")
    items = [replace(GOOD, external_id=str(n), text=text) for n, text in enumerate(texts)]
    kept = sieve.sift("x", items, NOW).candidates
    assert [(one.assets, one.matched[0].by) for one in kept] == [
        (("ZZTOP",), "cashtag"), (("ZZTOP",), "ticker"), (("BTC",), "name"),
    ]  # fmt: skip


def test_a_text_about_everything_counts_for_its_first_coins_only() -> None:
    tags = "$BTC $ETH $SOL $XRP $ADA $DOGE $LTC $DOT $LINK $AVAX $BNB"
    (item,) = Sieve().sift("x", [replace(GOOD, text=f"Buy {tags}")], NOW).candidates
    assert len(item.assets) == MOST_SUBJECTS
    assert item.assets[0] == "BTC"


def test_markup_is_cleaned_counted_and_kept_as_it_came() -> None:
    raw = "<b>Bitcoin</b> rallies\x07 <script>alert(1)</script>"
    sifted = Sieve().sift("rss:wire", [replace(GOOD, text=raw)], NOW)
    (item,) = sifted.candidates
    assert (item.text, item.raw_text) == ("Bitcoin rallies", raw)
    assert sifted.counts["with_markup"] == sifted.counts["with_control_characters"] == 1


def test_an_index_is_about_the_whole_market() -> None:
    value = replace(GOOD, text="34 Fear", kind=ItemKind.INDEX, value=34.0)
    (item,) = Sieve(("ZZTOP",)).sift("fear-greed", [value], NOW).candidates
    assert (item.assets, item.value) == (("CRYPTO",), 34.0)
