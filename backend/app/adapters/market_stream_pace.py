"""How long a connection is kept, how often one may be opened, and the wait between attempts."""

import asyncio
from collections import deque
from collections.abc import Callable
from random import Random

CAP_S = 30.0
BASE_S = 0.5
CONNECTIONS_PER_MINUTE = 10
WINDOW_S = 60.0
PING_EVERY_S = 15.0
RENEW_AFTER_S = 23 * 3_600.0
"""The venue cuts a connection after 24 hours; it is renewed before."""
STABLE_AFTER_S = 30.0
"""A connection that lived so long was a good one: the next wait begins short again."""


def full_jitter_s(attempt: int, random: Random) -> float:
    """Return a wait drawn from all of [0, min(30, 0.5 · 2^attempt)] seconds."""
    return random.uniform(0.0, min(CAP_S, BASE_S * 2.0 ** min(attempt, 10)))


class ConnectionPace:
    """Lets at most so many connections be opened within any minute."""

    def __init__(
        self, steady_s: Callable[[], float], per_minute: int = CONNECTIONS_PER_MINUTE
    ) -> None:
        self._steady = steady_s
        self._per_minute = per_minute
        self._opened: deque[float] = deque(maxlen=per_minute)

    def wait_s(self) -> float:
        """Return the seconds until another connection may be opened."""
        if len(self._opened) < self._per_minute:
            return 0.0
        return max(0.0, self._opened[0] + WINDOW_S - self._steady())

    async def take(self) -> None:
        """Wait for a place, and take it."""
        while (wait_s := self.wait_s()) > 0.0:  # noqa: ASYNC110 - nobody says when
            await asyncio.sleep(wait_s)
        self._opened.append(self._steady())
