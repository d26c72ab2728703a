"""Gates on features: made again from altered or fewer bars, they must keep their bits.

What stands beside the bars is altered and cut with them where it can be seen: sentiment, and what a
:func:`functools.partial` of the builder was given by keyword (funding, mark, index and leader).
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.random import Generator

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.features.build import Features
from cryptovolt.market.windows import live_rows
from cryptovolt.research.gate import Gate

Build: TypeAlias = Callable[[Bars, SentimentSeries | None], Features]
"""How the features were made, so that they can be made again."""

N_TIMES = 20
WARM_UP_TOLERANCE = 1e-9
_BARS_AFTER = 100


def future_alteration(
    bars: Bars,
    sentiment: SentimentSeries | None,
    features: Features,
    build: Build,
    rng: Generator,
) -> Gate:
    """Alter everything after a time, noise and a tenfold price: nothing before may change."""
    n_changed, names = 0, set[str]()
    for t in _times(features, rng):
        part = slice(_first_row(features, t), t + 1 + _BARS_AFTER)
        for factor in (rng.uniform(0.5, 2.0, len(bars)), np.full(len(bars), 10.0)):
            altered = _altered(bars, t, factor)[part]
            heard = _altered_sentiment(sentiment, t, bars, rng)
            then = _rows(build(bars[part], sentiment), features)
            now = _rows(_altered_beside(build, _close(bars, t), rng)(altered, heard), features)
            rows = t + 1 - part.start
            differs = _differ(then[:rows], now[:rows])
            # The row itself must also be the one the model was trained on.
            differs[-1] |= _differ(now[rows - 1], features.values[t])
            n_changed += int(differs.sum())
            names.update(np.array(features.names)[differs.any(axis=0)].tolist())
    which = f" ({', '.join(sorted(names)[:5])})" if names else ""
    return Gate(
        "future_alteration",
        n_changed == 0,
        float(n_changed),
        0.0,
        f"altering the future of {N_TIMES} times changed {n_changed} values of the past{which}; "
        "none may change",
    )


def live_equals_batch(
    bars: Bars,
    sentiment: SentimentSeries | None,
    features: Features,
    build: Build,
    rng: Generator,
) -> Gate:
    """Make a row from the newest bars only, as a live session does: it must have the same bits."""
    n_changed = 0
    for t in _times(features, rng):
        newest = bars[_first_row(features, t) : t + 1]
        seen = _seen_beside(build, _close(bars, t))
        live = _rows(seen(newest, _seen(sentiment, t, bars)), features)[-1]
        n_changed += int(_differ(live, features.values[t]).sum())
    return Gate(
        "live_equals_batch",
        n_changed == 0,
        float(n_changed),
        0.0,
        f"{n_changed} values of {N_TIMES} rows differ between live and batch; none may differ",
    )


def warm_up(
    bars: Bars,
    sentiment: SentimentSeries | None,
    features: Features,
    build: Build,
    rng: Generator,
) -> Gate:
    """Begin the bars a declared warm-up before a row: the row must hardly differ."""
    usable = features.values[features.usable]
    spread = np.std(usable, axis=0) if len(usable) else np.ones(len(features.names))
    worst, name = 0.0, features.names[0]
    for t in _times(features, rng):
        row = _rows(build(bars[t - features.warmup : t + 1], sentiment), features)[-1]
        known = features.values[t]
        # Of a value near zero the difference is held against what the column usually does.
        scale = np.maximum(np.maximum(np.abs(known), np.abs(row)), spread)
        differs = np.abs(row - known) / np.where(scale > 0.0, scale, 1.0)
        # Written so that NaN is the worst there is.
        differs = np.where(np.isfinite(differs), differs, np.inf)
        if differs.max() > worst:
            worst, name = float(differs.max()), features.names[int(np.argmax(differs))]
    return Gate(
        "warm_up",
        worst <= WARM_UP_TOLERANCE,
        worst,
        WARM_UP_TOLERANCE,
        f"with {features.warmup} bars before them {N_TIMES} rows differ from those with all "
        f"history by at most {worst:.1e} of a column ({name}); {WARM_UP_TOLERANCE:.0e} is allowed",
    )


def _times(features: Features, rng: Generator) -> list[int]:
    usable: IntArray = np.flatnonzero(features.usable)
    return sorted(rng.choice(usable, min(N_TIMES, usable.size), replace=False).tolist())


def _first_row(features: Features, t: int) -> int:
    return max(0, t + 1 - live_rows(features.warmup))


def _rows(made: Features, features: Features) -> FloatArray:
    return made.select(features.names).values


def _differ(first: FloatArray, second: FloatArray) -> BoolArray:
    return (first != second) & ~(np.isnan(first) & np.isnan(second))


def _altered(bars: Bars, t: int, factor: FloatArray) -> Bars:
    scale = np.where(np.arange(len(bars)) > t, factor, 1.0)
    return Bars(
        symbol=bars.symbol,
        timeframe=bars.timeframe,
        timestamp=bars.timestamp,
        open=bars.open * scale,
        high=bars.high * scale,
        low=bars.low * scale,
        close=bars.close * scale,
        volume=bars.volume * scale,
        source=bars.source,
    )


def _close(bars: Bars, t: int) -> int:
    return int(bars.timestamp[t]) + bars.interval_ms


def _altered_beside(build: Build, close: int, rng: Generator) -> Build:
    def altered(given: Any) -> Any:
        if isinstance(given, Bars):
            return _altered(given, _closed(given, close) - 1, rng.uniform(0.5, 2.0, len(given)))
        if isinstance(given, FundingRates):
            later = given.timestamp > close
            rate = np.where(later, rng.uniform(-0.01, 0.01, len(given)), given.rate)
            return FundingRates(timestamp=given.timestamp, rate=rate)
        return given

    return _with_beside(build, altered)


def _seen_beside(build: Build, close: int) -> Build:
    def seen(given: Any) -> Any:
        if isinstance(given, Bars):
            return given[: _closed(given, close)]
        return given.paid_until(close) if isinstance(given, FundingRates) else given

    return _with_beside(build, seen)


def _with_beside(build: Build, change: Callable[[Any], Any]) -> Build:
    if not isinstance(build, partial):
        return build
    made = cast("partial[Features]", build)
    changed = {name: change(given) for name, given in made.keywords.items()}
    return partial(made.func, *made.args, **changed)


def _closed(bars: Bars, close: int) -> int:
    return int(np.searchsorted(bars.timestamp + bars.interval_ms, close, side="right"))


def _seen(sentiment: SentimentSeries | None, t: int, bars: Bars) -> SentimentSeries | None:
    return None if sentiment is None else sentiment.seen_until(_close(bars, t))


def _altered_sentiment(
    sentiment: SentimentSeries | None, t: int, bars: Bars, rng: Generator
) -> SentimentSeries | None:
    if sentiment is None:
        return None
    later = sentiment.observed_at > int(bars.timestamp[t]) + bars.interval_ms
    drawn = rng.uniform(-1.0, 1.0, len(sentiment))
    return sentiment.with_score(np.where(later, drawn, sentiment.score))
