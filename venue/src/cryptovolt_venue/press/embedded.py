"""The press alone: as an application, and in a thread of this process for tests and notebooks.

::

    with EmbeddedPress(assets=("BTC", "ETH"), speed=60) as served:
        print(served.address)                       # http://127.0.0.1:41234/press
        served.fault("gdelt", "429", n=2)
        served.put(text="Bitcoin bridge hacked", sources=["rss", "x"])
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar, cast

from aiohttp import web

from cryptovolt_venue.clock import VenueClock
from cryptovolt_venue.press.board import Press
from cryptovolt_venue.press.faults import parse_fault
from cryptovolt_venue.press.items import PressItem
from cryptovolt_venue.press.web import routes

ASSETS = ("BTC", "ETH", "BNB", "SOL", "XRP", "DOGE", "ADA", "LTC", "LINK", "SHIB")
"""Who is written about where nobody said."""

_Result = TypeVar("_Result")


def press_app(press: Press) -> web.Application:
    """Return an application that serves a press and nothing else."""
    app = web.Application()
    app.add_routes(routes(press))
    return app


class EmbeddedPress:
    """Serves a press from a thread of its own until the block ends.

    Parameters
    ----------
    assets : sequence of str
    seed : int
    start_ms : int, optional
        Market time at the beginning; None is now.
    speed : float
    now_ms : callable, optional
        Market time, instead of a clock from `start_ms` at `speed`.
    per_hour : mapping, optional
        Items an hour of market time, by source.
    port : int
        0 takes a free one.
    """

    def __init__(
        self,
        *,
        assets: Sequence[str] = ASSETS,
        seed: int = 0,
        start_ms: int | None = None,
        speed: float = 1.0,
        now_ms: Callable[[], int] | None = None,
        per_hour: Mapping[str, float] | None = None,
        port: int = 0,
    ) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        clock = VenueClock(start_ms, speed) if now_ms is None else None
        self.press = Press(
            clock.market_ms if clock is not None else cast("Callable[[], int]", now_ms),
            assets,
            seed,
            per_hour,
        )
        self._runner = web.AppRunner(press_app(self.press), access_log=None, shutdown_timeout=0.5)
        self._port = port

    @property
    def address(self) -> str:
        """Where it listens, as PRESS_URL wants it: ``http://127.0.0.1:port/press``."""
        return f"http://127.0.0.1:{self._port}/press"

    def fault(self, source: str, kind: str, n: int | None = None, **values: float) -> None:
        """Let answers of a source go wrong."""
        fault = parse_fault({"source": source, "kind": kind, "n": n, **values})
        self._call(lambda: self.press.faults.add(fault))

    def mend(self, source: str | None = None) -> None:
        """Take back the faults of a source, or all."""
        self._call(lambda: self.press.faults.remove(source))

    def put(self, **entry: Any) -> list[PressItem]:
        """Take an item in, see :meth:`Press.put`."""
        return self._call(lambda: self.press.put(entry))

    def log(self, source: str | None = None) -> list[dict[str, object]]:
        """Return what was asked, oldest first."""
        entries = self._call(lambda: list(self.press.log))
        return [
            entry
            for entry in entries
            if source in {None, entry["source"], str(entry["source"]).partition(":")[0]}
        ]

    def __enter__(self) -> "EmbeddedPress":
        self._thread.start()
        try:
            self._do(self._start())
        except OSError:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._do(self._runner.cleanup())
        self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = cast("int", self._runner.addresses[0][1])

    def _call(self, function: Callable[[], _Result]) -> _Result:
        async def run() -> _Result:
            return function()

        return self._do(run())

    def _do(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)
