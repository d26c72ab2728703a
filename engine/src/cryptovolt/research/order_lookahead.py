"""Look-ahead analysis of strategies that send orders: run again while the future is missing.

Such a strategy is handed bars up to its own, but it may find later ones elsewhere: in the memory
its arrays are cut from, or in what it keeps outside of itself. So it is run again, from its first
bar on, on copies of the bars, news and payments that end at a random bar. Every order up to there
must be the one of the full run. Where one is not, both runs are followed line by line over the
bars before it: the first line that computes something else, or turns elsewhere, although nothing
it reads has changed, reads ahead.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import TypeAlias

import numpy as np

from cryptovolt.backtest.inputs import funding_until
from cryptovolt.backtest.strategy_orders import OrderGame, Sent
from cryptovolt.domain.arrays import IntArray
from cryptovolt.domain.bars import VALUE_COLUMNS, Bars
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.errors import DataError, StrategyError
from cryptovolt.domain.funding import Funding, FundingRates
from cryptovolt.domain.orders import Cancel, Order
from cryptovolt.domain.ports import Progress
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.market.windows import anchored_windows
from cryptovolt.research.leaks import Leak
from cryptovolt.research.lookahead_analysis import DELETED, LookAheadAnalysis
from cryptovolt.research.order_leaks import Place, first_place
from cryptovolt.research.order_probe import ORDERS, OrdersProbe
from cryptovolt.research.statements import Source
from cryptovolt.research.tracing import Trace, traced
from cryptovolt.trading.target_strategy import Markets

N_PREFIXES = 20
_FOLLOWED = 300
"""Bars before a difference over which both runs are followed line by line."""

_Wanted: TypeAlias = tuple[Order | Cancel, ...]


def order_lookahead(
    markets: Markets,
    probe: OrdersProbe,
    *,
    rng: np.random.Generator,
    seed: int,
    n_times: int = N_PREFIXES,
    progress: Progress | None = None,
) -> LookAheadAnalysis:
    """Return whether orders change when later bars are missing, and in which line that begins.

    Parameters
    ----------
    markets : mapping of str to Bars
        All with the same times, without errors.
    probe : OrdersProbe
        The strategy.
    rng : numpy.random.Generator
        Draws the bars that prefixes end with, half of them where orders were sent.
    seed : int
        What `rng` was made with; kept.
    n_times : int, default=20
        Prefixes.
    progress : Progress, optional
        Told after each prefix.

    Raises
    ------
    DataError
        If there are too few bars after the warm-up.
    StrategyError
        If the strategy raises in the full run.
    """
    game = probe.game(markets)
    whole = [sent.wanted for sent in game.play()]
    rules = game.run().rules
    rows = _rows(whole, probe, rng, n_times)
    found: dict[tuple[int, str], Leak] = {}
    repeatable = True
    for done, row in enumerate(rows, 1):
        part = _prefix(probe, markets, row + 1)
        first = _first_difference(whole, part.game(_copied(markets, row + 1), rules))
        if first is not None:
            repeatable = repeatable and _repeats(probe, markets, rules, whole, first)
            place = Place(row=first)
            if repeatable:
                place = _blamed(probe, part, markets, rules, row, first)
            _note(found, place, probe, markets, row)
        if progress is not None:
            progress(done, len(rows), "prefixes")
        if not repeatable:
            break
    leaks = tuple(found[key] for key in sorted(found))
    names = tuple(dict.fromkeys(leak.name for leak in leaks if leak.line))
    return LookAheadAnalysis(
        name=probe.name,
        seed=seed,
        n_times=len(rows),
        values=(ORDERS, *names),
        changed=(ORDERS, *names) if leaks else (),
        leaks=leaks,
        repeatable=repeatable,
    )


def _rows(
    whole: Sequence[_Wanted], probe: OrdersProbe, rng: np.random.Generator, n_times: int
) -> list[int]:
    # At the last bar nothing would be deleted.
    rows: IntArray = np.arange(probe.warmup, len(whole) - 1)
    if rows.size < 1:
        raise DataError(
            f"expected more than {probe.warmup + 1} bars, as {probe.name} needs {probe.warmup} to "
            f"warm up, found {len(whole)}"
        )
    sending = [row for row, wanted in enumerate(whole) if wanted and row < len(whole) - 1]
    chosen = _drawn(np.array(sending, np.int64), n_times // 2, rng)
    rest = np.setdiff1d(rows, chosen)
    return sorted({*chosen, *_drawn(rest, n_times - len(chosen), rng)})


def _drawn(rows: IntArray, n: int, rng: np.random.Generator) -> list[int]:
    drawn: list[int] = rng.choice(rows, min(n, rows.size), replace=False).tolist()
    return drawn


def _first_difference(whole: Sequence[_Wanted], part: OrderGame) -> int | None:
    row = -1
    try:
        for sent in part.play():
            row = sent.row
            if sent.wanted != whole[row]:
                return row
    except StrategyError:
        # With later bars it could be asked here.
        return row + 1
    return None


def _repeats(
    probe: OrdersProbe,
    markets: Markets,
    rules: Mapping[str, SymbolRules],
    whole: Sequence[_Wanted],
    last: int,
) -> bool:
    again = probe.game(markets, rules).play()
    return all(
        sent.wanted == before for sent, before in zip(again, whole[: last + 1], strict=False)
    )


def _blamed(
    probe: OrdersProbe,
    part: OrdersProbe,
    markets: Markets,
    rules: Mapping[str, SymbolRules],
    row: int,
    first: int,
) -> Place:
    source = Source(probe.file or "")
    lengths = _history_lengths(markets, probe.warmup)
    whole = _followed(probe, probe.game(markets, rules), lengths, first)
    cut = _followed(part, part.game(_copied(markets, row + 1), rules), lengths, first)
    for at, (one, other) in enumerate(zip_longest(whole, cut)):
        if one is None or other is None:
            break
        place = first_place(one, other, source)
        if place is not None:
            return replace(place, row=at)
    return Place(row=first)


def _history_lengths(markets: Markets, warmup: int) -> IntArray:
    first = next(iter(markets.values()))
    starts = np.zeros(len(first), np.int64)
    for window in anchored_windows(first, warmup):
        starts[window.first : window.stop] = window.start
    return np.arange(1, len(first) + 1) - starts


def _followed(probe: OrdersProbe, game: OrderGame, lengths: IntArray, last: int) -> Iterator[Trace]:
    stream = game.play()
    for row in range(last + 1):
        if row < last - _FOLLOWED:
            next(stream)
            yield Trace()
            continue
        with traced(probe.file or "", int(lengths[row])) as trace:
            _step(stream)
        yield trace


def _step(stream: Generator[Sent]) -> None:
    try:
        next(stream)
    except StrategyError:
        # The lines up to there are what counts.
        return


def _note(
    found: dict[tuple[int, str], Leak],
    place: Place,
    probe: OrdersProbe,
    markets: Markets,
    row: int,
) -> None:
    times = next(iter(markets.values())).timestamp
    known = found.get((place.line, place.name))
    if known is not None:
        found[place.line, place.name] = replace(known, n_times=known.n_times + 1)
        return
    found[place.line, place.name] = Leak(
        name=place.name,
        function=place.function,
        file=(probe.file or "") if place.line else "",
        line=place.line,
        source=place.source,
        through=(),
        timestamp=int(times[place.row]),
        last_timestamp=int(times[row]),
        how=DELETED,
        n_times=1,
    )


def _prefix(probe: OrdersProbe, markets: Markets, n_bars: int) -> OrdersProbe:
    first = next(iter(markets.values()))
    end = int(first.timestamp[n_bars - 1]) + first.interval_ms
    return replace(
        probe,
        sentiment=_seen(probe.sentiment, end),
        funding=_paid(funding_until(probe.funding, end)),
    )


def _copied(markets: Markets, n_bars: int) -> dict[str, Bars]:
    # Copies: a slice knows the memory it was cut from.
    return {
        symbol: Bars(
            symbol=symbol,
            timeframe=bars.timeframe,
            source=bars.source,
            **{c: getattr(bars, c)[:n_bars].copy() for c in ("timestamp", *VALUE_COLUMNS)},
        )
        for symbol, bars in markets.items()
    }


def _seen(sentiment: SentimentSeries | None, end: int) -> SentimentSeries | None:
    return None if sentiment is None else sentiment.seen_until(end).copy()


def _paid(funding: Funding | None) -> Funding | None:
    if isinstance(funding, FundingRates):
        return FundingRates(timestamp=funding.timestamp.copy(), rate=funding.rate.copy())
    if funding is None:
        return None
    return {
        symbol: FundingRates(timestamp=rates.timestamp.copy(), rate=rates.rate.copy())
        for symbol, rates in funding.items()
    }
