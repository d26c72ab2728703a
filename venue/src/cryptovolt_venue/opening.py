"""Opening the venue: from files or a seed to an exchange that is ready to be served."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.timeframe import DAY_MS, timeframe_ms
from cryptovolt.market.funding import read_funding
from cryptovolt.market.naming import read_name, venue_symbol
from cryptovolt.market.reading import read_bars
from cryptovolt_venue.clock import VenueClock, checked_speed
from cryptovolt_venue.exchange import Exchange
from cryptovolt_venue.faults import FaultSchedule, read_faults
from cryptovolt_venue.limits import Limits
from cryptovolt_venue.series import FEW_TRADES, FileSeries, Series
from cryptovolt_venue.synthetic import SyntheticSeries
from cryptovolt_venue.tape import MARKETS, Market

MOST_TRADES_PER_BAR = 600
_CATCH_UP_MS = DAY_MS
_LONGEST_CATCH_UP_MS = 2 * 365 * DAY_MS
_FAR_FUTURE_MS = 2**60
_PERPETUAL = re.compile(r"([A-Z0-9]+?)[-_]?PERP")


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueOptions:
    """What the venue is made of.

    Parameters
    ----------
    bars : sequence of Path
        Files to replay; each is one symbol.
    synthetic : int
        Number of made-up symbols beside them.
    market : {"spot", "usdm", "both"}, optional
        Where they trade; by default files as their source says, made-up symbols on both.
    timeframe : str
        Of the made-up bars.
    seed : int
    speed : float
    start : str, optional
        ``"now"``, a date, or None: after `history_bars` of the shortest file, or now.
    history_bars : int
        Bars that lie in the past when a file begins to be replayed.
    history_days : int
        Days before the start since when made-up symbols have been listed.
    trades_per_bar : int, optional
        By default two per real second, from 4 to 600.
    funding : sequence of Path
        Recorded funding rates, each of one symbol.
    faults : Path, optional
    limited : bool
        Whether weights, messages and connections are limited as on the real venue.
    big_ids : bool
        Whether ids begin beyond 2**53.
    """

    bars: Sequence[Path] = field(default_factory=tuple[Path, ...])
    synthetic: int = 0
    market: str | None = None
    timeframe: str = "1m"
    seed: int = 0
    speed: float = 1.0
    start: str | None = None
    history_bars: int = 500
    history_days: int = 365
    trades_per_bar: int | None = None
    funding: Sequence[Path] = field(default_factory=tuple[Path, ...])
    faults: Path | None = None
    limited: bool = True
    big_ids: bool = False

    def __post_init__(self) -> None:
        if self.market not in {None, "both", *MARKETS}:
            raise ConfigurationError(f"expected market spot, usdm or both, found {self.market!r}")
        checked_speed(self.speed)
        if not self.bars and self.synthetic < 1:
            raise ConfigurationError(
                "expected files of bars or a number of synthetic symbols, found neither"
            )


def open_exchange(options: VenueOptions, now_ms: int) -> Exchange:
    """Return the exchange; `now_ms` is real time."""
    files = [_tradable(read_bars(path)) for path in options.bars]
    start_ms, shift_ms = _start(options, files, now_ms)
    series = [*_file_series(options, files, shift_ms), *_made_up(options, start_ms)]
    clock = VenueClock(min(start_ms, now_ms), options.speed)
    rules = [] if options.faults is None else read_faults(options.faults)
    limits = Limits(clock.real_ms)
    if not options.limited:
        limits.lift()
    return Exchange(
        series,
        clock=clock,
        faults=FaultSchedule(options.seed, rules, clock.real_ms),
        limits=limits,
        funding=_read_funding(options.funding),
        funding_shift_ms=shift_ms,
        big_ids=options.big_ids,
    )


def trades_per_bar(options: VenueOptions, timeframe: str) -> int:
    """Return how many trades a bar has: two per real second, unless it was said."""
    if options.trades_per_bar is not None:
        return options.trades_per_bar
    seconds = timeframe_ms(timeframe) / 1000 / options.speed
    return max(FEW_TRADES, min(MOST_TRADES_PER_BAR, round(2 * seconds)))


def markets_of(options: VenueOptions, source: str | None) -> tuple[Market, ...]:
    """Return where bars of a source trade; None is made up."""
    if options.market == "both" or (options.market is None and source is None):
        return MARKETS
    if options.market in MARKETS:
        return (options.market,)
    return ("usdm",) if source is not None and "usdm" in source else ("spot",)


def _file_series(options: VenueOptions, files: Sequence[Bars], shift_ms: int) -> list[Series]:
    return [
        FileSeries(
            bars,
            market,
            seed=options.seed,
            trades_per_bar=trades_per_bar(options, bars.timeframe),
            shift_ms=shift_ms,
        )
        for bars in files
        for market in markets_of(options, bars.source)
    ]


def _made_up(options: VenueOptions, start_ms: int) -> list[Series]:
    return [
        SyntheticSeries(
            number,
            market,
            timeframe=options.timeframe,
            seed=options.seed,
            trades_per_bar=trades_per_bar(options, options.timeframe),
            listed_ms=start_ms - options.history_days * DAY_MS,
        )
        for market in markets_of(options, None)
        for number in range(options.synthetic)
    ]


def _tradable(bars: Bars) -> Bars:
    """Give a perpetual that is named by its base asset, such as BTC-PERP, the name it has here."""
    found = _PERPETUAL.fullmatch(bars.symbol)
    if found is None:
        return bars
    return replace(bars, symbol=f"{found.group(1)}USDT", source=f"{bars.source}-usdm")


def _start(options: VenueOptions, files: Sequence[Bars], now_ms: int) -> tuple[int, int]:
    """Return when market time starts, and what is added to the times of the files."""
    if options.start is not None and options.start != "now":
        return _date_ms(options.start, now_ms), 0
    if not files:
        ahead = min((options.speed - 1) * _CATCH_UP_MS, _LONGEST_CATCH_UP_MS)
        return now_ms - int(max(0.0, ahead)), 0
    begin, end = _span(files, options.history_bars)
    if options.start is None:
        return begin, 0
    # Market time may not pass real time: a fast replay begins so long ago that it ends now.
    start_ms = now_ms - int((end - begin) * max(0.0, 1 - 1 / options.speed))
    step = DAY_MS if end - begin > 2 * DAY_MS else max(bars.interval_ms for bars in files)
    return start_ms, (start_ms - begin) // step * step


def _span(files: Sequence[Bars], history_bars: int) -> tuple[int, int]:
    begin = _FAR_FUTURE_MS
    for bars in files:
        if not len(bars):
            raise ConfigurationError(f"expected bars of {bars.symbol} to replay, found none")
        row = min(history_bars, len(bars) // 2)
        begin = min(begin, int(bars.timestamp[row]))
    return begin, max(int(bars.timestamp[-1]) + bars.interval_ms for bars in files)


def _date_ms(text: str, now_ms: int) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(
            f"expected a start such as now or 2024-01-31, found {text!r}"
        ) from error
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    start_ms = int(aware.timestamp() * 1000)
    if start_ms > now_ms:
        raise ConfigurationError(f"expected a start in the past, found {text}")
    return start_ms


def _read_funding(paths: Sequence[Path]) -> dict[str, FundingRates]:
    found: dict[str, FundingRates] = {}
    for path in paths:
        name = read_name(path).symbol
        if name is None:
            raise ConfigurationError(
                f"expected a file of funding rates named after its symbol, found {path.name}"
            )
        found[venue_symbol(name)] = read_funding(path)
    return found
