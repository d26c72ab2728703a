"""What a live feed asks of REST: the time, and missing bars.

The exchange is the one that keeps the connections, so requests share its budget and addresses.
"""

from dataclasses import dataclass
from typing import Any

from app.adapters.exchange import venue_errors
from app.core.frames import LiveBar, VenueTime
from app.core.venue import Market
from cryptovolt.domain.errors import DataError

PAGE_BARS = 1_000
_PREFIX = {Market.SPOT: "public", Market.USDM: "fapipublic"}


@dataclass(frozen=True, slots=True)
class LiveRest:
    """The REST side of one market.

    Parameters
    ----------
    exchange : Any
        A ccxt exchange of the market.
    market : Market
    replayed_at : str, optional
        Address of a loopback venue, whose market has a time of its own.
    """

    exchange: Any
    market: Market
    replayed_at: str | None = None

    async def read_time(self) -> VenueTime:
        """Ask for the venue's time."""
        with venue_errors(self.market):
            if self.replayed_at is None:
                wall_ms = int((await self._call("time"))["serverTime"])
                return VenueTime(wall_ms, wall_ms, 1.0)
            answer = await self.exchange.fetch(f"{self.replayed_at}/venue/clock", "GET")
        try:
            times = int(answer["wall_ms"]), int(answer["market_ms"])
            return VenueTime(*times, 0.0 if answer.get("paused") else float(answer["speed"]))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise DataError(f"expected wall_ms, market_ms and speed, found {answer!r}") from error

    async def read_bars(
        self, symbol: str, timeframe: str, first_ms: int, last_ms: int
    ) -> list[LiveBar]:
        """Return the bars that open between two times, both included; the last may be forming."""
        asked = {"symbol": symbol, "interval": timeframe, "limit": PAGE_BARS}
        with venue_errors(self.market):
            rows = await self._call("klines", {**asked, "startTime": first_ms, "endTime": last_ms})
        try:
            return [LiveBar(int(row[0]), *(float(text) for text in row[1:6])) for row in rows]
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise DataError(f"the bars of {symbol} cannot be read: {error}") from error

    async def _call(self, name: str, parameters: dict[str, Any] | None = None) -> Any:
        method = getattr(self.exchange, f"{_PREFIX[self.market]}_get_{name}")
        return await method(parameters or {})
