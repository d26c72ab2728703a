"""``cryptovolt model``: train, look at, compare, promote, verify and explain models."""

from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli import strategies as options
from app.cli.output import print_json

app = typer.Typer(help="Models: training, gates, registry.", no_args_is_help=True)

_Id = Annotated[int, typer.Argument(metavar="ID", min=1)]
_Reason = Annotated[str | None, typer.Option(help="Why; kept for ever.")]


@app.command()
def train(
    kind: Annotated[str, typer.Option(help="xgboost, lstm, linear or lightgbm.")] = "xgboost",
    symbol: Annotated[str | None, typer.Option(help="Of stored bars, or of the file.")] = None,
    timeframe: options.Timeframe = None,
    source: options.SourceName = None,
    bars: Annotated[
        Path | None, typer.Option(help="A file of bars instead of stored ones.")
    ] = None,
    news: Annotated[Path | None, typer.Option(help="News, with --bars.")] = None,
    funding: Annotated[Path | None, typer.Option(help="Funding rates, with --bars.")] = None,
    with_funding: Annotated[
        bool, typer.Option("--with-funding", help="Give the model the stored funding rates.")
    ] = False,
    leader: Annotated[
        str | None, typer.Option(help="A stored series that leads: SYMBOL:TIMEFRAME:SOURCE.")
    ] = None,
    delay: options.Delay = "5m",
    label: Annotated[str, typer.Option(help="triple-barrier or fixed-horizon.")] = "triple-barrier",
    horizon: Annotated[int, typer.Option(help="Bars ahead.")] = 12,
    seed: Annotated[int, typer.Option(help="Of everything that is drawn.")] = 7,
    search: Annotated[float, typer.Option(help="Seconds to search for settings in.")] = 0.0,
    threads: Annotated[int, typer.Option(help="Threads that train.")] = 1,
    keep: Annotated[
        bool, typer.Option("--keep", help="With --bars: import the file, and keep the model.")
    ] = False,
    promote: Annotated[
        bool, typer.Option("--promote", help="Make it champion where it passes every gate.")
    ] = False,
    quick_gates: Annotated[
        bool, typer.Option("--quick-gates", help="Train less in the gates that train.")
    ] = False,
    background: Annotated[
        bool, typer.Option("--background", help="Add it to the queue of jobs and return.")
    ] = False,
    report: Annotated[Path | None, typer.Option(help="Write the card as one HTML page.")] = None,
    ledger: options.LedgerPath = None,
    as_json: options.Json = False,
) -> None:
    """Train a model, test it by walk-forward, and put it to the gates.

    On stored bars the model is kept. On files no database is opened, unless --keep is given.
    """
    from app.cli.model_work import train_files, train_series
    from app.services.model_recipe import Recipe

    recipe = Recipe(
        kind=kind, label=label, horizon=horizon, seed=seed, search_s=search, threads=threads
    )
    names = (symbol, timeframe, source)
    if bars is not None:
        _refuse(background, "--background", "stored bars", "--bars")
        _refuse(with_funding, "--with-funding", "stored bars", "--bars; name a file by --funding")
        train_files(
            bars, names, recipe, news=news, funding=funding, delay=delay, keep=keep, leader=leader,
            promote=promote, thorough=not quick_gates, ledger=ledger, report=report,
            as_json=as_json,
        )  # fmt: skip
        return
    for given, option in ((news, "--news"), (funding, "--funding"), (ledger, "--ledger")):
        _refuse(given is not None, option, "--bars FILE", "stored bars")
    train_series(
        names, recipe, leader=leader, funding=with_funding, promote=promote,
        thorough=not quick_gates, background=background, report=report, as_json=as_json,
    )  # fmt: skip


@app.command("list")
def list_models(
    status: Annotated[
        str | None, typer.Option(help="candidate, challenger, champion or retired.")
    ] = None,
    symbol: Annotated[str | None, typer.Option()] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000)] = 50,
    as_json: options.Json = False,
) -> None:
    """List models, newest first; those promoted against their gates say so."""
    from app.cli.model_output import model_record, print_models
    from app.core.database import SessionLocal
    from app.repositories.models import ModelFilter
    from app.services import models

    with SessionLocal() as db:
        found = models.list_all(db, ModelFilter(status=status, symbol=symbol), 0, limit)
        if as_json:
            print_json([model_record(row) for row in found])
        else:
            print_models(found)


@app.command()
def show(
    model_id: _Id,
    report: Annotated[Path | None, typer.Option(help="Write the card as one HTML page.")] = None,
    as_json: options.Json = False,
) -> None:
    """Print a model's card: measures, baselines, folds, gates with reasons, provenance, history."""
    from app.cli.model_output import card_text, model_record, write_card
    from app.core.database import SessionLocal
    from app.services import model_registry

    with SessionLocal() as db:
        row = model_registry.read(db, model_id)
        events = model_registry.history(db, model_id)
        if report is not None:
            write_card(row, report)
        if as_json:
            print_json({**model_record(row), "history": [_event(one) for one in events]})
            return
        typer.echo(card_text(row, events))
        if report is not None:
            typer.echo(f"report: {report}")


@app.command()
def compare(first: _Id, second: _Id, as_json: options.Json = False) -> None:
    """Print two models side by side, and what else differs between them."""
    from app.cli.model_output import print_compared
    from app.core.database import SessionLocal
    from app.services import model_registry

    with SessionLocal() as db:
        found = model_registry.compare(db, first, second)
        if as_json:
            print_json(
                {
                    "models": [first, second],
                    "measures": {name: list(pair) for name, pair in found.measures.items()},
                    "differences": list(found.differences),
                }
            )
        else:
            print_compared(found)


@app.command()
def promote(
    model_id: _Id,
    force: Annotated[
        bool, typer.Option("--force", help="Although it failed a gate; shown for ever.")
    ] = False,
    reason: _Reason = None,
) -> None:
    """Make a model the champion of its series; one that failed a gate is refused."""
    from datetime import UTC, datetime

    from app.core.database import SessionLocal
    from app.services import model_registry

    with SessionLocal.begin() as db:
        row = model_registry.promote(
            db, model_id, person(), datetime.now(UTC), force=force, reason=reason
        )
        typer.echo(f"model {model_id} is champion of {row.symbol} {row.timeframe} {row.source}")


@app.command()
def retire(model_id: _Id, reason: _Reason = None) -> None:
    """Take a model out of trading."""
    from app.core.database import SessionLocal
    from app.services import model_registry

    with SessionLocal.begin() as db:
        model_registry.retire_model(db, model_id, person(), reason)
    typer.echo(f"model {model_id} is retired")


@app.command()
def verify(
    model_id: _Id,
    background: Annotated[bool, typer.Option("--background", help="As a job.")] = False,
    as_json: options.Json = False,
) -> None:
    """Train a model again from its record and compare; exit status 1 where it is another one."""
    from app.cli.progress import ShownProgress
    from app.core.database import SessionLocal
    from app.services.model_training import verify_later, verify_stored

    if background:
        with SessionLocal.begin() as db:
            _say_job(verify_later(db, model_id, person(), None), as_json)
        return
    with ShownProgress(quiet=as_json) as progress:
        found = verify_stored(model_id, person(), progress)
    if as_json:
        print_json({"model_id": model_id, **found.to_record()})
    else:
        typer.echo(found.text)
    if not found.same:
        raise typer.Exit(1)


@app.command()
def explain(
    model_id: _Id,
    at: Annotated[
        str | None, typer.Option(help="A time, e.g. 2022-06-13T08:00; the newest bar if unset.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Print what each feature adds to a model's answer at one bar, and what would flip it."""
    from datetime import UTC, datetime

    from app.cli.model_output import print_explained
    from app.core.database import SessionLocal
    from app.services import model_explanation, model_registry
    from cryptovolt.domain.errors import ConfigurationError

    moment = None
    if at is not None:
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            raise ConfigurationError(
                f"expected a time such as 2022-06-13T08:00, found {at!r}"
            ) from None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    with SessionLocal() as db:
        found = model_explanation.explain(model_registry.read(db, model_id), moment)
    if as_json:
        print_json(found.to_record())
    else:
        print_explained(found)


def person() -> str:
    """Return who sits at the command line, as the operating system knows them."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "command line"


def _refuse(given: bool, option: str, beside: str, found: str) -> None:
    from cryptovolt.domain.errors import ConfigurationError

    if given:
        raise ConfigurationError(f"expected {option} with {beside}, found {found}")


def _say_job(job_id: int, as_json: bool) -> None:
    if as_json:
        print_json({"job_id": job_id})
    else:
        typer.echo(f"job {job_id} waits: `cryptovolt jobs show {job_id}` says how far it has come")


def _event(event: Any) -> dict[str, Any]:
    names = ("event", "old_status", "new_status", "actor", "reason", "created_at")
    return {name: getattr(event, name) for name in names}
