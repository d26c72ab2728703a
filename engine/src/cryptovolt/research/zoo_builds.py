"""Features that know what they cannot know, as they are written in public, and clean ones."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.features.build import Features, build_features
from cryptovolt.research.feature_gates import Build
from cryptovolt.research.synthetic import synthetic_bars

_AHEAD = 6
_WINDOW = 24
_PER_HIGHER_BAR = 24
_COINS = 12
_LEADER_SEED = 5


def with_column(features: Features, name: str, column: FloatArray) -> Features:
    """Return features with one more column; what is not defined becomes 0."""
    return replace(
        features,
        names=(*features.names, name),
        values=np.column_stack([features.values, np.nan_to_num(column)]),
    )


def _scaled_by_all_rows(bars: Bars, sentiment: SentimentSeries | None) -> Features:
    features = build_features(bars, sentiment)
    usable = features.values[features.usable]
    values = (features.values - usable.mean(axis=0)) / (usable.std(axis=0) + 1e-12)
    return replace(features, values=values)


def _target_as_feature(bars: Bars, sentiment: SentimentSeries | None) -> Features:
    ahead = np.full(len(bars), np.nan)
    ahead[:-_AHEAD] = np.log(bars.close[_AHEAD:] / bars.close[:-_AHEAD])
    return with_column(build_features(bars, sentiment), "target", ahead)


def _next_bar(bars: Bars, sentiment: SentimentSeries | None) -> Features:
    ahead = np.append(np.log(bars.close[1:] / bars.close[:-1]), np.nan)
    return with_column(build_features(bars, sentiment), "return", ahead)


def _centred_window(bars: Bars, sentiment: SentimentSeries | None) -> Features:
    # lookahead: that is the mistake this pipeline makes.
    smooth = np.convolve(np.log(bars.close), np.ones(_WINDOW) / _WINDOW, mode="same")
    trend = np.concatenate([[0.0], np.diff(smooth)])
    return with_column(build_features(bars, sentiment), "smooth trend", trend)


def _unclosed_higher_bar(bars: Bars, sentiment: SentimentSeries | None) -> Features:
    # The close of the day stands in each of its hours, also in those before it closed.
    day = bars.timestamp // DAY_MS
    last = np.searchsorted(day, day, side="right") - 1
    of_day = np.log(bars.close[last] / bars.close)
    return with_column(build_features(bars, sentiment), "daily close", of_day)


def _filled_backwards(bars: Bars, sentiment: SentimentSeries | None) -> Features:
    # A weekly figure that is carried back over the days before it was known.
    week = np.arange(len(bars)) // (7 * _PER_HIGHER_BAR)
    last = np.searchsorted(week, week, side="right") - 1
    change = np.log(bars.close[last] / bars.open)
    return with_column(build_features(bars, sentiment), "weekly figure", change)


def _by_event_day(bars: Bars, sentiment: SentimentSeries | None) -> Features:
    column = np.zeros(len(bars))
    if sentiment is not None:
        days, place = np.unique(sentiment.event_time // DAY_MS, return_inverse=True)
        mean = np.bincount(place, sentiment.score) / np.bincount(place)
        at = np.searchsorted(days, bars.timestamp // DAY_MS)
        inside = at < days.size
        known = np.where(inside, days[np.minimum(at, days.size - 1)], -1)
        found = inside & (known == bars.timestamp // DAY_MS)
        column[found] = mean[at[found]]
    return with_column(build_features(bars, sentiment), "news of the day", column)


def _coins(bars: Bars) -> tuple[FloatArray, ...]:
    # Made from their times, so that the same hours of the same coin are always the same.
    made: list[FloatArray] = []
    for coin in range(_COINS):
        mixed = np.sin(bars.timestamp / 1e5 * (coin + 1.37)) * 43_758.5453
        made.append(mixed - np.floor(mixed) - 0.5)
    return tuple(made)


def _best_coin_of_all(bars: Bars, sentiment: SentimentSeries | None) -> Features:
    # The coin that foretold this market best: known only after all of it.
    ahead = np.append(np.diff(np.log(bars.close)), 0.0)
    best = max(_coins(bars), key=lambda coin: abs(float(np.corrcoef(coin, ahead)[0, 1])))
    sign = np.sign(float(np.corrcoef(best, ahead)[0, 1]))
    return with_column(build_features(bars, sentiment), "best coin", sign * best)


def _ends_known(bars: Bars, sentiment: SentimentSeries | None) -> Features:
    # Where the price stands between the lowest and the highest of all the bars there are.
    level = (bars.close - bars.low.min()) / (bars.high.max() - bars.low.min())
    return with_column(build_features(bars, sentiment), "place in range", level)


def _with_leader(bars: Bars) -> Build:
    leader = synthetic_bars(
        len(bars),
        timeframe=bars.timeframe,
        end=int(bars.timestamp[-1]) + bars.interval_ms,
        rng=np.random.default_rng(_LEADER_SEED),
    )
    return partial(build_features, leader=replace(leader, symbol="LEADER"))


def _bars_only(bars: Bars, sentiment: SentimentSeries | None) -> Features:  # noqa: ARG001
    return build_features(bars)


def _always(build: Build) -> Callable[[Bars], Build]:
    return lambda bars: build  # noqa: ARG005


BUILDS: dict[str, tuple[str | None, Callable[[Bars], Build]]] = {
    "scaler fitted on all rows": ("future_alteration", _always(_scaled_by_all_rows)),
    "target among the features": ("single_feature", _always(_target_as_feature)),
    "return of the next bar": ("future_alteration", _always(_next_bar)),
    "centred rolling window": ("future_alteration", _always(_centred_window)),
    "daily bar before it closed": ("future_alteration", _always(_unclosed_higher_bar)),
    "weekly figure filled backwards": ("future_alteration", _always(_filled_backwards)),
    "news joined by the day they are about": ("future_alteration", _always(_by_event_day)),
    "best coin of all, chosen afterwards": ("future_alteration", _always(_best_coin_of_all)),
    "lowest and highest of all history": ("live_equals_batch", _always(_ends_known)),
    "clean: bars alone": (None, _always(_bars_only)),
    "clean: bars and news": (None, _always(build_features)),
    "clean: a leading market": (None, _with_leader),
}
"""Name to the gate that is to refuse it, and what makes its builder from the zoo's bars."""
