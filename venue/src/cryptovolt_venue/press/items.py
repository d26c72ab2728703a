"""What the press holds: one item, and the names of the sources that serve it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

DOMAIN = "loopback-press.invalid"
"""Where every link leads: to nothing, since no address ends in .invalid (RFC 2606)."""

PUBLISHER = "Loopback press (made-up)"
FEEDS = ("wire", "desk", "journal")
"""Feeds of their own content; the last is Atom. Any other name is a feed as well."""

SOURCES = ("rss", "gdelt", "fear-greed", "announcements", "reddit", "x", "cryptopanic")
ALIASES = {"fng": "fear-greed", "fear_greed": "fear-greed", "feargreed": "fear-greed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PressItem:
    """One made-up article, notice or post.

    Parameters
    ----------
    number : int
        Unique within its channel and growing with time, below 2**63.
    time_ms : int
        When it was written, in market time.
    channel : str
        ``"rss:wire"``, ``"x"`` and so on.
    tone : {"good", "bad", "plain", "spam", "given"}
        What it was made to sound like.
    """

    number: int
    time_ms: int
    channel: str
    title: str
    body: str = ""
    author: str = ""
    assets: tuple[str, ...] = ()
    tone: str = "plain"
    language: str = "en"

    @property
    def text(self) -> str:
        """Title and body in one."""
        return f"{self.title}\n\n{self.body}" if self.body else self.title

    @property
    def path(self) -> str:
        """Its address below the domain."""
        return f"{self.channel.replace(':', '/')}/{self.number:x}"

    @property
    def url(self) -> str:
        """Its address, the same on every machine."""
        return f"https://{DOMAIN}/{self.path}"


def moment(time_ms: int) -> datetime:
    """Return a time as an aware datetime, in whole seconds."""
    return datetime.fromtimestamp(time_ms // 1000, UTC)


def iso(time_ms: int) -> str:
    """Return a time as ``2025-01-31T12:00:00Z``."""
    return moment(time_ms).strftime("%Y-%m-%dT%H:%M:%SZ")


def http_date(time_ms: int) -> str:
    """Return a time as headers and RSS write it."""
    return format_datetime(moment(time_ms), usegmt=True)
