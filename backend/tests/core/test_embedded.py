import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from sqlalchemy import URL, text

from app.core import database
from app.core.config import settings
from app.core.embedded import EmbeddedServer

BACKEND = Path(__file__).resolve().parents[2]
ASK = "from app.core.init_db import verify_database_connection as v; print(v())"


@pytest.fixture(scope="module")
def own() -> Iterator[EmbeddedServer]:
    """A server of this module alone, to be killed and stopped at will."""
    with TemporaryDirectory(prefix="cryptovolt-embedded-") as folder:
        server = EmbeddedServer(Path(folder) / "home", settings.POSTGRES_BIN)
        server.start()
        yield server
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


def connect(server: EmbeddedServer, **changes: str) -> psycopg.Connection[tuple[object, ...]]:
    url: URL = server.url().set(drivername="postgresql", **changes)  # pyright: ignore[reportArgumentType]
    return psycopg.connect(url.render_as_string(hide_password=False), connect_timeout=5)


def remember(server: EmbeddedServer, value: int) -> None:
    with connect(server) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (value int)")
        connection.execute("INSERT INTO kept VALUES (%s)", [value])


def kept(server: EmbeddedServer) -> list[object]:
    with connect(server) as connection:
        return [row[0] for row in connection.execute("SELECT value FROM kept ORDER BY value")]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within 20 seconds"
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_wrong_password_is_refused(own: EmbeddedServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(own, password="wrong")


def test_it_listens_on_loopback_only_and_has_no_socket_file(own: EmbeddedServer) -> None:
    with connect(own) as connection:
        found = connection.execute(
            "SELECT name, setting FROM pg_settings WHERE name IN"
            " ('listen_addresses', 'unix_socket_directories') ORDER BY name"
        ).fetchall()
        assert found == [("listen_addresses", "127.0.0.1"), ("unix_socket_directories", "")]
        rules = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
        assert rules == [("scram-sha-256",)]


def test_what_it_keeps_is_closed_to_others(own: EmbeddedServer) -> None:
    assert own.data.stat().st_mode & 0o777 == 0o700
    assert (own.folder / "server.json").stat().st_mode & 0o777 == 0o600
    assert own.log.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root")
def test_as_root_it_runs_under_another_account_and_opens_no_folder(own: EmbeddedServer) -> None:
    pid = own.pid()
    assert pid is not None
    assert Path(f"/proc/{pid}").stat().st_uid != 0
    # TemporaryDirectory made the parent 0700, so data had to go elsewhere.
    closed = own.home.parent
    assert closed.stat().st_mode & 0o777 == 0o700
    assert own.folder.parent == Path("/var/lib/cryptovolt")


def test_starting_twice_is_starting_once(own: EmbeddedServer) -> None:
    pid = own.pid()
    with ThreadPoolExecutor(4) as pool:
        urls = [future.result() for future in [pool.submit(own.start) for _ in range(4)]]
    assert set(urls) == {own.url()}
    assert own.pid() == pid


def test_committed_rows_survive_a_kill_of_the_server(own: EmbeddedServer) -> None:
    remember(own, 1)
    for value in (2, 3):
        pid = own.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: own.pid() is None)
        own.start()
        remember(own, value)
    assert kept(own) == [1, 2, 3]


def test_stop_stops_and_start_starts_again_on_the_same_port(own: EmbeddedServer) -> None:
    port = own.url().port
    assert own.stop()
    assert own.pid() is None
    assert not own.stop()
    assert own.start().port == port


def test_a_port_taken_by_another_program_is_given_up(own: EmbeddedServer) -> None:
    own.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", own.url().port or 0))
        other.listen()
        taken = own.url().port
        assert own.start().port != taken
    connect(own).close()


def test_an_old_pid_file_of_a_living_stranger_does_not_stop_it(own: EmbeddedServer) -> None:
    pid_file = own.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    owner = own.data.stat()
    own.stop()
    # A program of the server's own account: PostgreSQL itself would take it for another server.
    as_server = {"user": owner.st_uid, "group": owner.st_gid} if os.geteuid() == 0 else {}
    stranger = subprocess.Popen(["/bin/sleep", "60"], **as_server)  # pyright: ignore[reportCallIssue, reportArgumentType]
    try:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        os.chown(pid_file, owner.st_uid, owner.st_gid)
        assert own.pid() is None
        own.start()
        connect(own).close()
    finally:
        stranger.kill()
        stranger.wait()


def test_two_programs_share_it_and_it_outlives_both(own: EmbeddedServer) -> None:
    own.stop()
    variables = {**os.environ, "DATABASE_URL": "", "CRYPTOVOLT_HOME": str(own.home)}
    command = [sys.executable, "-c", ASK]
    programs = [
        subprocess.Popen(command, cwd=BACKEND, env=variables, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [program.communicate(timeout=60)[0].strip() for program in programs]
    assert answers == ["True", "True"]
    assert own.pid() is not None


def test_it_outlives_a_program_that_is_killed(own: EmbeddedServer) -> None:
    variables = {**os.environ, "DATABASE_URL": "", "CRYPTOVOLT_HOME": str(own.home)}
    program = subprocess.Popen(
        [sys.executable, "-c", f"{ASK}; import sys, time; sys.stdout.flush(); time.sleep(60)"],
        cwd=BACKEND,
        env=variables,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    assert program.stdout.readline().strip() == "True"
    pid = own.pid()
    program.kill()
    program.communicate()
    assert own.pid() == pid
    assert kept(own) == [1, 2, 3]


def test_the_engine_starts_it_again_after_a_kill(
    own: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "DATABASE_URL", "")
    monkeypatch.setattr(settings, "CRYPTOVOLT_HOME", own.home)
    database.engine.dispose()
    for _ in range(2):
        with database.engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM kept")).scalar_one() == 3
            worker = int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
        pid = own.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        # The pooled connection's process outlives its server by a moment.
        wait_until(partial(is_gone, worker))
    with database.engine.connect() as connection:
        assert connection.execute(text("SHOW timezone")).scalar_one() == "UTC"
    database.engine.dispose()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root to become another")
def test_an_ordinary_user_runs_it_in_the_own_home() -> None:
    nobody = pwd.getpwnam("nobody")
    with TemporaryDirectory(prefix="cryptovolt-user-") as folder:
        Path(folder).chmod(0o755)
        home = Path(folder) / "user"
        home.mkdir(mode=0o700)
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        child = os.fork()
        if child == 0:
            # Whatever happens, the child must not go on with the tests.
            try:
                os.setgroups([])
                os.setgid(nobody.pw_gid)
                os.setuid(nobody.pw_uid)
                server = EmbeddedServer(home / "cryptovolt", settings.POSTGRES_BIN)
                server.start()
                remember(server, 7)
                os._exit(0 if kept(server) == [7] and server.stop() else 2)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert home.stat().st_mode & 0o777 == 0o700
        data = home / "cryptovolt" / "postgres" / "data"
        assert (data.stat().st_uid, data.stat().st_mode & 0o777) == (nobody.pw_uid, 0o700)
