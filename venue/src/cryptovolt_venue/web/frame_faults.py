"""What can go wrong with the frames of a stream, for market and account streams alike.

Kinds: ``drop``; ``duplicate`` (n more copies); ``reorder`` (window: this many frames are collected
and sent in another order); ``delay`` (ms); ``mute`` (ms; scope ``frame``, ``channel``, ``symbol``
or ``all``): from this frame on nothing of that scope is sent; ``garbage``; ``truncate``;
``set`` (field, value), for example an unknown enum: ``{"field": "X", "value": "NEW_STATUS"}``.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any, TypeAlias, cast

from cryptovolt_venue.faults import Action, FaultSchedule, chance

Send: TypeAlias = Callable[[str], None]
_Key: TypeAlias = tuple[str, ...]

_SCOPES: dict[str, tuple[str, ...]] = {
    "frame": ("market", "channel", "symbol"),
    "channel": ("market", "channel"),
    "symbol": ("market", "symbol"),
    "all": (),
}


class FrameFaults:
    """Passes frames on, or not, as the schedule says."""

    def __init__(self, faults: FaultSchedule, real_ms: Callable[[], float]) -> None:
        self._faults, self._real_ms = faults, real_ms
        self._muted: dict[tuple[str, _Key], float] = {}
        self._held: dict[_Key, tuple[int, list[tuple[Send, str]]]] = {}
        self.n_lost = 0

    @property
    def idle(self) -> bool:
        """Whether nothing can go wrong: the cheap question asked before every frame."""
        return not (self._muted or self._held or self._faults.watches("stream.frame"))

    def mute(self, scope: str, facts: dict[str, str], for_ms: float) -> None:
        """Send nothing of a scope from now on, for a while."""
        if scope not in _SCOPES:
            raise ValueError(f"expected a scope among {', '.join(_SCOPES)}, found {scope!r}")
        self._muted[scope, _key(scope, facts)] = self._real_ms() + for_ms

    def unmute(self) -> None:
        """Send everything again."""
        self._muted.clear()

    def pass_on(self, send: Send, text: str, **facts: str) -> None:
        """Send a frame with what goes wrong on its way."""
        action = self._faults.take("stream.frame", **facts)
        if action is not None and action.kind == "mute":
            self.mute(action.text("scope", "frame"), facts, action.number("ms", 1e12))
        if self._is_muted(facts):
            self.n_lost += 1
            return
        key = _key("frame", facts)
        if key in self._held:
            self._hold(key, send, text)
        elif action is None:
            send(text)
        elif action.kind == "reorder":
            self._held[key] = (max(2, int(action.number("window", 5))), [])
            self._hold(key, send, text)
        else:
            self._alter(action, send, text)

    def _alter(self, action: Action, send: Send, text: str) -> None:
        if action.kind == "duplicate":
            for _ in range(1 + int(action.number("n", 1))):
                send(text)
        elif action.kind == "delay":
            loop = asyncio.get_running_loop()
            loop.call_later(action.number("ms", 1000) / 1000, send, text)
        elif action.kind == "garbage":
            send('{"e":,' + text[: len(text) // 3])
        elif action.kind == "truncate":
            send(text[: len(text) // 2])
        elif action.kind == "set":
            send(_replaced(text, action.text("field", "e"), action.values.get("value")))
        else:
            self.n_lost += 1

    def _hold(self, key: _Key, send: Send, text: str) -> None:
        window, held = self._held[key]
        held.append((send, text))
        if len(held) < window:
            return
        del self._held[key]
        order = sorted(range(window), key=lambda k: chance(self._faults.seed, window, k))
        if order == list(range(window)):
            order.reverse()
        for k in order:
            held[k][0](held[k][1])

    def _is_muted(self, facts: dict[str, str]) -> bool:
        if not self._muted:
            return False
        now = self._real_ms()
        for place, until in list(self._muted.items()):
            if until <= now:
                del self._muted[place]
            elif _key(place[0], facts) == place[1]:
                return True
        return False


def _key(scope: str, facts: dict[str, str]) -> _Key:
    return tuple(facts.get(name, "") for name in _SCOPES[scope])


def _replaced(text: str, path: str, value: Any) -> str:
    content = cast("dict[str, Any]", json.loads(text))
    place = content
    *parents, last = path.split(".")
    for name in parents:
        place = cast("dict[str, Any]", place[name])
    place[last] = value
    return json.dumps(content, separators=(",", ":"))
