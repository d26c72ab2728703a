import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.sentiment.spam import MAX_POSTS_AN_HOUR, MAX_REPEATS, SpamFilter

MINUTE = 60_000

SPAM = [
    ("Giving away 1 BTC! Retweet and follow me to enter, 24 hours", "giveaway"),
    ("FREE NFTs airdrop: claim your share now", "giveaway"),
    ("Send 0.1 ETH and get 0.2 ETH back", "promise of profit"),
    ("I turned $500 into $12,000 in 3 days, ask me how", "promise of profit"),
    ("Guaranteed profit every day", "promise of profit"),
    ("Sign up at https://exchange.example/register?ref=ABC123", "referral link"),
    ("Use my code MOON for a discount", "referral link"),
    ("DM me for signals", "contact bait"),
    ("Join our VIP Telegram: t.me/pumps", "contact bait"),
    ("WhatsApp me +1234567890", "contact bait"),
    ("This is the next 100x, a hidden gem", "pump slogan"),
    ("Presale is live, don't miss out", "pump slogan"),
    ("$BTC $ETH $SOL $ADA $DOT look at this", "many cashtags"),
    ("#a #b #c #d #e #f #g #h", "many hashtags"),
    ("@a @b @c @d @e @f gm", "many mentions"),
    ("tips to 0x52908400098527886E0F7030069857D2E4169EE7", "wallet address"),
    ("THIS IS THE BEST COIN EVER AND YOU WILL ALL SEE IT", "shouting"),
]


@pytest.mark.parametrize(("text", "reason"), SPAM)
def test_spam_is_named(text: str, reason: str) -> None:
    judgement = SpamFilter().judge(text, "someone", 0)
    assert reason in judgement.reasons
    assert judgement.probability > 0.0


HAM = [
    "Bitcoin falls 5% as traders flee",
    "Police warn of Musk giveaway scam: send 1 BTC and get 2 BTC back, victims say",
    "SEC charged the founders of a guaranteed profit scheme",
    "Uniswap announces an airdrop for early users",
    "Binance launches referral program for institutions",
    "I just bought $BTC and $ETH, what do you think?",
    "Telegram's Toncoin rises after Durov's post",
    "Discord's servers were down, not a crypto matter",
    "BTC ETH SOL",
    "",
]


@pytest.mark.parametrize("text", HAM)
def test_news_about_scams_and_plain_posts_are_no_spam(text: str) -> None:
    judgement = SpamFilter().judge(text, "someone", 0)
    assert (judgement.probability, judgement.reasons) == (0.0, ())


def test_an_author_who_repeats_a_text_is_seen_through_changed_numbers_and_links() -> None:
    spam = SpamFilter()
    reasons = [
        spam.judge(f"Look at this chart {i} @user{i} https://x.example/{i}", "bot", i * MINUTE)
        for i in range(MAX_REPEATS + 1)
    ]
    assert [bool(judgement.reasons) for judgement in reasons] == [False, False, True]
    assert reasons[-1].reasons == ("repeated by its author",)
    assert spam.judge("Look at this chart 9", "bot", 5 * DAY_MS).reasons == ()


def post(i: int) -> str:
    return f"{'abcdefghijklmnopqrstuvwxyz'[i % 26]} thought about the market, number {'x' * i}"


def test_a_machines_pace_is_seen() -> None:
    spam = SpamFilter()
    found = [spam.judge(post(i), "bot", i * MINUTE).reasons for i in range(40)]
    assert found[:MAX_POSTS_AN_HOUR] == [()] * MAX_POSTS_AN_HOUR
    assert found[MAX_POSTS_AN_HOUR:] == [("posting rate",)] * (40 - MAX_POSTS_AN_HOUR)


def test_posts_fetched_together_are_no_burst_when_they_were_written_apart() -> None:
    spam = SpamFilter()
    for i in range(40):
        assert spam.judge(post(i), "person", DAY_MS, written_ms=i * 10 * MINUTE).reasons == ()


def test_one_text_by_many_authors_is_a_campaign_and_a_short_cheer_is_not() -> None:
    spam = SpamFilter()
    text = "This token will change the whole world of payments"
    found = [spam.judge(text, f"author{i}", i).reasons for i in range(5)]
    assert found == [(), (), (), ("copied by many authors",), ("copied by many authors",)]
    assert all(spam.judge("to the moon", f"author{i}", i).reasons == () for i in range(9))


def test_an_outlet_without_author_is_judged_by_its_words_alone() -> None:
    spam = SpamFilter()
    for i in range(50):
        assert spam.judge("Markets wrap: the day in crypto news", None, i).reasons == ()
    assert len(spam) == 0


def test_several_reasons_weigh_more_than_each() -> None:
    both = SpamFilter().judge("DM me, the next 100x", "a", 0)
    assert both.reasons == ("contact bait", "pump slogan")
    assert both.probability == pytest.approx(1 - (1 - 0.7) * (1 - 0.5), abs=1e-12)


def test_memory_is_bounded() -> None:
    spam = SpamFilter(max_authors=20, max_texts=30)
    for i in range(500):
        spam.judge(f"{'y' * (i % 97)} a post", f"author{i}", i)
    assert len(spam) <= 50


POSTS = st.lists(
    st.tuples(
        st.sampled_from(["gm", "DM me", "buy $BTC $ETH $SOL $ADA $DOT", post(3)])
        | st.text(max_size=40),
        st.sampled_from([None, "a", "b", "c"]),
        st.integers(0, 2 * DAY_MS),
    ),
    max_size=30,
)


@settings(max_examples=60)
@given(posts=POSTS, cut=st.integers(0, 30))
def test_later_posts_never_change_a_judgement(
    posts: list[tuple[str, str | None, int]], cut: int
) -> None:
    posts.sort(key=lambda item: item[2])
    whole, part = SpamFilter(), SpamFilter()
    judged = [whole.judge(*item) for item in posts]
    assert [part.judge(*item) for item in posts[:cut]] == judged[:cut]
    assert all(0.0 <= j.probability < 1.0 for j in judged)
    assert all((j.probability > 0.0) == bool(j.reasons) for j in judged)


@given(st.sampled_from(["a", "é ", "$B ", "@x ", "1", "send 1 ", "turn $1 ", "🚀"]))
def test_long_texts_are_judged_in_bounded_time(piece: str) -> None:
    assert SpamFilter().judge(piece * 30_000, "a", 0).probability < 1.0


@pytest.mark.parametrize("numbers", [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_bounds_below_one_are_refused(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(ConfigurationError, match="at least 1"):
        SpamFilter(numbers[0], max_authors=numbers[1], max_texts=numbers[2])
