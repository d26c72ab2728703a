"""How many bars TA-Lib's functions with a long memory need until their start no longer shows.

An exponential average forgets: after ``n`` more bars the weight of where it began is
``(1 - alpha)**n``. Averages of averages forget more slowly. The counts here are taken at a weight
of 1e-12, a thousandth of what :func:`cryptovolt.indicators.warmup` promises, because differences
of averages are smaller than the averages. Where memory follows the path of the price (parabolic
stop, supertrend) no count is certain: the ones here were several times enough on every series
tried. Sums from the first bar never forget, and numbers of rows count from it: they have no count.
"""

from collections.abc import Callable, Mapping
from math import ceil, exp, lgamma, log, log1p
from typing import TypeAlias

Parameters: TypeAlias = Mapping[str, float]

NEVER: frozenset[str] = frozenset(
    {
        *("ad", "cumsum", "nvi", "obv", "pvi", "pvt", "vwap", "wad"),
        *("maxindex", "minindex", "minmaxindex"),
    }
)
"""Functions whose values depend on where the input begins, however long it is."""

_REMAINDER = 1e-12

# Ehlers' filters adapt their own length; measured: at most 410 bars.
_HILBERT = 1000

# Slowest weight of Kaufman's average: (2 / (30 + 1))².
_KAUFMAN = (2.0 / 31.0) ** 2


def settled_after(alpha: float, stages: int = 1) -> int | None:
    """Return the bars after which averages of averages have forgotten their start.

    The remainder of `stages` averages in a row is the chance of fewer than `stages` successes in
    ``n`` tries with probability `alpha`; None where `alpha` is 0.
    """
    if not alpha > 0.0:
        return None
    if alpha >= 1.0:
        return stages
    high = 1
    while _remainder(alpha, stages, high) > _REMAINDER:
        high *= 2
    low = high // 2
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (
            (middle, high) if _remainder(alpha, stages, middle) > _REMAINDER else (low, middle)
        )
    return high


def further_bars(name: str, parameters: Parameters) -> int | None:
    """Return the bars beyond the undefined ones until the start no longer shows; None for never."""
    if name in NEVER:
        return None
    rule = _RULES.get(name)
    return rule(parameters) if rule is not None else 0


def _remainder(alpha: float, stages: int, n_bars: int) -> float:
    if n_bars < stages:
        return 1.0
    return sum(
        exp(
            lgamma(n_bars + 1)
            - lgamma(k + 1)
            - lgamma(n_bars - k + 1)
            + k * log(alpha)
            + (n_bars - k) * log1p(-alpha)
        )
        for k in range(stages)
    )


def _add(*counts: int | None) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _exponential(period: float, stages: int = 1) -> int | None:
    return 0 if period <= 1 else settled_after(2.0 / (period + 1.0), stages)


def _wilder(period: float, stages: int = 1) -> int | None:
    return 0 if period <= 1 else settled_after(1.0 / period, stages)


def _average(period: float, kind: float) -> int | None:
    if period <= 1:
        return 0
    stages = {1: 1, 3: 2, 4: 3, 8: 6, 12: 1}.get(int(kind))
    if stages is not None:
        return _exponential(period, stages)
    if kind == 6:  # Kaufman
        return settled_after(_KAUFMAN)
    if kind == 7:  # MESA, whose slow limit TA-Lib sets to 0.05
        return _add(settled_after(0.05, 2), _HILBERT)
    # The default kind is a function's own: none is slower than Wilder's.
    return _wilder(period) if kind in (11, 13) else 0


def _longest(*parameters: str, stages: int = 1) -> Callable[[Parameters], int | None]:
    return lambda given: _exponential(max(given[p] for p in parameters), stages)


def _wilders(stages: int = 1) -> Callable[[Parameters], int | None]:
    return lambda given: _wilder(given["timeperiod"], stages)


def _averages(*pairs: tuple[str, str]) -> Callable[[Parameters], int | None]:
    return lambda given: _add(*(_average(given[period], given[kind]) for period, kind in pairs))


def _parabolic(acceleration: float, maximum: float) -> int | None:
    if not (acceleration > 0.0 and maximum > 0.0):
        return None
    return ceil(10.0 / acceleration + 30.0 / maximum)


def _supertrend(given: Parameters) -> int | None:
    return _add(_wilder(given["timeperiod"]), ceil(20.0 * (1.0 + given["multiplier"]) ** 2))


def _parabolic_extended(given: Parameters) -> int | None:
    return _parabolic(
        min(given["accelerationlong"], given["accelerationshort"]),
        min(given["accelerationmaxlong"], given["accelerationmaxshort"]),
    )


def _hilbert(_: Parameters) -> int | None:
    return _HILBERT


_OSCILLATOR = _averages(("fastperiod", "matype"), ("slowperiod", "matype"))

_RULES: dict[str, Callable[[Parameters], int | None]] = {
    "adosc": _longest("fastperiod", "slowperiod"),
    "adx": _wilders(2),
    "adxr": _wilders(2),
    "apo": _OSCILLATOR,
    "atr": _wilders(),
    "bbands": _averages(("timeperiod", "matype")),
    "cmo": _wilders(),
    "cvi": _longest("timeperiod"),
    "dema": _longest("timeperiod", stages=2),
    "dx": _wilders(),
    "efi": _longest("timeperiod"),
    "ema": _longest("timeperiod"),
    "eri": _longest("timeperiod"),
    "ha": lambda _: settled_after(0.5),
    "ht_dcperiod": _hilbert,
    "ht_dcphase": _hilbert,
    "ht_phasor": _hilbert,
    "ht_sine": _hilbert,
    "ht_trendline": _hilbert,
    "ht_trendmode": _hilbert,
    "kama": lambda _: settled_after(_KAUFMAN),
    "kc": lambda given: _add(_exponential(given["timeperiod"]), _wilder(given["atrperiod"])),
    "kdj": _averages(("slowk_period", "slowk_matype"), ("slowd_period", "slowd_matype")),
    "ma": _averages(("timeperiod", "matype")),
    "macd": lambda given: _add(
        _longest("fastperiod", "slowperiod")(given), _exponential(given["signalperiod"])
    ),
    "macdext": _averages(
        ("fastperiod", "fastmatype"), ("slowperiod", "slowmatype"), ("signalperiod", "signalmatype")
    ),
    "macdfix": lambda given: _add(_exponential(26), _exponential(given["signalperiod"])),
    "mama": lambda given: _add(settled_after(given["slowlimit"], 2), _HILBERT),
    "massi": _longest("fastperiod", stages=2),
    "mavp": _averages(("maxperiod", "matype")),
    "minus_di": _wilders(),
    "minus_dm": _wilders(),
    "natr": _wilders(),
    "plus_di": _wilders(),
    "plus_dm": _wilders(),
    "ppo": _OSCILLATOR,
    "pvo": _OSCILLATOR,
    "rma": _wilders(),
    "rsi": _wilders(),
    "rvi": _wilders(),
    "sar": lambda given: _parabolic(given["acceleration"], given["maximum"]),
    "sarext": _parabolic_extended,
    "smi": lambda given: _add(
        _exponential(given["fastperiod"]),
        _exponential(given["slowperiod"]),
        _exponential(given["signalperiod"]),
    ),
    "stoch": _averages(("slowk_period", "slowk_matype"), ("slowd_period", "slowd_matype")),
    "stochf": _averages(("fastd_period", "fastd_matype")),
    "stochrsi": lambda given: _add(
        _wilder(given["timeperiod"]), _average(given["fastd_period"], given["fastd_matype"])
    ),
    "supertrend": _supertrend,
    "t3": _longest("timeperiod", stages=6),
    "tema": _longest("timeperiod", stages=3),
    "trix": _longest("timeperiod", stages=3),
    "tsi": _longest("firstperiod", "secondperiod", stages=2),
    "zlema": _longest("timeperiod"),
}
