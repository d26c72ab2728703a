"""Times as the engine counts them (int milliseconds UTC) and as the database keeps them."""

from datetime import UTC, datetime


def milliseconds(moment: datetime) -> int:
    """Return an aware time as milliseconds UTC."""
    return round(moment.timestamp() * 1000)


def moment_of(milliseconds: int) -> datetime:
    """Return milliseconds UTC as an aware time."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
