"""``cryptovolt bars fetch``: history from the public archive and over REST."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import print_json
from app.core.venue import Kind, Market

if TYPE_CHECKING:
    from app.services.bar_fetch import SeriesReport

_Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="UTC.")]
_CLOCK_MS = 1_000
_SHOWN_FAILURES = 10


def fetch(
    symbols: Annotated[list[str], typer.Argument(help="For example BTCUSDT ETHUSDT.")],
    since: _Day = None,
    until: _Day = None,
    timeframe: Annotated[str, typer.Option(help="For example 1h.")] = "1h",
    market: Annotated[Market, typer.Option(help="spot or usdm.")] = Market.SPOT,
    kind: Annotated[Kind, typer.Option(help="bars, mark, index or funding.")] = Kind.BARS,
    parallel: Annotated[int, typer.Option(min=1, max=32, help="Downloads at a time.")] = 4,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Fetch what is missing of some symbols; repeat it to go on after an interruption."""
    from app.core.init_db import init_db
    from app.services.history import fetch_symbols, prepare
    from app.wiring import fetch_archive, market_rest

    options = prepare(
        market=market,
        kind=kind,
        timeframe=timeframe,
        since=None if since is None else since.replace(tzinfo=UTC),
        until=None if until is None else until.replace(tzinfo=UTC),
        parallel=parallel,
    )
    init_db()
    with (
        market_rest(market) as rest,
        fetch_archive(market) as files,
        FetchProgressBar() as progress,
    ):
        fetched = fetch_symbols(symbols, options, rest, files, progress)
    if abs(fetched.offset_ms) > _CLOCK_MS:
        typer.echo(_clock_sentence(fetched.offset_ms), err=True)
    if as_json:
        print_json(
            {
                "clock_offset_ms": fetched.offset_ms,
                "series": [_document(report) for report in fetched.reports],
            }
        )
    else:
        typer.echo("\n".join(_lines(fetched.reports)))
    if any(report.failures for report in fetched.reports):
        raise typer.Exit(1)


class FetchProgressBar:
    """Bars done, bars per second and time left, on a terminal only."""

    def __init__(self) -> None:
        self._bar: Any = None

    def __enter__(self) -> "FetchProgressBar":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, total: int, received: int) -> None:
        """Show how many of the planned bars are done and how many were received."""
        if not sys.stderr.isatty():
            return
        bar = self._bar = self._bar or self._started(total)
        speed = bar.tasks[0].speed or 0.0
        shown = f"{received:,} bars, {speed:,.0f} bars/s"
        bar.update(bar.tasks[0].id, completed=done, total=total, shown=shown)

    def _started(self, total: int) -> Any:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        bar = Progress(
            TextColumn("fetching"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[shown]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        bar.add_task("fetching", total=total, shown="")
        bar.start()
        return bar


def _clock_sentence(offset_ms: int) -> str:
    where = "behind" if offset_ms > 0 else "ahead of"
    return (
        f"warning: this machine's clock is {abs(offset_ms) / 1000:.1f} s {where} the venue's; "
        "what is closed was judged by the venue's, set the clock before you trade"
    )


def _document(report: "SeriesReport") -> dict[str, Any]:
    from app.core.times import moment_of

    return {
        **report.key.labels,
        "start": moment_of(report.start_ms),
        "end": moment_of(report.end_ms),
        "n_received": report.n_rows,
        "n_new": report.written.new,
        "n_known": report.written.known,
        "n_different": report.written.different,
        "n_stored": report.n_stored,
        "n_absent": report.n_absent,
        "pieces": {origin.value: count for origin, count in report.pieces.items()},
        "failures": [
            {"piece": str(failure.piece), "reason": failure.reason} for failure in report.failures
        ],
    }


def _lines(reports: Sequence["SeriesReport"]) -> list[str]:
    lines: list[str] = []
    for report in reports:
        pieces = ", ".join(f"{count} × {origin}" for origin, count in report.pieces.items())
        came = f" ({pieces})" if pieces else ": nothing was missing"
        what = "payments" if report.n_absent is None else "bars"
        lines.append(f"{report.key}: {report.written.new:,} new {what}{came}")
        if report.n_absent:
            lines.append(f"  {report.n_absent:,} bars of the range do not exist or are not stored")
        if report.written.different:
            lines.append(f"  {report.written.different:,} stored bars differ and were kept")
        lines += [
            f"  left out {failure.piece}: {failure.reason}"
            for failure in report.failures[:_SHOWN_FAILURES]
        ]
        if len(report.failures) > _SHOWN_FAILURES:
            lines.append(f"  and {len(report.failures) - _SHOWN_FAILURES} more were left out")
    return lines
