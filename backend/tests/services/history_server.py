"""Public history on loopback: an archive of zips, and the REST pages of both markets.

It knows one truth, bars made from their time alone, and cuts every file and page from it. It counts
what it is asked, can be slow, refuse, and answer nonsense.
"""

import hashlib
import io
import json
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.timeframe import timeframe_ms

YEAR_2025_MS = 1_735_689_600_000
HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
    "taker_buy_volume,taker_buy_quote_volume,ignore\n"
)


def ms(text: str) -> int:
    """Return a UTC time as milliseconds."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def truth(symbol: str, timeframe: str, start_ms: int, end_ms: int, source: str = "binance") -> Bars:
    """Return the true bars that open in [start, end): they depend on symbol and time alone."""
    length = timeframe_ms(timeframe)
    times = np.arange(-(-start_ms // length) * length, end_ms, length, dtype=np.int64)
    key = int(hashlib.sha256(f"{symbol}|{source}".encode()).hexdigest()[:6], 16)
    steps = times // 60_000 + key
    opens = np.round(1_000 + steps % 977 / 10, 2)
    closes = np.round(1_000 + (steps * 7) % 983 / 10, 2)
    return Bars(
        symbol=symbol,
        timeframe=timeframe,
        source=source,
        timestamp=times,
        open=opens,
        high=np.round(np.maximum(opens, closes) + 0.5, 2),
        low=np.round(np.minimum(opens, closes) - 0.5, 2),
        close=closes,
        volume=np.round(1 + steps % 31 / 8, 3),
    )


@dataclass
class Coin:
    """One symbol of the server."""

    symbol: str
    listed_ms: int
    delisted_ms: int | None = None
    quote: str = "USDT"
    tick: str = "0.01000000"
    status: str = "TRADING"
    on_rest: bool = True


Answer = tuple[int, bytes, dict[str, str]]


@dataclass
class History:
    """What the server serves, and what it saw."""

    now_ms: int
    coins: dict[str, Coin]
    archived_until_ms: int
    missing: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    """Ranges without bars: outages of the venue."""
    delay_s: float = 0.0
    offset_ms: int = 0
    spoiled: dict[str, Callable[[bytes], bytes]] = field(
        default_factory=dict[str, Callable[[bytes], bytes]]
    )
    """Path of a file, or its end, and what becomes of its bytes."""
    replaced: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """Path of a file, or its end, and what the archive has there, with a checksum to match."""
    refusals: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """Status and Retry-After of the next REST answers."""
    pages: list[tuple[int, bytes]] = field(default_factory=list[tuple[int, bytes]])
    """Status and body of the next REST answers, whatever was asked."""
    asked: Counter[str] = field(default_factory=Counter[str])
    served: list[str] = field(default_factory=list[str])
    """What was answered to the end."""
    times: list[float] = field(default_factory=list[float])

    def bars(self, symbol: str, timeframe: str, start: int, end: int, source: str) -> Bars:
        """Return the true bars of a coin, as far as it was listed and the venue was up."""
        coin = self.coins[symbol]
        start, end = max(start, coin.listed_ms), min(end, coin.delisted_ms or end)
        found = truth(symbol, timeframe, start, max(start, end), source)
        kept = np.ones(len(found), np.bool_)
        for first, last in self.missing:
            kept &= (found.timestamp < first) | (found.timestamp >= last)
        names = ("timestamp", "open", "high", "low", "close", "volume")
        columns = {name: getattr(found, name)[kept] for name in names}
        return Bars(symbol=symbol, timeframe=timeframe, source=source, **columns)

    def answer(self, path: str) -> Answer:
        """Return status, body and headers."""
        parts = urlsplit(path)
        if parts.path.startswith("/data/"):
            return self._file(parts.path)
        self.times.append(time.monotonic())
        if self.refusals:
            status, seconds = self.refusals.pop(0)
            body = json.dumps({"code": -1003, "msg": "Too many requests."}).encode()
            return status, body, {"Retry-After": str(seconds)}
        if self.pages:
            status, body = self.pages.pop(0)
            return status, body, {}
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        found = self._rest(parts.path, query)
        status = 400 if isinstance(found, dict) and "code" in found else 200
        return status, json.dumps(found).encode(), {}

    def _rest(self, path: str, query: dict[str, str]) -> Any:
        kind = path.rsplit("/", 1)[-1]
        if kind == "time":
            return {"serverTime": round(time.time() * 1000) + self.offset_ms}
        if kind == "clock":
            return {"market_ms": self.now_ms}
        if kind == "exchangeInfo":
            return self._symbols(usdm=path.startswith("/fapi"))
        symbol = query.get("symbol") or query.get("pair", "")
        if symbol not in self.coins or not self.coins[symbol].on_rest:
            return {"code": -1121, "msg": "Invalid symbol."}
        start = int(query.get("startTime", 0))
        limit = int(query.get("limit", 500))
        if kind == "fundingRate":
            end = min(int(query.get("endTime", self.now_ms)), self.now_ms)
            return [
                {"symbol": symbol, "fundingTime": at + 3, "fundingRate": f"{rate:.8f}"}
                for at, rate in funding_truth(start, end)
            ][:limit]
        source = {"markPriceKlines": "binance-usdm-mark", "indexPriceKlines": "binance-usdm-index"}
        named = source.get(kind, "binance-usdm" if path.startswith("/fapi") else "binance")
        length = timeframe_ms(query["interval"])
        end = min(int(query.get("endTime", self.now_ms)) + 1, self.now_ms)
        if "startTime" not in query:
            start = max(end - 2 * limit * length, self.coins[symbol].listed_ms)
            coin_end = self.coins[symbol].delisted_ms or end
            start = min(start, coin_end - 2 * length)
            found = self.bars(symbol, query["interval"], start, end, named)[-limit:]
        else:
            start = max(start, self.coins[symbol].listed_ms)
            span = max(limit * length, length)
            found = self.bars(symbol, query["interval"], start, min(end, start + span), named)
            while not len(found) and start + span < end:
                start += span
                found = self.bars(symbol, query["interval"], start, min(end, start + span), named)
        return [kline(found, row) for row in range(min(len(found), limit))]

    def _symbols(self, usdm: bool) -> dict[str, Any]:
        return {
            "rateLimits": [
                {
                    "rateLimitType": "REQUEST_WEIGHT",
                    "interval": "MINUTE",
                    "intervalNum": 1,
                    "limit": 60_000,
                }
            ],
            "symbols": [symbol_json(coin, usdm) for coin in self.coins.values() if coin.on_rest],
        }

    def _file(self, path: str) -> Answer:
        name = path.removesuffix(".CHECKSUM")
        instead = [body for ending, body in self.replaced.items() if name.endswith(ending)]
        content = instead[0] if instead else self._zip(name)
        if content is None:
            return 404, b"<Error><Code>NoSuchKey</Code></Error>", {}
        if name != path:
            body = f"{hashlib.sha256(content).hexdigest()}  {name.rsplit('/', 1)[-1]}\n".encode()
        else:
            body = content
        for ending, spoil in self.spoiled.items():
            if path.endswith(ending):
                body = spoil(body)
        return 200, body, {}

    def _zip(self, path: str) -> bytes | None:
        # data/spot/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2024-03.zip
        parts = path.strip("/").split("/")
        usdm = parts[1] == "futures"
        span, folder, symbol = parts[2 + usdm], parts[3 + usdm], parts[4 + usdm]
        if symbol not in self.coins:
            return None
        stem = parts[-1].removesuffix(".zip")
        monthly = span == "monthly"
        day = datetime.fromisoformat(f"{stem[-7:]}-01" if monthly else stem[-10:])
        following = (day + timedelta(days=32)).replace(day=1) if monthly else day + timedelta(1)
        start, end = ms(day.isoformat()), ms(following.isoformat())
        if end > self.archived_until_ms:
            return None
        if folder == "fundingRate":
            return zipped(stem, funding_csv(start, end)) if monthly else None
        source = {
            "klines": "binance-usdm" if usdm else "binance",
            "markPriceKlines": "binance-usdm-mark",
            "indexPriceKlines": "binance-usdm-index",
        }[folder]
        bars = self.bars(symbol, parts[-2], start, end, source)
        if not len(bars):
            return None
        micro = not usdm and start >= YEAR_2025_MS
        return zipped(stem, (HEADER if usdm else "") + bars_csv(bars, 1_000 if micro else 1))


def funding_truth(start_ms: int, end_ms: int) -> Iterator[tuple[int, float]]:
    """Yield the true payments in [start, end), every eight hours."""
    for at in range(-(-start_ms // 28_800_000) * 28_800_000, end_ms, 28_800_000):
        yield at, round((at // 28_800_000 % 41 - 20) / 100_000, 8)


def funding_csv(start_ms: int, end_ms: int) -> str:
    """Return payments as the archive writes them."""
    rows = [f"{at},8,{rate:.8f}\n" for at, rate in funding_truth(start_ms, end_ms)]
    return "calc_time,funding_interval_hours,last_funding_rate\n" + "".join(rows)


def bars_csv(bars: Bars, factor: int = 1) -> str:
    """Return bars as the archive writes them; the factor is 1000 where it writes microseconds."""
    rows = (kline(bars, row, factor) for row in range(len(bars)))
    return "".join(",".join(map(str, row)) + "\n" for row in rows)


def kline(bars: Bars, row: int, factor: int = 1) -> list[Any]:
    """Return a bar as the venue writes it."""
    opened = int(bars.timestamp[row])
    texts = [
        f"{getattr(bars, name)[row]:.8f}" for name in ("open", "high", "low", "close", "volume")
    ]
    closed = opened + bars.interval_ms - 1
    return [opened * factor, *texts, closed * factor + factor - 1, "1.0", 5, "0.5", "0.5", "0"]


def zipped(stem: str, text: str) -> bytes:
    """Return a zip of one CSV file, the same bytes each time."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(f"{stem}.csv", (2024, 1, 1, 0, 0, 0)), text)
    return made.getvalue()


def symbol_json(coin: Coin, usdm: bool) -> dict[str, Any]:
    """Return a symbol as exchangeInfo describes it."""
    notional = {"filterType": "MIN_NOTIONAL", "notional": "5"}
    spot_notional = {"filterType": "NOTIONAL", "minNotional": "5.00000000"}
    lot = {"filterType": "LOT_SIZE", "minQty": "0.00100000", "maxQty": "9000.00000000"}
    found: dict[str, Any] = {
        "symbol": coin.symbol,
        "status": coin.status,
        "baseAsset": coin.symbol.removesuffix(coin.quote),
        "quoteAsset": coin.quote,
        "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": coin.tick},
            {**lot, "stepSize": "0.00100000"},
            notional if usdm else spot_notional,
        ],
    }
    if usdm:
        never = 4_133_404_800_000
        found |= {"contractType": "PERPETUAL", "onboardDate": coin.listed_ms}
        found |= {"deliveryDate": coin.delisted_ms or never}
    return found


class HistoryServer(ThreadingHTTPServer):
    """Serves a history on loopback."""

    daemon_threads = True

    def __init__(self, history: History) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.history = history

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients are killed here on purpose."""


class _Handler(BaseHTTPRequestHandler):
    server: HistoryServer  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        history = self.server.history
        history.asked[self.path] += 1
        time.sleep(history.delay_s)
        status, body, headers = history.answer(self.path)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        if status == 200:
            history.served.append(self.path)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep the test's output quiet."""


@contextmanager
def serving(history: History) -> Generator[HistoryServer]:
    """Serve a history while a test runs."""
    with HistoryServer(history) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
