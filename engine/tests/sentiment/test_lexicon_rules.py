"""What differs from VADER on purpose, what a score consists of, and what bad texts do."""

from concurrent.futures import ThreadPoolExecutor
from itertools import product
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.errors import DataError
from cryptovolt.sentiment.lexicon import read_lexicon, read_vader
from cryptovolt.sentiment.scorer import LexiconScorer, score_sentiment

OURS = LexiconScorer()
PLAIN = LexiconScorer(plain=True)


def score(text: str) -> float:
    return float(OURS.score([text])[0])


def terms(text: str) -> list[str]:
    return [part.term for part in OURS.explain(text)]


SAME = [  # texts that are worth the same
    ("a rug pull", "a rug-pull"),
    ("a rug pull", "a “rug pull”"),
    ("the sell off", "the sell–off"),
    ("not your keys, not your coins", "not your keys not your coins"),
    ("this isn't a scam", "this isn’t a scam"),
    ("a scam", "a 𝗌𝖼𝖺𝗆"),
    ("a scam", "a ｓｃａｍ"),
    ("a scam", "a sc\u00adam"),
    ("a scam", "a\x00scam\u202e"),
    ("scam and fraud", "scam/fraud"),
    ("it failed. scam", "it failed.scam"),
    ("the hacker won", "the hacker's won"),
    ("💎🙌", "💎 🙌"),
    ("❤️ btc", "❤ btc"),
    ("great👍🏿", "great 👍"),
    ("buy the dip", "Buy the dip."),
    ("#rekt", "rekt"),
    ("ATH and FUD today", "ath and fud today"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_way_a_term_is_written_changes_nothing(one: str, other: str) -> None:
    assert score(one) == score(other) != 0.0


SILENT = [
    "$MOON and @hacker",
    "https://example.com/scam-rekt www.moon.com",
    "the moonlight hackathon",
    "stake up to 12% of it",
    "interest of 12%",
    "well-known no-brainer-ish compounds",
    "bitcoin cash, bitcoin trust, proof of stake",
    "✳ ☂",
]


@pytest.mark.parametrize("text", SILENT)
def test_names_levels_and_parts_of_words_say_nothing(text: str) -> None:
    assert abs(score(text)) < 0.1


WORSE_TO_BETTER = [
    ("plunges 30%", "plunges", "flat", "up 1%", "up 12%", "up 40%"),
    ("down 40%", "down 12 percent", "-1%", "flat", "+1%", "gained 5 pct"),
    ("a 30% drop", "a 2% drop", "a 2% rise"),
    ("a massive rally that failed to rally", "a rally", "a massive rally"),
    ("it fails to rally", "a possible rally", "a rally"),
    ("a scam", "is it a scam?", "no longer a scam"),
    ("great crash /s", "a crash", "great"),
    ("great, sure /s", "yeah right, great", "great"),
    ("what a great day 🙄", "what a great day"),
    ("yeah right, to the moon", "to the moon"),
    ("sure, because it will moon", "it will moon"),
    ("🧻🙌", "💎🙌"),
    ("not a bull run", "a bull run", "a bull run!!!"),
    ("anything but bullish", "bullish"),
    ("it rallied but it is a scam", "it is a scam but it rallied"),
    ("fed up with it", "content with it"),
]


@pytest.mark.parametrize("texts", WORSE_TO_BETTER)
def test_texts_rank_as_a_trader_would_rank_them(texts: tuple[str, ...]) -> None:
    scores = OURS.score(texts)
    assert (np.diff(scores) > 0).all(), scores


DIFFERENCES = [  # what VADER does, a text that shows it, a text that is worth the same here
    ("a negation reaches into the next sentence", "Not now. Love it", "Now. Love it"),
    ("'this' before a word counts as 'never this'", "see then this love", "see then a love"),
    ("'but' changes the first word of a value", "love but accept", ""),
    ("short words keep their punctuation", "ok.", "ok"),
    ("an emoji sticks to the letters after it", "💔sad", "💔 sad"),
    ("an emoji sticks to its variation sign", "❤️", "❤"),
    ("entries of two words are never found", "fed up!", "fed up !"),
    ("curly quotes belong to the word", "“love”", "love"),
]


@pytest.mark.parametrize(("oddity", "text", "same"), DIFFERENCES)
def test_the_listed_differences_from_vader_are_there(oddity: str, text: str, same: str) -> None:
    plain, ours = PLAIN.score([text])[0], OURS.score([text])[0]
    assert plain != ours, oddity
    if not oddity.startswith("'but'"):
        assert ours == score(same)


def test_a_negation_ends_with_its_sentence() -> None:
    assert score("Not now. Love it") == score("Love it. Not now")
    assert score("Not to love") < 0 < score("Not. To love")


def test_each_value_before_a_but_counts_half_and_after_it_half_more() -> None:
    values = [part.value for part in OURS.explain("love love but love")]
    assert values == pytest.approx([1.6, 1.6, 4.8])


def test_a_no_that_answers_negates_nothing() -> None:
    assert score("no, it is a scam") == score("it is a scam") < 0 < score("no scam here")


def test_the_longest_phrase_is_found() -> None:
    assert terms("not your keys not your coins") == ["not your keys not your coins"]
    assert terms("an ETF approval of the ETF") == ["ETF approval"]
    assert terms("moon, to the moon.") == ["moon", "to the moon"]


def test_every_term_of_ours_is_found_as_it_is_written() -> None:
    rated = {term: value for term, value in read_lexicon().items() if value}
    assert [t for t in rated if [p.term.lower() for p in OURS.explain(t)] != [t]] == []
    signs = np.sign(OURS.score(rated))
    np.testing.assert_array_equal(signs, np.sign(list(rated.values())))


def test_words_with_the_same_hash_slot_are_told_apart() -> None:
    letters = "".join(chr(ord("a") + k) for k in range(26))
    made = ["".join(word) for word in product(letters, repeat=3)]
    unknown = [w for w in made if w not in read_lexicon() and w not in read_vader()]
    assert len(unknown) > 17_000
    assert not OURS.score(unknown).any()


PHRASES = "good bad scam! moon? is not but /s 🚀 🙄 up 12% -3% GREAT, yeah right. :)"
PARTS = PHRASES.split()
EXPLAINED = "This isn't a rug pull!! Very GOOD news: BTC up 12% 🚀 but fees are terrible?"


def test_the_contributions_explain_the_score() -> None:
    parts = OURS.explain(EXPLAINED)
    assert [part.term for part in parts] == [
        "isn't a rug pull", "Very GOOD", "12%", "🚀", "terrible", "!?",
    ]  # fmt: skip
    total = sum(part.value for part in parts)
    assert round(total / sqrt(total * total + 15), 4) == score(EXPLAINED)


@given(
    st.text(alphabet=st.sampled_from("good bad scam! moon? not but /s 🚀🙄 up12%.,-'"), max_size=60)
)
def test_the_contributions_of_any_text_give_its_score(text: str) -> None:
    total = sum(part.value for part in OURS.explain(text))
    assert total / sqrt(total * total + 15) == pytest.approx(score(text), abs=6e-5)


HOSTILE = [
    "",
    " ",
    "\x00",
    "\ud800 scam \udfff",
    "\u202e\u200fscam\u2066",
    "😀" * 5_000,
    "🚀" * 5_000,
    "a-" * 5_000,
    "-" * 5_000,
    "to the " * 2_000,
    "\U0010ffff" * 100,
    "İẞﬀ" * 100,
    "%" * 100,
    "1" * 5_000 + "%",
    "up 999999999999999999999%",
    "up .%",
    "https://",
    "www.",
    "@ $ #",
    "'s 's",
    "?" * 5_000,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_score_in_range(text: str) -> None:
    for scorer in (OURS, PLAIN):
        assert abs(scorer.score([text])[0]) <= 1.0
        assert all(np.isfinite(part.value) for part in scorer.explain(text))


def test_a_text_of_100_kilobytes_is_read_to_its_5000th_character() -> None:
    start = "rekt " * 1_000
    assert score(start + "moon " * 20_000) == score(start)
    assert len(OURS.explain(start + "moon " * 20_000)) == 1_000


def test_ten_thousand_identical_posts_score_alike() -> None:
    assert np.unique(OURS.score(["to the moon 🚀"] * 10_000)).size == 1


def test_an_iterator_of_texts_is_read_once() -> None:
    texts = [f"scam {k}" if k % 2 else "moon" for k in range(5_000)]
    np.testing.assert_array_equal(OURS.score(iter(texts)), OURS.score(texts))


def test_threads_do_not_disturb_each_other() -> None:
    texts = ["a scam", "to the moon", "not bad 🚀", "up 12%"] * 500
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(OURS.score, [texts] * 8))
    for result in results:
        np.testing.assert_array_equal(result, results[0])


def test_explaining_something_that_is_no_text_is_refused() -> None:
    with pytest.raises(DataError, match="of type int"):
        OURS.explain(5)  # pyright: ignore[reportArgumentType]


def test_both_scorers_have_a_name_and_a_hash_of_their_own() -> None:
    assert (OURS.name, PLAIN.name) == ("vader-crypto", "vader")
    assert len(OURS.hash) == len(PLAIN.hash) == 64
    assert OURS.hash != PLAIN.hash
    np.testing.assert_array_equal(score_sentiment(["moon"]), OURS.score(["moon"]))
