"""The commands ``cryptovolt sentiment …``: news in, scores out."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import print_json

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from app.services.sentiment import NewsImport

app = typer.Typer(help="News and its scores.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A .csv or .jsonl file of news.")],
    symbol: Annotated[str, typer.Option(help="What the news is about, e.g. BTCUSDT.")],
    source: Annotated[str, typer.Option(help="Where the news comes from.")] = "news",
    delay: Annotated[str, typer.Option(help="From written to seen, e.g. 5m, 2h or 0.")] = "5m",
    text_column: Annotated[str | None, typer.Option(help="Found by its name if unset.")] = None,
    date_column: Annotated[str | None, typer.Option(help="Found by its name if unset.")] = None,
    as_json: AsJson = False,
) -> None:
    """Score a file of news and store what is not stored yet; all of it or nothing."""
    from app.services.sentiment import score_news, store_news

    # A bad file is refused before any database is started.
    scored = score_news(
        file,
        symbol=symbol,
        source=source,
        delay=_delay(delay),
        text_column=text_column,
        date_column=date_column,
    )
    with _sessions().begin() as db:
        report = store_news(db, scored)
    if as_json:
        print_json(_document(report))
    else:
        typer.echo(_summary(report, delay))


@app.command()
def score(
    texts: Annotated[list[str], typer.Argument(help="Texts to score, each in quotes.")],
    as_json: AsJson = False,
) -> None:
    """Print the score of each text, from -1 (bad news) to 1 (good news); no database is opened."""
    from cryptovolt.sentiment import SCORER_NAME, score_sentiment, scorer_hash

    scores: list[float] = score_sentiment(texts).tolist()
    if as_json:
        found = [{"text": text, "score": x} for text, x in zip(texts, scores, strict=True)]
        print_json({"scorer": SCORER_NAME, "scorer_hash": scorer_hash(), "scores": found})
        return
    for text, value in zip(texts, scores, strict=True):
        typer.echo(f"{value:+.4f}  {text}")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Print how much scored news is stored of every symbol, source and scorer."""
    from dataclasses import asdict

    from app.services.sentiment import list_coverage

    with _sessions()() as db:
        stored = list_coverage(db)
    if as_json:
        print_json([asdict(row) for row in stored])
        return
    if not stored:
        typer.echo("no news is stored; import some with: cryptovolt sentiment import FILE")
    for row in stored:
        mean = "no scores" if row.mean_score is None else f"mean score {row.mean_score:+.3f}"
        typer.echo(
            f"{row.symbol or '-':<12} {row.source or '-':<12} {row.n_items:>9,} items  "
            f"{row.first:%Y-%m-%d} to {row.last:%Y-%m-%d}  {mean}  "
            f"{row.scorer or 'no scorer'} {(row.scorer_hash or '')[:8]}"
        )


def _sessions() -> "sessionmaker[Session]":
    from app.core.database import SessionLocal
    from app.core.init_db import init_db
    from app.core.logging import configure_logging

    # Logs go to standard error: with --json, standard output holds the document alone.
    configure_logging()
    init_db()
    return SessionLocal


def _delay(text: str) -> timedelta:
    from cryptovolt.domain.timeframe import timeframe_ms

    return timedelta(milliseconds=0 if text == "0" else timeframe_ms(text))


def _document(report: "NewsImport") -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(report) | {"n_known": report.n_known, "dropped": dict(report.dropped)}


def _summary(report: "NewsImport", delay: str) -> str:
    dropped = ", ".join(f"{count:,} {why}" for why, count in report.dropped.items() if count)
    stored = (
        f"nothing new: all {report.n_items:,} items were stored already"
        if not report.n_inserted
        else f"{report.n_inserted:,} items stored, {report.n_known:,} were there already"
    )
    return (
        f"{report.symbol} {report.source}: {stored}\n"
        f"  {report.first:%Y-%m-%d %H:%M} to {report.last:%Y-%m-%d %H:%M} UTC, seen {delay} after "
        f"they were written, {report.n_day_only:,} dated by day alone\n"
        f"  mean score {report.mean_score:+.3f} by {report.scorer} {report.scorer_hash[:8]}; "
        f"dropped: {dropped or 'nothing'}"
    )
