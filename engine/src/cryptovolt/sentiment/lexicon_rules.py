"""Words that work by a rule, not by a valence: VADER's, read from its package, and ours.

Ours are judgements; ``docs/reference/lexicon.md`` says what each group does.
"""

from collections.abc import Mapping
from functools import cache

from cryptovolt.sentiment.lexicon_traits import (
    ASKS,
    AT_VERY,
    BUT,
    DOUBT,
    FALLS,
    KIND,
    LEAST,
    NEVER,
    NO,
    OF,
    OR_NOR,
    PERCENT_WORD,
    RISES,
    SO_THIS,
    TO,
    WITHOUT,
)

VADER_WORDS: Mapping[int, str] = {
    NO: "no",
    OR_NOR: "or nor",
    LEAST: "least",
    AT_VERY: "at very",
    SO_THIS: "so this",
    NEVER: "never",
    WITHOUT: "without",
    DOUBT: "doubt",
    KIND: "kind",
    OF: "of",
    BUT: "but",
}
"""Words that VADER's rules name, by what they do."""

OUR_WORDS: Mapping[int, str] = {
    RISES: """up higher upwards rise rises rose risen rising gain gains gained gaining climb climbs
        climbed climbing jump jumps jumped jumping increase increases increased increasing advance
        advances advanced add adds added grow grows grew growing rally rallies rallied surge surges
        surged surging soar soars soared soaring skyrockets skyrocketed spike spikes spiked pump
        pumps pumped pumping rebound rebounds rebounded bounced recovered appreciated upside green
        inflow inflows outperformed""",
    FALLS: """lower down downwards
        fall falls fell fallen falling drop drops dropped dropping decline
        declines declined declining decrease decreases decreased lose loses lost losing loss losses
        slip slips slipped slide slides slid sliding sink sinks sank sinking shed sheds dip dips
        dipped plunge plunges plunged plunging plummet plummets plummeted crash crashes crashed
        crashing tumble tumbles tumbled tumbling dump dumps dumped dumping tank tanks tanked tanking
        slump slumps slumped slumping retreat retreats retreated retraced correction drawdown
        nosedived depreciated downside red erased outflow outflows""",
    TO: "to",
    PERCENT_WORD: "percent pct %",
    ASKS: """is are am was were will would can could should shall does do did has have had may might
        isn't aren't won't can't""",
}

NEGATIONS = """no_longer far_from anything_but nowhere_near fails_to failed_to fail_to failing_to
    failure_to lack_of lacks lacking by_no_means in_no_way not_at_all avoid avoids avoided avoiding
    averts averted prevents prevented nobody no_one hard_to difficult_to unable_to too_late_to
    instead_of rather_than used_to_be unlikely refuses_to refused_to yet_to without_any not_even
    free_of ruled_out rules_out debunked survived overcame little_chance_of stops_being
    stopped_being not_gonna ain't_no isn't_even don't_even"""
"""Words and phrases that negate what follows, beside VADER's; ``_`` joins the words of a phrase."""

INTENSIFIERS = """massive massively sharply steeply heavily insanely drastically dramatically
    rapidly extra mega giga legit exponentially parabolically overwhelmingly significantly vastly
    wildly absurdly ridiculously all-out full-blown widespread"""
DAMPENERS = """mildly modestly potentially potential possibly possible maybe perhaps might could
    would reportedly allegedly alleged rumored rumoured supposedly temporary temporarily briefly
    a_bit a_tad arguably"""
"""Ours beside VADER's: what is rumoured or possible is worth less than what is said to be so."""

DOUBT_CUES = """yeah_right oh_great oh_sure yeah_sure sure,_because sure,_buddy as_if
    what_could_go_wrong what_could_possibly_go_wrong thanks_for_nothing good_luck_with_that
    nice_try totally_not_a trust_me_bro 🙄 🙃"""
"""Said in doubt: praise in the same text counts half. Their own valence is in the lexicon."""

TURN_CUES = "/s sarcasm sarcastic"
"""Say that the text means the opposite; what sounds bad stays bad."""


def terms_of(text: str) -> list[str]:
    """Return the words and phrases of one of these lists."""
    return [term.replace("_", " ") for term in text.split()]


@cache
def vader_negations() -> frozenset[str]:
    """Return the negations of the ``vaderSentiment`` package."""
    from vaderSentiment.vaderSentiment import NEGATE  # noqa: PLC0415 - slow, and only for tables

    return frozenset(NEGATE)


@cache
def vader_boosters() -> Mapping[str, float]:
    """Return the degree words of the ``vaderSentiment`` package with what each adds."""
    from vaderSentiment.vaderSentiment import BOOSTER_DICT  # noqa: PLC0415 - as above

    return BOOSTER_DICT


@cache
def vader_idioms() -> Mapping[str, float]:
    """Return the idioms of the ``vaderSentiment`` package that replace a word's valence."""
    from vaderSentiment.vaderSentiment import SPECIAL_CASES  # noqa: PLC0415 - as above

    return SPECIAL_CASES


def rules_text(*, plain: bool) -> str:
    """Return all these words as one text that differs whenever one of them does."""
    vader = [
        *sorted(vader_negations()),
        *(f"{word} {gain}" for word, gain in sorted(vader_boosters().items())),
        *(f"{idiom} {value}" for idiom, value in sorted(vader_idioms().items())),
    ]
    ours = [NEGATIONS, INTENSIFIERS, DAMPENERS, DOUBT_CUES, TURN_CUES, *OUR_WORDS.values()]
    return "\n".join(vader if plain else vader + ours)
