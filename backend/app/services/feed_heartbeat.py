"""What a feed tells about itself every second."""

import os
import socket
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.core.times import moment_of
from app.services.feed_batch import Collector
from app.services.feed_ports import FedMarket
from app.services.feed_series import FedSeries, State
from app.services.feed_writer import FeedWriter


def heartbeat(market: FedMarket, started: datetime, counts: dict[str, Any]) -> dict[str, Any]:
    """Return the values of the row that says that a source is fed."""
    clock = market.clock
    checked_ms = round((time.time() - clock.age_s) * 1000) if clock.known else None
    return {
        "source": market.source,
        "process": f"{socket.gethostname()}:{os.getpid()}"[:100],
        "started_at": started,
        "speed": clock.speed,
        "clock_offset_ms": clock.offset_ms,
        "clock_checked_at": None if checked_ms is None else moment_of(checked_ms),
        "stop_reason": clock.stop_reason,
        "counts": counts,
    }


def counts_of(
    market: FedMarket, series: Sequence[FedSeries], collector: Collector, writer: FeedWriter
) -> dict[str, Any]:
    """Return what was counted since the start of the feed."""
    streams, taken = market.stream.counts, collector.counts_of(market.source)
    return {
        "connections": streams.connections,
        "cuts": streams.cuts,
        "frames": streams.frames,
        "unknown_frames": streams.unknown,
        "unreadable_frames": streams.unreadable,
        "trades": taken.trades,
        "trades_missed_while_cut": sum(one.missed_trades for one in series),
        "tickers": taken.tickers,
        "tickers_conflated": taken.conflated,
        "tickers_crossed": taken.crossed,
        "frames_refused": taken.refused,
        "held_bars": writer.held,
        "failed_commits": writer.written.failures,
        "series": len(series),
        "live": sum(one.state is State.LIVE for one in series),
    }
