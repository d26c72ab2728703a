"""Whether a series may be traded now: what the trader asks before every entry, and what is shown.

Anything that is not known to be good refuses: a feed whose process no longer says that it lives
refuses all its series.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from app.models.feed import Feed, FeedIncident, FeedStatus
from app.repositories import feed

HEARTBEAT_LOST_S = 5.0
"""A feed says every second that it lives."""


@dataclass(frozen=True, slots=True)
class FeedView:
    """Everything that is shown of the feeds, at one time."""

    feeds: list[Feed]
    series: list[FeedStatus]
    incidents: list[FeedIncident]
    at: datetime

    def refusal(self, series: FeedStatus) -> str | None:
        """Return why a series may not be traded now, or None."""
        source = next((one for one in self.feeds if one.source == series.source), None)
        return refusal_of(source, series, self.at)


def view(db: Session) -> FeedView:
    """Return the state of every feed."""
    series, incidents = feed.list_status(db), feed.open_incident_list(db)
    return FeedView(feed.list_feeds(db), series, incidents, datetime.now(UTC))


def entry_refusal(
    db: Session, source: str, symbol: str, timeframe: str, now: datetime
) -> str | None:
    """Return why no position may be opened in a series now, in one sentence, or None."""
    series = feed.find_status(db, source, symbol, timeframe)
    if series is None:
        return f"{symbol} {timeframe} of {source} is not fed"
    return refusal_of(feed.find_feed(db, source), series, now)


def refusal_of(source: Feed | None, series: FeedStatus, now: datetime) -> str | None:
    """Return why a series may not be traded, from the rows that say how it is fed."""
    name = f"{series.symbol} {series.timeframe} of {series.source}"
    lost = process_trouble(source, now)
    if lost is not None:
        return f"{name}: {lost}"
    assert source is not None
    if source.stop_reason is not None:
        return f"{name}: {source.stop_reason}"
    if series.state != "live":
        return f"{name} is {series.state}: {series.reason}"
    return None


def process_trouble(source: Feed | None, now: datetime) -> str | None:
    """Return what is wrong with the process of a feed, or None while it lives."""
    if source is None:
        return "the feed has never run"
    if source.stopped_at is not None:
        return f"the feed was stopped at {source.stopped_at:%Y-%m-%d %H:%M:%S} UTC"
    silence_s = (now - source.heartbeat_at).total_seconds()
    if not silence_s <= HEARTBEAT_LOST_S:
        return f"the feed's process has not been heard of for {silence_s:.0f} s"
    return None
