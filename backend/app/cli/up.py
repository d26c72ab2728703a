"""The command ``cryptovolt up``: everything on this machine."""

import contextlib
import ipaddress
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.cli.streams import Stream

_Stream = Annotated[
    str | None,
    typer.Option(
        help="loopback (made-up symbols, no network), exchange (the venue of the settings) or "
        "stored (a replay). Without it: files that are named, else a venue that the settings "
        "name, else what is stored, else loopback."
    ),
]


def up(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of page and API.")] = 8000,
    stream: _Stream = None,
    symbols: Annotated[
        int, typer.Option(min=1, max=1000, help="Made-up symbols of the loopback venue.")
    ] = 200,
    bars: Annotated[Path | None, typer.Option(help="Bars to replay.")] = None,
    news: Annotated[Path | None, typer.Option(help="News to score and replay with them.")] = None,
    funding: Annotated[
        Path | None,
        typer.Option(help="Funding rates of the perpetual; else those that are stored."),
    ] = None,
    symbol: Annotated[
        str | None, typer.Option(help="What to trade, if the file does not say.")
    ] = None,
    timeframe: Annotated[str | None, typer.Option(help="Time frame, likewise.")] = None,
    source: Annotated[str | None, typer.Option(help="Venue and market, likewise.")] = None,
    speed: Annotated[
        float, typer.Option(min=0.01, max=100, help="Bars a second, replayed or made up.")
    ] = 1.0,
    trading: Annotated[bool, typer.Option(help="Run the stream and the paper trading.")] = True,
    texts: Annotated[
        bool | None,
        typer.Option(
            "--texts/--no-texts",
            help="Collect texts beside it. Without it: for a live market, not for a replay.",
        ),
    ] = None,
) -> None:
    """Start database, API and dashboard, and trade a stream of bars on paper."""
    from app.cli.processes import Supervised
    from app.cli.streams import StreamOptions, open_stream

    options = StreamOptions(
        stream=stream, symbols=symbols, bars=bars, news=news, funding=funding, symbol=symbol,
        timeframe=timeframe, source=source, speed=speed, texts=texts,
    )  # fmt: skip
    options.check()
    listener = _listen(host, port)
    address = f"http://{_shown(host)}:{listener.getsockname()[1]}"
    typer.echo("Starting the database …")
    from app.core.init_db import init_db

    init_db()
    running: Stream | None = None
    worker = Supervised("worker of jobs", "app.workers.jobs")
    try:
        running = open_stream(options) if trading else None
        typer.echo(_welcome(address, running, loopback=_is_loopback(host)))
        _serve(listener)
    finally:
        if running is not None:
            running.stop()
        worker.stop()
        _stop_unused_database()
        typer.echo("Stopped.")


def _listen(host: str, port: int) -> socket.socket:
    from cryptovolt.domain.errors import ConfigurationError

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {host} port {port} ({error.strerror}): stop what is listening "
            "there, or choose another port with --port"
        ) from error


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _welcome(address: str, running: "Stream | None", *, loopback: bool) -> str:
    told = "" if running is None else f"{running.told}\n"
    if not loopback:
        return (
            f"{told}CryptoVolt runs on {address}. This is not a loopback address, so no link "
            "signs a browser in: make an account with `python manage_db.py seed` and log in."
        )
    from app.core.database import SessionLocal
    from app.services.auth import create_login_link, ensure_local_user

    with SessionLocal() as db:
        user = ensure_local_user(db)
        code = create_login_link(db, user)
        db.commit()
    return (
        f"{told}CryptoVolt runs on {address}\n"
        f"Open this link once, within ten minutes, to be signed in:\n\n"
        f"    {address}/#link={code}\n\n"
        "Stop with Ctrl-C."
    )


def _serve(listener: socket.socket) -> None:
    import uvicorn

    config = uvicorn.Config("app.main:app", log_level="warning", access_log=False)
    # The server hands a signal on when it has shut down; both mean to end in good order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


def _stop_unused_database() -> None:
    # Another program of ours may be using the embedded server; then it is left running.
    from sqlalchemy import text

    from app.core.config import settings
    from app.core.database import embedded_server, engine

    engine.dispose()
    if settings.DATABASE_URL or embedded_server().pid() is None:
        return
    others = text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    with engine.connect() as connection:
        in_use = connection.execute(others).scalar_one()
    engine.dispose()
    if not in_use:
        embedded_server().stop()
