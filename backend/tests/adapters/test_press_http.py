import asyncio
import gzip
import time
import tracemalloc
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from app.adapters.press_http import Answer, PressHttp, retry_after
from app.core.press import PatienceError
from cryptovolt.domain.errors import CryptoVoltError, DataError, TransientError

Write = Callable[[bytes], Awaitable[None]]
Serve = Callable[[Write], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
SECRET = "token-that-nobody-may-see"


@asynccontextmanager
async def served(serve: Serve) -> AsyncGenerator[str]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

        async def write(piece: bytes) -> None:
            writer.write(piece)
            await writer.drain()

        try:
            await serve(write)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/feed.xml"


def ask(serve: Serve, http: PressHttp | None = None) -> Answer:
    async def run() -> Answer:
        client = http or PressHttp()
        async with served(serve) as url:
            try:
                return await client.get(url)
            finally:
                await client.close()

    return asyncio.run(run())


def test_an_answer_of_100_mb_is_cut_off_early_in_bounded_memory() -> None:
    sent = 0

    async def huge(write: Write) -> None:
        nonlocal sent
        await write(HEAD + b"\r\n")
        for _ in range(1_600):
            await write(b"x" * 65_536)
            sent += 65_536

    tracemalloc.start()
    with pytest.raises(DataError, match=r"more than 5,000,000 bytes; it was cut off"):
        ask(huge)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # What lies in the sockets' buffers was sent too.
    assert sent < 20_000_000
    assert peak < 20_000_000


def test_a_small_answer_that_unpacks_to_100_mb_is_cut_off_in_bounded_memory() -> None:
    packed = gzip.compress(b"\0" * 100_000_000)
    assert len(packed) < 150_000

    async def bomb(write: Write) -> None:
        await write(HEAD + b"Content-Encoding: gzip\r\n\r\n" + packed)

    tracemalloc.start()
    with pytest.raises(DataError, match="more than 5,000,000 bytes"):
        ask(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def test_a_packed_answer_is_unpacked_whole() -> None:
    async def good(write: Write) -> None:
        body = gzip.compress(b"<rss>" + b"a" * 300_000)
        await write(HEAD + b"Content-Encoding: gzip\r\n\r\n" + body)

    assert ask(good).body == b"<rss>" + b"a" * 300_000


@pytest.mark.parametrize("encoding", [b"br", b"gzip"])
def test_an_answer_that_is_not_packed_as_it_says_is_refused(encoding: bytes) -> None:
    async def wrong(write: Write) -> None:
        await write(HEAD + b"Content-Encoding: " + encoding + b"\r\n\r\nnothing of the kind")

    with pytest.raises(DataError, match="packed"):
        ask(wrong)


def test_an_answer_that_trickles_in_is_given_up_in_time() -> None:
    async def trickle(write: Write) -> None:
        await write(HEAD + b"\r\n")
        for _ in range(200):
            await write(b"x")
            await asyncio.sleep(0.02)

    began = time.monotonic()
    with pytest.raises(TransientError, match=r"did not answer completely within 0\.2 s"):
        ask(trickle, PressHttp(timeout_s=0.2))
    assert time.monotonic() - began < 1.5


@dataclass(frozen=True)
class Told:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""

    def response(self) -> httpx.Response:
        async def pieces() -> AsyncIterator[bytes]:
            yield self.body

        return httpx.Response(self.status, headers=self.headers, content=pieces())


def answering(*answers: Told) -> tuple[PressHttp, list[httpx.Request]]:
    """A client whose requests get these answers one after the other, without any network."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answers[min(len(asked), len(answers)) - 1].response()

    return PressHttp(transport=httpx.MockTransport(answer)), asked


def get(http: PressHttp, url: str) -> Answer:
    async def run() -> Answer:
        try:
            return await http.get(url, headers={"Authorization": f"Bearer {SECRET}"})
        finally:
            await http.close()

    return asyncio.run(run())


def leading_to(target: str) -> Told:
    return Told(302, {"Location": target})


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:5432/", "http://169.254.169.254/latest/meta-data", "http://10.0.0.1/",
        "http://[::1]/", "http://localhost/", "http://router.local/", "http://0.0.0.0/",
    ],
)  # fmt: skip
def test_a_public_address_leads_to_no_private_one(target: str) -> None:
    http, asked = answering(leading_to(target), Told(body=b"inside"))
    with pytest.raises(DataError, match="private address"):
        get(http, "https://8.8.8.8/feed")
    assert len(asked) == 1


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://8.8.4.4/", "gopher://8.8.4.4/"])
def test_a_redirect_leads_to_http_only(target: str) -> None:
    http, asked = answering(leading_to(target))
    with pytest.raises(DataError, match="expected http or https"):
        get(http, "https://8.8.8.8/feed")
    assert len(asked) == 1


def test_a_redirect_is_followed_without_what_signs_the_first_request() -> None:
    http, asked = answering(leading_to("https://8.8.4.4/new"), Told(body=b"ok"))
    assert get(http, "https://8.8.8.8/feed").body == b"ok"
    assert asked[0].headers["authorization"].endswith(SECRET)
    assert "authorization" not in asked[1].headers


def test_redirects_in_a_circle_end() -> None:
    http, asked = answering(leading_to("https://8.8.8.8/feed"))
    with pytest.raises(DataError, match="leads on more than 5 times"):
        get(http, "https://8.8.8.8/feed")
    assert len(asked) == 6


@pytest.mark.parametrize(
    ("status", "headers", "error", "wait_s"),
    [
        (429, {"Retry-After": "17"}, PatienceError, 17.0),
        (503, {"Retry-After": "90"}, PatienceError, 90.0),
        (429, {"Retry-After": "999999999"}, PatienceError, 86_400.0),
        (429, {}, PatienceError, None),
        (500, {}, TransientError, None),
        (502, {}, TransientError, None),
        (404, {}, DataError, None),
        (403, {}, DataError, None),
    ],
)
def test_a_status_says_what_happens_next_and_no_message_shows_the_query(
    status: int, headers: dict[str, str], error: type[CryptoVoltError], wait_s: float | None
) -> None:
    http, _ = answering(Told(status, headers))
    with pytest.raises(error) as caught:
        get(http, f"https://user:{SECRET}@8.8.8.8/posts?auth_token={SECRET}")
    assert str(status) in str(caught.value)
    assert SECRET not in str(caught.value)
    if isinstance(caught.value, PatienceError):
        assert caught.value.retry_after_s == wait_s


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": "Thu, 01 Jan 2026 00:02:00 GMT"}, 120.0),
        ({"retry-after": "Wed, 31 Dec 2025 23:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"x-rate-limit-reset": "1767225660"}, 60.0),
        ({"x-rate-limit-reset": "9" * 40}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_as_seconds_and_as_a_date(
    headers: dict[str, str], wait_s: float | None
) -> None:
    assert retry_after(headers, now_s=1_767_225_600.0) == wait_s


def test_nobody_there_is_a_trouble_that_passes() -> None:
    http = PressHttp(timeout_s=2.0)
    with pytest.raises(TransientError, match="cannot be reached"):
        get(http, "http://127.0.0.1:9/feed")
