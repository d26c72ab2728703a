"""``cryptovolt sentiment study``: what news says about the returns that follow."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import strategies as options

if TYPE_CHECKING:
    from cryptovolt.domain.bars import Bars
    from cryptovolt.domain.sentiment import SentimentSeries


def study(
    bars: Annotated[
        Path | None, typer.Option("--bars", help="A file of bars; stored ones if unset.")
    ] = None,
    news: Annotated[
        Path | None, typer.Option("--news", help="A .csv or .jsonl file of news, with --bars.")
    ] = None,
    fear_greed: Annotated[
        Path | None, typer.Option("--fear-greed", help="A file of the daily index, with --bars.")
    ] = None,
    symbol: Annotated[str | None, typer.Option(help="Of the bars, e.g. BTCUSDT.")] = None,
    timeframe: options.Timeframe = None,
    source: options.SourceName = None,
    delay: options.Delay = "5m",
    report: Annotated[Path | None, typer.Option(help="Write an HTML page here.")] = None,
    ledger: Annotated[
        Path | None, typer.Option(help="Count every signal and horizon in this trial ledger.")
    ] = None,
    seed: options.Seed = 7,
    as_json: options.Json = False,
) -> None:
    """Show whether news ranks the returns that follow, what came before it, and what a delay costs.

    With --bars and --news it reads files and opens no database; else stored bars and news of
    --symbol, --timeframe and --source. Nothing is stored. Every coefficient has a 95 % interval and
    a p-value from the same news at other times, adjusted for how many were looked at.
    """
    import numpy as np

    from app.cli.output import print_json
    from cryptovolt.report.sentiment_study import write_sentiment_study
    from cryptovolt.research.sentiment_study import study_sentiment

    if bars is None:
        market, items = read_stored(symbol, timeframe, source)
        # What was collected was seen when it was seen: no delay is taken off.
        delay = "0"
    else:
        market, items = read_files(bars, news, fear_greed, delay, (symbol, timeframe, source))
    found = study_sentiment(
        market,
        items,
        rng=np.random.default_rng(seed),
        seed=seed,
        delay_ms=_milliseconds(delay),
        ledger=None if ledger is None else options.open_ledger(ledger),
    )
    if report is not None:
        write_sentiment_study(found, report)
    if as_json:
        print_json(found.to_record())
    else:
        typer.echo(str(found))
        if report is not None:
            typer.echo(f"\nreport: {report}")


def read_files(
    bars: Path,
    news: Path | None,
    fear_greed: Path | None,
    delay: str,
    names: tuple[str | None, str | None, str | None],
) -> "tuple[Bars, SentimentSeries]":
    """Return bars and scored news of files, with the daily index where there is a file of it."""
    from datetime import timedelta

    from cryptovolt.domain.errors import ConfigurationError
    from cryptovolt.market.reading import read_bars
    from cryptovolt.sentiment import merge_series, read_fear_greed, read_sentiment

    if news is None:
        raise ConfigurationError("expected a file of news with --bars, found none; add --news FILE")
    symbol, timeframe, source = names
    market = read_bars(bars, symbol=symbol, timeframe=timeframe, source=source)
    length = timedelta(milliseconds=_milliseconds(delay))
    texts = read_sentiment(news, delay=length)
    if fear_greed is None:
        return market, texts
    return market, merge_series(texts, read_fear_greed(fear_greed, delay=length))


def read_stored(
    symbol: str | None, timeframe: str | None, source: str | None
) -> "tuple[Bars, SentimentSeries]":
    """Return stored bars and what had been seen of their news."""
    from app.core.init_db import init_db
    from app.core.logging import configure_logging
    from app.repositories.bars import SeriesKey
    from app.services.markets import stored_market
    from cryptovolt.domain.errors import ConfigurationError, DataError

    if symbol is None or timeframe is None or source is None:
        raise ConfigurationError(
            "expected --bars FILE and --news FILE, or --symbol, --timeframe and --source of stored "
            "bars, found neither"
        )
    configure_logging()
    init_db()
    key = SeriesKey(symbol=symbol, timeframe=timeframe, source=source)
    market = stored_market(key)
    if market.news is None:
        raise DataError(f"expected stored news of {symbol}, found none; import or fetch some first")
    return market.bars, market.news


def _milliseconds(delay: str) -> int:
    from cryptovolt.domain.timeframe import timeframe_ms

    return 0 if delay == "0" else timeframe_ms(delay)
