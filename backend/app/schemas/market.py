"""Bars, as columns: one array per value, oldest first."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, FiniteFloat, model_validator

from app.schemas.common import Given, Returned, SourceName, Symbol, TimeframeName, TimeMs

MAX_BARS = 5_000
MAX_CHECKED = 20_000
MAX_GAPS = 1_000

Column = Annotated[list[FiniteFloat], Field(min_length=1, max_length=MAX_BARS)]


class BarsIn(Given):
    """Bars to store; `timestamp` is the bar's open in milliseconds UTC."""

    symbol: Symbol
    timeframe: TimeframeName
    source: SourceName = "unspecified"
    timestamp: Annotated[list[TimeMs], Field(min_length=1, max_length=MAX_BARS)]
    open: Column
    high: Column
    low: Column
    close: Column
    volume: Column

    @model_validator(mode="after")
    def _one_length(self) -> "BarsIn":
        columns = ("timestamp", "open", "high", "low", "close", "volume")
        lengths = {name: len(getattr(self, name)) for name in columns}
        if len(set(lengths.values())) != 1:
            raise ValueError(f"expected columns of one length, found {lengths}")
        return self


class BarsOut(Returned):
    """Bars of one symbol, time frame and source; `timestamp` in milliseconds UTC at bar open."""

    symbol: str
    timeframe: str
    source: str
    timestamp: list[int]
    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]
    volume: list[float]


class BarsStored(Returned):
    """What became of the bars; those stored with other values stay as they are."""

    received: int
    new: int
    known: int
    different: int


class SymbolOut(Returned):
    """One series of bars that is stored."""

    symbol: str
    timeframe: str
    source: str
    last: datetime


class CoverageOut(Returned):
    """How much of one series is stored; `missing` counts the bars absent between first and last."""

    symbol: str
    timeframe: str
    source: str
    first: datetime
    last: datetime
    n_bars: int
    missing: int | None


class GapOut(Returned):
    """Bars absent between two stored ones, given by the opens of those two."""

    before: datetime
    after: datetime
    n_missing: int


class GapsOut(Returned):
    """Gaps of one series, newest first; `n_gaps` and `n_missing` count also those not listed.

    Looked at are the newest `n_bars` bars, from `first` to `last`.
    """

    symbol: str
    timeframe: str
    source: str
    first: datetime
    last: datetime
    n_bars: int
    n_gaps: int
    n_missing: int
    gaps: list[GapOut]


class FindingOut(Returned):
    """One kind of thing that a check found, in how many bars, and a clause with examples."""

    kind: str
    n_bars: int
    text: str


class QualityOut(Returned):
    """What a check found in the newest `n_bars` bars of one series, from `first` to `last`.

    Warnings are looked for only where there are no errors.
    """

    symbol: str
    timeframe: str
    source: str
    first: datetime
    last: datetime
    n_bars: int
    errors: list[FindingOut]
    warnings: list[FindingOut]


class RepairOut(Returned):
    """A note on one bar: `replaced`, with what the stream had and what REST has, or `absent`.

    Values are open, high, low, close and volume.
    """

    timestamp: datetime
    kind: str
    was: list[float] | None
    now: list[float] | None
    noted_at: datetime
