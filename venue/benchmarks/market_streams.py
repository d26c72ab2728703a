"""How many frames the venue makes and sends on one core, and how fast it replays meanwhile.

    python venue/benchmarks/market_streams.py --symbols 1000 --speed 60 --channels kline_1m

One process is the venue, this one listens over real sockets and only counts the bytes of frames.
"""

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp

_STREAMS_PER_CONNECTION = 1000


def parse() -> argparse.Namespace:
    """Return the arguments."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--symbols", type=int, default=1000)
    parser.add_argument("--speed", type=float, default=60)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--channels", nargs="+", default=["kline_1m"])
    return parser.parse_args()


def cpu_seconds(process: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def listen(session: aiohttp.ClientSession, address: str, names: list[str]) -> None:
    """Subscribe and read until cancelled."""
    async with session.ws_connect(f"{address}/stream?streams=", max_msg_size=0) as socket:
        await socket.send_json({"method": "SUBSCRIBE", "params": names, "id": 1})
        async for _ in socket:
            pass


async def status(session: aiohttp.ClientSession, address: str) -> dict[str, Any]:
    """Return the status of the venue."""
    async with session.get(f"{address}/venue/status") as response:
        return json.loads(await response.text())


async def measure(arguments: argparse.Namespace, process: int, address: str) -> None:
    """Listen to everything for a while and print what was sent."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{address}/api/v3/exchangeInfo") as response:
            symbols = [row["symbol"].lower() for row in (await response.json())["symbols"]]
        names = [f"{symbol}@{channel}" for channel in arguments.channels for symbol in symbols]
        parts = [
            names[start : start + _STREAMS_PER_CONNECTION]
            for start in range(0, len(names), _STREAMS_PER_CONNECTION)
        ]
        tasks = [asyncio.create_task(listen(session, address, part)) for part in parts]
        await asyncio.sleep(3)
        before, used, began = await status(session, address), cpu_seconds(process), time.monotonic()
        await asyncio.sleep(arguments.seconds)
        after, seconds = await status(session, address), time.monotonic() - began
        used = cpu_seconds(process) - used
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
    frames = after["frames"] - before["frames"]
    market_s = (after["market_ms"] - before["market_ms"]) / 1000
    print(
        f"{len(symbols)} symbols, {', '.join(arguments.channels)}, {arguments.speed:g}x asked for"
    )
    print(f"frames        {frames / seconds:10,.0f} per second")
    print(f"speed         {market_s / seconds:10,.1f}x")
    print(f"processor     {100 * used / seconds:10,.0f} % of one core")
    print(f"per frame     {1e6 * used / max(1, frames):10,.1f} µs")
    print(f"held back     {after['held_back_ms'] - before['held_back_ms']:10,} ms of market time")


def main() -> None:
    """Start a venue and measure it."""
    arguments = parse()
    command = [sys.executable, "-m", "cryptovolt_venue", "serve", "--market", "spot", "--port", "0",
               "--no-limits", "--synthetic", str(arguments.symbols),
               "--speed", str(arguments.speed)]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as venue:
        assert venue.stdout is not None
        address = venue.stdout.readline().rsplit(" ", 1)[-1].strip()
        try:
            asyncio.run(measure(arguments, venue.pid, address))
        finally:
            venue.terminate()


if __name__ == "__main__":
    main()
