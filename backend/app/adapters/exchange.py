"""The one place that makes ccxt exchanges.

An exchange asks the shared budget before every request, tells it of every Retry-After, and, where
its addresses are overridden, talks to those addresses only: every URL that ccxt knows is replaced,
and one that is none of ours is refused before anything is sent.

ccxt is imported when the first exchange is made: that takes most of a second.
"""

import asyncio
import re
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from math import ceil
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

from app.core.venue import Addresses, Market
from cryptovolt.domain.errors import (
    ConfigurationError,
    CryptoVoltError,
    DataError,
    TransientError,
    VenueRejectedError,
)

_CLASSES = {Market.SPOT: "binance", Market.USDM: "binanceusdm"}
# ccxt counts spot weights in fifths.
_WEIGHT_OF_COST = {Market.SPOT: 5.0, Market.USDM: 1.0}
_USED_WEIGHT = "x-mbx-used-weight-1m"
_USED_WEIGHT_SECONDS = 10.0
_REFUSED = {429: 60.0, 418: 120.0}
"""Status of a refusal for asking too much, and the seconds to wait where none are given."""


class RequestBudget(Protocol):
    """What an exchange asks before it sends; shared by every process that uses the host."""

    def try_take(self, host: str, weight: int, seen_used: int | None = None) -> float:
        """Take the weight and return 0, or take nothing and return the seconds to wait.

        `seen_used` is what the host last said was used in its current minute.

        Raises
        ------
        TransientError
            If the wait would be longer than is bearable.
        """
        ...

    def block(self, host: str, seconds: float, status: int) -> None:
        """Let nobody ask the host for some seconds: it answered 429 or 418."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeOptions:
    """How an exchange is made."""

    market: Market
    addresses: Addresses
    budget: RequestBudget | None = None
    """None: ccxt's own throttle, which knows of no other process."""
    api_key: str = ""
    secret: str = ""
    timeout_s: float = 10.0


def sync_exchange(options: ExchangeOptions) -> Any:
    """Return a ccxt exchange whose calls block; one thread at a time may use it."""
    made = _guarded_sync(getattr(import_module("ccxt"), _CLASSES[options.market]), options)
    # requests follows redirects without asking the guard.
    made.session.max_redirects = 0
    return made


def async_exchange(options: ExchangeOptions) -> Any:
    """Return a ccxt exchange whose calls are awaited; close it with ``await exchange.close()``."""
    module = import_module("ccxt.async_support")
    return _guarded_async(getattr(module, _CLASSES[options.market]), options)


def stream_exchange(
    options: ExchangeOptions, refined: Callable[[Any], Any] = lambda kind: kind
) -> Any:
    """Return a ccxt exchange with streams; close it with ``await exchange.close()``.

    `refined` takes ccxt's class and returns a subclass that is made instead.
    """
    module = import_module("ccxt.pro")
    return _guarded_async(refined(getattr(module, _CLASSES[options.market])), options)


def host_of(url: str) -> str:
    """Return host and port of a URL, under which its budget is kept."""
    return urlsplit(url).netloc


def rest_host(exchange: Any, market: Market) -> str:
    """Return the host that answers the requests of an exchange."""
    return host_of(exchange.urls["api"]["public" if market is Market.SPOT else "fapiPublic"])


class _Gate:
    """What the guarded exchanges share: addresses, budget, and what the host said was used."""

    def __init__(self, options: ExchangeOptions, host: str) -> None:
        self.budget = options.budget
        self._options = options
        self._host = host
        self._used: tuple[float, int] | None = None

    def check(self, url: str) -> None:
        addresses = self._options.addresses
        if not addresses.overridden:
            return
        allowed = {host_of(address) for address in (addresses.rest, addresses.stream) if address}
        if host_of(url) not in allowed:
            raise ConfigurationError(
                f"the {self._options.market} market was moved to {' and '.join(sorted(allowed))}, "
                f"and a request would have gone to {host_of(url)}; nothing was sent"
            )

    def try_take(self, cost: float | None) -> float:
        assert self.budget is not None
        weight = ceil((cost or 0.0) * _WEIGHT_OF_COST[self._options.market] - 1e-9)
        used = self._used
        fresh = used is not None and time.monotonic() - used[0] < _USED_WEIGHT_SECONDS
        return self.budget.try_take(self._host, weight, used[1] if used and fresh else None)

    def heard(self, url: str, status: int, headers: Mapping[str, str]) -> None:
        lowered = {name.lower(): value for name, value in headers.items()}
        used = lowered.get(_USED_WEIGHT, "")
        if used.isdecimal():
            self._used = (time.monotonic(), int(used))
        if status in _REFUSED and self.budget is not None:
            given = lowered.get("retry-after", "")
            seconds = float(given) if given.isdecimal() else _REFUSED[status]
            self.budget.block(host_of(url), seconds, status)


def _made(kind: Any, options: ExchangeOptions) -> tuple[Any, _Gate]:
    exchange = kind(
        {
            "apiKey": options.api_key,
            "secret": options.secret,
            "timeout": round(options.timeout_s * 1000),
            "enableRateLimit": True,
            # With a key it would ask addresses that are neither market's.
            "options": {"fetchCurrencies": False},
        }
    )
    api = exchange.urls["api"]
    if options.addresses.overridden:
        exchange.urls["api"] = api = _moved(api, options.addresses)
    return exchange, _Gate(options, rest_host(exchange, options.market))


def _moved(urls: Any, addresses: Addresses) -> Any:
    if isinstance(urls, dict):
        items = cast(dict[str, Any], urls)
        return {name: _moved(value, addresses) for name, value in items.items()}
    parts = urlsplit(str(urls))
    if not parts.scheme.startswith("ws"):
        return f"{addresses.rest}{parts.path}"
    # One address serves the streams of both markets, which have hosts of their own at the real
    # venue, and ccxt tells a spot stream by the word in its address.
    host = parts.netloc.partition(".")[0]
    return f"{addresses.stream}{f'/{host}' if host in {'stream', 'fstream'} else ''}{parts.path}"


def _guarded_sync(kind: Any, options: ExchangeOptions) -> Any:
    class Guarded(kind):
        gate: _Gate

        def throttle(self, cost: float | None = None) -> None:
            if self.gate.budget is None:
                super().throttle(cost)
                return
            while wait_s := self.gate.try_take(cost):
                time.sleep(wait_s)

        def fetch(self, url: str, *arguments: Any, **named: Any) -> Any:
            self.gate.check(url)
            return _json(super().fetch(url, *arguments, **named), url)

        def on_rest_response(self, code: int, reason: Any, url: str, *rest: Any) -> Any:
            self.gate.heard(url, code, rest[1])
            return kind.on_rest_response(self, code, reason, url, *rest)

    exchange, gate = _made(Guarded, options)
    exchange.gate = gate
    return exchange


def _guarded_async(kind: Any, options: ExchangeOptions) -> Any:
    class Guarded(kind):
        gate: _Gate

        async def throttle(self, cost: float | None = None) -> None:
            if self.gate.budget is None:
                await super().throttle(cost)
                return
            while wait_s := await asyncio.to_thread(self.gate.try_take, cost):  # noqa: ASYNC110
                await asyncio.sleep(wait_s)

        async def fetch(self, url: str, *arguments: Any, **named: Any) -> Any:
            self.gate.check(url)
            return _json(await super().fetch(url, *arguments, **named), url)

        def on_rest_response(self, code: int, reason: Any, url: str, *rest: Any) -> Any:
            self.gate.heard(url, code, rest[1])
            return kind.on_rest_response(self, code, reason, url, *rest)

        def client(self, url: str) -> Any:
            self.gate.check(url)
            return kind.client(self, url)

    exchange, gate = _made(Guarded, options)
    exchange.gate = gate
    return exchange


def _json(answer: Any, url: str) -> Any:
    # ccxt hands on a text that is no JSON as it is.
    if isinstance(answer, str):
        what = "a web page" if answer.lstrip()[:1] == "<" else f"{answer[:40]!r}"
        raise TransientError(
            f"expected JSON from {host_of(url)}, found {what}; nothing was kept, try again later"
        )
    return answer


@contextmanager
def venue_errors(market: Market) -> Generator[None]:
    """Turn what ccxt raises into the errors of this project, one sentence each."""
    ccxt: Any = import_module("ccxt")
    try:
        yield
    except ccxt.BaseError as error:
        raise _translated(ccxt, error, market) from error


def _translated(ccxt: Any, error: Exception, market: Market) -> CryptoVoltError:
    said = _said(error)
    where = f"the {market} market"
    if isinstance(error, (ccxt.DDoSProtection, ccxt.RateLimitExceeded)):
        return TransientError(f"{where} refused a request because of too many: {said}")
    if isinstance(error, ccxt.InvalidNonce):
        return ConfigurationError(
            f"{where} refused the time of a request: set this machine's clock ({said})"
        )
    if isinstance(error, ccxt.NetworkError):
        return TransientError(f"{where} did not answer: {said}")
    if isinstance(error, ccxt.AuthenticationError):
        return ConfigurationError(f"{where} refused the API key: {said}")
    if isinstance(error, ccxt.BadSymbol):
        return DataError(f"{where} does not know the symbol: {said}")
    if isinstance(error, (ccxt.InvalidOrder, ccxt.InsufficientFunds)):
        return VenueRejectedError(f"{where} rejected the order: {said}")
    return DataError(f"{where} refused a request: {said}")


def _said(error: Exception) -> str:
    # ccxt puts whole bodies into its messages; a web page says nothing.
    text = str(error).split("<", 1)[0]
    cause = error.__cause__ or error.__context__
    if cause is not None and not isinstance(cause, type(error)):
        text = f"{text} {type(cause).__name__}"
    return re.sub(r"\s+", " ", text).strip()[:200]
