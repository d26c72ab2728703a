"""``cryptovolt sentiment fetch`` and ``sentiment sources``: collecting texts, and from where."""

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import print_json

if TYPE_CHECKING:
    from rich.table import Table

    from app.services.press_pace import Outcome
    from app.services.press_state import SourceView

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_PIPE_WIDTH = 250
_SHOWN = ("received", "stored", "known", "no_coin", "spam", "near_duplicates")


def fetch(
    source: Annotated[
        list[str] | None,
        typer.Option(help="Only this one; may be given more than once. rss: all feeds."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Also older texts: a date, or a span such as 7d.")
    ] = None,
    once: Annotated[bool, typer.Option(help="Ask once, rather than until interrupted.")] = True,
    as_json: _Json = False,
) -> None:
    """Collect texts now, from every source that is on, and print what became of each."""
    from app.core.init_db import init_db
    from app.workers.press import PressOptions, collect_once, run

    options = PressOptions(sources=tuple(source or ()), since_ms=_since(since))
    init_db()
    if not once:
        typer.echo(
            "Collecting; stop with Ctrl-C. `cryptovolt sentiment sources` shows how.", err=True
        )
        raise typer.Exit(run(options, with_input=False))
    found = asyncio.run(collect_once(options))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    _print_outcomes(found)


def sources(as_json: _Json = False) -> None:
    """Show every source of texts: its state, age, quota and cost, and what is missing."""
    from app.core.database import SessionLocal
    from app.core.init_db import init_db
    from app.services import press_state
    from app.wiring import press_address, press_sources

    init_db()
    _, off = press_sources()
    with SessionLocal() as db:
        found = press_state.view(db)
    if as_json:
        shown = [asdict(one) for one in found]
        print_json({"press": press_address() or None, "sources": shown})
        return
    if press_address():
        typer.echo(f"made-up texts of the loopback press at {press_address()}")
    if not found:
        typer.echo("no source was asked yet: `cryptovolt sentiment fetch` asks them now")
        for one in off:
            typer.echo(f"{one.name} is off: {one.reason}")
        return
    _print_sources(found)


def status_lines(found: "list[SourceView]") -> list[str]:
    """Return the lines of sources for ``cryptovolt status``."""
    if not found:
        return ["texts     none collected: `cryptovolt sentiment fetch` begins"]
    return [f"texts     {one.line}" for one in found]


def status_document(found: "list[SourceView]") -> list[dict[str, Any]]:
    """Return sources as ``cryptovolt status --json`` shows them."""
    return [asdict(one) for one in found]


def _print_outcomes(found: "list[Outcome]") -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("source", "state", *_SHOWN, "cost", "why"):
        justify = "right" if name in _SHOWN else "left"
        table.add_column(name.replace("_", " "), justify=justify, no_wrap=name != "why")
    for one in found:
        counts = [f"{one.counts.get(name, 0):,}" for name in _SHOWN]
        cost = f"${one.cost:.2f}" if one.cost else ""
        table.add_row(one.name, one.state.value, *counts, cost, one.reason or _rest(one))
    _print(table)


def _rest(one: "Outcome") -> str:
    left = {name: n for name, n in one.counts.items() if name not in {*_SHOWN, "stored_rows"} and n}
    return ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in sorted(left.items()))


def _print_sources(found: "list[SourceView]") -> None:
    from rich.table import Table

    from app.services.press_state import spoken

    table = Table(box=None, pad_edge=False)
    for name in ("source", "kind", "state", "answered", "next", "stored", "quota", "cost", "why"):
        justify = "right" if name == "stored" else "left"
        table.add_column(name, justify=justify, no_wrap=name != "why")
    for one in found:
        table.add_row(
            one.name,
            one.kind,
            one.state,
            "never" if one.age_s is None else f"{spoken(one.age_s)} ago",
            "" if one.next_in_s is None else f"in {spoken(one.next_in_s)}",
            f"{one.counts.get('stored', 0):,}",
            "" if one.quota_left is None else f"{one.quota_left:,} left",
            "" if one.cap is None else f"${one.spent:.2f} of ${one.cap:.2f}",
            one.reason or "",
        )
    _print(table)


def _print(table: "Table") -> None:
    from rich.console import Console

    console = Console()
    # In a file or a pipe no window limits the lines.
    (console if console.is_terminal else Console(width=_PIPE_WIDTH)).print(table)


def _since(text: str | None) -> int | None:
    from datetime import UTC, datetime

    from cryptovolt.domain.errors import ConfigurationError, DataError
    from cryptovolt.domain.timeframe import timeframe_ms
    from cryptovolt.sentiment.dates import parse_time

    if text is None:
        return None
    now_ms = round(datetime.now(UTC).timestamp() * 1000)
    try:
        found_ms = parse_time(text).event_time
    except DataError:
        try:
            found_ms = now_ms - timeframe_ms(text)
        except ConfigurationError:
            raise ConfigurationError(
                f"--since: expected a date such as 2026-01-31 or a span such as 7d, found {text!r}"
            ) from None
    if found_ms > now_ms:
        raise ConfigurationError(f"--since: expected a time in the past, found {text!r}")
    return found_ms
