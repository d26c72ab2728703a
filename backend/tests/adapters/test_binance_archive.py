"""Fetching public history, from an archive served on loopback."""

import hashlib
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.adapters.binance_archive import BinanceArchive
from cryptovolt.domain.errors import DataError, TransientError

MARCH = date(2024, 3, 1)
FILE = "/data/spot/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2024-03.zip"


class ArchiveServer(ThreadingHTTPServer):
    """Serves what its dictionary holds and remembers what was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def publish(self, path: str, content: bytes, checksum: str | None = None) -> None:
        self.files[path] = content
        digest = checksum or hashlib.sha256(content).hexdigest()
        self.files[f"{path}.CHECKSUM"] = f"{digest}  {path.rsplit('/', 1)[-1]}\n".encode()


class _Handler(BaseHTTPRequestHandler):
    server: ArchiveServer  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        content = self.server.files.get(self.path)
        self.send_response(404 if content is None else 200)
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep the test's output quiet."""


@pytest.fixture
def server() -> Iterator[ArchiveServer]:
    with ArchiveServer() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_month_is_fetched_once_and_kept(server: ArchiveServer, tmp_path: Path) -> None:
    server.publish(FILE, b"the zip")
    archive = BinanceArchive(tmp_path, server.url)
    first = archive.fetch_month("BTCUSDT", "1h", MARCH)
    second = archive.fetch_month("BTCUSDT", "1h", MARCH)
    assert first == second
    assert first.read_bytes() == b"the zip"
    assert server.asked == [f"{FILE}.CHECKSUM", FILE]


def test_a_wrong_checksum_keeps_nothing(server: ArchiveServer, tmp_path: Path) -> None:
    server.publish(FILE, b"half the zi", checksum="0" * 64)
    with pytest.raises(DataError, match=r"expected BTCUSDT-1h-2024-03.zip with SHA-256 0000"):
        BinanceArchive(tmp_path, server.url).fetch_month("BTCUSDT", "1h", MARCH)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_month_is_named(server: ArchiveServer, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no file BTCUSDT-1h-2024-03\.zip"):
        BinanceArchive(tmp_path, server.url).fetch_month("BTCUSDT", "1h", MARCH)


def test_an_archive_that_is_not_there_is_worth_another_try(tmp_path: Path) -> None:
    with pytest.raises(TransientError, match="did not answer"):
        BinanceArchive(tmp_path, "http://127.0.0.1:9").fetch_month("BTCUSDT", "1h", MARCH)
