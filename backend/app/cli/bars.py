"""``cryptovolt bars``: bars in and out of files and the database."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.bars_fetch import fetch
from app.cli.bars_output import (
    coverage_document,
    coverage_lines,
    finding_document,
    report_document,
    report_lines,
)
from app.cli.output import print_json

if TYPE_CHECKING:
    from cryptovolt.market.checking import Findings

app = typer.Typer(
    help="Import, check, clean, list, export and snapshot bars.", no_args_is_help=True
)

app.command()(fetch)

_Symbol = Annotated[str | None, typer.Option(help="For example BTCUSDT.")]
_NeededSymbol = Annotated[str, typer.Option(help="For example BTCUSDT.")]
_Timeframe = Annotated[str | None, typer.Option(help="For example 1h.")]
_Source = Annotated[
    str | None, typer.Option(help="Venue and market, for example binance or binance-usdm.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"])]
_File = Annotated[Path, typer.Argument(help="CSV, JSON, feather or Parquet; also .gz and .zip.")]
_OptionalFiles = Annotated[
    list[Path] | None, typer.Argument(help="CSV, JSON, feather or Parquet; also .gz and .zip.")
]
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
        print_json([report_document(report) for report in reports])
        return
    for report in reports:
        typer.echo("\n".join(report_lines(report)))


@app.command()
def check(
    files: _OptionalFiles = None,
    symbol: _Symbol = None,
    timeframe: _Timeframe = None,
    source: _Source = None,
    as_json: _Json = False,
) -> None:
    """Say what is wrong with files or with stored bars; the exit status is 1 where something is.

    Without files the stored series are checked: all, or those that the options choose.
    """
    found = (
        _check_files(files, symbol, timeframe, source)
        if files
        else _check_stored(symbol, timeframe, source)
    )
    if as_json:
        print_json(
            [
                {
                    **labels,
                    "n_bars": findings.n_bars,
                    "errors": [finding_document(one) for one in findings.errors],
                    "warnings": [finding_document(one) for one in findings.warnings],
                }
                for labels, findings in found
            ]
        )
    else:
        for _, findings in found:
            typer.echo(str(findings))
    if any(findings.errors for _, findings in found):
        raise typer.Exit(1)


def _check_files(
    files: list[Path], symbol: str | None, timeframe: str | None, source: str | None
) -> "list[tuple[dict[str, str], Findings]]":
    import cryptovolt as cv

    return [
        (
            {"file": str(path)},
            cv.check_bars(cv.read_bars(path, symbol, timeframe, source), _now_ms()),
        )
        for path in files
    ]


def _check_stored(
    symbol: str | None, timeframe: str | None, source: str | None
) -> "list[tuple[dict[str, str], Findings]]":
    from app.services.bars import check_stored

    _open_database()
    checked = check_stored(symbol, timeframe, source, _now_ms())
    return [(dict(key.labels), findings) for key, findings in checked]


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
def list_(
    symbol: _Symbol = None,
    gaps: Annotated[bool, typer.Option("--gaps", help="Name every gap.")] = False,
    as_json: _Json = False,
) -> None:
    """Show what is stored: from when to when, what is missing, what was archived."""
    from app.services.bars import list_coverage

    _open_database()
    found = list_coverage(symbol)
    if as_json:
        print_json([coverage_document(covered) for covered in found])
        return
    if not found:
        typer.echo("no bars are stored: `cryptovolt bars import FILE` stores some")
    for covered in found:
        typer.echo("\n".join(coverage_lines(covered, gaps)))


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
    """Bring back the bars that `manage_db.py clean` archived; all of a series, or nothing."""
    from app.services.bars import restore_archives

    _open_database()
    restored = restore_archives(symbol)
    if as_json:
        print_json(
            [
                {**one.key.labels, "n_archived": one.n_archived, "n_new": one.n_new}
                for one in restored
            ]
        )
        return
    if not restored:
        typer.echo("nothing is archived")
    for one in restored:
        typer.echo(f"{one.key}: {one.n_new:,} of {one.n_archived:,} archived bars brought back")


def _open_database() -> None:
    from app.core.init_db import init_db

    init_db()


def _now_ms() -> int:
    from app.core.times import milliseconds

    return milliseconds(datetime.now(UTC))


def _range(start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    from datetime import timedelta

    from app.repositories.bars import EVER

    first = EVER[0] if start is None else start.replace(tzinfo=UTC)
    last = EVER[1] if end is None else end.replace(tzinfo=UTC) - timedelta(milliseconds=1)
    return first, last
