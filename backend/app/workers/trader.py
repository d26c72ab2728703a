"""The paper trader: follows a live series, or replays a stored one, and records every turn.

A trader that was killed goes on after the last bar it recorded.

Run as a process of its own (``python -m app.workers.trader``), it ends when its standard input is
closed, so it never outlives the process that started it. It exits with 2 when its input cannot be
used, which another start would not change.
"""

import argparse
import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.core.database import SessionLocal
from app.core.errors import advice
from app.core.logging import configure_logging
from app.core.times import milliseconds
from app.core.venue import source_name, trading_market
from app.repositories.bars import SeriesKey
from app.repositories.feed import find_status
from app.services import markets
from app.services.bar_import import ImportOptions
from app.services.funding import (
    funding_source,
)
from app.services.live_market import live_market, venue_rules
from app.services.live_news import LiveNews
from app.services.markets import Market
from app.wiring import fetch_archive, market_rest
from app.workers import BAD_INPUT
from app.workers.following import Follower
from app.workers.replaying import Replay, begin, finish, take_turn
from cryptovolt.domain.errors import CryptoVoltError, TransientError

log = structlog.get_logger(__name__)

PAUSE_BETWEEN_REPLAYS_S = 20.0
LIVE_SYMBOL, LIVE_TIMEFRAME = "BTCUSDT", "1m"


@dataclass(frozen=True, slots=True)
class TraderOptions:
    """What to replay, and how fast."""

    bars: Path | None = None
    news: Path | None = None
    symbol: str | None = None
    timeframe: str | None = None
    source: str | None = None
    funding: Path | None = None
    speed: float = 2.0
    live: bool = False
    """Follow the feed of `symbol` and `timeframe` instead of replaying."""


def choose_market(options: TraderOptions, now: datetime) -> Market:
    """Return what to replay: files, else the longest stored series, else SYNTHETIC."""
    if options.bars is not None:
        chosen = ImportOptions(
            as_of=milliseconds(now),
            symbol=options.symbol,
            timeframe=options.timeframe,
            source=options.source,
        )
        return markets.market_from_files([options.bars], chosen, options.news)
    longest = markets.longest_series()
    return markets.synthetic_market(now) if longest is None else markets.stored_market(longest)


def run(options: TraderOptions, stopping: threading.Event) -> None:
    """Trade until asked to stop."""
    if options.live:
        follow(options, stopping)
        return
    market = choose_market(options, datetime.now(UTC))
    funding = funding_source(options.funding)
    while not stopping.is_set():
        replay = begin(market, datetime.now(UTC), funding)
        while not replay.finished and not stopping.wait(_pause(replay, options)):
            take_turn(replay)
        if replay.finished:
            finish(replay, datetime.now(UTC))
            stopping.wait(PAUSE_BETWEEN_REPLAYS_S)


def follow(options: TraderOptions, stopping: threading.Event) -> None:
    """Live through the stored bars of a live series, then through each as the feed commits it."""
    traded = trading_market(options.source)
    key = SeriesKey(
        options.symbol or LIVE_SYMBOL, options.timeframe or LIVE_TIMEFRAME, source_name(traded)
    )
    with Follower(key) as follower:
        # What is fetched then ends where the feed has begun, or later: nothing lies between them.
        while not _is_fed(key):
            if stopping.is_set():
                return
            follower.wait()
        with market_rest(traded) as rest, fetch_archive(traded) as files:
            market = live_market(key, traded, rest, files)
        funding = funding_source(options.funding)
        replay = begin(market, datetime.now(UTC), funding, venue_rules(key))
        replay.live_from = len(market.bars)
        replay.live_news = LiveNews(
            key.symbol,
            synthetic=market.synthetic,
            since_ms=int(market.bars.timestamp[0]),
            until_ms=int(market.bars.timestamp[-1]) + market.bars.interval_ms,
        )
        while not stopping.is_set():
            if not replay.finished:
                take_turn(replay)
            elif len(newer := follower.after(int(replay.market.bars.timestamp[-1]))):
                replay.extend(newer)
            else:
                follower.wait()


def _is_fed(key: SeriesKey) -> bool:
    with SessionLocal() as db:
        status = find_status(db, key.source, key.symbol, key.timeframe)
    return status is not None and status.last_open is not None


def _pause(replay: Replay, options: TraderOptions) -> float:
    return 0.0 if replay.next_bar < replay.hurry_until else 1.0 / options.speed


def _options(arguments: Sequence[str]) -> TraderOptions:
    parser = argparse.ArgumentParser(prog="python -m app.workers.trader")
    for name in ("bars", "news", "funding"):
        parser.add_argument(f"--{name}", type=Path)
    for name in ("symbol", "timeframe", "source"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--speed", type=float, default=2.0)
    parser.add_argument("--live", action="store_true")
    return TraderOptions(**vars(parser.parse_args(arguments)))


def _stop_with_parent(stopping: threading.Event) -> None:
    # End of file comes when the parent closes the pipe, and also when it is killed. Read without
    # Python's buffer, whose lock a waiting thread would hold when the interpreter ends.
    while os.read(sys.stdin.fileno(), 1):
        pass
    stopping.set()


def main(arguments: Sequence[str]) -> int:
    """Run the trader until standard input is closed."""
    configure_logging(quiet=True)
    stopping = threading.Event()
    threading.Thread(target=_stop_with_parent, args=(stopping,), daemon=True).start()
    try:
        run(_options(arguments), stopping)
    except (TransientError, SQLAlchemyError) as error:
        log.warning("trader.interrupted", reason=advice(error))
        return 1
    except CryptoVoltError as error:
        sys.stderr.write(f"error: {error}\n")
        return BAD_INPUT
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
