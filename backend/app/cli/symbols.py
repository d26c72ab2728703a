"""``cryptovolt symbols``: what the venue trades and traded."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import print_json
from app.core.venue import Market, source_name

if TYPE_CHECKING:
    from app.models.market import VenueSymbol

app = typer.Typer(
    help="Refresh and list the symbols of the venue, and the universe of a day.",
    no_args_is_help=True,
)

_Market = Annotated[Market, typer.Option(help="spot or usdm.")]
_Quote = Annotated[str | None, typer.Option(help="Quote asset, for example USDT.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def refresh(market: _Market = Market.SPOT, as_json: _Json = False) -> None:
    """Ask the venue for its symbols and keep what is new or has changed."""
    from app.cli.progress import ShownProgress
    from app.core.init_db import init_db
    from app.core.times import moment_of
    from app.services import symbols
    from app.wiring import market_rest

    init_db()
    with market_rest(market) as rest, ShownProgress() as progress:
        found = symbols.refresh(rest, moment_of(rest.now().market_ms), progress=progress)
    if as_json:
        print_json(
            {
                "market": market,
                "n_symbols": found.n_symbols,
                "n_new": found.n_new,
                "n_changes": found.n_changes,
                "n_delisted": found.n_delisted,
                "unreadable": list(found.unreadable),
            }
        )
        return
    typer.echo(
        f"{found.n_symbols:,} symbols of {source_name(market)}: {found.n_new:,} new, "
        f"{found.n_changes:,} changes, {found.n_delisted:,} delisted"
    )
    if found.unreadable:
        typer.echo(f"not understood and left as they were: {', '.join(found.unreadable[:20])}")


@app.command("list")
def list_(
    market: _Market = Market.SPOT,
    quote: _Quote = None,
    trading: Annotated[bool, typer.Option("--trading", help="Only those that trade.")] = False,
    as_json: _Json = False,
) -> None:
    """Show the known symbols with their rules and dates, also the delisted ones."""
    from app.core.init_db import init_db
    from app.services.symbols import list_symbols

    init_db()
    found = list_symbols(source_name(market), quote, trading)
    if as_json:
        print_json([_document(one) for one in found])
        return
    if not found:
        typer.echo("no symbols are known: `cryptovolt symbols refresh` asks the venue")
    for one in found:
        typer.echo(_line(one))


@app.command("universe")
def universe_(
    day: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="As of its 00:00 UTC.")],
    market: _Market = Market.SPOT,
    top: Annotated[int, typer.Option(help="How many symbols at most.")] = 50,
    volume_days: Annotated[int, typer.Option(help="Days of volume that are summed.")] = 30,
    min_age_days: Annotated[int, typer.Option(help="Days since trading began.")] = 0,
    min_price: Annotated[float, typer.Option(help="Last close, quote currency.")] = 0.0,
    quote: _Quote = "USDT",
    timeframe: Annotated[str, typer.Option(help="Of the stored bars that are used.")] = "1d",
    as_json: _Json = False,
) -> None:
    """Show which symbols the rules choose as of a day, from what was known by then."""
    from app.core.init_db import init_db
    from app.core.times import milliseconds
    from app.services.universe import universe_of
    from cryptovolt.market.universe import UniverseRules

    rules = UniverseRules(
        top=top,
        volume_days=volume_days,
        min_age_days=min_age_days,
        min_price=min_price,
        quote=quote,
    )
    init_db()
    day_ms = milliseconds(day.replace(tzinfo=UTC))
    members = universe_of(source_name(market), day_ms, rules, timeframe)
    if as_json:
        print_json(
            [
                {
                    "symbol": one.symbol,
                    "quote_volume": one.quote_volume,
                    "price": one.price,
                    "age_days": one.age_days,
                }
                for one in members
            ]
        )
        return
    if not members:
        typer.echo("no symbol meets the rules with the bars that are stored")
    for one in members:
        typer.echo(
            f"{one.symbol:<16} volume {one.quote_volume:,.0f}  price {one.price:g}  "
            f"{one.age_days:,} days old"
        )


def _document(one: "VenueSymbol") -> dict[str, Any]:
    names = (
        "source", "symbol", "base", "quote", "status", "contract", "tick", "step",
        "min_quantity", "max_quantity", "min_notional", "listed_at", "delisted_at",
    )  # fmt: skip
    return {name: getattr(one, name) for name in names}


def _line(one: "VenueSymbol") -> str:
    listed = f"{one.listed_at:%Y-%m-%d}" if one.listed_at else "unknown"
    ended = f" to {one.delisted_at:%Y-%m-%d}" if one.delisted_at else ""
    return (
        f"{one.symbol:<16} {one.status:<10} tick {one.tick:f}  step {one.step:f}  "
        f"min notional {one.min_notional:f}  since {listed}{ended}"
    )
