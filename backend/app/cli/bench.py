"""``cryptovolt bench``: how fast this machine is, beside psql in the same run."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import print_json

if TYPE_CHECKING:
    from app.services.bench_bars import Measured

app = typer.Typer(help="Measure how fast this machine is; without a word, everything.")

_Rows = Annotated[int, typer.Option(min=1_000, help="Rows that are imported and read.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.callback(invoke_without_command=True)
def everything(context: typer.Context) -> None:
    """Measure how fast this machine is; without a word, everything."""
    if context.invoked_subcommand is None:
        bars()
        memory()


@app.command()
def bars(
    rows: _Rows = 1_000_000,
    table_rows: Annotated[
        int, typer.Option(min=20_000, help="Rows among which the latest bars are looked for.")
    ] = 10_000_000,
    repeats: Annotated[int, typer.Option(min=1, help="The best of so many counts.")] = 3,
    as_json: _Json = False,
) -> None:
    """Bars: import, import again, read, snapshot, latest; in a database of its own."""
    from app.services.bench_bars import run

    _print(run(rows, table_rows, repeats, _say), as_json)


@app.command()
def memory(rows: _Rows = 5_000_000, as_json: _Json = False) -> None:
    """Bars: peak memory of importing one large CSV file."""
    from app.services.bench_bars import measure_memory

    _print(measure_memory(rows, _say), as_json)


@app.command()
def live(
    symbols: Annotated[int, typer.Option(min=1, help="Symbols that are fed.")] = 200,
    updates: Annotated[float, typer.Option(min=1, help="Updates a second.")] = 5_000.0,
    seconds: Annotated[float, typer.Option(min=1, help="Of the steady rate.")] = 30.0,
    burst: Annotated[int, typer.Option(min=1, help="Updates of the burst, in 10 s.")] = 100_000,
    cuts: Annotated[int, typer.Option(min=0, help="Random cuts of the connection.")] = 50,
    memory: Annotated[float, typer.Option(min=0, help="Seconds to watch memory for.")] = 0.0,
    memory_speed: Annotated[
        float, typer.Option(min=1, max=10_000, help="Times real time, meanwhile.")
    ] = 100.0,
    as_json: _Json = False,
) -> None:
    """Live feed: time to commit, a burst, random cuts, memory; against a loopback venue."""
    from app.workers.ingest_bench import LiveBench, run

    bench = LiveBench(
        symbols=symbols,
        updates_per_s=updates,
        seconds=seconds,
        burst=burst,
        cuts=cuts,
        memory_s=memory,
        memory_speed=memory_speed,
    )
    _print(run(bench, _say), as_json)


def _say(message: str) -> None:
    typer.echo(f"… {message}", err=True)


def _print(found: "list[Measured]", as_json: bool) -> None:
    if as_json:
        print_json([asdict(one) for one in found])
        return
    for one in found:
        value = f"{one.value:,.0f}" if one.value >= 100 else f"{one.value:.2f}"
        line = f"{one.name:<38} {value:>14} {one.unit}"
        if one.ratio is not None and one.other is not None:
            line += f"   {one.ratio:.2f} × {one.compared_with} ({one.other:,.0f})"
        typer.echo(line + (f"   goal {one.goal}" if one.goal else ""))
