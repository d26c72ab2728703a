"""The commands ``cryptovolt sentiment …``: texts in, scores out, what was known kept."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import print_json

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

app = typer.Typer(help="News and its scores.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Symbol = Annotated[str | None, typer.Option(help="What the texts are about, e.g. BTCUSDT.")]
_Source = Annotated[str | None, typer.Option(help="Where the texts come from, e.g. wire.")]


class Kind(StrEnum):
    """What a file holds."""

    NEWS = "news"
    SOCIAL = "social"
    ANNOUNCEMENT = "announcement"
    INDEX = "index"


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help=".csv or .jsonl files.")],
    symbol: _Symbol = None,
    match: Annotated[
        bool, typer.Option("--match", help="Find in each text which coins it is about.")
    ] = False,
    source: _Source = None,
    kind: Annotated[
        Kind, typer.Option(help="What the files hold; index: Fear & Greed by day.")
    ] = Kind.NEWS,
    delay: Annotated[str, typer.Option(help="From written to seen, e.g. 5m, 2h or 0.")] = "5m",
    text_column: Annotated[str | None, typer.Option(help="Found by its name if unset.")] = None,
    date_column: Annotated[str | None, typer.Option(help="Found by its name if unset.")] = None,
    as_json: AsJson = False,
) -> None:
    """Judge and score texts of files and store what is not stored yet; all of it or nothing.

    An item counts as seen the delay after it was written; one dated by day alone that long after
    its day has ended.
    """
    from app.cli.sentiment_output import import_document, import_lines
    from app.core.press import ItemKind
    from app.services.sentiment_import import FileOptions, score_files, store_files

    # A bad file is refused before any database is started.
    scored = score_files(
        files,
        FileOptions(
            symbol=symbol,
            match=match,
            source=source,
            delay=_delay(delay),
            kind=ItemKind(kind.value),
            text_column=text_column,
            date_column=date_column,
        ),
    )
    with _sessions().begin() as db:
        reports = store_files(db, scored)
    if as_json:
        documents = [import_document(report) for report in reports]
        print_json(documents[0] if len(documents) == 1 else documents)
        return
    for report in reports:
        typer.echo("\n".join(import_lines(report, delay)))


@app.command()
def score(
    texts: Annotated[list[str], typer.Argument(help="Texts to score, each in quotes.")],
    scorer: Annotated[
        str | None, typer.Option(help="lexicon, vader or a folder; SENTIMENT_SCORER if unset.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the score of each text, from -1 (bad news) to 1 (good news); no database is opened."""
    from app.services.sentiment import active_scorer, named_scorer

    used = active_scorer() if scorer is None else named_scorer(scorer)
    scores: list[float] = used.score(texts).tolist()
    if as_json:
        found = [{"text": text, "score": x} for text, x in zip(texts, scores, strict=True)]
        print_json({"scorer": used.name, "scorer_hash": used.hash, "scores": found})
        return
    for text, value in zip(texts, scores, strict=True):
        typer.echo(f"{value:+.4f}  {text}")


@app.command()
def rescore(
    scorer: Annotated[
        str | None, typer.Option(help="lexicon, vader or a folder; SENTIMENT_SCORER if unset.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score archived texts by a scorer that has not: adds a version, overwrites none.

    When a text had been seen stays as it is. An interrupted run goes on where it stopped.
    """
    from app.cli.progress import ShownProgress
    from app.services import sentiment_rescore
    from app.services.sentiment import active_scorer, named_scorer

    used = active_scorer() if scorer is None else named_scorer(scorer)
    with _sessions()() as db, ShownProgress(quiet=as_json) as progress:
        done = sentiment_rescore.rescore(db, used, progress)
    if as_json:
        print_json({"scorer": used.name, "scorer_hash": used.hash, "n_added": done.n_added})
        return
    added = f"{done.n_added:,} texts scored" if done.n_added else "every text was scored already"
    typer.echo(f"{added} by {used.name} {used.hash[:8]}")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Print how much scored text is stored of every symbol, source and version of a scorer."""
    from dataclasses import asdict

    from app.cli.sentiment_output import coverage_lines
    from app.services.sentiment import active_scorer, list_coverage

    with _sessions()() as db:
        stored = list_coverage(db)
    active = active_scorer().hash
    if as_json:
        print_json([asdict(row) | {"active": row.is_read_by(active)} for row in stored])
        return
    if not stored:
        typer.echo("no news is stored; import some with: cryptovolt sentiment import FILE")
    for line in coverage_lines(stored, active):
        typer.echo(line)


@app.command()
def snapshot(
    symbol: Annotated[str, typer.Argument(help="For example BTCUSDT.")],
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="What had been seen by then, UTC."
        ),
    ] = None,
    source: _Source = None,
    synthetic: Annotated[
        bool, typer.Option("--synthetic", help="Texts of a loopback press, or generated ones.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write what had been seen of a symbol to a file that is named by its content."""
    from app.services.sentiment_snapshots import take_snapshot

    moment = None if as_of is None else as_of.replace(tzinfo=UTC)
    with _sessions().begin() as db:
        taken = take_snapshot(db, symbol, as_of=moment, source=source, synthetic=synthetic)
    if as_json:
        print_json({"hash": taken.hash, "path": str(taken.path), "n_items": len(taken.series)})
        return
    typer.echo(f"{taken.hash}\n{len(taken.series):,} items of {symbol} in {taken.path}")


@app.command()
def restore(as_json: AsJson = False) -> None:
    """Bring back the texts that `db clean` archived, as they were; all of them, or nothing."""
    from app.core.config import settings
    from app.services.sentiment_archive import restore_sentiment

    with _sessions()() as db:
        done = restore_sentiment(db, settings.home)
    if as_json:
        print_json({"n_files": done.n_files, "n_archived": done.n_archived, "n_new": done.n_new})
        return
    if not done.n_files:
        typer.echo("nothing is archived")
        return
    typer.echo(f"{done.n_new:,} of {done.n_archived:,} archived texts brought back")


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
