"""The time at a loopback press: its venue's, or its own where it runs without one."""

import time
from typing import Any

from app.adapters.press_http import PressHttp
from app.adapters.press_json import as_object, parsed
from app.core.frames import VenueTime
from cryptovolt.domain.errors import DataError

_ASSETS = "assets"


class PressClock:
    """Asks a loopback press for the time and for its coins.

    Parameters
    ----------
    press : str
        Address of the press.
    venue : str
        Address of its venue; "" where it has none. Only a venue tells its speed; without one it
        is taken from two readings.
    """

    def __init__(self, press: str, venue: str, http: PressHttp) -> None:
        self._press = press.rstrip("/")
        self._venue = venue.rstrip("/")
        self._http = http
        self._before: tuple[float, int] | None = None

    async def read_time(self) -> VenueTime:
        """Ask for the time."""
        if self._venue:
            told = await self._ask(f"{self._venue}/venue/clock")
            try:
                speed = 0.0 if told.get("paused") else float(told["speed"])
                return VenueTime(int(told["wall_ms"]), int(told["market_ms"]), speed)
            except (KeyError, TypeError, ValueError):
                raise DataError(f"expected the clock of {self._venue}, found {told!r}") from None
        told = await self._ask(self._press)
        if not isinstance(told.get("now_ms"), int):
            raise DataError(f"expected the time of {self._press}, found {str(told)[:80]}")
        return VenueTime(round(time.time() * 1000), told["now_ms"], self._speed(told["now_ms"]))

    async def read_assets(self) -> tuple[str, ...]:
        """Ask which coins the press writes about."""
        told = (await self._ask(self._press)).get(_ASSETS, ())
        return tuple(str(asset) for asset in told)

    async def close(self) -> None:
        """Close its connections."""
        await self._http.close()

    def _speed(self, market_ms: int) -> float:
        at = time.monotonic()
        before, self._before = self._before, (at, market_ms)
        if before is None or at - before[0] < 0.05:
            return 1.0
        return max(0.0, (market_ms - before[1]) / 1000.0 / (at - before[0]))

    async def _ask(self, url: str) -> Any:
        return as_object(parsed(await self._http.get(url)))
