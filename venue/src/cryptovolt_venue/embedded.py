"""A venue in a thread of this process, for tests and notebooks.

::

    with EmbeddedVenue(open_exchange(VenueOptions(synthetic=2), now_ms)) as venue:
        print(venue.address)
"""

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from cryptovolt_venue.accounts import Accounts, accounts_of
from cryptovolt_venue.exchange import Exchange
from cryptovolt_venue.web.app import Server, serve
from cryptovolt_venue.web.oracle import content

_Result = TypeVar("_Result")


class EmbeddedVenue:
    """Serves an exchange from a thread of its own until the block ends."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.accounts: Accounts = accounts_of(exchange)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: Server | None = None

    @property
    def address(self) -> str:
        """Where it listens."""
        assert self._server is not None
        return self._server.address

    def call(self, function: Callable[[], _Result]) -> _Result:
        """Run a function in the venue's thread and return what it returns."""

        async def run() -> _Result:
            return function()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(30)

    def oracle(self) -> dict[str, Any]:
        """Return what really happened."""
        return self.call(lambda: content(self.accounts))

    def __enter__(self) -> "EmbeddedVenue":
        self._thread.start()
        started = asyncio.run_coroutine_threadsafe(serve(self.exchange), self._loop)
        self._server = started.result(30)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        asyncio.run_coroutine_threadsafe(self._server.stop(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
