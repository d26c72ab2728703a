"""``cryptovolt backtest``: what a strategy would have done with bars from files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli import strategies as options

if TYPE_CHECKING:
    from cryptovolt.backtest.run import Run
    from cryptovolt.research.robustness import Assessment


def backtest(
    bars: options.BarFiles,
    strategy: options.StrategyName,
    settings: options.Settings = None,
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
    assess: Annotated[
        bool, typer.Option("--assess", help="Ask everything else, and give a verdict.")
    ] = False,
    report: Annotated[Path | None, typer.Option(help="Write one HTML page.")] = None,
    ledger: options.LedgerPath = None,
    study: Annotated[str | None, typer.Option(help="What the trial is called.")] = None,
    seed: options.Seed = 7,
    as_json: options.Json = False,
) -> None:
    """Backtest a strategy; what reads ahead is stamped LOOK-AHEAD, what costs nothing FLATTERING.

    Every backtest counts as a trial in the ledger, which deflates what is found.
    """
    from rich.console import Console

    import cryptovolt as cv
    from app.cli.output import print_json

    read = options.read_markets(bars, symbol, timeframe, source)
    fine = options.read_detail(detail, read, source)
    rates = options.read_rates(funding, read)
    sentiment = options.read_news(news, delay)
    loaded = options.load(strategy, settings)
    book = options.open_ledger(ledger)
    console = Console(stderr=True, quiet=as_json)
    with console.status("backtest …"):
        run = cv.backtest(
            read,
            loaded,
            cv.Costs(fee=fee, slippage=slippage),
            cash,
            sentiment,
            model=model,
            funding=rates,
            detail_bars=fine,
            ledger=book,
            study=study,
            seed=seed,
        )
    found = None
    if assess:
        import numpy as np

        with console.status("random entries, stresses, Monte Carlo …"):
            found = cv.assess(run, ledger=book, rng=np.random.default_rng(seed))
    title = f"{type(loaded).__name__} on {', '.join(run.bars)} · {run.timeframe}"
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        cv.write_report(run, report, assessment=found, title=title)
    document = _document(run, loaded, found, report)
    if as_json:
        print_json(document)
    else:
        _print(run, title, found, report)


def _document(
    run: "Run", strategy: Any, assessment: "Assessment | None", report: Path | None
) -> dict[str, Any]:
    from cryptovolt.trading.strategy_loading import parameters_in

    settings = run.settings
    return {
        "strategy": type(strategy).__name__,
        "parameters": parameters_in(strategy),
        "stamps": list(run.stamps),
        "statistics": dict(run.statistics),
        "settings": settings,
        "assessment": None if assessment is None else assessment.to_record(),
        "report": None if report is None else str(report),
    }


def _print(run: "Run", title: str, assessment: "Assessment | None", report: Path | None) -> None:
    from rich.console import Console
    from rich.table import Table

    from cryptovolt.backtest.baseline import buy_and_hold_of

    console = Console()
    for stamp in run.stamps:
        console.print(stamp, style="bold red", soft_wrap=True, highlight=False)
    hold = buy_and_hold_of(run)
    table = Table(title=title, title_justify="left")
    table.add_column("")
    table.add_column("strategy", justify="right")
    table.add_column("buy and hold", justify="right")
    table.add_row("bars", f"{len(run):,}", f"{len(hold):,}")
    for name, label, form in _ROWS:
        table.add_row(label, _shown(run, name, form), _shown(hold, name, form))
    console.print(table)
    if assessment is not None:
        console.print(str(assessment), soft_wrap=True, highlight=False)
    if report is not None:
        console.print(f"Report: {report}", soft_wrap=True, highlight=False)


_ROWS = (
    ("total_return", "return", "+.1%"),
    ("cagr", "a year", "+.1%"),
    ("max_drawdown", "largest drawdown", ".1%"),
    ("sharpe", "Sharpe ratio", ".2f"),
    ("sortino", "Sortino ratio", ".2f"),
    ("n_trades", "trades", ",.0f"),
    ("win_rate", "won", ".1%"),
    ("profit_factor", "profit factor", ".2f"),
    ("exposure", "time in a position", ".1%"),
    ("fees_paid", "fees paid", ",.2f"),
    ("funding_paid", "funding paid", ",.2f"),
)


def _shown(run: "Run", name: str, form: str) -> str:
    value = run.statistics[name]
    return "undefined" if value != value else format(value, form)
