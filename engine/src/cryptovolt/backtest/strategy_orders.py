"""A backtest of strategies that send orders: one call for each bar, on one account."""

from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cryptovolt.backtest.detail import Detail
from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulation import Simulation
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.orders import Cancel, Order, Side
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.execution.payments import payments_due
from cryptovolt.market.windows import anchored_windows
from cryptovolt.trading.account import Account, FundingDue
from cryptovolt.trading.order_strategy import RecordingAccount, ask_for_orders, send_orders
from cryptovolt.trading.step import layout as at
from cryptovolt.trading.strategy import Strategy, warmup_of
from cryptovolt.trading.target_strategy import Markets, cut


@dataclass(frozen=True, slots=True)
class Shift:
    """Who sends orders from a bar on; None sends none.

    Parameters
    ----------
    first : int
        Row of the bars that are traded.
    strategy : object or None
        With ``warmup`` and ``orders(history, account)``. The same object as in the shift before
        goes on without an interruption.
    """

    first: int
    strategy: Strategy | None


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent and taken back at the close of one bar, before the account acts on it.

    Parameters
    ----------
    row : int
        Of the bars that are traded.
    wanted : tuple of Order and Cancel
        In their order.
    strategy : object or None
        Who was asked; None where nobody was.
    account : Account
        Before it was given the orders.
    """

    row: int
    wanted: tuple[Order | Cancel, ...]
    strategy: Strategy | None
    account: Account


def simulate_orders(
    simulation: Simulation,
    shifts: Sequence[Shift],
    sentiment: SentimentSeries | None = None,
    *,
    several: bool = False,
    history: Markets | None = None,
) -> Run:
    """Return what an account would have done with the orders of a strategy, or of several in turn.

    The target of the run is NaN throughout: nobody set one.

    Parameters
    ----------
    simulation : Simulation
        Bars, settings, rules and funding, checked.
    shifts : sequence of Shift
        Who sends orders; the first from row 0 on. Where another strategy takes over, the working
        orders are taken back and what is held is closed by market orders, so that it begins with
        nothing.
    sentiment : SentimentSeries, optional
        Handed over as far as it had been seen.
    several : bool, default=False
        Whether the history is a dict although there is one symbol.
    history : mapping of str to Bars, optional
        The bars with earlier ones before them, which are handed over but not traded.

    Raises
    ------
    StrategyError
        If the strategy raises, or sends what cannot be traded.
    ConfigurationError
        If the account outgrows 64 bits.
    """
    game = OrderGame(simulation, shifts, sentiment, several=several, history=history)
    for _ in game.play():
        pass
    return game.run()


class OrderGame:
    """One account and the strategies that send it orders, bar by bar; see `simulate_orders`."""

    def __init__(
        self,
        simulation: Simulation,
        shifts: Sequence[Shift],
        sentiment: SentimentSeries | None = None,
        *,
        several: bool = False,
        history: Markets | None = None,
    ) -> None:
        self._simulation, self._shifts, self._sentiment = simulation, shifts, sentiment
        self._several = several
        self._markets = simulation.markets
        self._history = simulation.markets if history is None else history
        self._played: Markets = self._markets
        self._detail: Detail | None = None
        if simulation.detail_bars is not None:
            fine = simulation.detail_bars
            self._played = {fine.symbol: fine} if isinstance(fine, Bars) else dict(fine)
            self._detail = Detail.of(self._markets, self._played)
        self._account = RecordingAccount(simulation.symbol_rules, simulation.trading)

    def play(self) -> Generator[Sent]:
        """Live through all bars; yield what is sent at each before the account is given it."""
        account, start = self._account, 0
        due = _due(self._simulation.funding, self._played)
        time = next(iter(self._markets.values())).timestamp.tolist()
        for row, (strategy, history) in enumerate(self._turns()):
            stop = row + 1 if self._detail is None else int(self._detail.last[row]) + 1
            for small in range(start, stop):
                account.record(small, self._played, due.get(small, ()))
            start = stop
            wanted = self._wanted(strategy, history)
            yield Sent(row, wanted, strategy, account)
            if strategy is not None:
                send_orders(strategy, account, wanted, time[row])
            else:
                _send(account, wanted)

    def run(self) -> Run:
        """Return what came of it, after the last bar."""
        simulation, account = self._simulation, self._account
        fills, equity, times = account.fill_rows, account.equity_units, None
        if self._detail is not None:
            times = next(iter(self._played.values())).timestamp[fills[:, at.F_BAR]]
            fills, equity = self._detail.coarse(fills, equity)
        n_bars = len(next(iter(self._markets.values())))
        return Run(
            bars=self._markets, target=np.full((n_bars, len(self._markets)), np.nan),
            trading=simulation.trading, rules=simulation.symbol_rules, books=account.books,
            fill_rows=fills, equity_units=equity, payment_rows=account.payment_rows,
            exact_times=times, funding=simulation.funding, detail_bars=simulation.detail_bars,
        )  # fmt: skip

    def _wanted(
        self, strategy: Strategy | None, history: Markets | None
    ) -> tuple[Order | Cancel, ...]:
        if strategy is None:
            return wind_up(self._account)
        if history is None:
            return ()
        return ask_for_orders(
            strategy, history, self._account, self._sentiment,
            several=self._several, funding=self._simulation.funding,
        )  # fmt: skip

    def _turns(self) -> Iterator[tuple[Strategy | None, Markets | None]]:
        # Who is asked at each bar, and what it is handed: nothing before its warm-up.
        n_bars = len(next(iter(self._markets.values())))
        ends = [*(shift.first for shift in self._shifts[1:]), n_bars]
        for number, (shift, end) in enumerate(zip(self._shifts, ends, strict=True)):
            following = self._shifts[number + 1 :]
            changes = bool(following) and following[0].strategy is not shift.strategy
            if shift.strategy is None:
                histories: Iterator[Markets | None] = iter([None] * (end - shift.first))
            else:
                histories = self._histories(warmup_of(shift.strategy), shift.first, end)
            for row, history in enumerate(histories, shift.first):
                # The last one is for whoever takes over: it begins with nothing.
                yield None if changes and row == end - 1 else shift.strategy, history

    def _histories(self, warmup: int, first: int, end: int) -> Iterator[Markets | None]:
        whole = next(iter(self._history.values()))
        before = len(whole) - len(next(iter(self._markets.values())))
        for window in anchored_windows(whole, warmup):
            start, stop = max(window.first, before + first), min(window.stop, before + end)
            for row in range(start, stop):
                yield cut(self._history, window.start, row + 1) if row >= warmup else None


def wind_up(account: Account) -> tuple[Order | Cancel, ...]:
    """Return what ends everything: working orders taken back, what is held closed at the market."""
    held = {symbol: float(one.quantity) for symbol, one in account.positions.items()}
    return (
        *(Cancel(one.order_id) for one in account.open_orders),
        *(
            Order(
                symbol=symbol,
                side=Side.SELL if quantity > 0 else Side.BUY,
                quantity=abs(quantity),
                reduce_only=True,
            )
            for symbol, quantity in held.items()
            if quantity
        ),
    )


def _send(account: Account, wanted: Sequence[Order | Cancel]) -> None:
    for one in wanted:
        if isinstance(one, Cancel):
            account.cancel(one.order_id)
        else:
            account.submit([one])


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
