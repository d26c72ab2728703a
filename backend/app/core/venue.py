"""The two markets of the venue: names of their series, addresses, and what they tell."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptovolt.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from app.core.config import Settings


class Market(StrEnum):
    """A market of the venue."""

    SPOT = "spot"
    USDM = "usdm"


class Kind(StrEnum):
    """What history is of; all but bars exist for USD-M only."""

    BARS = "bars"
    MARK = "mark"
    INDEX = "index"
    FUNDING = "funding"


TIMEFRAMES = (
    "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w",
)  # fmt: skip
"""What both markets offer; spot also has 1s. Calendar months have no fixed length."""

_SUFFIXES = {
    (Market.SPOT, Kind.BARS): "",
    (Market.USDM, Kind.BARS): "-usdm",
    (Market.USDM, Kind.MARK): "-usdm-mark",
    (Market.USDM, Kind.INDEX): "-usdm-index",
    (Market.USDM, Kind.FUNDING): "-usdm",
}

LOOPBACK = "loopback"
"""How sources of a loopback venue begin: its bars are never those of the real one."""
_VENUE = "binance"


def source_name(market: Market, kind: Kind = Kind.BARS) -> str:
    """Return the `source` under which a kind of history of a market is stored.

    Raises
    ------
    ConfigurationError
        If the market has no such kind.
    """
    suffix = _SUFFIXES.get((market, kind))
    if suffix is None:
        raise ConfigurationError(
            f"expected --kind bars for the spot market, found {kind}: mark prices, index prices "
            "and funding belong to --market usdm"
        )
    # A wrong setting is told where a command runs, not where its module is imported.
    from app.core.config import settings  # noqa: PLC0415

    return f"{LOOPBACK if settings.VENUE_URL else _VENUE}{suffix}"


def trading_market(source: str | None) -> Market:
    """Return the market that a source of bars names; spot where none is named.

    Raises
    ------
    ConfigurationError
        If no market of the venue is stored under that name.
    """
    for market in Market:
        if source in (None, source_name(market)):
            return market
    known = ", ".join(source_name(market) for market in Market)
    raise ConfigurationError(f"expected a source among {known}, found {source!r}")


def offered_timeframes(market: Market) -> tuple[str, ...]:
    """Return the time frames of a market, shortest first."""
    return ("1s", *TIMEFRAMES) if market is Market.SPOT else TIMEFRAMES


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where one market answers instead of at the real venue; None: at the real venue."""

    rest: str | None
    """Scheme, host and port, for example ``http://127.0.0.1:8100``."""
    stream: str | None

    @property
    def overridden(self) -> bool:
        """Whether this market is somewhere else than at the real venue."""
        return self.rest is not None


def market_addresses(market: Market, chosen: "Settings") -> Addresses:
    """Return the addresses the settings choose for a market.

    Raises
    ------
    ConfigurationError
        If an address is no URL, or only streams are moved away from the real venue.
    """
    name = f"EXCHANGE_{market.upper()}_URL"
    own = getattr(chosen, name)
    rest = _checked(name if own else "VENUE_URL", own or chosen.VENUE_URL, ("http", "https"))
    stream_name = f"EXCHANGE_{market.upper()}_STREAM_URL"
    stream = _checked(stream_name, getattr(chosen, stream_name), ("ws", "wss"))
    if stream and not rest:
        raise ConfigurationError(
            f"{stream_name} is set and {name} is not: requests would go to the real venue while "
            "streams come from another one; set both"
        )
    if rest and not stream:
        # One server answers both; only the scheme differs.
        stream = "ws" + rest.removeprefix("http")
    return Addresses(rest or None, stream or None)


def _checked(name: str, address: str, schemes: tuple[str, ...]) -> str:
    if not address:
        return ""
    parts = urlsplit(address)
    if parts.scheme not in schemes or not parts.hostname or parts.username:
        expected = " or ".join(f"{scheme}://host:port" for scheme in schemes)
        raise ConfigurationError(f"{name}: expected {expected}, found {address!r}")
    return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One symbol as the venue describes it; sizes are exact."""

    symbol: str
    base: str
    quote: str
    status: str
    contract: str | None
    tick: Decimal
    step: Decimal
    min_quantity: Decimal | None
    max_quantity: Decimal | None
    min_notional: Decimal
    listed_ms: int | None
    """None: the answer does not tell."""
    delisted_ms: int | None


@dataclass(frozen=True, slots=True)
class InstrumentList:
    """What a market trades, and the request weight per minute it allows."""

    instruments: tuple[Instrument, ...]
    weight_limit: int | None = None
    unreadable: tuple[str, ...] = ()
    """Symbols whose description has another form than expected; the others stand."""


@dataclass(frozen=True, slots=True)
class VenueTime:
    """The present at the venue, milliseconds UTC."""

    market_ms: int
    """What is closed by then is closed; behind real time where a loopback venue replays history."""
    offset_ms: int
    """The venue's clock less this machine's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveFile:
    """One file of the public archive: a month, or a day, of one series."""

    market: Market
    kind: Kind
    symbol: str
    timeframe: str
    first_day: date
    monthly: bool

    @property
    def path(self) -> str:
        """Return its path below the archive's address."""
        root = "spot" if self.market is Market.SPOT else "futures/um"
        span = "monthly" if self.monthly else "daily"
        folder = _FOLDERS[self.kind]
        label = self.timeframe if self.kind is not Kind.FUNDING else folder
        within = f"{self.timeframe}/" if self.kind is not Kind.FUNDING else ""
        day = f"{self.first_day:%Y-%m}" if self.monthly else f"{self.first_day:%Y-%m-%d}"
        name = f"{self.symbol}-{label}-{day}.zip"
        return f"data/{root}/{span}/{folder}/{self.symbol}/{within}{name}"


_FOLDERS = {
    Kind.BARS: "klines",
    Kind.MARK: "markPriceKlines",
    Kind.INDEX: "indexPriceKlines",
    Kind.FUNDING: "fundingRate",
}
