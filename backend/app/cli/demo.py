"""The command ``cryptovolt demo``: the whole corridor once."""

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from app.services.corridor import Walk
    from app.services.markets import Market

ARCHIVE_MONTHS = 24


def demo(
    bars: Annotated[
        list[Path] | None, typer.Option(help="File of bars; may be given several times.")
    ] = None,
    news: Annotated[Path | None, typer.Option(help="File of news: csv or jsonl.")] = None,
    funding: Annotated[
        Path | None,
        typer.Option(help="Funding rates of the perpetual; else those that are stored."),
    ] = None,
    symbol: Annotated[str | None, typer.Option(help="Symbol, e.g. BTCUSDT.")] = None,
    timeframe: Annotated[str | None, typer.Option(help="Time frame, e.g. 1h.")] = None,
    source: Annotated[str | None, typer.Option(help="Venue and market.")] = None,
    synthetic: Annotated[bool, typer.Option(help="Do not fetch: generate a market.")] = False,
    cash: Annotated[float, typer.Option(help="Quote currency to start with.")] = 10_000.0,
    seed: Annotated[int, typer.Option(help="Of everything that is drawn.")] = 7,
    report: Annotated[Path | None, typer.Option(help="Where to write the report.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Walk the corridor once: import, check, train, backtest, judge, paper replay, report.

    Without --bars the last two years of BTCUSDT are fetched from the public archive; where that
    cannot be reached, a SYNTHETIC market is generated.
    """
    from app.cli.output import print_json
    from app.core.config import settings
    from app.core.database import SessionLocal
    from app.core.init_db import init_db
    from app.services.auth import ensure_local_user
    from app.services.corridor import WalkOptions, walk
    from app.services.funding import funding_source
    from app.wiring import trial_ledger

    now = datetime.now(UTC)
    options = WalkOptions(now=now, cash=cash, seed=seed)
    console = Console(stderr=True, quiet=as_json)
    console.print("Database …")
    init_db()
    console.print("Market …")
    given = (bars or [], news, symbol, timeframe, source)
    market = _market(given, synthetic, now, console)
    rates = funding_source(funding).rates(market.key)
    with SessionLocal.begin() as db:
        user = ensure_local_user(db)
        db.flush()
        db.expunge(user)
    with _shown(console) as progress:
        walked = walk(market, user, replace(options, funding=rates), progress, trial_ledger())
    path = _write_report(walked, report or settings.home / "reports" / "demo.html")
    summary = _summary(walked, path)
    if as_json:
        print_json(summary)
    else:
        _print(walked, summary)


def _market(
    given: tuple[list[Path], Path | None, str | None, str | None, str | None],
    synthetic: bool,
    now: datetime,
    console: Console,
) -> "Market":
    from app.core.times import milliseconds
    from app.services import markets
    from app.services.bar_import import ImportOptions
    from app.wiring import history_archive
    from cryptovolt.domain.errors import ConfigurationError, TransientError

    bars, news, symbol, timeframe, source = given
    as_of = milliseconds(now)
    if bars:
        options = ImportOptions(as_of=as_of, symbol=symbol, timeframe=timeframe, source=source)
        return markets.market_from_files(bars, options, news)
    if news is not None:
        raise ConfigurationError("expected --bars beside --news: which market is the news about?")
    if not synthetic:
        try:
            return markets.market_from_archive(
                history_archive(),
                symbol or "BTCUSDT",
                timeframe or "1h",
                ARCHIVE_MONTHS,
                now.date(),
                as_of,
            )
        except TransientError as error:
            console.print(f"{error}; a SYNTHETIC market is generated instead.", soft_wrap=True)
    return markets.synthetic_market(now)


class _shown(AbstractContextManager[Any]):  # noqa: N801 - used as a statement
    """Shows steps as progress bars, one for each message's first word group."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<14}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> "_shown":
        self._progress.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        for task in self._progress.tasks:
            self._progress.update(task.id, completed=task.total or 0)
        self._progress.__exit__(*error)

    def __call__(self, done: int, total: int, message: str) -> None:
        step = message if message in {"gates", "paper replay"} else "training"
        if step not in self._tasks:
            for task in self._progress.tasks:
                self._progress.update(task.id, completed=task.total or 0)
            self._tasks[step] = self._progress.add_task(step, total=total)
        self._progress.update(self._tasks[step], completed=done, total=total)


def _write_report(walked: "Walk", path: Path) -> Path:
    from cryptovolt.report import write_report

    path.parent.mkdir(parents=True, exist_ok=True)
    record = walked.trained.evaluation.to_record()
    return write_report(
        walked.backtest,
        path,
        assessment=walked.assessment,
        title=f"Hybrid strategy on {walked.market.key}",
        synthetic=walked.market.synthetic,
        verdict=f"Model: {walked.trained.evaluation.verdict.text}",
        model_card=record["scores"],
        settings={
            "model": walked.trained.model.artefact_hash,
            "model status": walked.trained.status,
            "bar snapshot": walked.data_hash,
            "sentiment snapshot": walked.news_hash or "no news",
            **_funding(walked),
        },
    )


def _funding(walked: "Walk") -> dict[str, Any]:
    from app.services.funding import funding_record

    # Of the bars that the report is about.
    first = walked.trained.first_out_of_sample
    said = funding_record(walked.market.bars, first, walked.rates)
    return {} if said is None else {"funding": said["text"]}


def _summary(walked: "Walk", report: Path) -> dict[str, Any]:
    from app.services.corridor import statistics

    market, trained = walked.market, walked.trained
    score = trained.evaluation.scores["auc"]
    actions = [turn.signal.action.value for turn in walked.turns]
    return {
        "symbol": market.key.symbol,
        "timeframe": market.key.timeframe,
        "source": market.key.source,
        "synthetic": market.synthetic,
        "bars": len(market.bars),
        "warnings": [str(warning) for warning in walked.findings.warnings],
        "news_items": 0 if market.news is None else len(market.news),
        "features": len(trained.features.names),
        "auc": {
            "value": score.value,
            "low": score.interval.low,
            "high": score.interval.high,
            "baselines": dict(score.baselines),
        },
        "verdict": trained.evaluation.verdict.text,
        "model_status": trained.status,
        **_funding(walked),
        "gates": {gate.name: gate.passed for gate in trained.gates},
        "actions_changed_by": dict(walked.influence),
        "backtest": statistics(walked.backtest),
        "buy_and_hold": statistics(walked.buy_and_hold),
        "assessment": walked.assessment.to_record(),
        "paper": {
            "bars": len(walked.turns),
            "signals": {action: actions.count(action) for action in ("BUY", "SELL", "HOLD")},
            "vetoes": sum(bool(turn.signal.vetoes) for turn in walked.turns),
            "trades": sum(len(turn.booked) for turn in walked.turns),
            "differences_from_backtest": walked.differences,
            **{f"held_out_{k}": v for k, v in statistics(walked.held_out).items()},
        },
        "session_id": walked.session_id,
        "model_id": walked.model_id,
        "data_hash": walked.data_hash,
        "sentiment_hash": walked.news_hash,
        "report": str(report),
    }


def _print(walked: "Walk", summary: dict[str, Any]) -> None:
    console = Console()
    flag = " · SYNTHETIC" if summary["synthetic"] else ""
    table = Table(title=f"{walked.market.key}{flag}", show_header=False, title_justify="left")
    for name, value in _rows(summary):
        table.add_row(name, value)
    console.print(table)
    console.print(f"Model: {summary['verdict']}", soft_wrap=True, highlight=False)
    console.print(f"Report: {summary['report']}", soft_wrap=True)
    console.print("See it on the dashboard: ./cv up", soft_wrap=True)


def _rows(summary: dict[str, Any]) -> list[tuple[str, str]]:
    auc, paper = summary["auc"], summary["paper"]
    failed = [name for name, passed in summary["gates"].items() if not passed]
    baselines = ", ".join(f"{name} {value:.3f}" for name, value in auc["baselines"].items())
    signals = ", ".join(f"{count:,} {name}" for name, count in paper["signals"].items())
    changed = ", ".join(
        f"{name} {count:,}" for name, count in summary["actions_changed_by"].items()
    )
    return [
        ("bars", f"{summary['bars']:,}"),
        ("warnings", "\n".join(summary["warnings"]) or "none"),
        ("news items seen", f"{summary['news_items']:,}"),
        ("features", str(summary["features"])),
        (
            "AUC out of sample",
            f"{auc['value']:.3f}, 95 % interval {auc['low']:.3f} to {auc['high']:.3f}; "
            f"baselines: {baselines}",
        ),
        ("gates", "all passed" if not failed else "FAILED: " + ", ".join(failed)),
        ("model", f"{summary['model_status']}, id {summary['model_id']}"),
        *([("funding", summary["funding"])] if "funding" in summary else []),
        ("actions changed by", changed),
        ("backtest after costs", _result(summary["backtest"])),
        ("buy and hold, same bars", _result(summary["buy_and_hold"])),
        ("verdict", _judgement(summary["assessment"])),
        ("paper replay", f"{paper['bars']:,} bars, {signals}, {paper['vetoes']:,} vetoed"),
        ("paper trades", f"{paper['trades']:,}"),
        ("paper against backtest", f"{paper['differences_from_backtest']} differences"),
        ("session", str(summary["session_id"])),
    ]


def _judgement(assessment: dict[str, Any]) -> str:
    missed = [
        f"not met: {condition['name']} ({condition['found']})"
        for condition in assessment["conditions"]
        if not condition["met"]
    ]
    return "\n".join([assessment["verdict"].upper(), *missed])


def _result(statistics: dict[str, float | None]) -> str:
    earned, lost = statistics["total_return"], statistics["max_drawdown"]
    return (
        f"return {'undefined' if earned is None else format(earned, '+.1%')}, "
        f"maximum drawdown {'undefined' if lost is None else format(lost, '.1%')}"
    )
