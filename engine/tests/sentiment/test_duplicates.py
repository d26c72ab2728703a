import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.sentiment.duplicates import NearDuplicates
from cryptovolt.sentiment.text import text_hash

NEWS = "Bitcoin price rises 5% as ETF inflows reach a new record on Wall Street"

REPRINTS = [
    NEWS,
    f"BREAKING: {NEWS}",
    f"JUST IN – {NEWS}!!!",
    f"RT @someone: {NEWS} https://t.example/abc",
    f"RT @someone: BREAKING: {NEWS.upper()}",
    f"{NEWS} https://other.example/xyz?id=7",
    f"{NEWS} - Reuters",
    f"{NEWS} | The Daily Planet",
    NEWS.replace("a new record", "a fresh record"),
    NEWS.replace(" as ", ", as "),
    NEWS.replace("reach a", "reach yet a"),
]


@pytest.mark.parametrize("text", REPRINTS)
def test_a_reprint_joins_the_group(text: str) -> None:
    seen = NearDuplicates()
    assert seen.group_of(NEWS, 0) == seen.group_of(text, 1) == text_hash(NEWS)


OTHERS = [
    (NEWS, NEWS.replace("rises", "falls")),
    (NEWS, NEWS.replace("5%", "6%")),
    (NEWS, NEWS.replace("inflows", "outflows")),
    (NEWS, NEWS.replace("Bitcoin", "Ethereum")),
    (NEWS, NEWS.replace("rises", "does not rise")),
    ("Shares of the exchange are up 5 % today", "Shares of the exchange are down 5 % today"),
    (
        "Binance sues the commission over its securities rules in a federal court today",
        "The commission sues Binance over its securities rules in a federal court today",
    ),
    ("to the moon", "to the mall"),
    ("SEC approves the fund of the asset manager", "SEC rejects the fund of the asset manager"),
    ("比特币上涨百分之五", "比特币下跌百分之五"),
]


@pytest.mark.parametrize(("first", "second"), OTHERS)
def test_another_message_never_joins(first: str, second: str) -> None:
    seen = NearDuplicates()
    assert seen.group_of(first, 0) != seen.group_of(second, 1)


def test_ten_thousand_identical_posts_are_one_group_and_one_entry() -> None:
    seen = NearDuplicates()
    assert {seen.group_of(f"{NEWS} https://spam.example/{i}", i) for i in range(10_000)} == {
        text_hash(f"{NEWS} https://spam.example/0")
    }
    assert len(seen) == 1


def test_memory_is_bounded_and_the_longest_unseen_is_forgotten() -> None:
    seen = NearDuplicates(max_items=50)
    first = seen.group_of(NEWS, 0)
    for i in range(200):
        seen.group_of(f"an unrelated text about subject{i} and matter{i * 7} in town{i}", 1)
        seen.group_of(f"BREAKING: {NEWS}", 1)
    assert len(seen) == 50
    assert seen.group_of(NEWS, 2) == first
    assert seen.group_of("an unrelated text about subject0 and matter0 in town0", 3) == text_hash(
        "an unrelated text about subject0 and matter0 in town0"
    )


def test_a_repeat_renews_the_window_and_silence_ends_it() -> None:
    seen = NearDuplicates()
    group = seen.group_of(NEWS, 0)
    copy = f"UPDATE: {NEWS.replace('new', 'fresh')}"
    assert seen.group_of(copy, 2 * DAY_MS) == group
    assert seen.group_of(NEWS, 4 * DAY_MS) == group
    assert seen.group_of(copy, 6 * DAY_MS + 1) == text_hash(copy)


def test_a_group_does_not_drift_away_from_its_first_text() -> None:
    words = [letter * 5 for letter in "abcdefghijklmnopqrst"]
    seen = NearDuplicates()
    group = seen.group_of(" ".join(words), 0)
    groups: list[str] = []
    for i in range(20):
        words[i] = words[i] + "z"
        groups.append(seen.group_of(" ".join(words), i + 1))
    assert groups[0] == group
    assert groups[-1] != group


def test_what_is_remembered_is_known_after_a_restart() -> None:
    before = NearDuplicates()
    group = before.group_of(NEWS, 0)
    after = NearDuplicates()
    after.remember(f"BREAKING: {NEWS}", 5, group)
    assert after.group_of(NEWS.replace("new", "fresh"), 6) == group


def test_texts_without_words_stay_apart() -> None:
    seen = NearDuplicates()
    groups = {seen.group_of(text, 0) for text in ("🚀", "📉", "https://a.example", "!!!", "")}
    assert len(groups) == 5


WORDS = st.lists(
    st.sampled_from(
        ["bitcoin", "rises", "falls", "5%", "not", "record", "the", "again", "BREAKING:"]
    ),
    max_size=14,
).map(" ".join)
ITEMS = st.lists(st.tuples(WORDS | st.text(max_size=30), st.integers(0, 3 * DAY_MS)), max_size=25)


@settings(max_examples=60)
@given(items=ITEMS, cut=st.integers(0, 25))
def test_later_items_never_change_a_group(items: list[tuple[str, int]], cut: int) -> None:
    items.sort(key=lambda item: item[1])
    whole, part = NearDuplicates(max_items=10), NearDuplicates(max_items=10)
    groups = [whole.group_of(*item) for item in items]
    assert [part.group_of(*item) for item in items[:cut]] == groups[:cut]
    assert len(whole) <= 10
    assert all(len(group) == 64 for group in groups)


@settings(max_examples=60)
@given(text=st.text(max_size=60), times=st.lists(st.integers(0, DAY_MS), min_size=1, max_size=5))
def test_a_text_is_always_in_its_own_group(text: str, times: list[int]) -> None:
    seen = NearDuplicates()
    assert len({seen.group_of(text, time) for time in sorted(times)}) == 1


@pytest.mark.parametrize("numbers", [(0, 1), (1, 0)])
def test_bounds_below_one_are_refused(numbers: tuple[int, int]) -> None:
    with pytest.raises(ConfigurationError, match="at least 1"):
        NearDuplicates(numbers[0], max_items=numbers[1])
