"""Every indicator by name, and how many bars it needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.timeframe import timeframe_ms
from cryptovolt.indicators import library, settling


@dataclass(frozen=True, slots=True)
class _Own:
    parameters: Mapping[str, Any]
    undefined: Callable[[Mapping[str, Any]], int]
    needed: Callable[[Mapping[str, Any]], int | None]


def _windowed(undefined: Callable[[Mapping[str, Any]], int], **parameters: Any) -> _Own:
    return _Own(parameters, undefined, lambda given: undefined(given) + 1)


def _session_bars(given: Mapping[str, Any]) -> int | None:
    if given["timeperiod"] is not None:
        return int(given["timeperiod"])
    if given["timeframe"] is None:
        return None
    return max(1, timeframe_ms(given["session"]) // timeframe_ms(given["timeframe"]))


def _of_parts(count: Callable[..., int | None], given: Mapping[str, Any]) -> list[int]:
    parts = (
        count("ema", timeperiod=given["timeperiod"]),
        count("atr", timeperiod=given["atrperiod"]),
    )
    return [part for part in parts if part is not None]


_OWN: Mapping[str, _Own] = {
    "anchored_vwap": _Own({}, lambda _: 0, lambda _: None),
    "ease_of_movement": _windowed(
        lambda given: given["timeperiod"], timeperiod=14, divisor=100_000_000.0
    ),
    "hurst": _windowed(lambda given: given["timeperiod"] - 1, timeperiod=100, max_lag=16),
    "ichimoku": _windowed(
        lambda given: (
            max(given["tenkan"], given["kijun"], given["senkou"]) - 1 + given["displacement"]
        ),
        tenkan=9,
        kijun=26,
        senkou=52,
        displacement=26,
    ),
    "keltner": _Own(
        {"timeperiod": 20, "atrperiod": 10, "nbdev": 2.0},
        lambda given: max(_of_parts(lookback, given)),
        lambda given: max(_of_parts(warmup, given)),
    ),
    "volume_profile": _windowed(
        lambda given: given["timeperiod"] - 1, timeperiod=100, bins=24, value_area=0.7
    ),
    "vwap": _Own(
        {"timeperiod": None, "session": "1d", "timeframe": None},
        lambda given: (given["timeperiod"] or 1) - 1,
        _session_bars,
    ),
}

_LONG_NAMES: Mapping[str, str] = {
    "awesome_oscillator": "ao",
    "chaikin_money_flow": "cmf",
    "force_index": "efi",
    "heikin_ashi": "ha",
}


def names() -> tuple[str, ...]:
    """Return the name of every indicator, sorted; :func:`higher_timeframe` is none."""
    return tuple(sorted({*library.names(), *_OWN, *_LONG_NAMES}))


def lookback(name: str, **parameters: Any) -> int:
    """Return how many values at the beginning an indicator leaves undefined.

    Parameters
    ----------
    name : str
        As in ``cv.indicators``, e.g. ``"rsi"``.
    **parameters
        The indicator's own, where they differ from its defaults.

    Returns
    -------
    int
        Leading NaN on input without NaN, of several outputs the most. Values that are undefined
        for another reason (nothing was traded, nothing changed) do not count.

    Raises
    ------
    ConfigurationError
        If there is no such indicator, or it has no such parameter.
    """
    own = _OWN.get(name)
    if own is not None:
        return own.undefined(_given(name, own.parameters, parameters))
    short = _known(name)
    defaults: dict[str, float] = library.describe(short)["parameters"]
    return library.undefined_rows(short, _given(name, defaults, parameters))


def warmup(name: str, **parameters: Any) -> int | None:
    """Return how many of the newest bars give the same last value as all history.

    The same means within 1e-9 of its size, or of the indicator's usual size where it crosses 0. A
    window needs exactly its bars; an exponential average needs as many as it takes to forget where
    it began. Parabolic stops and the supertrend follow the path of the price: their count was
    enough, several times over, on every series tried, but no count is certain. Where the price
    stands still for dozens of bars, the phase of its cycle is rounding noise, and so are, for a
    while, ``ht_dcphase``, ``ht_sine``, ``ht_trendmode`` and ``mama``.

    Parameters
    ----------
    name : str
        As in ``cv.indicators``, e.g. ``"rsi"``.
    **parameters
        The indicator's own, where they differ from its defaults; for a ``vwap`` of sessions the
        time frame of the bars, e.g. ``timeframe="1h"``.

    Returns
    -------
    int or None
        Bars, the newest included; None where the value depends on where the input begins, however
        long it is: sums since the first bar, numbers of rows.

    Raises
    ------
    ConfigurationError
        If there is no such indicator, or it has no such parameter.
    """
    own = _OWN.get(name)
    if own is not None:
        return own.needed(_given(name, own.parameters, parameters))
    short = _known(name)
    defaults: dict[str, float] = library.describe(short)["parameters"]
    given = _given(name, defaults, parameters)
    further = settling.further_bars(short, given)
    return None if further is None else library.undefined_rows(short, given) + 1 + further


def _known(name: str) -> str:
    short = _LONG_NAMES.get(name, name)
    if short not in library.names():
        raise ConfigurationError(f"expected the name of an indicator, found {name!r}")
    return short


def _given(name: str, defaults: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    unknown = [parameter for parameter in parameters if parameter not in defaults]
    if unknown:
        raise ConfigurationError(
            f"expected parameters of {list(defaults)} for {name}, found {unknown}"
        )
    return {**defaults, **parameters}
