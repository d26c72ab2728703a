"""The web application of the venue, and its server.

The account side registers itself by modules of agreed names: ``web.trading``, ``web.user_streams``
and ``web.oracle`` each offer ``routes(exchange)``, which returns :class:`Endpoint` objects (they
cost weight and can go wrong) and aiohttp route definitions (they do not).
"""

import asyncio
import contextlib
import importlib
import importlib.util
from collections.abc import Iterable
from typing import cast

from aiohttp import web

from cryptovolt_venue.exchange import Exchange
from cryptovolt_venue.press import web as press_web
from cryptovolt_venue.press.board import Press
from cryptovolt_venue.web import control, market_data, market_streams, rest_faults
from cryptovolt_venue.web.endpoints import Endpoint, Handler
from cryptovolt_venue.web.errors import VenueError

ACCOUNT_MODULES = ("trading", "user_streams", "oracle")
EXCHANGE = web.AppKey("exchange", Exchange)
STREAMS = web.AppKey("streams", market_streams.Streams)
PRESS = web.AppKey("press", Press)


def build_app(exchange: Exchange) -> web.Application:
    """Return the application that serves an exchange."""
    app = web.Application(middlewares=[_answer_errors])
    app[EXCHANGE] = exchange
    app[STREAMS] = market_streams.Streams(exchange)
    for endpoint in market_data.routes(exchange):
        app.router.add_route(endpoint.method, endpoint.path, _guarded(exchange, endpoint))
    for name in ACCOUNT_MODULES:
        for route in _account_routes(name, exchange):
            if isinstance(route, Endpoint):
                app.router.add_route(route.method, route.path, _guarded(exchange, route))
            else:
                route.register(app.router)
    app.add_routes(control.routes(exchange, app[STREAMS]))
    app.add_routes(market_streams.routes(app[STREAMS]))
    app[PRESS] = _press_of(exchange)
    app.add_routes(press_web.routes(app[PRESS]))
    return app


class Server:
    """An exchange that listens; `port` 0 takes a free one."""

    def __init__(self, exchange: Exchange, host: str = "127.0.0.1", port: int = 0) -> None:
        self.exchange, self.host, self.port = exchange, host, port
        self.app = build_app(exchange)
        self._runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=0.5)
        self._site: web.TCPSite | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def address(self) -> str:
        """Where it listens, for example ``http://127.0.0.1:8765``."""
        return f"http://{self.host}:{self.port}"

    @property
    def streams(self) -> market_streams.Streams:
        """The market streams and who listens to them."""
        return self.app[STREAMS]

    async def start(self) -> None:
        """Listen, and let the market begin."""
        await self._runner.setup()
        await self.listen()
        self.app[STREAMS].refuse_connections = self.refuse
        self._tasks = [
            asyncio.create_task(self.exchange.replay.run()),
            asyncio.create_task(self.app[STREAMS].run()),
        ]

    async def listen(self) -> None:
        """Accept connections (again)."""
        if self._site is None:
            self._site = web.TCPSite(self._runner, self.host, self.port)
            await self._site.start()
            self.port = cast("int", self._runner.addresses[0][1])

    async def refuse(self, seconds: float) -> None:
        """Refuse connections for a while, as a machine does on which nothing listens."""
        if self._site is None:
            return
        await self._site.stop()
        self._site = None
        asyncio.get_running_loop().call_later(
            seconds, lambda: self._tasks.append(asyncio.create_task(self.listen()))
        )

    async def stop(self) -> None:
        """End the market and close every connection."""
        self.app[STREAMS].shut_down()
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self._runner.cleanup()

    async def wait(self) -> None:
        """Return when the market has ended, with the error that ended it."""
        await asyncio.gather(*self._tasks[:2])


async def serve(exchange: Exchange, host: str = "127.0.0.1", port: int = 0) -> Server:
    """Serve an exchange and return the server, which listens already."""
    server = Server(exchange, host, port)
    await server.start()
    return server


def _press_of(exchange: Exchange) -> Press:
    # Its texts share the venue's time and the names of what it trades, and nothing of its prices.
    bases = [
        found.base
        for key in exchange.feeds
        if (found := exchange.instruments.find(*key)) is not None
    ]
    return Press(exchange.market_ms, bases, exchange.faults.seed)


def _account_routes(name: str, exchange: Exchange) -> Iterable[Endpoint | web.RouteDef]:
    module = f"cryptovolt_venue.web.{name}"
    if importlib.util.find_spec(module) is None:
        return ()
    return importlib.import_module(module).routes(exchange)


def _guarded(exchange: Exchange, endpoint: Endpoint) -> Handler:
    faults, limits, market = exchange.faults, exchange.limits, endpoint.market

    async def handle(request: web.Request) -> web.StreamResponse:
        facts = {"market": market, "method": endpoint.method, "path": endpoint.path,
                 "endpoint": endpoint.name}  # fmt: skip
        if "symbol" in request.query:
            facts["symbol"] = request.query["symbol"]
        if faults.watches("rest.request") and (action := faults.take("rest.request", **facts)):
            early = await rest_faults.before(action, exchange, request, market)
            if early is not None:
                return early
        address = request.remote or ""
        refused = limits.take(market, address, endpoint.weigh(request.query))
        if refused is not None:
            raise rest_faults.refusal(refused, exchange)
        try:
            response = await endpoint.handler(request)
        except VenueError as error:
            response = error.response()
        used = str(limits.used(market, address))
        response.headers["X-MBX-USED-WEIGHT"] = used
        response.headers["X-MBX-USED-WEIGHT-1M"] = used
        if faults.watches("rest.response") and (action := faults.take("rest.response", **facts)):
            return await rest_faults.after(action, request, response)
        return response

    return handle


@web.middleware
async def _answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except VenueError as error:
        return error.response()
    except web.HTTPNotFound:
        return VenueError(404, -1, f"There is no {request.method} {request.path}.").response()
