"""Public history: monthly and daily files, without a key.

Each file has a checksum beside it, which is compared before the file is read. A file that has been
fetched is kept, and not asked for again, until it is no longer needed.
"""

import hashlib
import threading
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from app.core.venue import ArchiveFile, Kind, Market
from cryptovolt.domain.errors import DataError, TransientError

_LARGEST_FILE = 512 * 1024 * 1024
_DEFAULT_WAIT_S = 30.0
_BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


class FileBudget(Protocol):
    """What is asked before a file is, and told when the archive has had enough."""

    def take(self, host: str, weight: int) -> None:
        """Wait until the host may be asked."""
        ...

    def block(self, host: str, seconds: float, status: int) -> None:
        """Let nobody ask the host for some seconds."""
        ...


class NoArchive:
    """Stands in for the archive of a venue that has none: a loopback venue's history is its own."""

    has_files = False

    def __enter__(self) -> "NoArchive":
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing is open."""

    def fetch(self, file: ArchiveFile) -> Path | None:
        """Return None: there is no such file."""
        del file
        return None

    def exists(self, file: ArchiveFile) -> bool:
        """Return that there is no such file."""
        del file
        return False


@dataclass(slots=True)
class BinanceArchive:
    """The archive at an address, with a folder for what was fetched."""

    folder: Path
    base_url: str
    timeout_s: float = 10.0
    budget: FileBudget | None = None
    has_files: bool = True
    _client: httpx.Client | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __enter__(self) -> "BinanceArchive":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def fetch_month(self, symbol: str, timeframe: str, month: date) -> Path:
        """Return the zip file of one month of spot bars, fetched if it is not there yet.

        Raises
        ------
        TransientError
            If the archive cannot be reached.
        DataError
            If it has no such file, or the file is not the one its checksum tells of.
        """
        file = ArchiveFile(
            market=Market.SPOT,
            kind=Kind.BARS,
            symbol=symbol,
            timeframe=timeframe,
            first_day=month,
            monthly=True,
        )
        found = self._fetched(file.path, self.folder / file.path.rsplit("/", 1)[-1])
        if found is None:
            raise DataError(f"the archive has no file {file.path.rsplit('/', 1)[-1]}")
        return found

    def fetch(self, file: ArchiveFile) -> Path | None:
        """Return a file, fetched if it is not there yet; None: the archive has no such file.

        Raises
        ------
        TransientError
            If the archive cannot be reached.
        DataError
            If the file is not the one its checksum tells of.
        """
        return self._fetched(file.path, self.folder / Path(file.path))

    def exists(self, file: ArchiveFile) -> bool:
        """Return whether the archive has a file."""
        return self._get(f"{file.path}.CHECKSUM") is not None

    def _fetched(self, address: str, path: Path) -> Path | None:
        if path.is_file():
            return path
        told = self._get(f"{address}.CHECKSUM")
        content = None if told is None else self._get(address)
        if told is None or content is None:
            return None
        _compare(path.name, told, content)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{threading.get_ident()}.part")
        part.write_bytes(content)
        part.replace(path)
        return path

    def _get(self, path: str) -> bytes | None:
        host = urlsplit(self.base_url).netloc
        if self.budget is not None:
            self.budget.take(host, 1)
        try:
            with self._opened().stream("GET", f"{self.base_url}/{path}") as response:
                if response.status_code == HTTPStatus.NOT_FOUND:
                    return None
                if response.status_code in _BUSY and self.budget is not None:
                    self.budget.block(host, _wait_s(response), response.status_code)
                response.raise_for_status()
                return _bounded(response)
        except httpx.HTTPStatusError as error:
            raise TransientError(
                f"the archive of public history at {host} answered {error.response.status_code} "
                f"for {path.rsplit('/', 1)[-1]}"
            ) from error
        except httpx.HTTPError as error:
            raise TransientError(
                f"the archive of public history at {host} did not answer: {error}"
            ) from error

    def _opened(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                # A proxy of the environment is none for this machine itself.
                trust = not _is_loopback(urlsplit(self.base_url).hostname or "")
                self._client = httpx.Client(timeout=self.timeout_s, trust_env=trust)
            return self._client


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _wait_s(response: httpx.Response) -> float:
    given = response.headers.get("retry-after", "")
    return float(given) if given.isdecimal() else _DEFAULT_WAIT_S


def _compare(name: str, told: bytes, content: bytes) -> None:
    words = told.decode("ascii", "replace").split()
    for what, found in ((f"the checksum of {name}", told), (name, content)):
        if found.lstrip()[:1] == b"<":
            raise DataError(f"expected {what}, found a web page; nothing was kept, try again")
    found = hashlib.sha256(content).hexdigest()
    if not words or words[0] != found:
        raise DataError(
            f"expected {name} with SHA-256 {words[0] if words else '(none)'}, found "
            f"{found}; nothing was kept, try again"
        )


def _bounded(response: httpx.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in response.iter_bytes():
        size += len(part)
        if size > _LARGEST_FILE:
            raise DataError(f"expected a file of at most {_LARGEST_FILE:,} bytes, found more")
        parts.append(part)
    return b"".join(parts)
