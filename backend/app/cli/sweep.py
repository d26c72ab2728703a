"""``cryptovolt sweep``: one strategy with many parameters, each combination a trial."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli import strategies as options

if TYPE_CHECKING:
    from cryptovolt.backtest.run import Run
    from cryptovolt.research.sweep import Sweep
    from cryptovolt.research.trials import Selection


def sweep(
    bars: options.BarFiles,
    strategy: options.StrategyName,
    grid: Annotated[
        list[str],
        typer.Option(
            "--grid",
            metavar="NAME=VALUES",
            help="Values of a parameter, or of a setting of the account: 10,20,30 or 10..50..10.",
        ),
    ],
    cash: Annotated[float, typer.Option(help="Quote currency to start with.")] = 10_000.0,
    fee: Annotated[float, typer.Option(help="Taker fee, a fraction.")] = 0.001,
    slippage: Annotated[float, typer.Option(help="A fraction of the price.")] = 0.0005,
    symbol: options.Symbol = None,
    timeframe: options.Timeframe = None,
    source: options.SourceName = None,
    news: options.News = None,
    delay: options.Delay = "5m",
    model: options.Model = None,
    detail: options.Detail = None,
    funding: options.Funding = None,
    random: Annotated[
        int | None, typer.Option(min=1, help="Draw so many combinations instead of all.")
    ] = None,
    objective: Annotated[str, typer.Option(help="The measure the best row is chosen by.")] = (
        "sharpe"
    ),
    top: Annotated[int, typer.Option(min=1, help="Rows to show.")] = 10,
    backend: Annotated[
        str | None, typer.Option(help="threads, processes, serial, or one of joblib.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="All processors by default.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write one HTML page.")] = None,
    ledger: options.LedgerPath = None,
    study: Annotated[str | None, typer.Option(help="What the trials are called.")] = None,
    seed: options.Seed = 7,
    as_json: options.Json = False,
) -> None:
    """Backtest every combination of a grid; all of them count against the best.

    An interrupted sweep goes on where it was: known combinations are taken from the ledger.
    """
    import numpy as np

    import cryptovolt as cv
    from app.cli.output import print_json
    from app.cli.progress import ShownProgress
    from cryptovolt.research.sweep import sweep as try_all

    read = options.read_markets(bars, symbol, timeframe, source)
    book = options.open_ledger(ledger)
    with ShownProgress(quiet=as_json) as progress:
        found = try_all(
            read,
            strategy,
            read_grid(grid),
            cash=cash,
            costs=cv.Costs(fee=fee, slippage=slippage),
            method="grid" if random is None else "random",
            n_random=random,
            rng=np.random.default_rng(seed),
            funding=options.read_rates(funding, read),
            detail_bars=options.read_detail(detail, read, source),
            sentiment=options.read_news(news, delay),
            model=model,
            ledger=book,
            study=study,
            backend=backend,
            workers=workers,
            progress=progress,
        )
    best = found.best(objective)
    run = found.run(int(best["row"]))
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        cv.write_report(found, report)
    selection = found.selection(objective)
    if as_json:
        print_json(_document(found, best, run, selection, report))
    else:
        _print(found, objective, top, run, selection, report)


def read_grid(texts: list[str]) -> dict[str, list[object]]:
    """Return ``name=10,20`` and ``name=10..50..10`` as values by name."""
    from cryptovolt.trading.strategy_loading import read_parameters

    return {name: _values(name, str(text)) for name, text in read_parameters(texts).items()}


def _values(name: str, text: str) -> list[object]:
    from decimal import Decimal, InvalidOperation

    from cryptovolt.domain.errors import ConfigurationError

    if ".." not in text:
        return [_value(part.strip()) for part in text.split(",")]
    try:
        first, last, step = (Decimal(part.strip()) for part in text.split(".."))
    except (ValueError, InvalidOperation):
        first, last, step = Decimal(0), Decimal(0), Decimal(0)
    if not step > 0 or not last >= first:
        raise ConfigurationError(
            f"expected the values of {name} as 10,20,30 or first..last..step, found {text!r}"
        )
    # Exact, so that 0.1..0.3..0.1 has three values.
    steps = (first + step * k for k in range(int((last - first) / step) + 1))
    return [_value(str(value)) for value in steps]


def _value(text: str) -> object:
    words: dict[str, object] = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _document(
    found: "Sweep",
    best: dict[str, Any],
    run: "Run",
    selection: "Selection",
    report: Path | None,
) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "strategy": found.experiment.maker.name,
        "n_combinations": len(found),
        "data_hash": found.trials[0].data_hash,
        "best": best,
        "stamps": list(run.stamps),
        "selection": asdict(selection),
        "rows": found.frame.to_dicts(),
        "report": None if report is None else str(report),
    }


def _print(
    found: "Sweep",
    objective: str,
    top: int,
    run: "Run",
    selection: "Selection",
    report: Path | None,
) -> None:
    from rich.console import Console
    from rich.table import Table

    from cryptovolt.research.measures import LOWER_IS_BETTER

    console = Console()
    for stamp in run.stamps:
        console.print(stamp, style="bold red", soft_wrap=True, highlight=False)
    names = list(found.combinations[0])
    columns = [*names, *dict.fromkeys((objective, "total_return", "max_drawdown", "n_trades"))]
    rows = found.frame.select(columns).sort(
        objective, descending=objective not in LOWER_IS_BETTER, nulls_last=True
    )
    table = Table(title=f"{len(found):,} combinations, the best by {objective} first")
    for name in columns:
        table.add_column(name, justify="right")
    for row in rows.head(top).iter_rows():
        table.add_row(*(shown(value) for value in row))
    console.print(table)
    console.print(judged(selection), soft_wrap=True, highlight=False)
    if report is not None:
        console.print(f"Report: {report}", soft_wrap=True, highlight=False)


def judged(selection: "Selection") -> str:
    """Return what a Sharpe ratio is worth after everything that was tried, as a sentence."""
    if selection.trials is None or selection.strictest is None:
        return f"Deflated Sharpe ratio: none ({selection.reason})"
    return (
        f"Deflated Sharpe ratio: {selection.strictest:.3f} after "
        f"{selection.trials}, all that was ever tried on overlapping data; 0.95 would say "
        "something."
    )


def shown(value: object) -> str:
    """Return a cell of a table."""
    return (
        "undefined" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    )
