"""The command ``cryptovolt``: one file per group of commands.

What prints a result takes ``--json``. Bad input ends with one clear sentence on standard error and
an exit status of 1 (2 where the command line itself is wrong). A command's heavy imports stand
inside it, so that asking for help is quick.
"""

import sys

import typer

from app.cli import (
    backtest,
    bars,
    bench,
    db,
    demo,
    feed,
    jobs,
    lookahead,
    model,
    openapi,
    recursive,
    sentiment,
    sentiment_quality,
    sentiment_sources,
    sentiment_study,
    sweep,
    symbols,
    up,
    walkforward,
)
from app.cli.output import fail

app = typer.Typer(
    name="cryptovolt",
    help="Research and paper trading of crypto markets.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(bars.app, name="bars")
app.add_typer(bench.app, name="bench")
app.add_typer(db.app, name="db")
app.add_typer(feed.app, name="feed")
app.add_typer(jobs.app, name="jobs")
app.add_typer(model.app, name="model")
app.add_typer(openapi.app, name="openapi")
sentiment.app.command("fetch")(sentiment_sources.fetch)
sentiment.app.command("sources")(sentiment_sources.sources)
sentiment.app.command("study")(sentiment_study.study)
sentiment.app.command("train")(sentiment_quality.train)
sentiment.app.command("evaluate")(sentiment_quality.evaluate)
app.add_typer(sentiment.app, name="sentiment")
app.add_typer(symbols.app, name="symbols")
app.command()(backtest.backtest)
app.command()(demo.demo)
app.command()(lookahead.lookahead)
app.command()(recursive.recursive)
app.command("status")(feed.everything)
app.command()(sweep.sweep)
app.command()(up.up)
app.command()(walkforward.walkforward)


def _expected_errors() -> tuple[type[Exception], ...]:
    # Evaluated only when something was raised, so that a command that goes well does not pay for
    # importing the database.
    import psycopg
    import sqlalchemy.exc

    from cryptovolt.domain.errors import CryptoVoltError

    return (CryptoVoltError, sqlalchemy.exc.SQLAlchemyError, psycopg.Error, OSError)


def main() -> None:
    """Run the command line; errors raised on purpose become one sentence."""
    try:
        # Importing it reads the settings, which may be wrong.
        from app.core.logging import configure_logging

        configure_logging(quiet=True)
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except _expected_errors() as error:
        fail(error)
