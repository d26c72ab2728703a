"""``cryptovolt lookahead``: whether a strategy, or the feature set, knows bars after its own."""

from typing import Annotated

import typer

from app.cli import strategies as options

FEATURES = "features"


def lookahead(
    bars: options.BarFiles,
    strategy: Annotated[
        str,
        typer.Option(
            "--strategy",
            "-s",
            help="file.py:Class, an installed one, `hybrid`, or `features` for the feature set.",
        ),
    ],
    settings: options.Settings = None,
    symbol: options.Symbol = None,
    timeframe: options.Timeframe = None,
    source: options.SourceName = None,
    news: options.News = None,
    delay: options.Delay = "5m",
    funding: options.Funding = None,
    times: Annotated[
        int | None,
        typer.Option(
            min=1, help="Bars after which the future is altered; 200, or 20 where orders are sent."
        ),
    ] = None,
    seed: options.Seed = 7,
    as_json: options.Json = False,
) -> None:
    """Alter the future and name the line whose values of the past change; exit status 1 if any.

    Every array on the way to the target is compared, whether or not it triggered anything; of a
    strategy that sends orders, every order.
    """
    import numpy as np

    from app.cli.output import print_json
    from app.cli.progress import ShownProgress
    from cryptovolt.domain.bars import Bars
    from cryptovolt.features.build import build_features
    from cryptovolt.research.lookahead import lookahead as analyse
    from cryptovolt.research.probes import FeaturesProbe, probe_of

    read = options.read_markets(bars, symbol, timeframe, source)
    sentiment = options.read_news(news, delay)
    rates = options.read_rates(funding, read)
    if strategy == FEATURES:
        probe = FeaturesProbe(build_features, sentiment)
    else:
        loaded = options.load(strategy, settings)
        probe = probe_of(loaded, sentiment, several=not isinstance(read, Bars), funding=rates)
    with ShownProgress(quiet=as_json) as progress:
        found = analyse(
            options.by_symbol(read),
            probe,
            rng=np.random.default_rng(seed),
            seed=seed,
            n_times=times,
            progress=progress,
        )
    if as_json:
        print_json(found.to_record())
    else:
        typer.echo(str(found))
    if found.guilty:
        raise typer.Exit(1)
