"""The one place that chooses adapters."""

from app.adapters.binance_archive import BinanceArchive
from app.core.config import settings


def history_archive() -> BinanceArchive:
    """Return the public archive of bars, at the address of the settings."""
    return BinanceArchive(settings.home / "downloads", settings.ARCHIVE_URL)
