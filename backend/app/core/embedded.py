"""The embedded PostgreSQL, used where ``DATABASE_URL`` is unset.

The wheel brings the programs; the server is ours: scram passwords, TCP on 127.0.0.1 only, data in
the installation's home. It is started by the first connection and lives on when the program ends,
so that several programs share it; :meth:`EmbeddedServer.stop` ends it.

What is remembered (port and password) lies beside the data in ``server.json``, mode 0600. Starting
and stopping hold a file lock, which the operating system frees when its holder dies.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path

import psycopg
from sqlalchemy import URL

from app.core.embedded_binaries import (
    Account,
    Programs,
    find_programs,
    may_enter,
    running_as_root,
    server_account,
    system_folder,
)
from cryptovolt.domain.errors import ConfigurationError, TransientError

DATABASE = "cryptovolt"
USER = "postgres"
_START_SECONDS = 60.0
_LOG_BYTES = 10_000_000


class EmbeddedServerError(TransientError):
    """The embedded PostgreSQL could not be started or stopped."""


@dataclass(frozen=True, slots=True)
class _Remembered:
    port: int
    password: str


class EmbeddedServer:
    """One PostgreSQL server, its data below `home`."""

    def __init__(self, home: Path, programs: Path | None = None) -> None:
        self._home = home.resolve()
        self._chosen = programs

    @property
    def home(self) -> Path:
        """Return the home it belongs to."""
        return self._home

    @property
    def folder(self) -> Path:
        """Return the folder of data, log and what is remembered."""
        inside = self._home / "postgres"
        if not running_as_root() or (inside / "server.json").exists():
            return inside
        if may_enter(self._home, server_account(inside / "data")):
            return inside
        return system_folder() / sha256(str(self._home).encode()).hexdigest()[:12]

    @property
    def log(self) -> Path:
        """Return the server's log file."""
        return self.folder / "server.log"

    @property
    def data(self) -> Path:
        """Return the server's data folder."""
        return self.folder / "data"

    def url(self) -> URL:
        """Return how to connect, as last known; the server may be down."""
        known = self._remembered()
        if known is None:
            raise EmbeddedServerError("the embedded PostgreSQL has never been started")
        return URL.create(
            "postgresql+psycopg", USER, known.password, "127.0.0.1", known.port, DATABASE
        )

    def known(self) -> bool:
        """Say whether the server was ever started."""
        return self._remembered() is not None

    def pid(self) -> int | None:
        """Return the server's process id, or None when it is down."""
        try:
            first = (self.data / "postmaster.pid").read_text().splitlines()[0]
            pid = int(first)
        except (FileNotFoundError, IndexError, ValueError):
            return None
        return pid if self._is_ours(pid) else None

    def start(self) -> URL:
        """Start the server unless it runs, and return how to connect.

        Raises
        ------
        EmbeddedServerError
            If it does not come up; the message quotes the server's log.
        """
        if sys.platform == "win32":
            raise ConfigurationError(
                "there is no embedded PostgreSQL on Windows; set DATABASE_URL to a server"
            )
        self._make_home()
        with self._lock():
            known = self._remembered() or _Remembered(_free_port(), secrets.token_urlsafe(24))
            account = server_account(self.data)
            programs = find_programs(account, self._chosen)
            if not self.data.exists():
                self._remember(known)
                self._make_data(programs, known.password)
            self._remember(self._answering(programs, known))
            return self.url()

    def stop(self) -> bool:
        """Stop the server; say whether it was running."""
        with self._lock():
            if self.pid() is None:
                return False
            programs = find_programs(server_account(self.data), self._chosen)
            done = programs.run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "stop")
            if done.returncode != 0:
                raise EmbeddedServerError(f"PostgreSQL did not stop: {done.stdout.strip()}")
            return True

    def _make_home(self) -> None:
        # Closed to others, but as root the server's account must be able to pass.
        mode = 0o711 if running_as_root() else 0o700
        for folder in (self._home, self.folder):
            folder.mkdir(mode=mode, parents=True, exist_ok=True)

    @contextmanager
    def _lock(self) -> Generator[None]:
        import fcntl  # noqa: PLC0415 - not on Windows

        try:
            descriptor = os.open(self.folder / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except PermissionError:
            raise ConfigurationError(
                f"{self.folder} belongs to another account; run as that account, or set "
                "CRYPTOVOLT_HOME or DATABASE_URL"
            ) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _remembered(self) -> _Remembered | None:
        try:
            found = json.loads((self.folder / "server.json").read_text())
        except FileNotFoundError:
            return None
        except PermissionError:
            raise ConfigurationError(
                f"{self.folder} belongs to another account; run as that account, or set "
                "CRYPTOVOLT_HOME or DATABASE_URL"
            ) from None
        return _Remembered(int(found["port"]), str(found["password"]))

    def _remember(self, known: _Remembered) -> None:
        if self._remembered() == known:
            return
        scratch = self.folder / "server.json.new"
        scratch.unlink(missing_ok=True)
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(known), file)
        scratch.replace(self.folder / "server.json")

    def _make_data(self, programs: Programs, password: str) -> None:
        # Made beside and renamed, so that a start that was killed leaves no half server.
        scratch = self.folder / "making"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700)
        secret = scratch / "password"
        secret.touch(mode=0o600)
        secret.write_text(password)
        _give(programs.account, scratch, secret)
        done = programs.run(
            "initdb", "-D", str(scratch / "data"), "-U", USER, f"--pwfile={secret}",
            "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums",
        )  # fmt: skip
        if done.returncode != 0:
            raise EmbeddedServerError(f"initdb failed: {done.stdout.strip()}")
        (scratch / "data").rename(self.data)
        shutil.rmtree(scratch)

    def _answering(self, programs: Programs, known: _Remembered) -> _Remembered:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            if self.pid() is None:
                known = self._bring_up(programs, known)
                self._remember(known)
            try:
                _make_database(self.url())
            except psycopg.OperationalError as error:
                # A server that was just killed is a process for a moment still, and one that
                # recovers refuses connections. A wrong password stays wrong.
                if "password authentication" in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return known

    def _bring_up(self, programs: Programs, known: _Remembered) -> _Remembered:
        self._prepare_log(programs.account)
        deadline = time.monotonic() + _START_SECONDS
        while True:
            self._disown_foreign_pid()
            if not _is_free(known.port):
                known = replace(known, port=_free_port())
            seen = self.log.stat().st_size
            done = programs.run(
                "pg_ctl", "-D", str(self.data), "-w", "-t", "240", "-l", str(self.log),
                "-o", f"-c listen_addresses=127.0.0.1 -p {known.port} "
                "-c unix_socket_directories='' -c timezone=UTC -c log_timezone=UTC", "start",
            )  # fmt: skip
            if done.returncode == 0:
                return known
            with self.log.open(errors="replace") as log:
                log.seek(seen)
                said = log.read()
            # After a kill the old server's last processes may need a moment to go.
            transient = ("pre-existing shared memory", "could not bind")
            if not any(text in said for text in transient) or time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"PostgreSQL did not start: {_last_line(said or done.stdout)} "
                    f"(the whole log: {self.log})"
                )
            time.sleep(0.2)

    def _prepare_log(self, account: Account | None) -> None:
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        self.log.touch(mode=0o600)
        _give(account, self.log)

    def _disown_foreign_pid(self) -> None:
        # A pid file left behind may name a process that is no server today, and PostgreSQL would
        # refuse to start. Only the pid is replaced, by one that cannot exist: the rest of the file
        # lets PostgreSQL see whether processes of the old server are still at work.
        path = self.data / "postmaster.pid"
        try:
            lines = path.read_text().splitlines()
        except FileNotFoundError:
            return
        if lines and lines[0].isdigit() and not self._is_ours(int(lines[0])):
            path.write_text("\n".join([str(2**31 - 1), *lines[1:]]) + "\n")

    def _is_ours(self, pid: int) -> bool:
        command = Path(f"/proc/{pid}/cmdline")
        if Path("/proc/self/cmdline").exists():
            try:
                words = command.read_bytes().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):
                return False
            return str(self.data).encode() in words
        listed = subprocess.run(  # noqa: S603
            ["/bin/ps", "-o", "command=", "-p", str(pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        return str(self.data) in listed.stdout


def _give(account: Account | None, *paths: Path) -> None:
    if account is not None:
        for path in paths:
            os.chown(path, account.uid, account.gid)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As PostgreSQL does, so that connections still closing do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if "FATAL" in line] or text.splitlines()
    return lines[-1].strip() if lines else "it said nothing"


def _make_database(url: URL) -> None:
    libpq = url.set(drivername="postgresql", database="postgres")
    with psycopg.connect(
        libpq.render_as_string(hide_password=False),
        autocommit=True,
        connect_timeout=10,
        require_auth="scram-sha-256",
    ) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if found.fetchone() is None:
            connection.execute(f'CREATE DATABASE "{DATABASE}"')
