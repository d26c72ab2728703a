"""``cryptovolt bars``: bars in and out of files and the database."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import print_json

if TYPE_CHECKING:
    from app.repositories.bars import Difference
    from app.services.bar_import import ImportReport
    from app.services.bars import SeriesCoverage
    from cryptovolt.market.checking import Finding

app = typer.Typer(
    help="Import, check, clean, list, export and snapshot bars.", no_args_is_help=True
)

_Symbol = Annotated[str | None, typer.Option(help="For example BTCUSDT.")]
_NeededSymbol = Annotated[str, typer.Option(help="For example BTCUSDT.")]
_Timeframe = Annotated[str | None, typer.Option(help="For example 1h.")]
_Source = Annotated[
    str | None, typer.Option(help="Venue and market, for example binance or binance-usdm.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"])]
_File = Annotated[Path, typer.Argument(help="CSV, JSON, feather or Parquet; also .gz and .zip.")]
_Files = Annotated[
    list[Path], typer.Argument(help="CSV, JSON, feather or Parquet; also .gz and .zip.")
]


@app.command("import")
def import_(
    files: _Files,
    symbol: _Symbol = None,
    timeframe: _Timeframe = None,
    source: _Source = None,
    clean: Annotated[
        bool, typer.Option("--clean", help="Also drop bogus bars of a file without errors.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse a file that needs any repair.")
    ] = False,
    update: Annotated[
        bool, typer.Option("--update", help="Replace stored bars that differ.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Import files into the database: all of them, or nothing."""
    from app.services.bar_import import Cleaning, ImportOptions, import_files, open_files

    if clean and strict:
        raise typer.BadParameter("--clean and --strict contradict each other")
    cleaning = Cleaning.ALWAYS if clean else Cleaning.NEVER if strict else Cleaning.NEEDED
    options = ImportOptions(
        as_of=_now_ms(),
        symbol=symbol,
        timeframe=timeframe,
        source=source,
        cleaning=cleaning,
        update=update,
    )
    # What is no table of bars is refused before any database is started.
    opened = open_files(files, options)
    _open_database()
    reports = import_files(opened, options)
    if as_json:
        print_json([_report_document(report) for report in reports])
        return
    for report in reports:
        typer.echo("\n".join(_report_lines(report)))


@app.command()
def check(
    files: _Files,
    symbol: _Symbol = None,
    timeframe: _Timeframe = None,
    source: _Source = None,
    as_json: _Json = False,
) -> None:
    """Say what is wrong with files; the exit status is 1 where something is."""
    import cryptovolt as cv

    found = [
        cv.check_bars(cv.read_bars(path, symbol, timeframe, source), _now_ms()) for path in files
    ]
    if as_json:
        print_json(
            [
                {
                    "file": str(path),
                    "n_bars": findings.n_bars,
                    "errors": [_finding_document(one) for one in findings.errors],
                    "warnings": [_finding_document(one) for one in findings.warnings],
                }
                for path, findings in zip(files, found, strict=True)
            ]
        )
    else:
        for findings in found:
            typer.echo(str(findings))
    if any(findings.errors for findings in found):
        raise typer.Exit(1)


@app.command()
def clean(
    file: _File,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write clean bars.")],
    symbol: _Symbol = None,
    timeframe: _Timeframe = None,
    source: _Source = None,
    as_json: _Json = False,
) -> None:
    """Repair a file into another one, and say what was changed."""
    import cryptovolt as cv
    from cryptovolt.market.writing import check_suffix, write_bars

    check_suffix(output)
    bars, repairs = cv.clean_bars(cv.read_bars(file, symbol, timeframe, source))
    write_bars(bars, output)
    if as_json:
        print_json(
            {
                "output": str(output),
                "n_bars": len(bars),
                "repairs": dict(repairs.counts),
                "rows": repairs.rows.to_dicts(),
            }
        )
        return
    typer.echo(f"{repairs}\n{len(bars):,} bars written to {output}")


@app.command("list")
def list_(symbol: _Symbol = None, as_json: _Json = False) -> None:
    """Show what is stored: from when to when, what is missing, what was archived."""
    from app.services.bars import list_coverage

    _open_database()
    found = list_coverage(symbol)
    if as_json:
        print_json([_coverage_document(covered) for covered in found])
        return
    if not found:
        typer.echo("no bars are stored: `cryptovolt bars import FILE` stores some")
    for covered in found:
        typer.echo("\n".join(_coverage_lines(covered)))


@app.command()
def export(
    symbol: _NeededSymbol,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Ending with .csv, .json, .parquet or .feather.")
    ],
    timeframe: _Timeframe = None,
    source: _Source = None,
    start: _Day = None,
    end: _Day = None,
    as_json: _Json = False,
) -> None:
    """Write stored bars to a file; days are UTC, the end is not included."""
    from app.services.bars import export_bars, find_series

    _open_database()
    key = find_series(symbol, timeframe, source)
    first, last = _range(start, end)
    bars = export_bars(key, output, first, last)
    if as_json:
        print_json({"output": str(output), "n_bars": len(bars), **key.labels})
        return
    typer.echo(f"{len(bars):,} bars of {key} written to {output}")


@app.command()
def snapshot(
    symbol: _NeededSymbol,
    timeframe: _Timeframe = None,
    source: _Source = None,
    start: _Day = None,
    end: _Day = None,
    as_json: _Json = False,
) -> None:
    """Write stored bars to a file that is named by their content, for training and backtests."""
    from app.services.bars import find_series, take_snapshot

    _open_database()
    key = find_series(symbol, timeframe, source)
    taken = take_snapshot(key, *_range(start, end))
    if as_json:
        print_json(
            {"hash": taken.hash, "path": str(taken.path), "n_bars": len(taken.bars), **key.labels}
        )
        return
    typer.echo(f"{taken.hash}\n{len(taken.bars):,} bars of {key} in {taken.path}")


@app.command()
def restore(symbol: _Symbol = None, as_json: _Json = False) -> None:
    """Bring back the bars that `manage_db.py clean` archived: all of them, or nothing."""
    from app.services.bars import restore_archives

    _open_database()
    restored = restore_archives(symbol)
    if as_json:
        print_json(
            [
                {
                    "archive": str(one.path),
                    "n_rows": one.n_rows,
                    "n_new": one.n_new,
                    **one.key.labels,
                }
                for one in restored
            ]
        )
        return
    if not restored:
        typer.echo("nothing is archived")
    for one in restored:
        typer.echo(f"{one.key}: {one.n_new:,} of {one.n_rows:,} archived bars brought back")


def _open_database() -> None:
    from app.core.init_db import init_db
    from app.core.logging import configure_logging

    # Logs go to standard error: with --json, standard output holds the document alone.
    configure_logging()
    init_db()


def _now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1_000)


def _range(start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    from datetime import timedelta

    from app.repositories.bars import EVER

    first = EVER[0] if start is None else start.replace(tzinfo=UTC)
    last = EVER[1] if end is None else end.replace(tzinfo=UTC) - timedelta(milliseconds=1)
    return first, last


def _finding_document(finding: "Finding") -> dict[str, Any]:
    return {"kind": str(finding.kind), "rows": finding.rows.tolist(), "text": finding.text}


def _report_document(report: "ImportReport") -> dict[str, Any]:
    written = report.written
    return {
        "file": str(report.path),
        **report.key.labels,
        "layout": report.layout,
        "n_rows": report.n_rows,
        "n_new": written.new,
        "n_known": written.known,
        "n_different": written.different,
        "n_updated": written.updated,
        "changed": report.changed,
        "repairs": dict(report.repairs),
        "repaired_rows": [row for frame in report.repaired_rows for row in frame.to_dicts()],
        "different_rows": [
            {"timestamp": one.timestamp, "stored": one.stored, "given": one.given}
            for one in written.examples
        ],
        "warnings": dict(report.warnings),
        "n_missing": report.n_missing,
    }


def _report_lines(report: "ImportReport") -> list[str]:
    written = report.written
    lines = [f"{report.path.name}: {report.key} ({report.layout})"]
    if report.changed:
        lines.append(
            f"  {report.n_rows:,} rows read, {written.new:,} new, {written.known:,} stored already"
        )
    else:
        lines.append(f"  nothing changed: {written.known:,} bars are stored already")
    if written.different:
        kept = "replaced" if written.updated else "kept as stored; --update replaces them"
        lines.append(f"  {written.different:,} differ from what is stored, {kept}")
        lines.append(f"  for example {_difference(written.examples[0])}")
    lines += [f"  repaired  {line}" for line in _repair_lines(report)]
    for kind, count in report.warnings.items():
        shown = ", ".join(report.examples[kind]) + (", …" if count > 3 else "")
        missing = f" ({report.n_missing:,} bars missing)" if kind == "gap" else ""
        lines.append(f"  warning   {count:,} × {kind}{missing}: {shown}")
    return lines


def _difference(one: "Difference") -> str:
    from cryptovolt.domain.bars import VALUE_COLUMNS
    from cryptovolt.market.oddities import utc

    pairs = zip(VALUE_COLUMNS, one.stored, one.given, strict=True)
    shown = (f"{name} {old:.10g}, in the file {new:.10g}" for name, old, new in pairs if old != new)
    return f"{utc(one.timestamp)}: {'; '.join(shown)}"


def _repair_lines(report: "ImportReport") -> list[str]:
    from cryptovolt.market.oddities import utc

    times: dict[str, list[str]] = {kind: list(shown) for kind, shown in report.examples.items()}
    for frame in report.repaired_rows:
        for (kind,), rows in frame.group_by("repair", maintain_order=True):
            times[str(kind)] = [utc(time) for time in rows["timestamp"].head(3)]
    return [
        f"{count:,} × {kind}" + (f": {', '.join(times[kind])}" if kind in times else "")
        for kind, count in report.repairs.items()
    ]


def _coverage_document(covered: "SeriesCoverage") -> dict[str, Any]:
    return {
        **covered.key.labels,
        "first": _iso(covered.first),
        "last": _iso(covered.last),
        "n_bars": covered.n_bars,
        "n_missing": covered.n_missing,
        "gaps": [
            {"before": _iso(gap.before), "after": _iso(gap.after), "n_missing": gap.n_missing}
            for gap in covered.gaps
        ],
        "archived": [
            {"first": _iso(first), "last": _iso(last), "n_bars": n_bars}
            for first, last, n_bars in covered.archived
        ],
    }


def _coverage_lines(covered: "SeriesCoverage") -> list[str]:
    lines = [f"{covered.key}"]
    if covered.first is not None and covered.last is not None:
        lines[0] += (
            f": {covered.n_bars:,} bars, {covered.first:%Y-%m-%d %H:%M} to "
            f"{covered.last:%Y-%m-%d %H:%M} UTC"
        )
    if covered.gaps:
        longest = max(covered.gaps, key=lambda gap: gap.n_missing)
        lines.append(
            f"  {len(covered.gaps):,} gaps, {covered.n_missing:,} bars missing, the longest "
            f"{longest.n_missing:,} after {longest.before:%Y-%m-%d %H:%M}"
        )
    lines += [
        f"  archived  {n_bars:,} bars, {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"
        for first, last, n_bars in covered.archived
    ]
    return lines


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
