"""What the name of a file, or the spacing of its times, says about the bars in it."""

import re
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from cryptovolt.domain.arrays import IntArray
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.timeframe import timeframe_ms

_QUOTES = ("USDT", "USDC", "FDUSD", "TUSD", "BUSD", "USD", "EUR", "GBP", "BTC", "ETH", "BNB")
_WORDS = {"minute": "1m", "min": "1m", "hour": "1h", "1hr": "1h", "d": "1d", "day": "1d"}
# [Exchange_]SYMBOL{-|_}TIMEFRAME[{-|_}anything], as freqtrade, Binance and CryptoDataDownload do.
_NAME = re.compile(
    r"(?:(?P<exchange>[A-Z][a-z][A-Za-z]+)_)?"
    r"(?P<symbol>[A-Z0-9]{1,15}(?:[_-][A-Z]{2,6}){0,2})"
    r"[_-](?P<timeframe>[1-9][0-9]{0,3}[smhdw]|minute|min|hour|1hr|day|d)"
    r"(?:[_.-].*)?"
)
_INTERVAL_UNITS = ((604_800_000, "w"), (86_400_000, "d"), (3_600_000, "h"), (60_000, "m"))
_SUFFIXES = re.compile(r"\.(csv|json|feather|parquet|gz|zip|txt|arrow)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FileName:
    """What a file name says; None where it says nothing."""

    symbol: str | None = None
    timeframe: str | None = None
    source: str | None = None


def read_name(path: PurePath) -> FileName:
    """Return what the name of a file says about symbol, time frame and source."""
    stem = path.name
    while _SUFFIXES.search(stem):
        stem = _SUFFIXES.sub("", stem)
    match = _NAME.fullmatch(stem)
    if match is None:
        return FileName()
    timeframe = match["timeframe"]
    exchange = match["exchange"]
    return FileName(
        symbol=venue_symbol(match["symbol"]),
        timeframe=_WORDS.get(timeframe, timeframe),
        source=exchange.lower() if exchange else None,
    )


def venue_symbol(text: str) -> str:
    """Return a pair in venue form: ``BTC/USDT``, ``BTC_USDT`` and ``BTC/USDT:USDT`` as BTCUSDT."""
    parts = re.split(r"[/_:]", text.strip().upper())
    if len(parts) == 3 and parts[2] in parts[:2]:
        parts = parts[:2]
    return "".join(parts)


def same_symbol(one: str, other: str) -> bool:
    """Whether two ways of writing a pair mean the same one."""
    return venue_symbol(one).replace("-", "") == venue_symbol(other).replace("-", "")


def base_asset(symbol: str) -> str:
    """Return the base asset of a pair; the symbol itself where the quote asset is unknown."""
    pair = venue_symbol(symbol)
    if "-" in pair:
        return pair.split("-")[0]
    quotes = (quote for quote in _QUOTES if pair.endswith(quote) and pair != quote)
    quote = next(quotes, "")
    return pair.removesuffix(quote) if quote else pair


def spacing_timeframe(timestamp: IntArray) -> str | None:
    """Return the time frame of the most frequent spacing of times, None for fewer than two."""
    steps = np.abs(np.diff(timestamp))
    steps = steps[steps > 0]
    if not steps.size:
        return None
    values, counts = np.unique(steps, return_counts=True)
    return name_interval(int(values[np.argmax(counts)]))


def name_interval(interval_ms: int) -> str:
    """Return the time frame of a length in milliseconds.

    Raises
    ------
    DataError
        If it is no whole number of seconds.
    """
    for length, unit in _INTERVAL_UNITS:
        if interval_ms % length == 0:
            return f"{interval_ms // length}{unit}"
    if interval_ms % 1_000:
        raise DataError(
            f"expected bars of whole seconds, found times {interval_ms} milliseconds apart"
        )
    return f"{interval_ms // 1_000}s"


def check_spacing(timestamp: IntArray, timeframe: str) -> None:
    """Refuse times that cannot be those of the time frame.

    Raises
    ------
    DataError
        If the bars are shorter, or all of them evenly longer, than the time frame.
    """
    found = spacing_timeframe(timestamp)
    if found is None or found == timeframe:
        return
    interval, spacing = timeframe_ms(timeframe), timeframe_ms(found)
    if interval == spacing:
        return
    common = int(np.gcd.reduce(np.abs(np.diff(timestamp))))
    if spacing < interval or (common == spacing and timestamp.size > 3):
        raise DataError(f"expected {timeframe} bars, found bars {found} apart")
