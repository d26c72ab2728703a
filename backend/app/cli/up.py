"""The command ``cryptovolt up``: everything on this machine."""

import contextlib
import ipaddress
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from app.workers import BAD_INPUT

RESTART_DELAYS_S = (1, 2, 4, 8, 16, 30)


def up(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of page and API.")] = 8000,
    bars: Annotated[
        Path | None, typer.Option(help="Bars to replay; else what is stored, else SYNTHETIC.")
    ] = None,
    news: Annotated[Path | None, typer.Option(help="News to score and replay with them.")] = None,
    funding: Annotated[
        Path | None,
        typer.Option(help="Funding rates of the perpetual; else those that are stored."),
    ] = None,
    symbol: Annotated[str | None, typer.Option(help="Symbol, if the file does not say.")] = None,
    timeframe: Annotated[str | None, typer.Option(help="Time frame, likewise.")] = None,
    source: Annotated[str | None, typer.Option(help="Venue and market, likewise.")] = None,
    speed: Annotated[float, typer.Option(min=0.01, max=1000, help="Bars a second.")] = 2.0,
    trading: Annotated[bool, typer.Option(help="Run the paper trading.")] = True,
) -> None:
    """Start database, API and dashboard, and trade a replayed stream on paper."""
    listener = _listen(host, port)
    address = f"http://{_shown(host)}:{listener.getsockname()[1]}"
    typer.echo("Starting the database …")
    from app.core.init_db import init_db

    init_db()
    typer.echo(_welcome(address, loopback=_is_loopback(host)))
    options = ["--speed", str(speed)]
    for name, value in (
        ("--bars", bars),
        ("--news", news),
        ("--funding", funding),
        ("--symbol", symbol),
        ("--timeframe", timeframe),
        ("--source", source),
    ):
        options += [name, str(value)] if value is not None else []
    trader = TraderProcess(options) if trading else None
    try:
        _serve(listener)
    finally:
        if trader is not None:
            trader.stop()
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


def _welcome(address: str, *, loopback: bool) -> str:
    if not loopback:
        return (
            f"CryptoVolt runs on {address}. This is not a loopback address, so no link signs a "
            "browser in: make an account with `python manage_db.py seed` and log in."
        )
    from app.core.database import SessionLocal
    from app.services.auth import create_login_link, ensure_local_user

    with SessionLocal() as db:
        user = ensure_local_user(db)
        code = create_login_link(db, user)
        db.commit()
    return (
        f"CryptoVolt runs on {address}\n"
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


class TraderProcess:
    """The paper trader in a process of its own, started again when it dies.

    It ends when its standard input does, so it never outlives this process, however that ends.
    """

    def __init__(self, options: list[str]) -> None:
        self._command = [sys.executable, "-m", "app.workers.trader", *options]
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._supervise, name="trader-supervisor")
        self._thread.start()

    def stop(self) -> None:
        """End the trader after the bar it is at."""
        self._stopping.set()
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._thread.join(timeout=30)

    def _supervise(self) -> None:
        attempts = 0
        while not self._stopping.is_set():
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE)  # noqa: S603
            status = self._process.wait()
            if self._stopping.is_set() or status == 0:
                return
            if status == BAD_INPUT:
                typer.echo("The paper trading has stopped; page and API go on.", err=True)
                return
            delay = RESTART_DELAYS_S[min(attempts, len(RESTART_DELAYS_S) - 1)]
            attempts += 1
            typer.echo(f"The trader ended with status {status}; again in {delay} s.", err=True)
            self._stopping.wait(delay)


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
