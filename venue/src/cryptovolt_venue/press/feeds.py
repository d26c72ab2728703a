"""RSS 2.0 and Atom, as their specifications lay them out (rssboard.org, RFC 4287)."""

from xml.sax.saxutils import escape

from cryptovolt_venue.press.asking import Answer, Ask
from cryptovolt_venue.press.items import DOMAIN, PUBLISHER, PressItem, http_date, iso

PER_FEED = 30
_DAYS = 3.0
ATOM = "journal"


def feed(ask: Ask) -> Answer:
    """Return a feed of the newest articles; ``journal`` and names in ``.atom`` are Atom."""
    items = ask.newest(days=_DAYS, limit=PER_FEED)
    newest = max((item.time_ms for item in items), default=0)
    name = ask.channel.partition(":")[2]
    if name == ATOM or ask.path.endswith(".atom"):
        return Answer(_atom(name, items), "application/atom+xml", modified_ms=newest)
    return Answer(_rss(name, items), "application/rss+xml", modified_ms=newest)


def _rss(name: str, items: list[PressItem]) -> str:
    # No time of making in the feed: what has not changed must not look as if it had.
    entries = "".join(
        f"<item><title>{_xml(item.title)}</title><link>{item.url}</link>"
        f'<guid isPermaLink="true">{item.url}</guid><pubDate>{http_date(item.time_ms)}</pubDate>'
        f"<dc:creator>{_xml(item.author)}</dc:creator>"
        f"{''.join(f'<category>{_xml(asset)}</category>' for asset in item.assets)}"
        f"<description>{_xml(item.body)}</description></item>\n"
        for item in items
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>{PUBLISHER}: {_xml(name)}</title><link>https://{DOMAIN}/rss/{_xml(name)}</link>"
        "<description>Synthetic headlines, independent of any price.</description>"
        f"<language>en</language><ttl>5</ttl>\n{entries}</channel></rss>\n"
    )


def _atom(name: str, items: list[PressItem]) -> str:
    entries = "".join(
        f"<entry><title>{_xml(item.title)}</title><id>{item.url}</id>"
        f'<link rel="alternate" href="{item.url}"/><updated>{iso(item.time_ms)}</updated>'
        f"<published>{iso(item.time_ms)}</published>"
        f"<author><name>{_xml(item.author)}</name></author>"
        f"{''.join(map(_category, item.assets))}"
        f"<summary>{_xml(item.body)}</summary></entry>\n"
        for item in items
    )
    newest = max((item.time_ms for item in items), default=0)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>{PUBLISHER}: {_xml(name)}</title><id>https://{DOMAIN}/rss/{_xml(name)}</id>"
        f"<updated>{iso(newest)}</updated>\n{entries}</feed>\n"
    )


def _category(asset: str) -> str:
    return f'<category term="{_xml(asset)}"/>'


def _xml(text: str) -> str:
    return escape(text, {'"': "&quot;"})
