"""What gives spam away by its words alone, with the probability each sign stands for."""

import re
from collections.abc import Callable
from typing import NamedTuple

MAX_READ_CHARACTERS = 5_000
MAX_CASHTAGS = 4
MAX_HASHTAGS = 7
MAX_MENTIONS = 5
_SHOUTED_LETTERS = 30
_SHOUTED_SHARE = 0.8

_TEXT = re.IGNORECASE
_WARNING = re.compile(
    r"\b(?:scam(?:s|mer|mers|med)?|fraud\w*|phish\w*|warn\w*|beware|police|arrest\w*|sued|lawsuit|"
    r"charged|convicted|sentenced|victims?|stole|stolen|fake|regulators?|ftc|sec|fbi|doj)\b",
    _TEXT,
)
_GIVEAWAY = re.compile(
    r"\b(?:giving\s+away|give\s*away|airdrop(?:ping)?|free\s+(?:\w+\s+)?(?:crypto|coins?|tokens?|"
    r"btc|bitcoin|eth|nfts?|usdt))\b",
    _TEXT,
)
_TAKE_PART = re.compile(
    r"\b(?:retweet|rt\s*(?:\+|&|and)|follow\s*(?:me|us|@|\+|&|and|ers?)|like\s*(?:\+|&|and)|tag\s+"
    r"(?:\d+|a|two|three|your)|to\s+(?:enter|participate|win|claim)|winners?|claim\s+(?:your|now|"
    r"here|it)|connect\s+(?:your\s+)?wallet|drop\s+(?:your|ur)|comment\s+(?:your|below|done)|"
    r"first\s+\d+|hurry|limited|don'?t\s+miss)\b|\bin\s+\d+\s*(?:h|hours?|hrs)\b",
    _TEXT,
)
_DOUBLING = re.compile(
    r"\b(?:double\s+(?:your|ur)\s+(?:btc|bitcoin|eth|crypto|money|coins?|investment)|send\s+"
    r"[\d.]+\s*\w+\s+(?:and\s+)?(?:get|receive)|guaranteed\s+(?:profit|returns?|income)|"
    r"(?:daily|weekly)\s+(?:profit|returns?|payouts?)\s+of|risk[\s-]*free\s+(?:profit|returns?)|"
    r"turn(?:ed)?\s+\$?\d[\d,.]*k?\s+(?:in)?to\s+\$?\d[\d,.]*[km]?\s+(?:in|within)\s+\w+\s+"
    r"(?:hours?|days?|weeks?)|recover\s+(?:your\s+)?(?:lost|stolen)\s+(?:\w+\s+)?"
    r"(?:funds?|crypto|coins?|bitcoin|wallet))\b",
    _TEXT,
)
_REFERRAL = re.compile(
    r"[?&](?:ref|referral|referrer|aff|affiliate|invite|r|ref_id|refcode|rcode|utm_aff)=\w+|"
    r"/(?:ref|register|invite|join)/\w+|\b(?:referral|ref|invite|invitation|promo)\s*(?:code|link)\b"
    r"|\buse\s+(?:my|our)\s+(?:code|link)\b|\bsign\s*up\s+(?:with|using|through|via)\s+(?:my|our)\b",
    _TEXT,
)
_CONTACT = re.compile(
    r"\b(?:dm|pm|inbox|message|text|contact|whats?app|write\s+to)\s+(?:me|us|him|her|@\w+|\+?\d{6,})|"
    r"\b(?:join|check)\s+(?:(?:my|our|the|us|this)\s+)?(?:\w+\s+){0,3}(?:telegram|discord|whatsapp|"
    r"signals?\s+group|vip)\b|\bt\.me/|\bwa\.me/|\bchat\.whatsapp\.com/|\bdiscord\.gg/|"
    r"\b(?:vip|free|premium)\s+signals?\b|\blink\s+in\s+(?:my\s+)?bio\b",
    _TEXT,
)
_SLOGAN = re.compile(
    r"\b(?:next\s+(?:1?00+x|gem|shib\w*|pepe|doge\w*|bitcoin)|10{2,3}x\s+(?:gem|potential|coin|"
    r"token)|easy\s+\d{2,}x|hidden\s+gem|presale\s+(?:is\s+)?(?:live|now|open|ends?|starts?)|"
    r"(?:buy|get\s+in|ape\s+in)\s+(?:now|before)\s+(?:it'?s\s+too\s+late|or\s+cry|moon|it\s+"
    r"(?:moons|explodes))|don'?t\s+miss\s+(?:out|this|the\s+next)|last\s+chance\s+to|massive\s+pump|"
    r"pump\s+(?:is\s+)?(?:coming|starts?|in\s+\d+)|stealth\s+launch|fair\s*launch(?:ed)?|"
    r"liquidity\s+locked|dev\s+(?:is\s+)?doxxed|low\s*cap\s+gem)\b",
    _TEXT,
)
_WALLET = re.compile(
    r"\b(?:0x[0-9a-fA-F]{40}|bc1[0-9a-z]{25,60}|[13][1-9A-HJ-NP-Za-km-z]{30,34})\b"
)
_CASHTAG = re.compile(r"(?<![\w$])\$[A-Za-z][A-Za-z0-9]{1,9}\b")
_HASHTAG = re.compile(r"(?<!\w)#\w+")
_MENTION = re.compile(r"(?<!\w)@\w+")
_ADDRESS = re.compile(r"https?://\S+|www\.\S+")
_VARYING = re.compile(r"\d+|[@#$]\w+")
_NO_WORD = re.compile(r"[\W_]+")


class Sign(NamedTuple):
    """A reason, the probability of spam it stands for, and how it is found."""

    reason: str
    weight: float
    found_in: Callable[[str], bool]


def template_of(text: str) -> str:
    """Return what stays the same when numbers, tags, names and addresses are exchanged.

    A text of nothing else stays as it is, in small letters.
    """
    read = text[:MAX_READ_CHARACTERS].casefold()
    words = _NO_WORD.sub(" ", _VARYING.sub(" ", _ADDRESS.sub(" ", read))).strip()
    return words or read


def _without_warning(*patterns: re.Pattern[str]) -> Callable[[str], bool]:
    def found_in(text: str) -> bool:
        read = text[:MAX_READ_CHARACTERS]
        return all(pattern.search(read) for pattern in patterns) and not _WARNING.search(read)

    return found_in


def _more_than(pattern: re.Pattern[str], most: int) -> Callable[[str], bool]:
    def found_in(text: str) -> bool:
        tags = {tag.lower() for tag in pattern.findall(text[:MAX_READ_CHARACTERS])}
        return len(tags) > most

    return found_in


def _shouts(text: str) -> bool:
    letters = [letter for letter in text[:MAX_READ_CHARACTERS] if letter.isalpha()]
    upper = sum(letter.isupper() for letter in letters)
    return len(letters) >= _SHOUTED_LETTERS and upper > _SHOUTED_SHARE * len(letters)


SIGNS: tuple[Sign, ...] = (
    Sign("giveaway", 0.85, _without_warning(_GIVEAWAY, _TAKE_PART)),
    Sign("promise of profit", 0.85, _without_warning(_DOUBLING)),
    Sign("referral link", 0.7, _without_warning(_REFERRAL)),
    Sign("contact bait", 0.7, _without_warning(_CONTACT)),
    Sign("pump slogan", 0.5, _without_warning(_SLOGAN)),
    Sign("wallet address", 0.3, _without_warning(_WALLET)),
    Sign("many cashtags", 0.6, _more_than(_CASHTAG, MAX_CASHTAGS)),
    Sign("many hashtags", 0.4, _more_than(_HASHTAG, MAX_HASHTAGS)),
    Sign("many mentions", 0.4, _more_than(_MENTION, MAX_MENTIONS)),
    Sign("shouting", 0.2, _shouts),
)
"""Every sign of content; the order is that of the reasons."""
