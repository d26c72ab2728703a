"""What the loopback press holds: seeded, timed, bounded, and independent of prices."""

from collections import Counter
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt_venue.press.board import MOST_GIVEN, MOST_LOGGED, Press
from cryptovolt_venue.press.embedded import ASSETS
from cryptovolt_venue.press.faults import KINDS, parse_fault
from cryptovolt_venue.press.items import PressItem
from cryptovolt_venue.press.query import parse_query
from cryptovolt_venue.press.stream import Streams
from cryptovolt_venue.synthetic import SyntheticSeries

NOON_MS = 1_750_000_000_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
CHANNELS = ("rss:wire", "rss:journal", "gdelt", "announcements", "reddit", "x", "cryptopanic")


def press(now_ms: int = NOON_MS, seed: int = 1) -> Press:
    return Press(lambda: now_ms, ASSETS, seed)


def written(channel: str, hours: float = 24, seed: int = 1) -> list[PressItem]:
    streams = Streams(seed, ASSETS)
    return list(streams.newest(channel, NOON_MS, NOON_MS - int(hours * HOUR_MS)))


@settings(max_examples=40)
@given(
    channel=st.sampled_from(CHANNELS),
    ahead=st.integers(0, HOUR_MS),
    back=st.integers(0, 3 * HOUR_MS),
)
def test_any_part_of_the_past_is_the_same_whenever_it_is_asked_for(
    channel: str, ahead: int, back: int
):
    streams = Streams(5, ASSETS)
    long = list(streams.newest(channel, NOON_MS + ahead, NOON_MS - 4 * HOUR_MS))
    part = list(Streams(5, ASSETS).newest(channel, NOON_MS, NOON_MS - back))
    assert part == [item for item in long if NOON_MS - back <= item.time_ms <= NOON_MS]


@pytest.mark.parametrize("channel", CHANNELS)
def test_items_come_newest_first_with_numbers_that_grow_with_time(channel: str):
    items = written(channel, 96)
    numbers = [item.number for item in items]
    assert numbers == sorted(set(numbers), reverse=True)
    assert [item.time_ms for item in items] == sorted(
        (item.time_ms for item in items), reverse=True
    )
    assert max(numbers) < 2**63


def test_another_seed_writes_other_texts():
    assert written("x") == written("x", seed=1)
    assert {item.text for item in written("rss:wire")} != {
        item.text for item in written("rss:wire", seed=2)
    }


def test_nothing_of_the_future_is_shown():
    later = press(NOON_MS + HOUR_MS).newest("x", since_ms=NOON_MS - HOUR_MS, limit=1000)
    now = press().newest("x", since_ms=NOON_MS - HOUR_MS, limit=1000)
    assert now == [item for item in later if item.time_ms <= NOON_MS]
    assert len(later) > len(now) > 0
    assert press().newest("x", since_ms=0, until_ms=NOON_MS + DAY_MS, limit=1)[0] == now[0]


@pytest.mark.parametrize(
    ("channel", "per_hour"), [("x", 120), ("rss:desk", 8), ("announcements", 1)]
)
def test_a_channel_writes_about_as_much_as_it_should(channel: str, per_hour: float):
    # Busy and quiet times average to (4 - 1) / ln 4 / 2 = 1.08 times the number.
    hours = 24 * 10 if per_hour > 10 else 24 * 60
    found = len(written(channel, hours)) / hours
    assert found == pytest.approx(1.08 * per_hour, rel=0.25)


def test_there_is_praise_and_blame_and_spam_about_every_coin():
    posts = written("x", 24 * 7)
    tones = Counter(item.tone for item in posts)
    assert min(tones["good"], tones["bad"], tones["plain"]) > 0.15 * len(posts)
    assert 0.05 < tones["spam"] / len(posts) < 0.11
    assert {asset for item in posts for asset in item.assets} == set(ASSETS)
    assert 0.05 < sum(not item.assets for item in posts) / len(posts) < 0.16


def test_most_posts_are_not_word_for_word_the_same():
    posts = [item for item in written("x", 6) if item.tone != "spam"]
    assert len({item.text for item in posts}) > 0.9 * len(posts)


def test_some_articles_are_printed_again_by_others():
    originals = {
        item.title for feed in ("wire", "desk", "journal") for item in written(f"rss:{feed}", 72)
    }
    prints = written("gdelt", 24)
    again = sum(item.title.partition(" | ")[0] in originals for item in prints)
    assert 0.3 < again / len(prints) < 0.9


def test_what_is_written_says_nothing_about_the_price_before_or_after():
    # The tone of an hour against the return of the hours around it: by chance alone a correlation
    # over n independent hours lies within 4 / sqrt(n); tones last, so that n is taken smaller.
    hours = 24 * 120
    streams = Streams(7, ASSETS)
    start = NOON_MS - hours * HOUR_MS
    series = SyntheticSeries(
        0, "spot", timeframe="1h", seed=7, trades_per_bar=8, listed_ms=start - DAY_MS
    )
    close = series.block(24, 24 + hours).close.astype(float)
    tone = np.array([streams.tone("BTC", start + k * HOUR_MS) for k in range(hours - 1)])
    moves = np.diff(np.log(close))
    for lag in (-24, -6, -1, 0, 1, 6, 24):
        n = moves.size - abs(lag)
        before, after = tone[max(0, lag) :][:n], moves[max(0, -lag) :][:n]
        assert abs(np.corrcoef(before, after)[0, 1]) < 4 / (n / 6) ** 0.5


def test_the_daily_index_stays_in_range_and_moves():
    streams = Streams(3, ASSETS)
    values = [streams.fear_greed(day) for day in range(20_000, 21_000)]
    assert 1 <= min(values) < 25
    assert 75 < max(values) <= 99
    assert np.corrcoef(values[1:], values[:-1])[0, 1] > 0.7


def test_an_item_put_in_appears_where_it_was_put_and_nowhere_else():
    board = press()
    board.put({"text": "Bitcoin bridge hacked", "sources": ["rss", "x"], "assets": ["BTC"]})
    for channel in CHANNELS:
        found = board.newest(channel, since_ms=NOON_MS - HOUR_MS)
        shown = [item for item in found if item.text == "Bitcoin bridge hacked"]
        assert len(shown) == (channel.startswith("rss:") or channel == "x")
        assert all(item.channel == channel and item.assets == ("BTC",) for item in shown)


REFUSED: list[tuple[dict[str, object], str]] = [
    ({}, "text"),
    ({"text": "  "}, "text"),
    ({"text": "x" * 100_001}, "100,000"),
    ({"text": "later", "time_ms": NOON_MS + 1}, "future"),
    ({"text": "where", "sources": ["telegraph"]}, "telegraph"),
    ({"text": "a number", "sources": ["fear-greed"]}, "fear-greed"),
]


@pytest.mark.parametrize(("entry", "words"), REFUSED)
def test_an_item_that_cannot_be_is_refused_in_a_sentence(entry: dict[str, object], words: str):
    with pytest.raises(ConfigurationError, match=words):
        press().put(entry)


def test_memory_is_bounded_whatever_is_put_in_and_asked():
    board = press()
    for number in range(MOST_GIVEN + 50):
        board.put({"text": f"headline {number}"})
    for number in range(MOST_LOGGED + 50):
        board.note({"number": number})
    shown = board.newest("rss:wire", since_ms=NOON_MS, limit=5000)
    assert len([item for item in shown if item.tone == "given"]) == MOST_GIVEN
    assert len(board.log) == MOST_LOGGED
    for number in range(2_000):
        with_room = number < 1_000
        if with_room:
            board.faults.add(parse_fault({"source": "x", "kind": "500"}))
        else:
            with pytest.raises(ConfigurationError, match="1,000"):
                board.faults.add(parse_fault({"source": "x", "kind": "500"}))


def test_a_search_for_what_never_happens_ends():
    found = press().newest("x", since_ms=0, keep=lambda _: False, limit=10)
    assert found == []


def test_a_fault_hits_as_often_as_it_says_and_only_its_source():
    faults = press().faults
    faults.add(parse_fault({"source": "rss:wire", "kind": "500", "n": 2}))
    faults.add(parse_fault({"source": "fng", "kind": "down"}))
    assert faults.take("rss:desk") is None
    assert [one and one.kind for one in (faults.take("rss:wire") for _ in range(3))] == [
        "500", "500", None,
    ]  # fmt: skip
    assert all(faults.take("fear-greed") is not None for _ in range(20))
    faults.remove("fng")
    assert faults.take("fear-greed") is None


BAD_FAULTS: list[tuple[dict[str, object], str]] = [
    ({"source": "x"}, "kind"),
    ({"source": "radio", "kind": "down"}, "radio"),
    ({"source": "x", "kind": "gone"}, "gone"),
    ({"source": "x", "kind": "down", "n": 0}, "n at least 1"),
    ({"source": "x", "kind": "slow", "seconds": -1}, "seconds"),
    ({"source": "x", "kind": "slow", "seconds": "long"}, "seconds"),
]


@pytest.mark.parametrize(("entry", "words"), BAD_FAULTS)
def test_a_fault_that_cannot_be_is_refused_in_a_sentence(entry: dict[str, object], words: str):
    with pytest.raises(ConfigurationError, match=words):
        parse_fault(entry)


def test_every_kind_of_bad_input_can_be_asked_for():
    asked = {"down", "slow", "hang", "429", "500", "html", "huge", "bomb", "latin1", "future",
             "empty", "markup", "control", "identical", "truncated"}  # fmt: skip
    assert set(KINDS) == asked


QUERIES = [
    ("bitcoin", "Bitcoin funds grow", True),
    ("bitcoin", "Bitcoins", False),
    ("(bitcoin OR ethereum)", "What of Ethereum?", True),
    ('"shiba inu" OR $SHIB', "the shiba inu dog", True),
    ("$SHIB lang:en -is:retweet", "$SHIB holders", True),
    ("$SHIB lang:es", "$SHIB holders", False),
    ("link -chainlink", "a Chainlink link", False),
    ("bitcoin sourcelang:english", "Bitcoin", True),
    ("", "anything", True),
]


@pytest.mark.parametrize(("query", "text", "matches"), QUERIES)
def test_searches_read_as_the_services_read_them(query: str, text: str, matches: bool):
    item = PressItem(number=1, time_ms=NOON_MS, channel="x", title=text)
    assert parse_query(query).matches(item) is matches


def test_an_endless_channel_is_read_lazily():
    assert len(list(islice(Streams(1, ASSETS).newest("x", NOON_MS, 0), 5))) == 5
