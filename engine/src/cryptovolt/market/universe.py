"""Which symbols may be traded as of a day: rules over what was known by then.

The same function answers for a backtest, from bars, and for the live system, from tables. Nothing
dated on or after the day is looked at, so the answer of a day never changes.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray, read_only
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.market.listings import split_listings


@dataclass(frozen=True, slots=True)
class Listing:
    """One time during which a symbol was traded, milliseconds UTC; the end is not included.

    Parameters
    ----------
    start : int
        When trading began.
    end : int or None
        When trading ended; None: it has not.
    """

    start: int
    end: int | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise DataError(f"expected a listing to end after {self.start}, found {self.end}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SymbolHistory:
    """What is known of one symbol: its listings and its days.

    Parameters
    ----------
    symbol : str
        Venue form.
    quote : str
        Quote asset, for example ``"USDT"``.
    listings : tuple of Listing
        A ticker that returned as another coin has two.
    day : ndarray of shape (n_days,)
        Opens of daily bars, 00:00 UTC, int64 milliseconds, increasing.
    close : ndarray of shape (n_days,)
        Last price of the day, quote currency.
    quote_volume : ndarray of shape (n_days,)
        Traded on the day, quote currency.

    Raises
    ------
    DataError
        If shapes differ, or days do not increase or are no days.
    """

    symbol: str
    quote: str
    listings: tuple[Listing, ...]
    day: IntArray
    close: FloatArray
    quote_volume: FloatArray

    def __post_init__(self) -> None:
        shapes = {self.day.shape, self.close.shape, self.quote_volume.shape}
        if self.day.ndim != 1 or len(shapes) != 1:
            raise DataError(f"{self.symbol}: expected arrays of one length, found {shapes}")
        if (np.diff(self.day) <= 0).any() or (self.day % DAY_MS != 0).any():
            raise DataError(f"{self.symbol}: expected days at 00:00 UTC that increase")
        for array in (self.day, self.close, self.quote_volume):
            read_only(array)


@dataclass(frozen=True, slots=True, kw_only=True)
class UniverseRules:
    """What a symbol needs to belong.

    Parameters
    ----------
    top : int
        How many symbols at most, those with most volume; at least 1.
    volume_days : int
        Days before the day whose quote volume is summed, at least 1.
    min_age_days : int
        Days since trading began, at least 0.
    min_price : float
        Last close before the day, quote currency, at least 0.
    max_silent_days : int
        Days without a bar before the day that are borne, at least 0: a symbol that stopped trading
        leaves also where nobody wrote down its end.
    quote : str or None
        Quote asset; None takes any, and then volumes of different assets are compared.

    Raises
    ------
    ConfigurationError
        If a number is outside its range.
    """

    top: int
    volume_days: int = 30
    min_age_days: int = 0
    min_price: float = 0.0
    max_silent_days: int = 2
    quote: str | None = "USDT"

    def __post_init__(self) -> None:
        leasts = {"top": 1, "volume_days": 1, "min_age_days": 0, "max_silent_days": 0}
        for name, least in leasts.items():
            value = getattr(self, name)
            if value < least:
                raise ConfigurationError(f"expected {name} of at least {least}, found {value}")
        if not 0.0 <= self.min_price < np.inf:
            raise ConfigurationError(f"expected min_price of at least 0, found {self.min_price}")


@dataclass(frozen=True, slots=True)
class Member:
    """One symbol of a universe.

    Parameters
    ----------
    symbol : str
    quote_volume : float
        Sum over the days that were looked at, quote currency.
    price : float
        Last close before the day, quote currency.
    age_days : int
        Whole days since trading began.
    """

    symbol: str
    quote_volume: float
    price: float
    age_days: int


def daily_history(
    bars: Bars, quote: str, listings: tuple[Listing, ...] | None = None
) -> SymbolHistory:
    """Return the days of a symbol from its bars.

    A day's quote volume is the sum of close × volume of its bars.

    Parameters
    ----------
    bars : Bars
        Of any time frame up to a day, in order of time.
    quote : str
        Quote asset.
    listings : tuple of Listing, optional
        As recorded; otherwise told from the bars: trading begins with the first one, and again
        after every 30 days without any.

    Returns
    -------
    SymbolHistory

    Raises
    ------
    DataError
        If the bars are longer than a day or not in order of time.
    """
    if bars.interval_ms > DAY_MS or (np.diff(bars.timestamp) <= 0).any():
        raise DataError(f"expected bars of at most a day in order of time, found {bars!r}")
    days = bars.timestamp // DAY_MS * DAY_MS
    starts = np.flatnonzero(np.diff(days, prepend=-1))
    ends = np.append(starts[1:], len(bars))
    traded = bars.close * bars.volume
    # Day by day: the sum of one day must not depend on how many others are there.
    spans = zip(starts.tolist(), ends.tolist(), strict=True) if len(bars) else ()
    volumes = np.array([np.sum(traded[start:end]) for start, end in spans], dtype=np.float64)
    if listings is None:
        parts = split_listings(bars) if len(bars) else ()
        listings = tuple(Listing(int(part.timestamp[0])) for part in parts)
    return SymbolHistory(
        symbol=bars.symbol,
        quote=quote,
        listings=listings,
        day=days[starts] if len(bars) else days,
        close=bars.close[ends - 1] if len(bars) else bars.close,
        quote_volume=volumes,
    )


def universe(
    histories: Iterable[SymbolHistory], day: int, rules: UniverseRules
) -> tuple[Member, ...]:
    """Return the symbols that belong as of the open of a day, most volume first.

    A symbol belongs while it is listed. A ticker that was delisted and returned counts from its
    return: volume and prices of what had the name before are not looked at.

    Parameters
    ----------
    histories : iterable of SymbolHistory
        One of each symbol, also of those delisted since.
    day : int
        00:00 UTC of the day, milliseconds; bars and dates on or after it are not looked at.
    rules : UniverseRules

    Returns
    -------
    tuple of Member
        At most ``rules.top``; of equal volume the symbol first in the alphabet.

    Raises
    ------
    ConfigurationError
        If `day` is not the open of a day.
    DataError
        If two histories are of one symbol.
    """
    if day % DAY_MS != 0:
        raise ConfigurationError(f"expected the open of a day, 00:00 UTC, found {day}")
    members: list[Member] = []
    seen: set[str] = set()
    for history in histories:
        if history.symbol in seen:
            raise DataError(f"expected one history of {history.symbol}, found two")
        seen.add(history.symbol)
        member = _member(history, day, rules)
        if member is not None:
            members.append(member)
    members.sort(key=lambda member: (-member.quote_volume, member.symbol))
    return tuple(members[: rules.top])


def _member(history: SymbolHistory, day: int, rules: UniverseRules) -> Member | None:
    listing = max(
        (one for one in history.listings if one.start < day),
        key=lambda one: one.start,
        default=None,
    )
    if listing is None or (listing.end is not None and listing.end <= day):
        return None
    if rules.quote not in (None, history.quote):
        return None
    age_days = (day - listing.start) // DAY_MS
    first = max(day - rules.volume_days * DAY_MS, listing.start // DAY_MS * DAY_MS)
    start, end = np.searchsorted(history.day, [first, day]).tolist()
    if start == end or age_days < rules.min_age_days:
        return None
    if day - int(history.day[end - 1]) > (1 + rules.max_silent_days) * DAY_MS:
        return None
    price = float(history.close[end - 1])
    volume = float(np.sum(history.quote_volume[start:end]))
    # Written so that NaN is refused.
    if not price >= rules.min_price or not volume >= 0.0:
        return None
    return Member(history.symbol, volume, price, age_days)
