"""The command ``cryptovolt-venue``."""

import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Annotated

import typer

from cryptovolt.domain.errors import CryptoVoltError
from cryptovolt_venue.opening import VenueOptions, open_exchange

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def about() -> None:
    """Run an exchange on loopback that speaks Binance spot and USD-M, faults included."""


@app.command()
def serve(
    bars: Annotated[list[Path] | None, typer.Option(help="A file of bars to replay.")] = None,
    synthetic: Annotated[int, typer.Option(help="Made-up symbols.", min=0)] = 0,
    market: Annotated[str | None, typer.Option(help="spot, usdm or both.")] = None,
    timeframe: Annotated[str, typer.Option(help="Of the made-up bars.")] = "1m",
    seed: Annotated[int, typer.Option(help="Same seed, same market and faults.")] = 0,
    speed: Annotated[float, typer.Option(help="From above 0 to 10,000.")] = 1.0,
    start: Annotated[
        str | None, typer.Option(help="now, or a date; a file keeps its dates without it.")
    ] = None,
    history_bars: Annotated[int, typer.Option(help="Bars of a file already past.", min=0)] = 500,
    history_days: Annotated[int, typer.Option(help="Days made up before the start.", min=1)] = 365,
    trades_per_bar: Annotated[int | None, typer.Option(help="4 to 600.", min=4, max=600)] = None,
    funding: Annotated[
        list[Path] | None, typer.Option(help="A file of recorded funding rates.")
    ] = None,
    faults: Annotated[Path | None, typer.Option(help="A JSON file of faults.")] = None,
    limits: Annotated[bool, typer.Option(help="Limit requests as the real venue.")] = True,
    big_ids: Annotated[bool, typer.Option(help="Let ids begin beyond 2**53.")] = False,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one.", min=0, max=65535)] = 8765,
    with_input: Annotated[
        bool, typer.Option("--with-input", help="Also end when standard input does.")
    ] = False,
) -> None:
    """Serve a replay of files, a made-up market, or both, until interrupted."""
    try:
        options = VenueOptions(
            bars=tuple(bars or ()),
            synthetic=synthetic if synthetic or bars else 10,
            market=market,
            timeframe=timeframe,
            seed=seed,
            speed=speed,
            start=start,
            history_bars=history_bars,
            history_days=history_days,
            trades_per_bar=trades_per_bar,
            funding=tuple(funding or ()),
            faults=faults,
            limited=limits,
            big_ids=big_ids,
        )
        asyncio.run(_serve(options, host, port, with_input))
    except CryptoVoltError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    except OSError as error:
        typer.echo(f"error: cannot listen on {host}:{port}: {error}", err=True)
        raise typer.Exit(1) from error


@app.command()
def press(
    asset: Annotated[list[str] | None, typer.Option(help="Who is written about: BTC …")] = None,
    seed: Annotated[int, typer.Option(help="Same seed and time, same texts.")] = 0,
    speed: Annotated[float, typer.Option(help="From above 0 to 10,000.")] = 1.0,
    hours_ago: Annotated[float, typer.Option(help="When its time starts.", min=0)] = 0.0,
    port: Annotated[int, typer.Option(help="0 takes a free one.", min=0, max=65535)] = 8766,
) -> None:
    """Serve only the loopback press: made-up news and posts, faults included."""
    from cryptovolt_venue.press.embedded import ASSETS, EmbeddedPress  # noqa: PLC0415

    start_ms = int((time.time() - hours_ago * 3600) * 1000)
    try:
        served = EmbeddedPress(
            assets=asset or ASSETS, seed=seed, start_ms=start_ms, speed=speed, port=port
        )
        with served, contextlib.suppress(KeyboardInterrupt):
            typer.echo(f"Loopback press at {speed:g}x on {served.address}")
            threading.Event().wait()
    except CryptoVoltError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
    except OSError as error:
        typer.echo(f"error: cannot listen on port {port}: {error}", err=True)
        raise typer.Exit(1) from error


def main() -> None:
    """Run the command."""
    app()


async def _serve(options: VenueOptions, host: str, port: int, with_input: bool) -> None:
    from cryptovolt_venue.web.app import serve as listen  # noqa: PLC0415 -- after --help

    exchange = open_exchange(options, int(time.time() * 1000))
    server = await listen(exchange, host, port)
    count = len(exchange.instruments)
    typer.echo(f"Venue with {count} instruments at {options.speed:g}x on {server.address}")
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # no signal handlers on Windows
            loop.add_signal_handler(number, stopped.set)
    if with_input:
        threading.Thread(target=_await_end, args=(loop, stopped), daemon=True).start()
    ended = asyncio.create_task(server.wait())
    waiting = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({ended, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            await ended
    finally:
        waiting.cancel()
        ended.cancel()
        await server.stop()


def _await_end(loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    # Whoever started the venue closes the pipe, or dies; either way nobody needs it any more. Read
    # without Python's buffer, whose lock a waiting thread would hold when the interpreter ends.
    while os.read(sys.stdin.fileno(), 1):
        pass
    with contextlib.suppress(RuntimeError):  # the loop has ended by itself
        loop.call_soon_threadsafe(stopped.set)
