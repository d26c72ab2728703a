"""``cryptovolt sentiment study``: what news says about the returns that follow."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import strategies as options

if TYPE_CHECKING:
    from cryptovolt.domain.sentiment import SentimentSeries


def study(
    bars: Annotated[Path, typer.Option("--bars", help="A file of bars.")],
    news: Annotated[Path, typer.Option("--news", help="A .csv or .jsonl file of news.")],
    fear_greed: Annotated[
        Path | None, typer.Option("--fear-greed", help="A file of the daily index.")
    ] = None,
    symbol: Annotated[str | None, typer.Option(help="Of the bars; found if unset.")] = None,
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

    Every coefficient has a 95 % interval and a p-value from the same news at other times, adjusted
    for how many were looked at. Nothing is stored; no database is opened.
    """
    import numpy as np

    from app.cli.output import print_json
    from cryptovolt.domain.timeframe import timeframe_ms
    from cryptovolt.market.reading import read_bars
    from cryptovolt.report.sentiment_study import write_sentiment_study
    from cryptovolt.research.sentiment_study import study_sentiment

    found = study_sentiment(
        read_bars(bars, symbol=symbol, timeframe=timeframe, source=source),
        read_items(news, fear_greed, delay),
        rng=np.random.default_rng(seed),
        seed=seed,
        delay_ms=0 if delay == "0" else timeframe_ms(delay),
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


def read_items(news: Path, fear_greed: Path | None, delay: str) -> "SentimentSeries":
    """Return scored news, with the daily index where there is a file of it."""
    from datetime import timedelta

    from cryptovolt.domain.timeframe import timeframe_ms
    from cryptovolt.sentiment import merge_series, read_fear_greed, read_sentiment

    length = timedelta(milliseconds=0 if delay == "0" else timeframe_ms(delay))
    texts = read_sentiment(news, delay=length)
    if fear_greed is None:
        return texts
    return merge_series(texts, read_fear_greed(fear_greed, delay=length))
