"""The two clocks of the venue.

*Wall* time is what a client may compare its own clock with: real time, plus the offset and drift
that a fault schedule set. *Market* time is what bars, trades, orders and account events carry: it
starts where the replay starts, runs at its speed and never passes real time. All times are integer
milliseconds UTC.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable

from cryptovolt.domain.errors import ConfigurationError

MAX_SPEED = 10_000.0
_LONGEST_SLEEP_S = 0.25


class VenueClock:
    """Market time that runs at a speed, and wall time with an offset.

    Parameters
    ----------
    start_ms : int, optional
        Market time at the beginning; None is now. May not lie in the future.
    speed : float, default=1.0
        Market milliseconds per real millisecond, in (0, 10,000].
    real_ms : callable, optional
        Real time in milliseconds since the epoch; never runs backwards.
    """

    def __init__(
        self,
        start_ms: int | None = None,
        speed: float = 1.0,
        real_ms: Callable[[], float] | None = None,
    ) -> None:
        self._real = real_ms or _steady_real_ms()
        self._origin_real = self._real()
        self._origin_market = float(self._origin_real if start_ms is None else start_ms)
        if self._origin_market > self._origin_real:
            raise ConfigurationError(
                f"expected market time to start in the past, found {start_ms} ms, which is "
                f"{(self._origin_market - self._origin_real) / 1000:.0f} s ahead of this machine"
            )
        self._speed = checked_speed(speed)
        self._paused = False
        self._offset_ms = 0.0
        self._drift_ppm = 0.0
        self._drift_since = self._origin_real
        self._changed = asyncio.Event()
        self.held_back_ms = 0
        """Market time that was given up because events could not be made fast enough."""

    @property
    def speed(self) -> float:
        """Market milliseconds per real millisecond that are asked for."""
        return self._speed

    @property
    def paused(self) -> bool:
        """Whether market time stands still."""
        return self._paused

    def real_ms(self) -> float:
        """Return real time, untouched by offset and drift."""
        return self._real()

    def market_ms(self) -> int:
        """Return market time."""
        real = self._real()
        if self._paused:
            return int(min(self._origin_market, real))
        return int(min(self._origin_market + (real - self._origin_real) * self._speed, real))

    def wall_ms(self) -> int:
        """Return what the venue says the time is, offset and drift included."""
        real = self._real()
        return int(real + self._offset_ms + (real - self._drift_since) * self._drift_ppm / 1e6)

    @property
    def offset_ms(self) -> float:
        """How far wall time is ahead of real time now; setting it ends a drift."""
        return self.wall_ms() - self._real()

    @offset_ms.setter
    def offset_ms(self, value: float) -> None:
        self._offset_ms, self._drift_ppm = float(value), 0.0

    def drift(self, parts_per_million: float) -> None:
        """Let wall time run away from real time, from where it is now."""
        self._offset_ms = float(self.offset_ms)
        self._drift_since, self._drift_ppm = self._real(), float(parts_per_million)

    def pause(self) -> None:
        """Stop market time; wall time goes on."""
        self._rebase()
        self._paused = True
        self._wake()

    def resume(self) -> None:
        """Let market time go on from where it stopped."""
        self._origin_real, self._paused = self._real(), False
        self._wake()

    def set_speed(self, speed: float) -> None:
        """Change the speed from now on."""
        checked = checked_speed(speed)
        self._rebase()
        self._speed = checked
        self._wake()

    def hold_back(self, market_ms: int) -> None:
        """Set market time back to `market_ms`, up to which the events have been made."""
        lost = self.market_ms() - market_ms
        if lost <= 0 or self._paused:
            return
        self.held_back_ms += lost
        self._origin_real, self._origin_market = self._real(), float(market_ms)

    async def sleep_until(self, market_ms: int) -> None:
        """Return once market time has reached `market_ms`, however the speed changes meanwhile."""
        while (left := market_ms - self.market_ms()) > 0:
            self._changed.clear()
            seconds = min(left / self._speed / 1000, _LONGEST_SLEEP_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(seconds, 0.0005)):
                    await self._changed.wait()

    def _rebase(self) -> None:
        market, self._origin_real = float(self.market_ms()), self._real()
        self._origin_market = market

    def _wake(self) -> None:
        self._changed.set()


def checked_speed(speed: float) -> float:
    """Return a speed that is in range."""
    if not 0.0 < speed <= MAX_SPEED:
        raise ConfigurationError(f"expected a speed in (0, {MAX_SPEED:,.0f}], found {speed}")
    return float(speed)


def _steady_real_ms() -> Callable[[], float]:
    # Real time from the steady clock, so that a step of the machine's clock moves no bar.
    ahead = time.time() - time.monotonic()
    return lambda: (time.monotonic() + ahead) * 1000.0
