"""The one place that chooses adapters."""

from app.adapters.binance_archive import BinanceArchive
from app.adapters.trial_ledger import DatabaseLedger
from app.core.config import settings


def history_archive() -> BinanceArchive:
    """Return the public archive of bars, at the address of the settings."""
    return BinanceArchive(settings.home / "downloads", settings.ARCHIVE_URL)


def trial_ledger() -> DatabaseLedger:
    """Return where trials are kept by whoever works on the database."""
    return DatabaseLedger()
