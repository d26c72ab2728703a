"""What ``cryptovolt up`` trades: a loopback venue, the venue of the settings, or stored bars."""

import contextlib
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import typer

from app.cli.processes import Supervised

LOOPBACK_TIMEFRAME_S = 60
"""The loopback venue makes one-minute bars."""

_STARTS_WITHIN_S = 60.0
_COLLECTOR = "app.workers.press"


class StreamKind(StrEnum):
    """Where bars come from."""

    LOOPBACK = "loopback"
    EXCHANGE = "exchange"
    STORED = "stored"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOptions:
    """What was asked for; None is chosen here."""

    stream: str | None
    symbols: int
    bars: Path | None
    news: Path | None
    funding: Path | None
    symbol: str | None
    timeframe: str | None
    source: str | None
    speed: float
    texts: bool | None = None
    """Whether texts are collected; None: for a live market."""

    def check(self) -> None:
        """Refuse what contradicts itself, before anything is started.

        Raises
        ------
        ConfigurationError
            If the stream is unknown, or files are named beside a live one.
        """
        from cryptovolt.domain.errors import ConfigurationError

        known = [kind.value for kind in StreamKind]
        if self.stream not in {None, *known}:
            raise ConfigurationError(f"expected --stream {', '.join(known)}, found {self.stream!r}")
        live = self.stream in {StreamKind.LOOPBACK, StreamKind.EXCHANGE}
        if live and (self.bars is not None or self.news is not None):
            raise ConfigurationError(
                f"--bars and --news are for a replay, found --stream {self.stream} beside them"
            )


class Stream:
    """The processes behind a stream; the last one started is stopped first."""

    def __init__(self, told: str) -> None:
        self.told = told
        self._processes: list[Supervised] = []

    def add(self, process: Supervised) -> None:
        """Take a running process in."""
        self._processes.append(process)

    def stop(self) -> None:
        """End all of them in good order."""
        while self._processes:
            self._processes.pop().stop()


def open_stream(options: StreamOptions) -> Stream:
    """Start what the options ask for, on a database that is ready.

    Raises
    ------
    TransientError
        If the loopback venue does not start.
    """
    kind = _chosen(options)
    if kind is StreamKind.STORED:
        stream = Stream("Paper trading replays bars.")
        stream.add(Supervised("paper trading", "app.workers.trader", _replay(options)))
        if options.texts:
            stream.add(Supervised("text collection", _COLLECTOR))
        return stream
    if kind is StreamKind.LOOPBACK:
        return _loopback(options)
    stream = Stream("Paper trading follows the venue of the settings.")
    stream.add(Supervised("live feed", "app.workers.ingest", _fed(options)))
    stream.add(Supervised("paper trading", "app.workers.trader", _followed(options)))
    if options.texts or (options.texts is None and _texts_belong()):
        stream.add(Supervised("text collection", _COLLECTOR))
    return stream


def _texts_belong() -> bool:
    # Real texts are about the real market: where only that was moved elsewhere, they must be asked
    # for by name.
    from app.core.config import settings

    moved = settings.EXCHANGE_SPOT_URL or settings.EXCHANGE_USDM_URL
    return bool(settings.VENUE_URL or settings.PRESS_URL or not moved)


def _chosen(options: StreamOptions) -> StreamKind:
    from app.core.config import settings
    from app.services.markets import has_real_series

    if options.stream is not None:
        return StreamKind(options.stream)
    if options.bars is not None:
        return StreamKind.STORED
    if settings.VENUE_URL or settings.EXCHANGE_SPOT_URL or settings.EXCHANGE_USDM_URL:
        return StreamKind.EXCHANGE
    return StreamKind.STORED if has_real_series() else StreamKind.LOOPBACK


def _loopback(options: StreamOptions) -> Stream:
    from app.core.config import Settings, settings

    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    # Page and API of this process read the same venue as the processes below. Its history is not in
    # any archive.
    settings.VENUE_URL = address
    settings.PRESS_URL = f"{address}/press"
    environment = {
        "VENUE_URL": address,
        # Its press writes about its coins; texts of another one would be about others.
        "PRESS_URL": f"{address}/press",
        "ARCHIVE_URL": str(Settings.model_fields["ARCHIVE_URL"].default),
    }
    speed = options.speed * LOOPBACK_TIMEFRAME_S
    stream = Stream(
        f"{options.symbols} made-up symbols trade live on a loopback venue, {address}, at "
        f"{speed:g} times real time."
    )
    stream.add(Supervised("loopback venue", "cryptovolt_venue", lambda: _venue(options, port)))
    with contextlib.ExitStack() as unfinished:
        unfinished.callback(stream.stop)
        _await_venue(address)
        stream.add(Supervised("live feed", "app.workers.ingest", ["--tickers"], environment))
        stream.add(
            Supervised("paper trading", "app.workers.trader", _followed(options), environment)
        )
        if options.texts is not False:
            stream.add(Supervised("text collection", _COLLECTOR, (), environment))
        unfinished.pop_all()
    return stream


def _venue(options: StreamOptions, port: int) -> list[str]:
    # It goes on where the last one ended, so that stored bars have no gap and none lies ahead.
    start = _last_close()
    found = [
        "serve", "--with-input", "--port", str(port), "--timeframe", "1m",
        "--synthetic", str(options.symbols), "--speed", str(options.speed * LOOPBACK_TIMEFRAME_S),
    ]  # fmt: skip
    return found if start is None else [*found, "--start", start]


def _last_close() -> str | None:
    from datetime import UTC, datetime, timedelta

    from app.core.database import SessionLocal
    from app.core.venue import LOOPBACK
    from app.repositories.feed import newest_open

    with SessionLocal() as db:
        newest = newest_open(db, LOOPBACK)
    if newest is None:
        return None
    close = newest + timedelta(seconds=LOOPBACK_TIMEFRAME_S)
    return min(close, datetime.now(UTC)).isoformat()


def _await_venue(address: str) -> None:
    import httpx

    from cryptovolt.domain.errors import TransientError

    typer.echo("Starting the loopback venue …")
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{address}/venue/clock", timeout=2.0, trust_env=False).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise TransientError(
        f"the loopback venue did not answer at {address} within {_STARTS_WITHIN_S:.0f} s: run "
        "`cryptovolt-venue serve --synthetic 10` to see why"
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _fed(options: StreamOptions) -> list[str]:
    from app.core.venue import trading_market

    market = trading_market(options.source)
    timeframe = _named(("--timeframe", options.timeframe))
    return [options.symbol or "BTCUSDT", "--market", market.value, "--tickers", *timeframe]


def _followed(options: StreamOptions) -> list[str]:
    return ["--live", *_series(options), *_named(("--funding", options.funding))]


def _replay(options: StreamOptions) -> list[str]:
    files = (("--bars", options.bars), ("--news", options.news), ("--funding", options.funding))
    return ["--speed", str(options.speed), *_named(*files), *_series(options)]


def _series(options: StreamOptions) -> list[str]:
    return _named(
        ("--symbol", options.symbol),
        ("--timeframe", options.timeframe),
        ("--source", options.source),
    )


def _named(*options: tuple[str, object]) -> list[str]:
    pairs: Sequence[Sequence[str]] = [
        (name, str(value)) for name, value in options if value is not None
    ]
    return [word for pair in pairs for word in pair]
