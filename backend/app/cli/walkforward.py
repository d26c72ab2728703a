"""``cryptovolt walkforward``: parameters chosen on the past, traded on what comes next."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli import strategies as options
from app.cli.sweep import judged, read_grid, shown

if TYPE_CHECKING:
    from cryptovolt.research.trials import Selection
    from cryptovolt.research.walkforward_strategy import StrategyWalkForward


def walkforward(
    bars: options.BarFiles,
    strategy: options.StrategyName,
    grid: Annotated[
        list[str],
        typer.Option(
            "--grid",
            metavar="NAME=VALUES",
            help="Values of a parameter of the strategy: 10,20,30 or 10..50..10.",
        ),
    ],
    train: Annotated[int, typer.Option(min=2, help="Bars to choose on.")],
    test: Annotated[int, typer.Option(min=1, help="Bars to trade what was chosen.")],
    purge: Annotated[int, typer.Option(min=0, help="Bars left out between the two.")] = 0,
    embargo: Annotated[int, typer.Option(min=0, help="More bars left out.")] = 0,
    anchored: Annotated[
        bool, typer.Option("--anchored", help="Choose on everything before, not on the newest.")
    ] = False,
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
    objective: Annotated[str, typer.Option(help="The measure that is chosen by.")] = "sharpe",
    backend: Annotated[
        str | None, typer.Option(help="threads, processes, serial, or one of joblib.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="All processors by default.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write one HTML page.")] = None,
    ledger: options.LedgerPath = None,
    study: Annotated[str | None, typer.Option(help="What the trials are called.")] = None,
    as_json: options.Json = False,
) -> None:
    """Choose parameters on the past and trade them on what comes next, again and again.

    Every fit of every fold is a trial. An interrupted walk goes on where it was.
    """
    import cryptovolt as cv
    from app.cli.output import print_json
    from app.cli.progress import ShownProgress
    from cryptovolt.research.strategy_maker import StrategyMaker
    from cryptovolt.research.walkforward_strategy import walkforward as walk

    read = options.read_markets(bars, symbol, timeframe, source)
    maker = StrategyMaker(strategy)
    with ShownProgress(quiet=as_json) as progress:
        found = walk(
            read,
            maker,
            read_grid(grid),
            train=train,
            test=test,
            purge=purge,
            embargo=embargo,
            anchored=anchored,
            objective=objective,
            cash=cash,
            costs=cv.Costs(fee=fee, slippage=slippage),
            funding=options.read_rates(funding, read),
            detail_bars=options.read_detail(detail, read, source),
            sentiment=options.read_news(news, delay),
            model=model,
            ledger=options.open_ledger(ledger),
            study=study,
            backend=backend,
            workers=workers,
            progress=progress,
        )
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        cv.write_report(found, report)
    selection = found.selection()
    if as_json:
        print_json(_document(found, maker.__qualname__, selection, report))
    else:
        _print(found, selection, report)


def _document(
    found: "StrategyWalkForward", name: str, selection: "Selection", report: Path | None
) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "strategy": name,
        "data_hash": found.trials[-1].data_hash,
        "folds": found.folds.to_dicts(),
        "stamps": list(found.run.stamps),
        "statistics": dict(found.run.statistics),
        "selection": asdict(selection),
        "report": None if report is None else str(report),
    }


def _print(found: "StrategyWalkForward", selection: "Selection", report: Path | None) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for stamp in found.run.stamps:
        console.print(stamp, style="bold red", soft_wrap=True, highlight=False)
    table = Table(title=f"{len(found.folds)} folds")
    for name in found.folds.columns:
        table.add_column(name, justify="right")
    for row in found.folds.iter_rows():
        table.add_row(*(shown(value) for value in row))
    console.print(table)
    told = found.run.statistics
    console.print(
        f"{len(found.run):,} bars out of sample: return {told['total_return']:+.1%}, largest "
        f"drawdown {told['max_drawdown']:.1%}, Sharpe ratio {shown(told['sharpe'])}",
        soft_wrap=True,
        highlight=False,
    )
    console.print(judged(selection), soft_wrap=True, highlight=False)
    if report is not None:
        console.print(f"Report: {report}", soft_wrap=True, highlight=False)
