"""Votes and the signal they become.

Times (``as_of``) are int milliseconds UTC: the newest data that was seen, which for a bar is its
close, not its open.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from cryptovolt.domain.errors import ConfigurationError


class Source(StrEnum):
    """Who votes."""

    ML = "ml"
    RULES = "rules"
    SENTIMENT = "sentiment"


class Action(StrEnum):
    """What a signal asks for. SELL closes a long; it opens a short only where that is allowed."""

    BUY = "BUY"
    SELL = "SELL"
    HOLD = "HOLD"


class ActionCode(IntEnum):
    """How arrays write an action."""

    SELL = -1
    HOLD = 0
    BUY = 1

    @property
    def action(self) -> Action:
        """The action this code stands for."""
        return Action[self.name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What one source thinks of the next bars.

    Parameters
    ----------
    source : Source
        Who votes.
    score : float
        From −1 (certain fall) to 1 (certain rise). A source that has nothing to say casts no vote.
    as_of : int
        Newest data the source has seen, milliseconds UTC.
    reason : str
        One clause a person can read, e.g. ``"EMA 12 above EMA 26, RSI 61"``.
    """

    source: Source
    score: float
    as_of: int
    reason: str = ""

    def __post_init__(self) -> None:
        # Written so that NaN is refused.
        if not -1.0 <= self.score <= 1.0:
            raise ConfigurationError(f"expected a score in [-1, 1], found {self.score}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One explained decision for one symbol at one bar.

    Parameters
    ----------
    symbol : str
        Venue form.
    timestamp : int
        Open of the bar that was decided on, milliseconds UTC.
    action : Action
        BUY, SELL or HOLD, after vetoes.
    score : float
        Weighted sum of the votes, in [−1, 1], before vetoes.
    as_of : int
        Newest data seen by any vote, milliseconds UTC.
    votes : tuple of Vote
        At most one per source; a silent source is missing.
    weights : mapping of Source to float
        What each vote counted.
    vetoes : tuple of str
        Names of the rules that turned the action into HOLD.
    target : float or None
        Share of equity asked for; None keeps what is held.
    """

    symbol: str
    timestamp: int
    action: Action
    score: float
    as_of: int
    votes: tuple[Vote, ...]
    weights: Mapping[Source, float]
    vetoes: tuple[str, ...] = ()
    target: float | None = None
    reasons: tuple[str, ...] = field(default=())

    @property
    def confidence(self) -> float:
        """Absolute score, in [0, 1]."""
        return abs(self.score)
