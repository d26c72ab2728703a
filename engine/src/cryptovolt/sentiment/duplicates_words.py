"""The words of a text that count when it is compared with another."""

import re
from functools import cache

from cryptovolt.sentiment.subjects import known_assets

_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\bpic\.twitter\.com/\S+", re.IGNORECASE)
_OPENING = re.compile(
    r"^\W*(?:rt\s+@\w+|breaking(?:\s+news)?|just\s+in|update(?:d)?|exclusive|alert|news|watch|"
    r"flash|urgent|developing|icymi|reminder|headline|opinion|press\s+release)\s*[:\-–—|!]+\s*",
    re.IGNORECASE,
)
# A publisher's name behind a stroke or a spaced dash: at most four words that begin with a capital.
_PUBLISHER = re.compile(
    r"\s+(?:\||-|–|—|via|/)\s+@?(?:[A-Z][\w.&']*|[a-z]+\.(?:com|co|io|org))"
    r"(?:\s+[A-Z][\w.&']*){0,3}\s*$"
)
_BREAKING = re.compile(r"^\W*breaking(?:\s+news)?\s+(?=[A-Z])")
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*")
_COMMA = re.compile(r"(?<=\d),(?=\d)")

_TURNING = frozenset(
    """
    up down rise rises rising rose fall falls falling fell gain gains gained lose loses losing lost
    loss losses win wins won surge surges surged plunge plunges plunged jump jumps jumped drop
    drops dropped soar soars soared sink sinks sank climb climbs climbed slide slides slid slip
    slips slipped rally rallies rallied crash crashes crashed pump pumps pumped dump dumps dumped
    increase increases increased decrease decreases decreased higher lower high low above below
    over under more less most least bull bulls bullish bear bears bearish buy buys buying bought
    sell sells selling sold long short longs shorts inflow inflows outflow outflows approve
    approves approved approval reject rejects rejected rejection deny denies denied delay delays
    delayed accept accepts accepted ban bans banned unban unbans lift lifts lifted allow allows
    allowed legal illegal list lists listed delist delists delisted launch launches launched
    halt halts halted pause pauses paused resume resumes resumed open opens opened close closes
    closed add adds added remove removes removed support supports supported oppose opposes opposed
    profit profits good bad great terrible best worst positive negative strong weak stronger weaker
    greed fear hack hacked hacks hacker recover recovers recovered recovery not no never none
    neither nor without cannot can't cant won't wont don't dont doesn't doesnt didn't didnt isn't
    isnt aren't wasn't weren't haven't hasn't hadn't shouldn't wouldn't couldn't false true fake
    real confirms confirmed refutes refuted in out before after start starts end ends hawkish
    dovish hike hikes cut cuts raise raises raised beat beats miss misses
    bitcoin ethereum ether ripple solana cardano dogecoin litecoin polkadot monero tether
    chainlink binance coinbase kraken avalanche polygon cosmos stellar tron
    """.split()  # noqa: SIM905 - a column of words reads better than a list of strings
)


def content_words(text: str) -> tuple[str, ...]:
    """Return the words that count, in small letters; numbers without commas."""
    plain = _ADDRESS.sub(" ", text).strip()
    for _ in range(3):  # "BREAKING: RT @name: …"; bounded, whatever is written
        plain = _BREAKING.sub("", _OPENING.sub("", plain))
    plain = _PUBLISHER.sub("", plain)
    return tuple(_COMMA.sub("", word) for word in _WORD.findall(plain.lower().replace("’", "'")))


def is_decisive(word: str) -> bool:
    """Return whether another word in its place makes another message."""
    return word[0].isdigit() or word in _TURNING or word in _tickers()


@cache
def _tickers() -> frozenset[str]:
    return frozenset(asset.lower() for asset in known_assets())
