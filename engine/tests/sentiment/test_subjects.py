import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.sentiment.subjects import Match, known_assets, match_subjects
from cryptovolt.sentiment.subjects_table import coin_table, parse_coins

ABOUT = [
    # text, what it is about
    ("Bitcoin falls below $60,000", "BTC"),
    ("BTC's dominance, bitcoin-backed loans", "BTC"),
    ("btc to the moon", "BTC"),
    ("#Bitcoin and #ETH", "BTC ETH"),
    ("Bitcoin Cash rallies", "BCH"),
    ("Bitcoin, Cash App and Square", "BTC"),
    ("Bitcoin. Cash is king", "BTC"),
    ("Bitcoin SV delisted, Bitcoin holds", "BSV BTC"),
    ("Wrapped Bitcoin on Ethereum", "WBTC ETH"),
    ("Ethereum Classic hard fork", "ETC"),
    ("Ethereum Name Service airdrop", "ENS"),
    ("ethereum  killer Solana", "SOL"),
    ("BTC/USDT breaks out, ETH-USD too", "BTC ETH"),
    ("ETH/BTC at a low", "ETH BTC"),
    ("long btcusdt and 1000SHIBUSDT", "BTC SHIB"),
    ("XBTUSD on BTC-PERP", "BTC"),
    ("LINK/USDT", "LINK"),
    ("EUR/USD and try-try", ""),
    ("I bought $LINK, $one and $near", "LINK ONE NEAR"),
    ("it costs $100 or $5k", ""),
    ("Harmony ONE bridge hacked", "ONE"),
    ("Chainlink partners with SWIFT", "LINK"),
    ("NEAR Protocol and Near Protocol", "NEAR"),
    ("The Sandbox sells land", "SAND"),
    ("LINK and DOT are pumping, altcoins on fire", "LINK DOT"),
    ("My wallet: 10 LINK, 5 DOT and some NEAR", "LINK DOT NEAR"),
    ("the LINK token", "LINK"),
    ("Avalanche rises as the crypto market rallies", "AVAX"),
    ("Ripple wins in court", "XRP"),
    ("Terra's LUNA collapses, crypto shaken", "LUNA"),
    ("Fetch.ai jumps", "FET"),
]


@pytest.mark.parametrize(("text", "assets"), ABOUT)
def test_a_text_is_about_the_coins_it_names(text: str, assets: str) -> None:
    assert [match.asset for match in match_subjects(text)] == assets.split()


NO_COIN = [
    "One link to rule them all",
    "I just win, hot gas near the sand, and the crypto market sleeps",
    "There is only ONE crypto that counts",
    "ONE of the best crypto wallets",
    "Click the LINK for free crypto",
    "I want to WIN with crypto",
    "a TON of crypto",
    "TO THE MOON! BUY CRYPTO NOW, LINK IN BIO, WIN BIG",
    "Near record highs, crypto cools",
    "An avalanche of selling hits crypto",
    "Avalanche of liquidations hits crypto",
    "the ripple effect on crypto; compound interest in crypto",
    "Sui generis crypto regulation",
    "LINK up, DOT down on the bus route",
    "DOGE cuts federal staff",
    "ETH Zurich opens a laboratory",
    "see https://near.org/link?x=BTC, www.bitcoin.org, @chainlink and me@solana.com",
    "The connection timed out at 4 pm GMT, crypto wallets open",
    "",
    "🚀🚀🚀",
]


@pytest.mark.parametrize("text", NO_COIN)
def test_ordinary_words_are_no_coins(text: str) -> None:
    assert match_subjects(text) == ()


EVIDENCE = [
    ("$BTC", Match("BTC", "cashtag", "$BTC")),
    ("Harmony ONE", Match("ONE", "name", "Harmony ONE")),
    ("LINK-USD", Match("LINK", "pair", "LINK-USD")),
    ("xrp", Match("XRP", "ticker", "xrp")),
]


@pytest.mark.parametrize(("text", "match"), EVIDENCE)
def test_a_match_says_why(text: str, match: Match) -> None:
    assert match_subjects(f"about {text} today") == (match,)


def test_what_the_source_names_comes_first() -> None:
    found = match_subjects("Bitcoin and Solana", given=("sol", "XYZ"))
    assert [(m.asset, m.by) for m in found] == [("SOL", "given"), ("XYZ", "given"), ("BTC", "name")]


def test_cashtags_can_be_left_to_shares() -> None:
    assert match_subjects("$LINK $BTC and Bitcoin", cashtags=False) == (
        Match("BTC", "name", "Bitcoin"),
    )


def test_a_renamed_coin_is_found_under_both_tickers() -> None:
    assert [m.asset for m in match_subjects("Polygon zkEVM is live")] == ["MATIC", "POL"]


def test_every_coin_is_found_by_its_cashtag_and_its_pair() -> None:
    assert len(known_assets()) >= 150
    for asset in known_assets():
        assert [m.asset for m in match_subjects(f"${asset} moves")] == [asset]
        assert [m.asset for m in match_subjects(f"{asset}/USD moves")] == [asset]


def test_every_full_name_names_its_coin() -> None:
    for names in coin_table().names.values():
        for name in names:
            text = "".join(
                word + (gap or " ") for word, gap in zip(name.words, (*name.gaps, ""), strict=True)
            )
            found = tuple(m.asset for m in match_subjects(f"{text.title()} token in crypto"))
            assert found == tuple(a for a in name.assets if a != "-"), text


@given(st.text(max_size=200))
def test_any_text_can_be_read_and_every_term_stands_in_it(text: str) -> None:
    found = match_subjects(text)
    assert len({match.asset for match in found}) == len(found)
    assert all(match.term in text for match in found)


@given(st.text(alphabet="aeiou xyz.,!", max_size=80))
def test_words_beside_it_never_hide_a_cashtag(text: str) -> None:
    assert "ONE" in {match.asset for match in match_subjects(f"{text} $ONE {text}")}


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(DataError, match="expected a text"):
        match_subjects(None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("BTC\tany\tbitcoin", "three lists"),
        ("BTC\tsome\tbitcoin\t\t", "kind of ticker"),
        ("BTC\tany\t\t\t\nBTC\tany\t\t\t", "twice"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(line: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        parse_coins(line)
