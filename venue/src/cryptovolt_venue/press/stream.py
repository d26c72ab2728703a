"""Items of a channel, made from (seed, time): the same whenever and however often they are asked.

Time is cut into slots of ten minutes. How many items a slot has, and everything about them, follows
by a hash from the seed, the channel and the slot: there is a past of any length, nothing is kept,
and nothing is read of the prices. Tones drift: for some hours a coin is spoken of more kindly than
otherwise. That drift has keys of its own, so that no strategy can earn on these texts except by
luck.
"""

from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate, islice
from types import MappingProxyType

from cryptovolt_venue.faults import chance
from cryptovolt_venue.press.items import DOMAIN, FEEDS, PressItem
from cryptovolt_venue.press.news import (
    CONTEXT,
    FOREIGN,
    MARKET_NEWS,
    NEWS,
    NOTICES,
    ORGANISATIONS,
    Templates,
)
from cryptovolt_venue.press.posts import BOTS, CLOSERS, MARKET_POSTS, OPENERS, PEOPLE, POSTS, SPAM
from cryptovolt_venue.series import key_of

SLOT_MS = 600_000
MOST_PER_SLOT = 256
_BURST_SLOTS = 18
_TONE_SLOTS = 12
_TONE_STEPS = 10

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "BTC": "Bitcoin", "ETH": "Ethereum", "BNB": "BNB", "SOL": "Solana", "XRP": "XRP",
        "DOGE": "Dogecoin", "ADA": "Cardano", "LTC": "Litecoin", "LINK": "Chainlink",
        "SHIB": "Shiba Inu",
    }
)  # fmt: skip

PER_HOUR: Mapping[str, float] = MappingProxyType(
    {"rss": 8, "gdelt": 20, "announcements": 1, "reddit": 40, "x": 120, "cryptopanic": 15}
)
"""Items per hour of market time, on average; busy and quiet hours differ fourfold."""


@dataclass(frozen=True, slots=True)
class Streams:
    """Everything the press would ever write.

    Parameters
    ----------
    seed : int
    assets : sequence of str
        Base assets, the most talked about first.
    per_hour : mapping of str to float
        Items an hour by source.
    """

    seed: int
    assets: Sequence[str]
    per_hour: Mapping[str, float] = field(default_factory=lambda: PER_HOUR)
    _weights: list[float] = field(init=False)

    def __post_init__(self) -> None:
        shares = (1.0 / (rank + 2) for rank in range(len(self.assets)))
        object.__setattr__(self, "_weights", list(accumulate(shares)))

    def newest(self, channel: str, until_ms: int, since_ms: int) -> Iterator[PressItem]:
        """Yield the items of a channel with ``since <= time <= until``, newest first."""
        for slot in range(until_ms // SLOT_MS, since_ms // SLOT_MS - 1, -1):
            for place in reversed(self._places(channel, slot)):
                time_ms = slot * SLOT_MS + int(place * SLOT_MS)
                if since_ms <= time_ms <= until_ms:
                    yield self._item(channel, slot, time_ms)

    def fear_greed(self, day: int) -> int:
        """Return the made-up index of a day since the epoch, in [1, 99]."""
        drawn = [chance(self.seed, 71, day - back) - 0.5 for back in range(20)]
        slow = sum(drawn) / (20 / 12) ** 0.5
        return max(1, min(99, round(50 + 20 * slow + 6 * drawn[0])))

    def tone(self, asset: str, time_ms: int) -> float:
        """Return how kindly a coin is spoken of, mostly in [-1, 1]."""
        block, key = time_ms // (SLOT_MS * _TONE_SLOTS), _key(asset)
        drawn = sum(chance(self.seed, 72, key, block - back) - 0.5 for back in range(_TONE_STEPS))
        return drawn / (_TONE_STEPS / 12) ** 0.5 * 0.6

    def _places(self, channel: str, slot: int) -> list[float]:
        source, key = channel.partition(":")[0], _key(channel)
        busy = 4.0 ** (chance(self.seed, 73, key, slot // _BURST_SLOTS) - 0.5)
        mean = self.per_hour.get(source, 0.0) * busy * SLOT_MS / 3_600_000
        # Rounded up or down by chance, so that one item in some hours is one in some hours.
        drawn = 2 * mean * chance(self.seed, 74, key, slot) + chance(self.seed, 76, key, slot)
        count = min(MOST_PER_SLOT, int(drawn))
        # At most one item per place: the number of an item comes from its place.
        cells = {int(chance(self.seed, 75, key, slot, k) * SLOT_MS) for k in range(count)}
        return [cell / SLOT_MS for cell in sorted(cells)]

    def _item(self, channel: str, slot: int, time_ms: int) -> PressItem:
        source = channel.partition(":")[0]
        draw = _Draw(self.seed, _key(channel), time_ms)
        if source in {"gdelt", "cryptopanic"} and draw(1) < 0.5:
            repeated = self._reprint(channel, slot, time_ms, draw)
            if repeated is not None:
                return repeated
        asset = self._asset(draw(2))
        item = PressItem(
            number=number_of(time_ms, draw(3)),
            time_ms=time_ms,
            channel=channel,
            title="",
            author=_one(PEOPLE, draw(4)),
            assets=() if asset is None else (asset,),
        )
        if source in {"x", "reddit"}:
            return self._post(item, draw)
        if source == "announcements":
            given = asset or self.assets[0]
            return self._worded(replace(item, assets=(given,)), NOTICES, draw)
        if draw(5) < 0.03:
            language, text = FOREIGN[int(draw(6) * len(FOREIGN))]
            return replace(item, language=language, title=_filled(text, item, draw))
        return self._worded(item, NEWS if asset else MARKET_NEWS, draw)

    def _post(self, item: PressItem, draw: "_Draw") -> PressItem:
        if draw(5) < 0.08:
            text = _filled(_one(SPAM, draw(6)), item, draw)
            return replace(item, title=text, author=_one(BOTS, draw(7)), tone="spam")
        return self._worded(item, POSTS if item.assets else MARKET_POSTS, draw)

    def _worded(self, item: PressItem, templates: Templates, draw: "_Draw") -> PressItem:
        kindly = self.tone(item.assets[0] if item.assets else "", item.time_ms)
        share = draw(8)
        good = max(0.05, min(0.7, 0.375 + 0.3 * kindly))
        tone = "good" if share < good else "bad" if share < 0.75 else "plain"
        choices = templates[tone]
        title, body = choices[int(draw(9) * len(choices))]
        if templates in (POSTS, MARKET_POSTS):
            opener, closer = _one(OPENERS, draw(14)), _one(CLOSERS, draw(15))
            title, body = (opener + title, body) if body else (opener + title + closer, "")
        elif body:
            body = f"{body} {_one(CONTEXT, draw(14))}"
        return replace(
            item, title=_filled(title, item, draw), body=_filled(body, item, draw), tone=tone
        )

    def _reprint(self, channel: str, slot: int, time_ms: int, draw: "_Draw") -> PressItem | None:
        """Return an article of a feed of the last hours again, as agencies and their readers do."""
        feed = f"rss:{FEEDS[int(draw(10) * len(FEEDS))]}"
        found = list(
            islice(self.newest(feed, time_ms, (slot - 18) * SLOT_MS), 1 + int(draw(11) * 8))
        )
        if not found:
            return None
        original = found[-1]
        ending = f" | {_one(PRINTS, draw(12))}" if draw(13) < 0.5 else ""
        return replace(
            original,
            number=number_of(time_ms, draw(3)),
            time_ms=time_ms,
            channel=channel,
            title=original.title + ending,
        )

    def _asset(self, share: float) -> str | None:
        if share < 0.1 or not self.assets:
            return None
        at = (share - 0.1) / 0.9 * self._weights[-1]
        return self.assets[min(bisect(self._weights, at), len(self.assets) - 1)]


PRINTS = ("Loopback Daily", "The Loopback Mirror", f"news.{DOMAIN}")


def number_of(time_ms: int, share: float) -> int:
    """Return a number that grows with time and fits what X and Reddit call ids."""
    return (time_ms << 20) + int(share * (1 << 20)) if time_ms < 1 << 42 else time_ms


@dataclass(frozen=True, slots=True)
class _Draw:
    seed: int
    key: int
    time_ms: int

    def __call__(self, number: int) -> float:
        return chance(self.seed, self.key, self.time_ms, number)


def _one(choices: Sequence[str], share: float) -> str:
    return choices[int(share * len(choices))]


def _filled(text: str, item: PressItem, draw: _Draw) -> str:
    ticker = item.assets[0] if item.assets else "BTC"
    return text.format(
        name=NAMES.get(ticker, ticker),
        ticker=ticker,
        n=2 + int(draw(20) ** 2 * 900),
        pct=1 + int(draw(21) * 40),
        org=_one(ORGANISATIONS, draw(22)),
    )


@lru_cache(maxsize=1024)
def _key(name: str) -> int:
    return key_of(0, "press", name)
