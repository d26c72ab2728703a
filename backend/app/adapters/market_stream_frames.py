"""Binance's stream messages as frames: exact texts become float64 here, and the closed flag stays.

A message that is none of ours is told apart from one that cannot be read; neither is an error for
the messages after it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

from app.core.frames import LiveBar, TickerRow, TradeRow
from cryptovolt.domain.errors import DataError

_LARGEST_ID = 2**63 - 1


class FrameSink(Protocol):
    """Who takes the frames; none of these may block."""

    def on_bar(self, source: str, symbol: str, timeframe: str, bar: LiveBar, closed: bool) -> None:
        """Take a bar as it stands."""
        ...

    def on_trade(self, row: TradeRow) -> None:
        """Take a public trade."""
        ...

    def on_ticker(self, row: TickerRow) -> None:
        """Take a top of the book."""
        ...


def deliver(sink: FrameSink, source: str, message: Mapping[str, Any], received_ms: int) -> bool:
    """Hand a message to the sink, and say whether it was a frame that is known here.

    Raises
    ------
    DataError
        If it says to be a known frame and cannot be read as one.
    """
    data = cast("Mapping[str, Any]", message.get("data", message))
    # The spot market's tops of the book carry no name.
    event = data.get("e", "bookTicker" if "a" in data and "B" in data else None)
    reader = _READERS.get(event) if isinstance(event, str) else None
    if reader is None:
        return False
    try:
        reader(sink, source, data, received_ms)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"a {event} frame cannot be read: {type(error).__name__} {error}"
        ) from error
    return True


def _bar(sink: FrameSink, source: str, data: Mapping[str, Any], received_ms: int) -> None:
    del received_ms
    k = data["k"]
    bar = LiveBar(
        int(k["t"]), float(k["o"]), float(k["h"]), float(k["l"]), float(k["c"]), float(k["v"])
    )
    sink.on_bar(source, k["s"], k["i"], bar, k["x"] is True)


def _trade(sink: FrameSink, source: str, data: Mapping[str, Any], received_ms: int) -> None:
    del received_ms
    number = _id(data["t"] if data["e"] == "trade" else data["a"])
    price, quantity = float(data["p"]), float(data["q"])
    sink.on_trade(
        TradeRow(source, data["s"], number, int(data["T"]), price, quantity, data["m"] is True)
    )


def _ticker(sink: FrameSink, source: str, data: Mapping[str, Any], received_ms: int) -> None:
    bid, ask = (float(data["b"]), float(data["B"])), (float(data["a"]), float(data["A"]))
    sink.on_ticker(TickerRow(source, data["s"], _id(data["u"]), *bid, *ask, received_ms))


def _id(value: Any) -> int:
    number = int(value)
    if not 0 <= number <= _LARGEST_ID:
        raise ValueError(f"expected an id of 63 bits, found {number}")
    return number


_READERS: dict[str, Callable[[FrameSink, str, Mapping[str, Any], int], None]] = {
    "kline": _bar,
    "trade": _trade,
    "aggTrade": _trade,
    "bookTicker": _ticker,
}
