"""The one place that chooses adapters."""

from app.adapters.binance_archive import BinanceArchive, NoArchive
from app.adapters.exchange import ExchangeOptions
from app.adapters.market_rest import MarketRest
from app.adapters.trial_ledger import DatabaseLedger
from app.core.config import Settings, settings
from app.core.venue import Market, market_addresses
from app.services.rate_budget import HostBudget, Priority

_WEIGHT_LIMITS = {Market.SPOT: 6_000, Market.USDM: 2_400}
_FILES_PER_MINUTE = 60_000


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
