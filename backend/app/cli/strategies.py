"""What the commands on strategies share: their options, and bars from files. No database."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptovolt.domain.bars import Bars
    from cryptovolt.domain.funding import FundingRates
    from cryptovolt.domain.sentiment import SentimentSeries
    from cryptovolt.research.ledger import FileLedger

BarFiles = Annotated[
    list[Path],
    typer.Argument(
        metavar="BARS…", help="Files of bars, one a symbol: CSV, JSON, feather or Parquet."
    ),
]
StrategyName = Annotated[
    str,
    typer.Option("--strategy", "-s", help="file.py:Class, an installed one by name, or `hybrid`."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A parameter of the strategy, nested ones with dots; repeatable.",
    ),
]
Symbol = Annotated[str | None, typer.Option(help="For example BTCUSDT, where no file names it.")]
Timeframe = Annotated[str | None, typer.Option(help="For example 1h, where no file names it.")]
SourceName = Annotated[
    str | None,
    typer.Option(
        "--source", help="Venue and market of the bars, e.g. binance-usdm, where no file names it."
    ),
]
News = Annotated[Path | None, typer.Option(help="A .csv or .jsonl file of news.")]
Delay = Annotated[str, typer.Option(help="From written to seen, e.g. 5m, 2h or 0.")]
Funding = Annotated[
    list[Path] | None,
    typer.Option("--funding", help="File of recorded funding rates; one a symbol, in their order."),
]
Model = Annotated[Path | None, typer.Option("--model", help="Folder of a trained model.")]
Detail = Annotated[
    list[Path] | None,
    typer.Option(
        "--detail", help="Bars of a smaller time frame inside each bar; one file a symbol."
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Of everything that is drawn.")]
LedgerPath = Annotated[
    Path | None,
    typer.Option("--ledger", help="File of the trial ledger; one for all work by default."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def read_markets(
    files: list[Path],
    symbol: str | None = None,
    timeframe: str | None = None,
    source: str | None = None,
) -> "Bars | Mapping[str, Bars]":
    """Return the bars of one file, or of several by symbol, cut to the times they share."""
    from cryptovolt.domain.errors import ConfigurationError
    from cryptovolt.market.reading import read_bars

    if symbol is not None and len(files) > 1:
        raise ConfigurationError("expected --symbol for one file only: several name their own")
    read = [read_bars(path, symbol, timeframe, source) for path in files]
    if len(read) == 1:
        return read[0]
    names = [bars.symbol for bars in read]
    if len(set(names)) < len(names):
        raise ConfigurationError(
            f"expected one file for each symbol, found bars of {', '.join(names)}"
        )
    return shared_times({bars.symbol: bars for bars in read})


def shared_times(markets: "Mapping[str, Bars]") -> "Mapping[str, Bars]":
    """Return the bars that all symbols have; what is left out is said on standard error."""
    from functools import reduce

    import numpy as np

    from cryptovolt.domain.bars import VALUE_COLUMNS, Bars
    from cryptovolt.domain.errors import DataError

    frames = {bars.timeframe for bars in markets.values()}
    if len(frames) > 1:
        raise DataError(f"expected bars of one time frame, found {', '.join(sorted(frames))}")
    times = reduce(np.intersect1d, (bars.timestamp for bars in markets.values()))
    if not times.size:
        raise DataError(f"expected bars at the same times of {', '.join(markets)}, found none")
    shared: dict[str, Bars] = {}
    for name, bars in markets.items():
        kept = np.isin(bars.timestamp, times)
        if not kept.all():
            typer.echo(f"{name}: {int((~kept).sum()):,} bars at times others lack", err=True)
        columns = {c: getattr(bars, c)[kept] for c in ("timestamp", *VALUE_COLUMNS)}
        shared[name] = Bars(symbol=name, timeframe=bars.timeframe, source=bars.source, **columns)
    return shared


def read_detail(
    files: list[Path] | None, bars: "Bars | Mapping[str, Bars]", source: str | None = None
) -> "Bars | Mapping[str, Bars] | None":
    """Return bars of a smaller time frame; those of one symbol need not name it."""
    if not files:
        return None
    (symbol, *others) = by_symbol(bars)
    return read_markets(files, None if others else symbol, source=source)


def read_rates(
    files: list[Path] | None, bars: "Bars | Mapping[str, Bars]"
) -> "Mapping[str, FundingRates] | None":
    """Return funding rates by symbol: of the first file for the first symbol, and so on."""
    from cryptovolt.domain.errors import ConfigurationError
    from cryptovolt.market.funding import read_funding

    if not files:
        return None
    symbols = list(by_symbol(bars))
    if len(files) != len(symbols):
        raise ConfigurationError(
            f"expected a file of funding rates for each of {', '.join(symbols)}, "
            f"found {len(files)} for {len(symbols)} symbols"
        )
    return {symbol: read_funding(path, symbol) for symbol, path in zip(symbols, files, strict=True)}


def read_news(path: Path | None, delay: str) -> "SentimentSeries | None":
    """Return scored news from a file."""
    from datetime import timedelta

    from cryptovolt.domain.timeframe import timeframe_ms
    from cryptovolt.sentiment.news import read_sentiment

    if path is None:
        return None
    length = 0 if delay == "0" else timeframe_ms(delay)
    return read_sentiment(path, delay=timedelta(milliseconds=length))


def load(name: str, settings: list[str] | None) -> Any:
    """Return a strategy with its parameters set."""
    from cryptovolt.trading.strategy_loading import load_strategy, read_parameters

    return load_strategy(name, read_parameters(settings or []))


def open_ledger(path: Path | None) -> "FileLedger":
    """Return the trial ledger: every trial counts, so there is always one."""
    from app.core.config import settings
    from cryptovolt.research.ledger import FileLedger

    chosen = path or settings.home / "trials.jsonl"
    if path is None:
        settings.home.mkdir(parents=True, exist_ok=True)
    return FileLedger(chosen)


def by_symbol(bars: "Bars | Mapping[str, Bars]") -> "Mapping[str, Bars]":
    """Return bars by symbol, also those of one."""
    from cryptovolt.domain.bars import Bars

    return {bars.symbol: bars} if isinstance(bars, Bars) else bars
