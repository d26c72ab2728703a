"""Public history: monthly files of spot bars, without a key.

Each file has a checksum beside it, which is compared before the file is read. A file that has been
fetched is kept and not asked for again.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from pathlib import Path

import httpx

from cryptovolt.domain.errors import DataError, TransientError

_LARGEST_FILE = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class BinanceArchive:
    """The archive at an address, with a folder for what was fetched."""

    folder: Path
    base_url: str
    timeout_s: float = 10.0

    def fetch_month(self, symbol: str, timeframe: str, month: date) -> Path:
        """Return the zip file of one month, fetched if it is not there yet.

        Raises
        ------
        TransientError
            If the archive cannot be reached.
        DataError
            If it has no such file, or the file is not the one its checksum tells of.
        """
        name = f"{symbol}-{timeframe}-{month:%Y-%m}.zip"
        path = self.folder / name
        if path.is_file():
            return path
        address = f"{self.base_url}/data/spot/monthly/klines/{symbol}/{timeframe}/{name}"
        expected = self._get(f"{address}.CHECKSUM").decode("ascii", "replace").split()
        content = self._get(address)
        found = hashlib.sha256(content).hexdigest()
        if not expected or expected[0] != found:
            raise DataError(
                f"expected {name} with SHA-256 {expected[0] if expected else '(none)'}, found "
                f"{found}; nothing was kept, try again"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(content)
        part.replace(path)
        return path

    def _get(self, address: str) -> bytes:
        try:
            with httpx.stream("GET", address, timeout=self.timeout_s) as response:
                if response.status_code == HTTPStatus.NOT_FOUND:
                    raise DataError(f"the archive has no file {address.rsplit('/', 1)[-1]}")
                response.raise_for_status()
                return _bounded(response)
        except httpx.HTTPError as error:
            raise TransientError(
                f"the archive of public history did not answer: {error}"
            ) from error


def _bounded(response: httpx.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in response.iter_bytes():
        size += len(part)
        if size > _LARGEST_FILE:
            raise DataError(f"expected a file of at most {_LARGEST_FILE:,} bytes, found more")
        parts.append(part)
    return b"".join(parts)
