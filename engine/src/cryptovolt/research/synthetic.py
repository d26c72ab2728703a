"""A generated market, for trying the system where no data is at hand.

The bars are a random walk with changing volatility: there is nothing in them to predict, and a
system that finds an edge here has fooled itself. Everything made here is called SYNTHETIC.
"""

from dataclasses import dataclass

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.timeframe import YEAR_MS, timeframe_ms

SYNTHETIC_SYMBOL = "SYNTHETIC-USDT"
SYNTHETIC_SOURCE = "synthetic"

_STEPS_PER_BAR = 12
_START_PRICE = 20_000.0
_ANNUAL_VOLATILITY = 0.6
_VOLATILITY_MEMORY = 0.995
_VOLATILITY_OF_VOLATILITY = 0.06
_PRICE_DECIMALS = 2
_VOLUME_DECIMALS = 5

_GOOD = (
    "Bitcoin rallies as institutional inflows surge to a record",
    "Analysts turn bullish on crypto after strong breakout",
    "Major bank launches custody, adoption grows",
    "Traders cheer as the market recovers and gains accelerate",
)
_BAD = (
    "Exchange hacked, customers fear losses",
    "Crypto crash deepens as liquidation cascade hits leveraged longs",
    "Regulator sues lender for fraud, investors panic",
    "Bitcoin plunges in brutal sell-off",
)
_NEUTRAL = (
    "Weekly recap of the crypto market",
    "Developers schedule the next network upgrade",
    "Conference on digital assets opens on Monday",
)


@dataclass(frozen=True, slots=True)
class NewsItem:
    """One generated headline."""

    event_time: int
    text: str


def synthetic_bars(
    n_bars: int, *, timeframe: str = "1h", end: int, rng: np.random.Generator
) -> Bars:
    """Return generated bars whose returns cannot be predicted.

    Parameters
    ----------
    n_bars : int
        At least 1.
    timeframe : str, default="1h"
        Length of a bar.
    end : int
        Close of the last bar, milliseconds UTC; rounded down to the time frame.
    rng : numpy.random.Generator
        Same generator state, same bars.

    Returns
    -------
    Bars
        Symbol ``SYNTHETIC-USDT``, source ``synthetic``; prices on a grid of 0.01.

    Raises
    ------
    ConfigurationError
        If fewer than one bar is asked for.
    """
    if n_bars < 1:
        raise ConfigurationError(f"expected at least 1 bar, found {n_bars}")
    interval = timeframe_ms(timeframe)
    last_open = end // interval * interval - interval
    timestamp = last_open - interval * np.arange(n_bars - 1, -1, -1, dtype=np.int64)
    volatility = _volatility(n_bars, interval, rng)
    steps = _shocks(n_bars, rng)
    path = np.log(_START_PRICE) + np.cumsum((steps * volatility[:, None]).ravel())
    prices = _on_grid(np.exp(path).reshape(n_bars, _STEPS_PER_BAR), _PRICE_DECIMALS)
    close = prices[:, -1]
    open_ = np.concatenate([[_START_PRICE], close[:-1]])
    surprise: FloatArray = np.abs(steps).sum(axis=1)
    volume = _on_grid(50.0 * surprise * rng.lognormal(0.0, 0.4, n_bars), _VOLUME_DECIMALS)
    return Bars(
        symbol=SYNTHETIC_SYMBOL,
        timeframe=timeframe,
        timestamp=timestamp,
        open=open_,
        high=np.maximum(prices.max(axis=1), open_),
        low=np.minimum(prices.min(axis=1), open_),
        close=close,
        volume=volume,
        source=SYNTHETIC_SOURCE,
    )


def _shocks(n_bars: int, rng: np.random.Generator) -> FloatArray:
    # Student's t with 4 degrees of freedom has variance 2: a bar's steps add up to variance 1.
    return rng.standard_t(4, size=(n_bars, _STEPS_PER_BAR)) / np.sqrt(2.0 * _STEPS_PER_BAR)


def _on_grid(values: FloatArray, decimals: int) -> FloatArray:
    # Rounding to decimals gives the float nearest to the text a venue would send.
    return np.round(values, decimals)


def _volatility(n_bars: int, interval: int, rng: np.random.Generator) -> FloatArray:
    level = _ANNUAL_VOLATILITY * np.sqrt(interval / YEAR_MS)
    shocks = rng.normal(0.0, _VOLATILITY_OF_VOLATILITY, n_bars)
    logs = np.empty(n_bars)
    state = 0.0
    for t in range(n_bars):
        state = _VOLATILITY_MEMORY * state + shocks[t]
        logs[t] = state
    return level * np.exp(logs)


def synthetic_news(bars: Bars, *, rng: np.random.Generator) -> list[NewsItem]:
    """Return generated headlines that follow the market, about one in three bars.

    A headline's tone leans to the return of the bar it is written in, as real news does, so it
    tells nothing about the bars after it.
    """
    change = np.diff(np.log(bars.close), prepend=np.log(bars.open[:1]))
    typical = float(np.std(change)) or 1.0
    times = bars.timestamp + rng.integers(0, bars.interval_ms, len(bars))
    return [
        # The price makes every headline another text, so that none is taken for a repeat.
        NewsItem(
            int(times[t]),
            f"{_headline(float(change[t]) / typical, rng)} near {bars.close[t]:,.2f}",
        )
        for t in _busy_bars(len(bars), rng)
    ]


def _busy_bars(n_bars: int, rng: np.random.Generator) -> IntArray:
    return np.flatnonzero(rng.random(n_bars) < 1 / 3)


def _headline(tone: float, rng: np.random.Generator) -> str:
    mood = tone + rng.normal()
    choices = _GOOD if mood > 0.7 else _BAD if mood < -0.7 else _NEUTRAL
    return choices[int(rng.integers(len(choices)))]
