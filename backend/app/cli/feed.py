"""``cryptovolt feed`` and ``cryptovolt status``: live market data, and what runs here."""

import sys
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import print_json

if TYPE_CHECKING:
    from app.services.feed_state import FeedView

app = typer.Typer(help="Live market data: bars, trades and best prices.", no_args_is_help=True)

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_SHOWN = 20


@app.command()
def start(
    symbols: Annotated[
        list[str] | None, typer.Argument(help="Symbols such as BTCUSDT; none: all against --quote.")
    ] = None,
    market: Annotated[
        list[str] | None, typer.Option(help="spot or usdm; may be given twice.")
    ] = None,
    timeframe: Annotated[str, typer.Option(help="Time frame of the bars.")] = "1m",
    quote: Annotated[str, typer.Option(help="Quote of the symbols, where none is named.")] = "USDT",
    trades: Annotated[bool, typer.Option(help="Store every public trade.")] = False,
    tickers: Annotated[bool, typer.Option(help="Keep the best bid and ask.")] = False,
) -> None:
    """Feed live bars until interrupted; every gap is repaired before the next bar is stored."""
    from app.core.init_db import init_db
    from app.core.venue import Market
    from app.services.feed_ports import FeedOptions
    from app.workers.ingest import IngestOptions, run
    from cryptovolt.domain.errors import ConfigurationError

    known = [one.value for one in Market]
    wrong = [name for name in market or [] if name not in known]
    if wrong:
        raise ConfigurationError(f"expected --market {' or '.join(known)}, found {wrong[0]!r}")
    init_db()
    options = IngestOptions(
        symbols=tuple(symbols or ()),
        markets=tuple(dict.fromkeys(Market(name) for name in market or ["spot"])),
        quote=quote,
        feed=FeedOptions(timeframe, trades, tickers),
    )
    typer.echo("Feeding; stop with Ctrl-C. `cryptovolt feed status` shows how.", err=True)
    sys.exit(run(options, with_input=False))


@app.command()
def status(as_json: _Json = False) -> None:
    """Show which series are live, which are not, and why."""
    from app.core.database import SessionLocal
    from app.services import feed_state

    with SessionLocal() as db:
        found = feed_state.view(db)
        if as_json:
            print_json(_document(found))
        else:
            for line in _lines(found):
                typer.echo(line)


def everything(as_json: _Json = False) -> None:
    """Show feeds, the venue's clock, sources of texts, sessions, accounts and the database."""
    from app.cli.sentiment_sources import status_document, status_lines
    from app.core.database import SessionLocal
    from app.services import feed_state, press_state
    from app.services.installation import installation

    with SessionLocal() as db:
        found, about, texts = feed_state.view(db), installation(db), press_state.view(db)
        if as_json:
            document = {
                "sessions": about.sessions,
                "accounts": about.accounts,
                "texts": status_document(texts),
            }
            print_json({**_document(found), **document, "database": about.database})
            return
        typer.echo(f"database  {about.database['version']}, {about.database['size']}")
        for session in about.sessions or [{"line": "none is running"}]:
            typer.echo(f"session   {session['line']}")
        for account in about.accounts:
            typer.echo(f"account   {account['line']}")
        for line in [*_lines(found), *status_lines(texts)]:
            typer.echo(line)


def _document(found: "FeedView") -> dict[str, Any]:
    from app.services.feed_state import process_trouble

    feeds = [
        {
            "source": row.source, "process": row.process, "heartbeat_at": row.heartbeat_at,
            "trouble": process_trouble(row, found.at) or row.stop_reason, "speed": row.speed,
            "clock_offset_ms": row.clock_offset_ms, "clock_checked_at": row.clock_checked_at,
            "counts": row.counts,
        }
        for row in found.feeds
    ]  # fmt: skip
    series = [
        {
            "source": row.source, "symbol": row.symbol, "timeframe": row.timeframe,
            "state": row.state, "reason": row.reason, "since": row.since,
            "refusal": found.refusal(row), "last_open": row.last_open,
            "last_trade_id": None if row.last_trade_id is None else str(row.last_trade_id),
            "bars": row.bars, "repaired": row.repaired, "replaced": row.replaced,
        }
        for row in found.series
    ]  # fmt: skip
    incidents = [
        {
            "source": row.source, "symbol": row.symbol, "timeframe": row.timeframe,
            "kind": row.kind, "reason": row.reason, "opened_at": row.opened_at,
        }
        for row in found.incidents
    ]  # fmt: skip
    return {"at": found.at, "feeds": feeds, "series": series, "incidents": incidents}


def _lines(found: "FeedView") -> list[str]:
    from app.services.feed_state import process_trouble

    if not found.feeds:
        return ["feed      none has run: `cryptovolt feed start BTCUSDT` begins one"]
    lines: list[str] = []
    for row in found.feeds:
        own = [one for one in found.series if one.source == row.source]
        trouble = process_trouble(row, found.at) or row.stop_reason or "good"
        states = Counter(one.state for one in own)
        counted = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
        offset = "unknown" if row.clock_offset_ms is None else f"{row.clock_offset_ms:+.0f} ms"
        lines.append(f"feed      {row.source}: {trouble}; {counted}; clock {offset}")
        refused = [one for one in own if one.state not in {"live", "stopped"}]
        lines += [
            f"          {one.symbol} is {one.state}: {one.reason}" for one in refused[:_SHOWN]
        ]
        if len(refused) > _SHOWN:
            lines.append(f"          … and {len(refused) - _SHOWN} more")
    for row in found.incidents:
        name = f"{row.symbol} {row.timeframe} of {row.source}" if row.symbol else row.source
        since = f"{row.opened_at:%Y-%m-%d %H:%M:%S}"
        lines.append(f"incident  since {since} UTC {name}: {row.kind}, {row.reason}")
    return lines
