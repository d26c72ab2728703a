"""Hybrid: technical rules, news, and a model where one is trained, added up to one decision.

Idea
    Sources that err in different ways are better heard together. Each votes in [-1, 1]; the
    weighted sum decides. Who is silent counts as zero, so that losing a source makes it trade less.
Source
    R. T. Clemen, "Combining forecasts: a review and annotated bibliography", International Journal
    of Forecasting 5 (4), 1989, p. 559-583: simple combinations with fixed weights are hard to beat.
    The weights 0.6, 0.3 and 0.1 and the threshold are the system's own defaults.
Parameters
    The defaults; none was chosen by its result.
What it costs
    While the model is silent, only a clear vote of the rules reaches the threshold: about one trade
    a month. With a model, which votes in every bar, it trades three times as often.
Result
    Rules alone, BTC 2017-2022: +1085 %, Sharpe ratio 1.13 (95 %: 0.22 to 2.10), drawdown 67 %; buy
    and hold made +343 % with one of 84 %. Deflated Sharpe ratio 0.57 by four trials. Where news
    were recorded (November 2021 to October 2022): -45 % by rules alone, -34 % with news, -69 % with
    a model trained on the years before, which by its own evaluation shows no edge either; buy and
    hold -69 %. No edge shown in any of them. All numbers: docs/reference/examples.md.

    cryptovolt backtest BARS --strategy hybrid.py:Hybrid --news news.csv --model FOLDER

This file shows how the voices are put together in a strategy of your own. The strategy called
`hybrid` is the one the system trades: the same voices, with vetoes, sizes and an explanation of
every decision.
"""

import numpy as np

from cryptovolt import Bars, FusionPolicy, SentimentSeries, build_features
from cryptovolt.decision.fusion import fuse_scores
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.ports import Classifier
from cryptovolt.features.build import FEATURE_WARMUP
from cryptovolt.ml.voting import vote_scores
from cryptovolt.rules.trend import RULES_WARMUP
from cryptovolt.rules.trend import vote as rules_vote
from cryptovolt.sentiment.vote import vote as news_vote


class Hybrid:
    """Long from a score at or above the threshold until one at or below minus the threshold."""

    threshold: float = 0.2
    size: float = 1.0

    # Set by a backtest that is given news or a model; news are cut to what had been seen.
    sentiment: SentimentSeries | None = None
    model: Classifier | None = None

    warmup = max(RULES_WARMUP, FEATURE_WARMUP)

    def target(self, history: Bars) -> FloatArray:
        """Return the size where it buys, 0 where it sells, NaN (keep what is held) between."""
        ml = news = np.full(len(history), np.nan)
        if self.model is not None:
            ml = vote_scores([self.model], build_features(history, self.sentiment))
        if self.sentiment is not None:
            news = news_vote(self.sentiment, history.timestamp + history.interval_ms)
        policy = FusionPolicy(threshold=self.threshold)
        score = fuse_scores(ml, rules_vote(history).score, news, policy)

        buy, sell = score >= self.threshold, score <= -self.threshold
        return np.select([buy, sell], [self.size, 0.0], np.nan)
