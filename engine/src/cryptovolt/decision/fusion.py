"""Votes become one signal.

The score of a bar is the weighted sum of what the sources say::

    score = 0.6 · ml + 0.3 · rules + 0.1 · sentiment

A source that is silent (NaN in an array, no vote in a record) counts as zero; its weight is *not*
handed to the others, so that losing the news feed makes the system more cautious, never bolder.

Arrays and single bars go through the same sum, added from left to right, so that a backtest and a
live bar give the same bits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isclose
from types import MappingProxyType

import numpy as np

from cryptovolt.domain.arrays import ActionArray, BoolArray, FloatArray
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.signal import Action, ActionCode, Signal, Source, Vote

DEFAULT_WEIGHTS: Mapping[Source, float] = MappingProxyType(
    {Source.ML: 0.6, Source.RULES: 0.3, Source.SENTIMENT: 0.1}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionPolicy:
    """How votes are weighed, and how strong a score must be to act on it.

    Parameters
    ----------
    weights : mapping of Source to float
        One per source, none negative, summing to 1.
    threshold : float, default=0.2
        Absolute score from which BUY or SELL follows, in (0, 1).
    allow_short : bool, default=False
        Whether SELL opens a short; otherwise it only closes a long.

    Raises
    ------
    ConfigurationError
        If a number lies outside its range.
    """

    weights: Mapping[Source, float] = field(default_factory=lambda: DEFAULT_WEIGHTS)
    threshold: float = 0.2
    allow_short: bool = False

    def __post_init__(self) -> None:
        values = self.weights.values()
        named = set(self.weights) == set(Source)
        # Written so that NaN is refused.
        if not (named and all(w >= 0.0 for w in values) and isclose(sum(values), 1.0)):
            raise ConfigurationError(
                "expected weights for ml, rules and sentiment, none negative, that sum to 1, found "
                f"{ {str(source): weight for source, weight in self.weights.items()} }"
            )
        if not 0.0 < self.threshold < 1.0:
            raise ConfigurationError(f"expected a threshold in (0, 1), found {self.threshold}")
        object.__setattr__(self, "weights", MappingProxyType(dict(self.weights)))


def fuse_scores(
    ml: FloatArray, rules: FloatArray, sentiment: FloatArray, policy: FusionPolicy
) -> FloatArray:
    """Return the score of every bar.

    Parameters
    ----------
    ml, rules, sentiment : ndarray of shape (n_bars,)
        Votes in [−1, 1]; NaN where the source is silent.
    policy : FusionPolicy
        Weights.

    Returns
    -------
    ndarray of shape (n_bars,)
        In [−1, 1], never NaN; 0 where all are silent.

    Raises
    ------
    DataError
        If the arrays differ in shape or a vote lies outside [−1, 1].
    """
    if not ml.shape == rules.shape == sentiment.shape:
        raise DataError(
            f"expected votes of one length, found {ml.shape}, {rules.shape}, {sentiment.shape}"
        )
    for source, votes in zip(Source, (ml, rules, sentiment), strict=True):
        if (np.abs(votes) > 1.0).any():
            row = int(np.argmax(np.abs(votes) > 1.0))
            raise DataError(
                f"expected votes of {source} in [-1, 1], found {votes[row]} at row {row}"
            )
    weights = policy.weights
    score = weights[Source.ML] * _heard(ml)
    score = score + weights[Source.RULES] * _heard(rules)
    score = score + weights[Source.SENTIMENT] * _heard(sentiment)
    # Weights that sum to 1 may do so with a rounding error.
    return np.clip(score, -1.0, 1.0)


def actions(score: FloatArray, policy: FusionPolicy) -> ActionArray:
    """Return +1 BUY, −1 SELL or 0 HOLD for every score.

    Parameters
    ----------
    score : ndarray of shape (n_bars,)
        As :func:`fuse_scores` returned it; NaN gives HOLD.
    policy : FusionPolicy
        Threshold.

    Returns
    -------
    ndarray of shape (n_bars,), int8
    """
    bought = (score >= policy.threshold).astype(np.int8)
    sold = (score <= -policy.threshold).astype(np.int8)
    return bought - sold


def fuse(
    symbol: str,
    timestamp: int,
    votes: Sequence[Vote],
    policy: FusionPolicy,
    *,
    vetoes: Sequence[str] = (),
    target: float | None = None,
) -> Signal:
    """Return the signal for one symbol at one bar.

    Parameters
    ----------
    symbol : str
        Venue form, e.g. ``"BTCUSDT"``.
    timestamp : int
        Open of the bar that is decided on, milliseconds UTC.
    votes : sequence of Vote
        At least one, at most one per source.
    policy : FusionPolicy
        Weights and threshold.
    vetoes : sequence of str
        Names of the rules that forbid buying at this bar. They turn BUY into HOLD and nothing else:
        no veto keeps anyone in a position.
    target : float, optional
        Share of equity asked for; None keeps what is held.

    Returns
    -------
    Signal
        Its score is that of :func:`fuse_scores`, bit for bit.

    Raises
    ------
    ConfigurationError
        If there is no vote, or a source votes twice.
    """
    by_source = {vote.source: vote for vote in votes}
    if not votes or len(by_source) != len(votes):
        raise ConfigurationError(
            "expected at least one vote and at most one per source, found "
            f"{[str(vote.source) for vote in votes]}"
        )
    ml, rules, sentiment = (_single(by_source.get(source)) for source in Source)
    scores = fuse_scores(ml, rules, sentiment, policy)
    action = ActionCode(int(actions(scores, policy)[0])).action
    vetoed = tuple(vetoes) if action is Action.BUY else ()
    return Signal(
        symbol=symbol,
        timestamp=timestamp,
        action=Action.HOLD if vetoed else action,
        score=float(scores[0]),
        as_of=max(vote.as_of for vote in votes),
        votes=tuple(by_source[source] for source in Source if source in by_source),
        weights=policy.weights,
        vetoes=vetoed,
        target=target,
        reasons=_reasons(by_source, policy),
    )


def influence(
    ml: FloatArray, rules: FloatArray, sentiment: FloatArray, policy: FusionPolicy
) -> Mapping[Source, BoolArray]:
    """Return for each source the bars where the action would be another without its vote.

    Parameters
    ----------
    ml, rules, sentiment : ndarray of shape (n_bars,)
        As given to :func:`fuse_scores`.
    policy : FusionPolicy
        Weights and threshold.

    Returns
    -------
    mapping of Source to bool ndarray of shape (n_bars,)
    """
    silent = np.full(ml.shape, np.nan)
    taken = actions(fuse_scores(ml, rules, sentiment, policy), policy)
    without = {
        Source.ML: fuse_scores(silent, rules, sentiment, policy),
        Source.RULES: fuse_scores(ml, silent, sentiment, policy),
        Source.SENTIMENT: fuse_scores(ml, rules, silent, policy),
    }
    return {source: actions(score, policy) != taken for source, score in without.items()}


def _heard(votes: FloatArray) -> FloatArray:
    return np.where(np.isnan(votes), 0.0, votes)


def _single(vote: Vote | None) -> FloatArray:
    return np.array([np.nan if vote is None else vote.score])


def _reasons(votes: Mapping[Source, Vote], policy: FusionPolicy) -> tuple[str, ...]:
    return tuple(
        f"{source} {votes[source].score:+.2f} × {policy.weights[source]:g}: {votes[source].reason}"
        if source in votes
        else f"{source} silent"
        for source in Source
    )
