"""The live feed as a process: bars, trades and best prices of many symbols, from the venue.

Run as a process of its own (``python -m app.workers.ingest``), it ends when its standard input is
closed, so it never outlives the process that started it. It exits with 2 when its input cannot be
used, which another start would not change.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random, SystemRandom

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.adapters.market_stream import MarketStream
from app.adapters.market_stream_pace import CONNECTIONS_PER_MINUTE, ConnectionPace
from app.adapters.market_stream_rest import LiveRest
from app.core.config import settings
from app.core.errors import advice
from app.core.logging import configure_logging
from app.core.venue import Market, offered_timeframes, source_name
from app.services import symbols
from app.services.feed import LiveFeed
from app.services.feed_ports import FedMarket, FeedOptions
from app.services.market_clock import MarketClock
from app.wiring import exchange_options, market_rest
from app.workers import BAD_INPUT
from cryptovolt.domain.errors import ConfigurationError, CryptoVoltError, TransientError
from cryptovolt.market.naming import venue_symbol

log = structlog.get_logger(__name__)

MAX_SYMBOLS = 2_000
_TRADE_CHANNELS = {Market.SPOT: "trade", Market.USDM: "aggTrade"}


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestOptions:
    """What to feed."""

    symbols: tuple[str, ...]
    """Venue symbols; none: all that trade against `quote`."""
    markets: tuple[Market, ...] = (Market.SPOT,)
    quote: str = "USDT"
    feed: FeedOptions = field(default_factory=FeedOptions)
    connections_per_minute: int = CONNECTIONS_PER_MINUTE
    hurry: float = 1.0
    """Waits before a connection are divided by it: for a loopback venue that runs fast."""


async def feed_markets(
    options: IngestOptions,
    stopping: asyncio.Event,
    ready: Callable[[LiveFeed], object] = lambda _: None,
) -> LiveFeed:
    """Feed until asked to stop, and return the feed with what it counted.

    `ready` is told of the feed before its first connection is opened.
    """
    check(options)
    random: Random = SystemRandom()
    feed = LiveFeed([source_name(market) for market in options.markets], options.feed, random)
    pace = ConnectionPace(time.monotonic, options.connections_per_minute)
    for market in options.markets:
        feed.attach(await connect(market, options, feed, pace, random))
    ready(feed)
    await feed.run(stopping)
    return feed


async def connect(
    market: Market, options: IngestOptions, feed: LiveFeed, pace: ConnectionPace, random: Random
) -> FedMarket:
    """Return a market with its connections, which are not open yet.

    Raises
    ------
    ConfigurationError
        If the venue does not trade one of the symbols.
    """
    exchange = exchange_options(market)
    statuses = VenueStatuses(market)
    names = _chosen(options, market, await statuses.read())
    stream = MarketStream(exchange, feed, pace, random, options.hurry)
    replayed_at = exchange.addresses.rest if settings.VENUE_URL else None
    return FedMarket(
        source_name(market),
        names,
        stream,
        LiveRest(stream.exchange, market, replayed_at),
        MarketClock(time.monotonic, time.time),
        statuses.read,
        _TRADE_CHANNELS[market],
        replayed=replayed_at is not None,
    )


class VenueStatuses:
    """Asks for the symbols of a market in a thread of its own, and stores what has changed."""

    def __init__(self, market: Market) -> None:
        self._rest = market_rest(market)
        self._source = source_name(market)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="venue-symbols")

    async def read(self) -> Mapping[str, str]:
        """Return the status of every symbol."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read)

    def _read(self) -> dict[str, str]:
        symbols.refresh(self._rest, datetime.now(UTC), dated=())
        return {one.symbol: one.status for one in symbols.list_symbols(self._source)}


def check(options: IngestOptions) -> None:
    """Refuse what no venue could give."""
    for market in options.markets:
        if options.feed.timeframe not in offered_timeframes(market):
            raise ConfigurationError(
                f"the {market} market offers {', '.join(offered_timeframes(market))}, found "
                f"{options.feed.timeframe!r}"
            )
    if len(options.symbols) > MAX_SYMBOLS:
        raise ConfigurationError(
            f"expected at most {MAX_SYMBOLS} symbols in one process, found {len(options.symbols)}"
        )


def _chosen(options: IngestOptions, market: Market, statuses: Mapping[str, str]) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(venue_symbol(symbol) for symbol in options.symbols))
    if not wanted:
        trading = (name for name, status in statuses.items() if status == "TRADING")
        wanted = tuple(name for name in trading if name.endswith(options.quote))[:MAX_SYMBOLS]
    unknown = [symbol for symbol in wanted if symbol not in statuses]
    if unknown or not wanted:
        named = ", ".join(unknown[:5]) if unknown else f"none against {options.quote}"
        raise ConfigurationError(
            f"expected symbols of the {market} market, found {named}: `cryptovolt bars fetch` "
            "and the venue name them like BTCUSDT"
        )
    return wanted


def main(arguments: Sequence[str]) -> int:
    """Run the feed until standard input is closed."""
    configure_logging(quiet=True)
    return run(parsed(arguments))


def run(options: IngestOptions, *, with_input: bool = True) -> int:
    """Feed until interrupted, or until standard input is closed, and return the exit status."""
    try:
        asyncio.run(_until_told(options, with_input))
    except (TransientError, SQLAlchemyError) as error:
        sys.stderr.write(f"error: {advice(error)}\n")
        return 1
    except CryptoVoltError as error:
        sys.stderr.write(f"error: {error}\n")
        return BAD_INPUT
    except ExceptionGroup as group:
        # One task failed and took the others with it: say what it said.
        first = group.exceptions[0]
        if not isinstance(first, (CryptoVoltError, SQLAlchemyError)):
            raise
        sys.stderr.write(f"error: {advice(first)}\n")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


async def _until_told(options: IngestOptions, with_input: bool) -> None:
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no such handlers; there an interrupt ends the loop.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stopping.set)

    def wait() -> None:
        # Read without Python's buffer, whose lock a waiting thread would hold at the end.
        while os.read(sys.stdin.fileno(), 1):
            pass
        loop.call_soon_threadsafe(stopping.set)

    if with_input:
        threading.Thread(target=wait, daemon=True).start()
    await feed_markets(options, stopping)


def parsed(arguments: Sequence[str]) -> IngestOptions:
    """Return the options of a command line."""
    parser = argparse.ArgumentParser(prog="python -m app.workers.ingest")
    parser.add_argument("symbols", nargs="*")
    parser.add_argument("--market", action="append", choices=[m.value for m in Market])
    parser.add_argument("--timeframe", default="1m")
    parser.add_argument("--quote", default="USDT")
    parser.add_argument("--trades", action="store_true")
    parser.add_argument("--tickers", action="store_true")
    found = parser.parse_args(arguments)
    return IngestOptions(
        symbols=tuple(found.symbols),
        markets=tuple(Market(name) for name in found.market or ["spot"]),
        quote=found.quote,
        feed=FeedOptions(found.timeframe, found.trades, found.tickers),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
