"""The hybrid strategy: three voices, one decision, a size or a veto.

Everything at bar ``t`` is computed from bars ``0..t`` and from sentiment seen by the close of
``t``, through anchored windows: the last row of the newest bars equals the row of a batch, bit for
bit. So backtest and paper trading share this code and nothing needs to be said twice.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cryptovolt.decision.fusion import FusionPolicy, actions, fuse, fuse_scores
from cryptovolt.decision.targets import targets
from cryptovolt.domain.arrays import ActionArray, BoolArray, FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.funding import Funding, FundingRates
from cryptovolt.domain.ports import Classifier, Forecaster
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.domain.signal import Action, Signal, Source, Vote
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.features.build import FEATURE_WARMUP, build_features, inputs_needed
from cryptovolt.features.seen_sentiment import heard_by
from cryptovolt.market.windows import BLOCK_BARS
from cryptovolt.ml.voting import is_forecaster, vote_scores
from cryptovolt.risk.limits import RiskLimits
from cryptovolt.risk.sizing import VOLATILITY_VETO, sizes, volatility_veto
from cryptovolt.risk.volatility import VOLATILITY_WARMUP, realised_volatility
from cryptovolt.rules.trend import RULES_WARMUP, RulesVote
from cryptovolt.rules.trend import explain as explain_rules
from cryptovolt.rules.trend import vote as vote_of_rules
from cryptovolt.sentiment.vote import HALF_LIFE_MS
from cryptovolt.sentiment.vote import explain as explain_sentiment
from cryptovolt.sentiment.vote import vote as vote_of_sentiment

WARMUP = max(FEATURE_WARMUP, RULES_WARMUP, VOLATILITY_WARMUP)
"""Bars before a block that its decisions are computed from, without a forecaster."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Beside:
    """What a model may look at beside bars and sentiment; None of what there is not.

    Parameters
    ----------
    funding : FundingRates or mapping of str to FundingRates, optional
        The newest `FUNDING_PAYMENTS` suffice for the last bar.
    mark, index, leader : Bars, optional
        See :func:`cryptovolt.build_features`; as many bars as of the market itself suffice.
    """

    funding: Funding | None = None
    mark: Bars | None = None
    index: Bars | None = None
    leader: Bars | None = None

    def of(self, bars: Bars) -> dict[str, Any]:
        """Return what there is about a market, by the argument it is for."""
        rates = self.funding
        if rates is not None and not isinstance(rates, FundingRates):
            rates = rates.get(bars.symbol)
        found: dict[str, Any] = {"funding": rates, "mark": self.mark, "index": self.index}
        led = self.leader is not None and (self.leader.symbol, self.leader.source) != (
            bars.symbol,
            bars.source,
        )
        found["leader"] = self.leader if led else None
        return {name: one for name, one in found.items() if one is not None}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decisions:
    """What the strategy decided at every bar; arrays of shape ``(n_bars,)``.

    Parameters
    ----------
    bars : Bars
        What was decided on.
    ml, rules, sentiment : ndarray
        Votes in [−1, 1]; NaN where the source is silent.
    score : ndarray
        Weighted sum of the votes.
    action : int8 ndarray
        +1, 0, −1, before vetoes.
    vetoed : bool ndarray
        Where buying is forbidden.
    target : ndarray
        Share of equity to hold from the next open on; NaN keeps what is held.
    """

    bars: Bars
    ml: FloatArray
    rules: FloatArray
    sentiment: FloatArray
    score: FloatArray
    action: ActionArray
    vetoed: BoolArray
    target: FloatArray
    rules_vote: RulesVote
    series: SentimentSeries | None
    strategy: "HybridStrategy"

    def signal(self, t: int = -1) -> Signal:
        """Return the explained signal of one bar."""
        bar = range(len(self.bars))[t]
        timestamp = int(self.bars.timestamp[bar])
        target = float(self.target[bar])
        votes = self._votes(bar, timestamp + self.bars.interval_ms)
        vetoes = (VOLATILITY_VETO,) if self.vetoed[bar] else ()
        if not votes:
            return _silent_signal(self.bars, timestamp, self.strategy.policy)
        return fuse(
            self.bars.symbol,
            timestamp,
            votes,
            self.strategy.policy,
            vetoes=vetoes,
            target=None if np.isnan(target) else target,
        )

    def _votes(self, bar: int, as_of: int) -> list[Vote]:
        heard = (
            (Source.ML, self.ml[bar], lambda: f"P(up) {(1 + float(self.ml[bar])) / 2:.3f}"),
            (Source.RULES, self.rules[bar], lambda: explain_rules(self.rules_vote, bar)),
            (Source.SENTIMENT, self.sentiment[bar], lambda: self._explain_sentiment(as_of)),
        )
        return [
            Vote(source=source, score=float(score), as_of=as_of, reason=reason())
            for source, score, reason in heard
            if not np.isnan(score)
        ]

    def _explain_sentiment(self, as_of: int) -> str:
        if self.series is None:
            return "no news"
        return explain_sentiment(self.series, as_of, half_life_ms=self.strategy.half_life_ms)


def _silent_signal(bars: Bars, timestamp: int, policy: FusionPolicy) -> Signal:
    return Signal(
        symbol=bars.symbol,
        timestamp=timestamp,
        action=Action.HOLD,
        score=0.0,
        as_of=timestamp + bars.interval_ms,
        votes=(),
        weights=policy.weights,
        reasons=("every source is silent",),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HybridStrategy:
    """Model, rules and sentiment, fused and limited.

    Parameters
    ----------
    policy : FusionPolicy
        Weights and threshold.
    limits : RiskLimits
        Sizes, vetoes, exits.
    half_life_ms : int, default=6 hours
        Of the sentiment's vote.
    models : tuple of Classifier or Forecaster
        The promoted ones; the mean of their votes is the ``ml`` vote. Without any, that source is
        silent.
    """

    policy: FusionPolicy = field(default_factory=FusionPolicy)
    limits: RiskLimits = field(default_factory=RiskLimits)
    half_life_ms: int = HALF_LIFE_MS
    models: tuple[Classifier | Forecaster, ...] = ()

    @property
    def warmup(self) -> int:
        """Bars before a block that its decisions are computed from.

        A forecaster's window reaches into the block before, which has a warm-up of its own.
        """
        return WARMUP + BLOCK_BARS * any(is_forecaster(model) for model in self.models)

    def trading_settings(self, cash: float, costs: Costs | None = None) -> TradingSettings:
        """Return what an account that follows this strategy trades with.

        Parameters
        ----------
        cash : float
            Quote currency at the start, positive.
        costs : Costs, optional
            Fee and slippage; on by default.
        """
        return TradingSettings(
            cash=cash,
            costs=costs or Costs(),
            leverage=self.limits.max_exposure,
            stop_loss=self.limits.stop_loss,
            take_profit=self.limits.take_profit,
            max_daily_loss=self.limits.max_daily_loss,
            rebalance_band=self.limits.rebalance_band,
            protections=self.limits.protect(),
        )

    def decide(
        self,
        bars: Bars,
        sentiment: SentimentSeries | None = None,
        *,
        probability_up: FloatArray | None = None,
        last_only: bool = False,
        beside: Beside | None = None,
    ) -> Decisions:
        """Return the decisions at every bar.

        Parameters
        ----------
        bars : Bars
            Without errors. The newest ``live_rows(warmup)`` of them suffice for the last row.
        sentiment : SentimentSeries, optional
            Items; those not seen by a bar's close do not reach its decision.
        probability_up : ndarray of shape (n_bars,), optional
            P(up) from elsewhere in place of the models', e.g. out-of-sample predictions; NaN where
            silent.
        last_only : bool, default=False
            Ask the models about the last bar only, as live trading does; they are silent at the
            bars before it.
        beside : Beside, optional
            Funding and other markets, for models that look at them; what was not known at a bar's
            close does not reach its decision.

        Raises
        ------
        DataError
            If the bars have errors or `probability_up` has another length.
        """
        if probability_up is not None:
            ml = _vote_of_probability(bars, probability_up)
        else:
            ml = self._vote_of_models(bars, sentiment, beside or Beside(), last_only)
        rules = vote_of_rules(bars)
        heard = self._vote_of_sentiment(bars, sentiment)
        score = fuse_scores(ml, rules.score, heard, self.policy)
        volatility = realised_volatility(bars)
        vetoed = volatility_veto(volatility.current, volatility.typical, heard, self.limits)
        action = actions(score, self.policy)
        size = sizes(score, volatility.current, self.limits, threshold=self.policy.threshold)
        return Decisions(
            bars=bars,
            ml=ml,
            rules=rules.score,
            sentiment=heard,
            score=score,
            action=action,
            vetoed=vetoed & (action > 0),
            target=targets(action, size, vetoed, self.policy),
            rules_vote=rules,
            series=sentiment,
            strategy=self,
        )

    def _vote_of_models(
        self, bars: Bars, sentiment: SentimentSeries | None, beside: Beside, last_only: bool
    ) -> FloatArray:
        votes = np.full(len(bars), np.nan)
        if self.models:
            columns = [name for model in self.models for name in model.feature_names]
            wanted = inputs_needed(columns)
            given = {name: one for name, one in beside.of(bars).items() if name in wanted}
            news = None if sentiment is None else heard_by(sentiment, columns)
            features = build_features(bars, news, **given)
            first = len(bars) - 1 if last_only else 0
            votes[first:] = vote_scores(self.models, features, first)
        return votes

    def _vote_of_sentiment(self, bars: Bars, sentiment: SentimentSeries | None) -> FloatArray:
        if sentiment is None:
            return np.full(len(bars), np.nan)
        closes: IntArray = bars.timestamp + bars.interval_ms
        return vote_of_sentiment(sentiment, closes, half_life_ms=self.half_life_ms)


def _vote_of_probability(bars: Bars, probability_up: FloatArray) -> FloatArray:
    if probability_up.shape != (len(bars),):
        raise DataError(
            f"expected probability_up of shape {(len(bars),)}, found {probability_up.shape}"
        )
    return 2.0 * probability_up - 1.0
