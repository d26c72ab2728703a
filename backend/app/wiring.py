"""The one place that chooses adapters."""

import importlib.util
from collections.abc import Iterable
from urllib.parse import urlsplit

from pydantic import SecretStr

from app.adapters.binance_archive import BinanceArchive, NoArchive
from app.adapters.exchange import ExchangeOptions
from app.adapters.market_rest import MarketRest
from app.adapters.press_announcements import BinanceAnnouncements, OkxAnnouncements
from app.adapters.press_clock import PressClock
from app.adapters.press_cryptopanic import CryptoPanicSource
from app.adapters.press_fear_greed import FearGreedSource
from app.adapters.press_files import FilesSource
from app.adapters.press_gdelt import GdeltSource
from app.adapters.press_http import PressHttp
from app.adapters.press_reddit import RedditAccess, RedditSource
from app.adapters.press_rss import Feed, RssSource, read_feeds
from app.adapters.press_x import XSource
from app.adapters.trial_ledger import DatabaseLedger
from app.core.config import Settings, settings
from app.core.press import ItemKind
from app.core.venue import LOOPBACK, Market, market_addresses
from app.services.press_pace import OffSource
from app.services.press_ports import SentimentSource
from app.services.rate_budget import HostBudget, Priority
from cryptovolt.domain.errors import ConfigurationError

_WEIGHT_LIMITS = {Market.SPOT: 6_000, Market.USDM: 2_400}
_FILES_PER_MINUTE = 60_000
_LOOPBACK_KEY = "loopback"
"""What a loopback press is handed as key: real ones are for the real services alone."""
_LOOPBACK_CAP = 100.0
_LIBRARIES = {"reddit": "asyncpraw", "x": "tweepy"}
"""Of the extra ``social``, by the source that needs it."""
_LOOPBACK_FEEDS = ("wire", "desk", "journal")
_LOOPBACK_FEED_S = 300.0
_MADE_UP = f"{LOOPBACK}-"


def history_archive() -> BinanceArchive:
    """Return the public archive of bars, at the address of the settings."""
    return BinanceArchive(settings.home / "downloads", settings.ARCHIVE_URL)


def fetch_archive(market: Market) -> BinanceArchive | NoArchive:
    """Return the public archive for fetching many files; its host has a budget in the database.

    Where the market was moved to another venue and the archive was not, there is none: files of the
    real venue are not that venue's history.
    """
    default = Settings.model_fields["ARCHIVE_URL"].default
    if market_addresses(market, settings).overridden and default == settings.ARCHIVE_URL:
        return NoArchive()
    budget = HostBudget(weight_limit=_FILES_PER_MINUTE)
    return BinanceArchive(settings.home / "downloads", settings.ARCHIVE_URL, budget=budget)


def request_budget(market: Market, priority: Priority = Priority.DATA) -> HostBudget:
    """Return the budget of a market's requests, shared with every other process."""
    return HostBudget(weight_limit=_WEIGHT_LIMITS[market], priority=priority)


def exchange_options(market: Market, priority: Priority = Priority.DATA) -> ExchangeOptions:
    """Return how exchanges of a market are made, at the addresses of the settings."""
    return ExchangeOptions(
        market=market,
        addresses=market_addresses(market, settings),
        budget=request_budget(market, priority),
    )


def market_rest(market: Market) -> MarketRest:
    """Return one market over REST."""
    return MarketRest(exchange_options(market), request_budget(market).set_limit)


def trial_ledger() -> DatabaseLedger:
    """Return where trials are kept by whoever works on the database."""
    return DatabaseLedger()


def press_address(chosen: Settings = settings) -> str:
    """Return where the loopback press is, or "" where sources are the real services.

    Raises
    ------
    ConfigurationError
        If PRESS_URL is no address.
    """
    address = (chosen.PRESS_URL or (chosen.VENUE_URL and f"{chosen.VENUE_URL}/press")).rstrip("/")
    if address:
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
            raise ConfigurationError(
                f"PRESS_URL: expected http://host:port/press, found {address!r}"
            )
    return address


def press_clock(chosen: Settings = settings) -> PressClock | None:
    """Return the clock of the loopback press; None where sources are the real services."""
    address = press_address(chosen)
    if not address:
        return None
    venue = chosen.VENUE_URL if address.startswith(f"{chosen.VENUE_URL}/") else ""
    return PressClock(address, venue, PressHttp(timeout_s=5.0))


def press_sources(
    chosen: Settings = settings, named: Iterable[str] = ()
) -> tuple[list[SentimentSource], list[OffSource]]:
    """Return the sources that are asked, and those that are off with the reason.

    Parameters
    ----------
    chosen : Settings
    named : iterable of str, optional
        Only these, also where SENTIMENT_OFF names them; ``rss`` stands for all feeds.

    Raises
    ------
    ConfigurationError
        If a name is no source.
    """
    press = press_address(chosen)
    wanted, sources, off = frozenset(named), list[SentimentSource](), list[OffSource]()
    every = _every_source(chosen, press)
    known = {name for one in every for name in _names(one)}
    for name in (*wanted, *chosen.SENTIMENT_OFF):
        if name not in known:
            raise ConfigurationError(
                f"expected a source among {', '.join(sorted(known))}, found {name!r}"
            )
    for one in every:
        own = _names(one)
        missing = [] if press and "files" not in own else _missing(one, chosen)
        library = next((_LIBRARIES[name] for name in own if name in _LIBRARIES), None)
        if wanted and not wanted & own:
            continue
        if missing:
            off.append(_off(one, f"{' and '.join(missing)} not set"))
        elif library is not None and importlib.util.find_spec(library) is None:
            off.append(_off(one, f"{library} is not installed: ./cv pip install {library}"))
        elif not wanted and own & set(chosen.SENTIMENT_OFF):
            off.append(_off(one, "SENTIMENT_OFF names it"))
        else:
            sources.append(one)
    return sources, off


def _every_source(chosen: Settings, press: str) -> list[SentimentSource]:
    def base(address: str, folder: str) -> str:
        return f"{press}/{folder}" if press else address

    feeds = _loopback_feeds(press) if press else read_feeds(chosen.SENTIMENT_FEEDS)
    every: list[SentimentSource] = [
        *(RssSource(feed, feed.url, PressHttp()) for feed in feeds),
        GdeltSource(base(chosen.GDELT_URL, "gdelt"), PressHttp()),
        # Its path begins with what names it on the press.
        FearGreedSource(press or chosen.FEAR_GREED_URL, PressHttp()),
        BinanceAnnouncements(base(chosen.BINANCE_NEWS_URL, "announcements"), PressHttp()),
        OkxAnnouncements(base(chosen.OKX_NEWS_URL, "announcements"), PressHttp()),
        RedditSource(_reddit(chosen, press), chosen.REDDIT_SUBREDDITS, PressHttp()),
        XSource(
            base(chosen.X_URL, "x"),
            _LOOPBACK_KEY if press else chosen.X_BEARER_TOKEN.get_secret_value(),
            chosen.X_PRICE_PER_READ,
            (chosen.X_MONTHLY_CAP or _LOOPBACK_CAP) if press else chosen.X_MONTHLY_CAP,
            PressHttp(),
        ),
        CryptoPanicSource(
            base(chosen.CRYPTOPANIC_URL, "cryptopanic"),
            _LOOPBACK_KEY if press else chosen.CRYPTOPANIC_TOKEN.get_secret_value(),
            chosen.CRYPTOPANIC_PLAN,
            PressHttp(),
        ),
        FilesSource(chosen.SENTIMENT_FILES or settings.home / "texts"),
    ]
    for source in every if press else ():
        # What a made-up source has said, cost and been asked is never taken for the real one's.
        source.name = f"{_MADE_UP}{source.name}"
    return every


def _loopback_feeds(press: str) -> list[Feed]:
    return [
        Feed(name=name, url=f"{press}/rss/{name}.xml", every_s=_LOOPBACK_FEED_S)
        for name in _LOOPBACK_FEEDS
    ]


def _names(source: SentimentSource) -> set[str]:
    name = source.name.removeprefix(_MADE_UP)
    return {source.name, name, name.partition(":")[0]}


def _reddit(chosen: Settings, press: str) -> RedditAccess:
    if press:
        return RedditAccess(
            url=f"{press}/reddit",
            oauth_url=f"{press}/oauth",
            client_id=_LOOPBACK_KEY,
            client_secret=_LOOPBACK_KEY,
        )
    return RedditAccess(
        url=chosen.REDDIT_URL,
        oauth_url=chosen.REDDIT_OAUTH_URL,
        client_id=chosen.REDDIT_CLIENT_ID.get_secret_value(),
        client_secret=chosen.REDDIT_CLIENT_SECRET.get_secret_value(),
    )


def _missing(source: SentimentSource, chosen: Settings) -> list[str]:
    def is_set(name: str) -> bool:
        value = getattr(chosen, name)
        return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)

    return [name for name in source.needs if not is_set(name)]


def _off(source: SentimentSource, reason: str) -> OffSource:
    return OffSource(name=source.name, kind=ItemKind(source.kind), reason=reason)
