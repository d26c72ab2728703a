"""What waits to be committed: bars and trades in full, tickers conflated.

Pure. A trade is never dropped; when too many wait, the reader of the sockets is told to pause. Of
the tickers of one symbol only the newest waits, and how many were passed over is counted.
"""

from dataclasses import dataclass, field, fields
from math import isfinite

from app.core.frames import TickerRow, TradeRow
from app.repositories.live_bars import BarRow

HIGH_WATER = 50_000
"""Waiting trades at which reading from the sockets pauses."""
LOW_WATER = 10_000


@dataclass(slots=True)
class Batch:
    """Rows that are committed together, and when the oldest of each kind was received."""

    bars: list[BarRow] = field(default_factory=list[BarRow])
    trades: list[TradeRow] = field(default_factory=list[TradeRow])
    tickers: dict[tuple[str, str], TickerRow] = field(
        default_factory=dict[tuple[str, str], TickerRow]
    )
    received_s: list[float] = field(default_factory=list[float])
    """When each frame came, by the steady clock, where that is measured."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to commit."""
        return not (self.bars or self.trades or self.tickers)


@dataclass(slots=True)
class BatchCounts:
    """What was taken in since the start."""

    trades: int = 0
    tickers: int = 0
    conflated: int = 0
    crossed: int = 0
    refused: int = 0


class Collector:
    """Collects rows until the writer takes them."""

    def __init__(self, *, measured: bool = False) -> None:
        self.by_source: dict[str, BatchCounts] = {}
        self._waiting = Batch()
        self._measured = measured
        self._update_ids: dict[tuple[str, str], int] = {}

    @property
    def counts(self) -> BatchCounts:
        """What was taken in of all sources together."""
        names = [one.name for one in fields(BatchCounts)]
        every = self.by_source.values()
        return BatchCounts(**{name: sum(getattr(one, name) for one in every) for name in names})

    def counts_of(self, source: str) -> BatchCounts:
        """Return what was taken in of one source, to be counted on."""
        counts = self.by_source.get(source)
        if counts is None:
            counts = self.by_source[source] = BatchCounts()
        return counts

    @property
    def full(self) -> bool:
        """Whether reading must pause."""
        return len(self._waiting.trades) >= HIGH_WATER

    @property
    def drained(self) -> bool:
        """Whether reading may go on."""
        return len(self._waiting.trades) <= LOW_WATER

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return self._waiting.empty

    def add_bar(self, row: BarRow) -> None:
        """Take a bar that a series handed on."""
        self._waiting.bars.append(row)

    def note_bar(self, at_s: float) -> None:
        """Note when the frame of a bar came, where that is measured."""
        self._note(at_s)

    def add_trade(self, row: TradeRow, at_s: float) -> None:
        """Take a trade; one whose numbers are none is refused and counted."""
        counts = self.counts_of(row.source)
        if not (isfinite(row.price) and isfinite(row.quantity) and row.price > 0.0):
            counts.refused += 1
            return
        counts.trades += 1
        self._waiting.trades.append(row)
        self._note(at_s)

    def add_ticker(self, row: TickerRow, at_s: float) -> bool:
        """Take a top of the book, and say whether it is newer than the last one and sound.

        An older update is ignored, whatever is missing in between: each top is whole in itself. A
        crossed one is refused.
        """
        key, counts = (row.source, row.symbol), self.counts_of(row.source)
        if row.update_id <= self._update_ids.get(key, -1):
            counts.conflated += 1
            return False
        if not (0.0 < row.bid < row.ask and isfinite(row.ask)):
            counts.crossed += 1
            return False
        if not (row.bid_quantity >= 0.0 and row.ask_quantity >= 0.0):
            counts.refused += 1
            return False
        self._update_ids[key] = row.update_id
        counts.tickers += 1
        counts.conflated += key in self._waiting.tickers
        self._waiting.tickers[key] = row
        self._note(at_s)
        return True

    def forget_updates(self, source: str) -> None:
        """Begin the update ids of a source anew: a venue that restarted may count from one."""
        for key in [key for key in self._update_ids if key[0] == source]:
            del self._update_ids[key]

    def take(self) -> Batch:
        """Return what waits, and begin a new batch."""
        taken, self._waiting = self._waiting, Batch()
        return taken

    def _note(self, at_s: float) -> None:
        if self._measured:
            self._waiting.received_s.append(at_s)
