"""``cryptovolt recursive``: whether a strategy's warm-up is long enough."""

from typing import Annotated

import typer

from app.cli import strategies as options


def recursive(
    bars: options.BarFiles,
    strategy: options.StrategyName,
    settings: options.Settings = None,
    symbol: options.Symbol = None,
    timeframe: options.Timeframe = None,
    source: options.SourceName = None,
    news: options.News = None,
    delay: options.Delay = "5m",
    funding: options.Funding = None,
    times: Annotated[int, typer.Option(min=1, help="Bars at which values are compared.")] = 50,
    tolerance: Annotated[
        float, typer.Option(min=0.0, help="Largest relative difference that is none.")
    ] = 1e-9,
    seed: options.Seed = 7,
    as_json: options.Json = False,
) -> None:
    """Say which values a longer warm-up still changes, and which suffices; exit status 1 if any."""
    import numpy as np

    from app.cli.output import print_json
    from app.cli.progress import ShownProgress
    from cryptovolt.domain.bars import Bars
    from cryptovolt.research.probes import probe_of
    from cryptovolt.research.recursive import recursive as analyse

    read = options.read_markets(bars, symbol, timeframe, source)
    sentiment = options.read_news(news, delay)
    rates = options.read_rates(funding, read)
    loaded = options.load(strategy, settings)
    with ShownProgress(quiet=as_json) as progress:
        found = analyse(
            options.by_symbol(read),
            probe_of(loaded, sentiment, several=not isinstance(read, Bars), funding=rates),
            rng=np.random.default_rng(seed),
            seed=seed,
            n_times=times,
            tolerance=tolerance,
            progress=progress,
        )
    if as_json:
        print_json(found.to_record())
    else:
        typer.echo(str(found))
    if found.guilty:
        raise typer.Exit(1)
