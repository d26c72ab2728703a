"""What ``model train`` does: on files without a database, on a stored series, or later."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from app.cli.model_output import trained_record, trained_text, write_trained
from app.cli.output import print_json
from app.cli.progress import ShownProgress
from app.cli.strategies import open_ledger, read_news
from app.core.times import milliseconds
from app.repositories.bars import SeriesKey
from app.services.markets import Market
from app.services.model_recipe import Recipe
from app.services.model_trained import AnyTrained
from app.services.model_training import Kept, TrainRequest
from app.services.training import train_recipe
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.market.checking import require_clean
from cryptovolt.market.funding import read_funding
from cryptovolt.market.reading import read_bars
from cryptovolt.trading.hybrid import Beside

Names = tuple[str | None, str | None, str | None]


def train_files(
    bars: Path,
    names: Names,
    recipe: Recipe,
    *,
    news: Path | None,
    funding: Path | None,
    delay: str,
    keep: bool,
    leader: str | None,
    promote: bool,
    thorough: bool,
    ledger: Path | None,
    report: Path | None,
    as_json: bool,
) -> None:
    """Train on files; nothing but the trial ledger is written, unless the model is to be kept."""
    if keep:
        _keep_files(bars, names, recipe, news, funding, leader, promote, thorough, report, as_json)
        return
    if leader is not None or promote:
        raise ConfigurationError(
            "expected --leader and --promote with stored bars or with --keep, found --bars alone"
        )
    symbol, timeframe, source = names
    read = read_bars(bars, symbol=symbol, timeframe=timeframe, source=source)
    require_clean(read)
    rates = None if funding is None else read_funding(funding, read.symbol)
    key = SeriesKey(read.symbol, read.timeframe, read.source or "file")
    market = Market(key=key, bars=read, news=read_news(news, delay))
    with ShownProgress(quiet=as_json) as progress:
        trained = train_recipe(
            market, recipe, Beside(funding=rates), progress, open_ledger(ledger), thorough=thorough
        )
    _show(trained, market, report, as_json, None)


def train_series(
    names: Names,
    recipe: Recipe,
    *,
    leader: str | None,
    funding: bool,
    promote: bool,
    thorough: bool,
    background: bool,
    report: Path | None,
    as_json: bool,
) -> None:
    """Train on a stored series and keep the model, or let a job do so."""
    from app.cli.model import person
    from app.core.database import SessionLocal
    from app.core.init_db import init_db
    from app.services.bars import find_series
    from app.services.model_training import train_later, train_stored
    from app.wiring import trial_ledger

    symbol, timeframe, source = names
    if symbol is None:
        raise ConfigurationError("expected --bars FILE, or --symbol of stored bars, found neither")
    init_db()
    request = TrainRequest(
        key=find_series(symbol, timeframe, source), recipe=recipe, leader=leader, funding=funding,
        promote=promote, thorough=thorough,
    )  # fmt: skip
    if background:
        with SessionLocal.begin() as db:
            job_id = train_later(db, request, person(), None)
        if as_json:
            print_json({"job_id": job_id})
        else:
            typer.echo(f"job {job_id} waits: `cryptovolt jobs show {job_id}` says how it goes")
        return
    with ShownProgress(quiet=as_json) as progress:
        kept = train_stored(request, person(), trial_ledger(), progress)
    _show_kept(kept, report, as_json)


def _keep_files(
    bars: Path,
    names: Names,
    recipe: Recipe,
    news: Path | None,
    funding: Path | None,
    leader: str | None,
    promote: bool,
    thorough: bool,
    report: Path | None,
    as_json: bool,
) -> None:
    from app.cli.model import person
    from app.core.init_db import init_db
    from app.services.bar_import import ImportOptions
    from app.services.markets import market_from_files
    from app.services.model_training import keep_trained
    from app.wiring import trial_ledger

    init_db()
    symbol, timeframe, source = names
    options = ImportOptions(
        as_of=milliseconds(datetime.now(UTC)), symbol=symbol, timeframe=timeframe, source=source
    )
    market = market_from_files([bars], options, news)
    rates: FundingRates | None = None
    if funding is not None:
        rates = read_funding(funding, market.key.symbol)
    request = TrainRequest(
        key=market.key, recipe=recipe, leader=leader, promote=promote, thorough=thorough
    )
    with ShownProgress(quiet=as_json) as progress:
        kept = keep_trained(market, request, person(), trial_ledger(), progress, rates)
    _show_kept(kept, report, as_json)


def _show_kept(kept: Kept, report: Path | None, as_json: bool) -> None:
    _show(kept.trained, kept.market, report, as_json, kept)


def _show(
    trained: AnyTrained, market: Market, report: Path | None, as_json: bool, kept: Kept | None
) -> None:
    if report is not None:
        write_trained(trained, market, report)
    if as_json:
        stored: dict[str, Any] = {} if kept is None else kept.to_record()
        print_json({**trained_record(trained, market), **stored})
        return
    typer.echo(trained_text(trained, market))
    if kept is None:
        typer.echo("not kept: add --keep to import the files and keep the model")
    else:
        typer.echo(f"model {kept.model_id} is kept as {kept.status}: {kept.path}")
    if report is not None:
        typer.echo(f"report: {report}")
