"""Replay: the bars of all instruments walked through as a live market.

Events are played in the order of market time, those of one time in the order in which the
instruments were listed, so that one seed gives one market. When events cannot be made as fast as
the speed asks for, market time is held back to what has been played: the clock never runs ahead of
the market, and :meth:`Replay.measured_speed` tells how fast it really goes.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from heapq import heapify, heappop, heappush, heapreplace
from typing import Protocol

from cryptovolt_venue.clock import VenueClock
from cryptovolt_venue.feed import Feed, Watcher

_SLICE_S = 0.02
_TOLERATED_LAG_MS = 200.0
_CHECK_EVERY = 64
_MEASURED_OVER_S = 10.0


class Actor(Protocol):
    """Something that happens at times: a feed or a timer."""

    due_ms: int

    def step(self) -> None:
        """Do what is due."""
        ...


class Timer:
    """Calls a function at every multiple of a number of milliseconds of market time."""

    __slots__ = ("_call", "_every_ms", "due_ms")

    def __init__(self, every_ms: int, start_ms: int, call: Callable[[int], None]) -> None:
        self._every_ms, self._call = every_ms, call
        self.due_ms = (start_ms // every_ms + 1) * every_ms

    def step(self) -> None:
        """Call the function with the time."""
        due = self.due_ms
        self.due_ms = due + self._every_ms
        self._call(due)


class Replay:
    """The market of all feeds, driven by a clock.

    Parameters
    ----------
    clock : VenueClock
    feeds : list of Feed
        In the order in which they are listed.
    """

    def __init__(self, clock: VenueClock, feeds: list[Feed]) -> None:
        self.clock = clock
        self.now_ms = clock.market_ms()
        """Market time up to which everything has been played."""
        self.n_events = 0
        self.after_slice: list[Callable[[], None]] = []
        """Called after every slice of events, for example to send what they made."""
        self._actors: list[Actor] = list(feeds)
        for feed in feeds:
            feed.sync(self.now_ms)
        self._heap = [(actor.due_ms, number) for number, actor in enumerate(self._actors)]
        heapify(self._heap)
        self._marks: deque[tuple[float, int]] = deque()
        self._wake = asyncio.Event()

    def every(self, milliseconds: int, call: Callable[[int], None]) -> None:
        """Call a function at every multiple of `milliseconds` of market time."""
        self._actors.append(Timer(milliseconds, self.now_ms, call))
        self._push(len(self._actors) - 1)

    def watch_trades(self, feed: Feed, watcher: Watcher) -> Callable[[], None]:
        """Tell `watcher` of every trade of a feed; call what is returned to end it."""
        if not feed.trade_watchers:
            feed.sync(self.now_ms)
        feed.trade_watchers.append(watcher)
        self.rearm(feed)

        def end() -> None:
            if watcher in feed.trade_watchers:
                feed.trade_watchers.remove(watcher)
                self.rearm(feed)

        return end

    def rearm(self, feed: Feed) -> None:
        """Plan the next event of a feed anew, after something about it changed."""
        feed.sync(self.now_ms)
        self._push(feed.number)
        self._wake.set()

    def play(self, until_ms: int, budget_s: float | None = None) -> bool:
        """Play all events up to a time; return False when the budget of time ran out before."""
        heap, actors = self._heap, self._actors
        stop = None if budget_s is None else time.perf_counter() + budget_s
        while heap[0][0] <= until_ms if heap else False:
            due, number = heap[0]
            actor = actors[number]
            if actor.due_ms != due:
                heappop(heap)
                continue
            if due > self.now_ms:
                self.now_ms = due
            actor.step()
            self.n_events += 1
            heapreplace(heap, (actor.due_ms, number))
            if stop and not self.n_events % _CHECK_EVERY and time.perf_counter() > stop:
                return False
        self.now_ms = max(self.now_ms, until_ms)
        return True

    async def run(self) -> None:
        """Play the market until cancelled."""
        while True:
            target = self.clock.market_ms()
            done = self.play(target, _SLICE_S)
            for call in self.after_slice:
                call()
            if not done and (target - self.now_ms) / self.clock.speed > _TOLERATED_LAG_MS:
                self.clock.hold_back(self.now_ms)
            self._measure()
            await (self._rest() if done else asyncio.sleep(0))

    def measured_speed(self) -> float:
        """Return how fast market time really went over the last ten seconds."""
        if len(self._marks) < 2:
            return 0.0
        (since, first), (until, last) = self._marks[0], self._marks[-1]
        return (last - first) / ((until - since) * 1000.0) if until > since else 0.0

    async def _rest(self) -> None:
        self._wake.clear()
        due = self._heap[0][0] if self._heap else 2**62
        left_s = (due - self.now_ms) / self.clock.speed / 1000.0
        # asyncio.wait_for of Python 3.11 can lose a cancellation that comes as it times out.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(max(left_s, 0.002), _SLICE_S)):
                await self._wake.wait()

    def _measure(self) -> None:
        now = time.monotonic()
        if not self._marks or now - self._marks[-1][0] >= 0.1:
            self._marks.append((now, self.now_ms))
        while now - self._marks[0][0] > _MEASURED_OVER_S:
            self._marks.popleft()

    def _push(self, number: int) -> None:
        heappush(self._heap, (self._actors[number].due_ms, number))
