"""The vote of technical rules, one that can be read without a model.

Five components, each in [−1, 1], from the bars up to and including ``t``. With
``squash(x) = x / (1 + |x|)`` and the average true range ``ATR 14`` as the unit of movement::

    trend     0.30   squash(2 · (EMA 12 − EMA 26) / ATR)
    momentum  0.20   (RSI 14 − 50) / 25, cut to [−1, 1]
    macd      0.20   squash(4 · MACD(12, 26, 9) histogram / ATR)
    breakout  0.20   place in the 20-bar high-low channel (−1 low, 1 high) · min(ADX 14 / 25, 1)
    stretch   0.10   how far the close is outside the 20-bar Bollinger bands, in half widths,
                     against the direction and cut to [−1, 1]; 0 inside them

The score is their weighted sum. Four follow the market; *stretch* leans against a price that left
its bands. Where nothing has moved, every component is
0. Only squares, quotients and sums are used beyond TA-Lib, which give the same bits on every
machine; all is computed in anchored windows, so that live and batch agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.indicators import adx, atr, bbands, ema, macd, midprice, rsi, willr
from cryptovolt.market.windows import compute_anchored

RULES_WARMUP = 256
"""Bars before the first vote; Wilder's averages have then forgotten where they began."""

RULE_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"trend": 0.3, "momentum": 0.2, "macd": 0.2, "breakout": 0.2, "stretch": 0.1}
)

_READINGS = ("ema_gap", "rsi", "macd_histogram", "channel", "adx", "band")
_N_COMPONENTS = len(RULE_WEIGHTS)
_CHANNEL_BARS = 20
_STRONG_ADX = 25.0
# An average range below this share of the price is rounding noise of a market that stands still.
_FLAT_RANGE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RulesVote:
    """The vote of the rules at every bar, and what it is made of.

    Parameters
    ----------
    score : ndarray of shape (n_bars,)
        In [−1, 1]; NaN for the first :data:`RULES_WARMUP` bars.
    components : mapping of str to ndarray of shape (n_bars,)
        Each in [−1, 1]; the names of :data:`RULE_WEIGHTS`.
    readings : mapping of str to ndarray of shape (n_bars,)
        The indicators behind them: ``ema_gap`` and ``macd_histogram`` in units of the average true
        range, ``rsi`` and ``adx`` in [0, 100], ``channel`` and ``band`` as places in their range.
    """

    score: FloatArray
    components: Mapping[str, FloatArray]
    readings: Mapping[str, FloatArray]


def vote(bars: Bars) -> RulesVote:
    """Return the vote of the rules at every bar.

    Parameters
    ----------
    bars : Bars
        Ordered by time; the vote at ``t`` reads bars ``0..t`` and holds from the close of ``t``.

    Returns
    -------
    RulesVote
        NaN for the first 256 bars.

    Raises
    ------
    DataError
        If a price is NaN or infinite.

    References
    ----------
    J. Welles Wilder, *New Concepts in Technical Trading Systems*, 1978 (RSI, ATR, ADX);
    J. Bollinger, *Bollinger on Bollinger Bands*, 2001; G. Appel, *Technical Analysis*, 2005 (MACD).
    """
    columns = compute_anchored(bars, RULES_WARMUP, _columns)
    names = (*RULE_WEIGHTS, *_READINGS)
    arrays = {name: columns[:, i].copy() for i, name in enumerate(names)}
    components = {name: arrays[name] for name in RULE_WEIGHTS}
    return RulesVote(
        score=_weighted(components),
        components=MappingProxyType(components),
        readings=MappingProxyType({name: arrays[name] for name in _READINGS}),
    )


def explain(votes: RulesVote, t: int = -1) -> str:
    """Return one clause on one bar, e.g. ``"EMA 12 above EMA 26, RSI 61, MACD above its signal"``.

    Parameters
    ----------
    votes : RulesVote
        As :func:`vote` returned it.
    t : int, default=-1
        Row of the bar.
    """
    reading = {name: float(values[t]) for name, values in votes.readings.items()}
    if not np.isfinite(votes.score[t]):
        return f"fewer than {RULES_WARMUP + 1} bars"
    trend = _side(reading["ema_gap"], "above", "below", "level with")
    signal = _side(reading["macd_histogram"], "above", "below", "level with")
    channel = round(50 * (1 + reading["channel"]))
    return (
        f"EMA 12 {trend} EMA 26, RSI {reading['rsi']:.0f}, MACD {signal} its signal, "
        f"{channel} % up its 20-bar range, ADX {reading['adx']:.0f}"
    )


def _weighted(components: Mapping[str, FloatArray]) -> FloatArray:
    # Added from left to right: sum() rounds differently from one Python version to the next.
    score = np.zeros_like(components["trend"])
    for name, weight in RULE_WEIGHTS.items():
        score = score + weight * components[name]
    return np.clip(score, -1.0, 1.0)


def _columns(bars: Bars) -> FloatArray:
    columns = np.full((len(bars), _N_COMPONENTS + len(_READINGS)), np.nan)
    if len(bars) <= RULES_WARMUP:
        return columns
    high, low, close = bars.high, bars.low, bars.close
    unit = atr(high, low, close, 14)
    moves = unit > _FLAT_RANGE * close
    bands = bbands(close, _CHANNEL_BARS, 2.0, 2.0)
    middle = midprice(high, low, _CHANNEL_BARS)
    readings = (
        _ratio(ema(close, 12) - ema(close, 26), unit, moves),
        np.where(moves, rsi(close, 14), 50.0),
        _ratio(macd(close, 12, 26, 9).macdhist, unit, moves),
        # TA-Lib's %R calls a channel without height its top; the middle is the honest place.
        np.where(close == middle, 0.0, 1.0 + willr(high, low, close, _CHANNEL_BARS) / 50.0),
        np.where(moves, adx(high, low, close, 14), 0.0),
        _ratio(close - bands.middleband, bands.upperband - bands.middleband, moves),
    )
    columns[:] = np.column_stack((*_components(readings), *readings))
    columns[:RULES_WARMUP] = np.nan
    return columns


def _components(readings: tuple[FloatArray, ...]) -> tuple[FloatArray, ...]:
    ema_gap, strength, histogram, channel, directional, band = readings
    return (
        _squash(2.0 * ema_gap),
        np.clip((strength - 50.0) / 25.0, -1.0, 1.0),
        _squash(4.0 * histogram),
        channel * np.minimum(directional / _STRONG_ADX, 1.0),
        -np.clip(band - np.clip(band, -1.0, 1.0), -1.0, 1.0),
    )


def _ratio(values: FloatArray, unit: FloatArray, moves: BoolArray) -> FloatArray:
    usable = moves & (unit > 0.0)
    return np.divide(values, unit, out=np.zeros_like(values), where=usable)


def _squash(values: FloatArray) -> FloatArray:
    return values / (1.0 + np.abs(values))


def _side(value: float, above: str, below: str, level: str) -> str:
    return above if value > 0 else below if value < 0 else level
