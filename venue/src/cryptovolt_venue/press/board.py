"""The press: its streams, what was put in by hand, faults, limits, and who asked for what."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from heapq import merge
from typing import Any

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt_venue.press.faults import PressFaults
from cryptovolt_venue.press.items import ALIASES, SOURCES, PressItem
from cryptovolt_venue.press.stream import Streams, number_of

MOST_SCANNED = 5_000
"""Items that one request looks at."""

MOST_GIVEN = 1_000
MOST_LOGGED = 2_000
_LONGEST_TEXT = 100_000


class Press:
    """What the routes serve.

    Parameters
    ----------
    now_ms : callable
        Market time.
    assets : sequence of str
        Base assets that are written about, the most talked about first.
    seed : int
    per_hour : mapping, optional
        Items an hour of market time, by source.
    """

    def __init__(
        self,
        now_ms: Callable[[], int],
        assets: Sequence[str],
        seed: int = 0,
        per_hour: Mapping[str, float] | None = None,
    ) -> None:
        chosen = tuple(dict.fromkeys(assets))
        if not chosen:
            raise ConfigurationError("expected assets to write about, found none")
        self.now_ms = now_ms
        self.assets = chosen
        self.streams = (
            Streams(seed, chosen) if per_hour is None else Streams(seed, chosen, per_hour)
        )
        self.faults = PressFaults()
        self.log: deque[dict[str, object]] = deque(maxlen=MOST_LOGGED)
        self._given: deque[tuple[PressItem, frozenset[str]]] = deque(maxlen=MOST_GIVEN)
        self._n_given = 0
        self._quotas: dict[str, tuple[int, int]] = {}
        # Answers are made in threads, so that a long search holds up no market.
        self._lock = threading.Lock()

    def newest(
        self,
        channel: str,
        *,
        since_ms: int,
        until_ms: int | None = None,
        keep: Callable[[PressItem], bool] | None = None,
        limit: int = 100,
    ) -> list[PressItem]:
        """Return up to `limit` items of a channel that `keep` accepts, newest first."""
        until = self.now_ms() if until_ms is None else min(until_ms, self.now_ms())
        made = self.streams.newest(channel, until, since_ms)
        given = self._of_hand(channel, until, since_ms)
        found: list[PressItem] = []
        both = merge(given, made, key=lambda item: item.number, reverse=True)
        for seen, item in enumerate(both):
            if len(found) >= limit or seen >= MOST_SCANNED:
                break
            if keep is None or keep(item):
                found.append(item)
        return found

    def put(self, entry: Mapping[str, Any]) -> list[PressItem]:
        """Take an item in: ``text``, and perhaps title, assets, sources, author, time_ms.

        ``rss``, which stands where no sources are named, means every feed.
        """
        text = str(entry.get("text") or entry.get("title") or "")
        if not text.strip() or len(text) > _LONGEST_TEXT:
            raise ConfigurationError(
                f"expected a text of 1 to {_LONGEST_TEXT:,} characters, found {len(text):,}"
            )
        now = self.now_ms()
        time_ms = int(entry.get("time_ms") or now)
        if not 0 < time_ms <= now:
            raise ConfigurationError(
                f"expected time_ms up to {now} (market time now), found {time_ms}; "
                "the fault 'future' serves items of the future"
            )
        with self._lock:
            self._n_given += 1
            count = self._n_given
        item = PressItem(
            number=number_of(time_ms, 0.0) + count % (1 << 20),
            time_ms=time_ms,
            channel="",
            title=str(entry.get("title") or text),
            body=text if entry.get("title") else "",
            author=str(entry.get("author") or "visitor"),
            assets=tuple(str(one) for one in _listed(entry.get("assets"))),
            tone="given",
        )
        channels = frozenset(_channel(str(one)) for one in _listed(entry.get("sources") or "rss"))
        with self._lock:
            self._given.append((item, channels))
        return [_placed(item, channel) for channel in sorted(channels)]

    def note(self, entry: Mapping[str, object]) -> None:
        """Remember what was asked; the newest 2,000 are kept."""
        self.log.append(dict(entry))

    def spend(self, name: str, most: int, window_s: int) -> tuple[int, int]:
        """Count a request against a quota; return how many are left and real seconds to reset.

        Less than zero left means that the request is over the quota.
        """
        now = int(time.monotonic())
        with self._lock:
            window, used = self._quotas.get(name, (now // window_s, 0))
            if window != now // window_s:
                window, used = now // window_s, 0
            self._quotas[name] = (window, min(used + 1, most + 1))
        return most - used - 1, window_s - now % window_s

    def lift(self) -> None:
        """Forget what was spent of every quota."""
        with self._lock:
            self._quotas.clear()

    def _of_hand(self, channel: str, until_ms: int, since_ms: int) -> Iterator[PressItem]:
        with self._lock:
            given = list(self._given)
        named = {channel, channel.partition(":")[0]}
        chosen = [
            _placed(item, channel)
            for item, channels in given
            if not channels.isdisjoint(named) and since_ms <= item.time_ms <= until_ms
        ]
        return iter(sorted(chosen, key=lambda item: item.number, reverse=True))


def _placed(item: PressItem, channel: str) -> PressItem:
    return replace(item, channel=channel)


def _channel(name: str) -> str:
    known = ALIASES.get(name, name)
    if known.partition(":")[0] not in SOURCES or known == "fear-greed":
        raise ConfigurationError(
            f"expected sources of texts among {', '.join(SOURCES)}, found {name!r}"
        )
    return known


def _listed(value: object) -> list[object]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]  # type: ignore[reportUnknownArgumentType]
