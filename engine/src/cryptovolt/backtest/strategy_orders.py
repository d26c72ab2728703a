"""A backtest of a strategy that sends orders: one call of it for each bar."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np

from cryptovolt.backtest.detail import Detail
from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulation import Simulation
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.execution.payments import payments_due
from cryptovolt.market.windows import anchored_windows
from cryptovolt.trading.account import FundingDue
from cryptovolt.trading.order_strategy import RecordingAccount, ask_for_orders, send_orders
from cryptovolt.trading.step import layout as at
from cryptovolt.trading.strategy import Strategy, warmup_of
from cryptovolt.trading.target_strategy import Markets, cut


def simulate_orders(
    simulation: Simulation,
    strategy: Strategy,
    sentiment: SentimentSeries | None = None,
    *,
    several: bool = False,
) -> Run:
    """Return what an account would have done with the orders of a strategy.

    The target of the run is NaN throughout: the strategy set none.

    Parameters
    ----------
    simulation : Simulation
        Bars, settings, rules and funding, checked.
    strategy : object
        With ``warmup`` and ``orders(history, account)``.
    sentiment : SentimentSeries, optional
        Handed over as far as it had been seen.
    several : bool, default=False
        Whether the history is a dict although there is one symbol.

    Raises
    ------
    StrategyError
        If the strategy raises, returns something else than orders, or one is refused.
    """
    markets, detail_bars = simulation.markets, simulation.detail_bars
    played, detail = markets, None
    if detail_bars is not None:
        single = isinstance(detail_bars, Bars)
        played = {detail_bars.symbol: detail_bars} if single else dict(detail_bars)
        detail = Detail.of(markets, played)
    account = RecordingAccount(simulation.symbol_rules, simulation.trading)
    due = _due(simulation.funding, played)
    time = next(iter(markets.values())).timestamp
    start = 0
    for row, history in enumerate(_histories(markets, warmup_of(strategy))):
        stop = row + 1 if detail is None else int(detail.last[row]) + 1
        for small in range(start, stop):
            account.record(small, played, due.get(small, ()))
        start = stop
        if history is not None:
            wanted = ask_for_orders(
                strategy, history, account, sentiment,
                several=several, funding=simulation.funding,
            )  # fmt: skip
            send_orders(strategy, account, wanted, int(time[row]))
    fills, equity, times = account.fill_rows, account.equity_units, None
    if detail is not None:
        times = next(iter(played.values())).timestamp[fills[:, at.F_BAR]]
        fills, equity = detail.coarse(fills, equity)
    return Run(
        bars=markets, target=np.full((time.size, len(markets)), np.nan),
        trading=simulation.trading, rules=simulation.symbol_rules, books=account.books,
        fill_rows=fills, equity_units=equity, payment_rows=account.payment_rows, exact_times=times,
        funding=simulation.funding, detail_bars=detail_bars,
    )  # fmt: skip


def _histories(markets: Markets, warmup: int) -> Iterator[dict[str, Bars] | None]:
    # What the strategy is handed at each bar; None before it has seen its warm-up.
    for window in anchored_windows(next(iter(markets.values())), warmup):
        for row in range(window.first, window.stop):
            yield cut(markets, window.start, row + 1) if row >= warmup else None


def _due(
    funding: FundingRates | Mapping[str, FundingRates] | None, played: Markets
) -> dict[int, list[FundingDue]]:
    symbols = tuple(played)
    due: dict[int, list[FundingDue]] = defaultdict(list)
    rows: list[list[int]] = payments_due(funding, symbols, next(iter(played.values()))).tolist()
    for row in rows:
        rate = row[at.P_RATE] / at.SCALE
        due[row[at.P_BAR]].append((symbols[row[at.P_SYMBOL]], rate, bool(row[at.P_INSIDE])))
    return due
