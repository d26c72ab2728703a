import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.sentiment.credibility import (
    DEFAULT_WEIGHT,
    credibility,
    judge_source,
    parse_sources,
    source_table,
)

CASES = [
    # source, address, the entry that decides
    ("rss", "https://www.coindesk.com/markets/1", "coindesk.com"),
    ("gdelt", "https://feeds.REUTERS.com:443/x", "reuters.com"),
    ("gdelt", "https://finance.yahoo.com/news", "finance.yahoo.com"),
    ("gdelt", "https://unheard.example/a", "gdelt"),
    ("rss", None, "rss"),
    ("coindesk.com", None, "coindesk.com"),
    ("Reddit", "https://www.reuters.com/a", "reddit"),
    ("x", "https://www.sec.gov/a", "x"),
    ("gdelt", "https://reuters.com@evil.example/a", "gdelt"),
    ("gdelt", "https://reuters.com.evil.example/a", "gdelt"),
    ("gdelt", "https://notreuters.com/a", "gdelt"),
    ("gdelt", "http://[broken", "gdelt"),
    ("unheard", "https://t.me/channel", "t.me"),
    ("unheard", None, ""),
]


@pytest.mark.parametrize(("source", "url", "entry"), CASES)
def test_the_listed_domain_decides_unless_the_source_is_a_crowd(
    source: str, url: str | None, entry: str
) -> None:
    assert judge_source(source, url).entry == entry


def test_an_unknown_source_has_the_stated_default() -> None:
    assert credibility("unheard", None) == DEFAULT_WEIGHT


def test_every_entry_gives_its_reason() -> None:
    assert len(source_table()) >= 60
    assert all(entry.reason for entry in source_table().values())


def test_regulators_stand_above_newsrooms_above_crowds() -> None:
    order = ["sec.gov", "reuters.com", "coindesk.com", "gdelt", "reddit", "4chan.org"]
    weights = [credibility(source) for source in order]
    assert weights == sorted(weights, reverse=True)


@given(source=st.text(max_size=20), url=st.none() | st.text(max_size=60))
def test_any_source_and_address_has_a_weight(source: str, url: str | None) -> None:
    assert 0.0 <= credibility(source, url) <= 1.0


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("a.com\tpublisher\t0.5", "four|expected source"),
        ("a.com\tpaper\t0.5\twhy", "expected source"),
        ("a.com\tpublisher\thalf\twhy", "a number"),
        ("a.com\tpublisher\t1.5\twhy", r"\[0, 1\]"),
        ("a.com\tpublisher\tnan\twhy", r"\[0, 1\]"),
        ("a.com\tpublisher\t0.5\twhy\na.com\tcrowd\t0.1\twhy", "twice"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(line: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        parse_sources(line)
