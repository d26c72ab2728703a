"""A strategy that sends orders, laid open for analysis."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np

from cryptovolt.backtest.simulation import Simulation
from cryptovolt.backtest.strategy_orders import OrderGame, Shift
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.funding import Funding
from cryptovolt.domain.orders import Cancel, Order, OrderKind, TimeInForce
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.research.tracing import Key, Trace, traced
from cryptovolt.trading.account import Account
from cryptovolt.trading.order_strategy import ask_for_orders
from cryptovolt.trading.strategy import (
    Strategy,
    file_of,
    fresh,
    name_of,
    settings_of,
    warmup_of,
)
from cryptovolt.trading.target_strategy import Markets

ORDERS = "orders"
_KINDS, _FORCES = list(OrderKind), list(TimeInForce)


@dataclass(frozen=True, slots=True)
class Situation:
    """A strategy before it is asked at a bar, and its account then."""

    strategy: Strategy
    account: Account


@dataclass(frozen=True, slots=True)
class OrdersProbe:
    """A strategy that sends orders, and the account it sends them to.

    Parameters
    ----------
    strategy : object
        With ``warmup`` and ``orders(history, account)``.
    sentiment, funding : optional
        Handed over as far as they were known.
    several : bool
        Whether the history is a dict although there is one symbol.
    cash : float
        Of the account at the start, quote currency.
    situations : mapping of int to Situation
        By the open of the bar; see :meth:`situated`.
    """

    strategy: Strategy
    sentiment: SentimentSeries | None = None
    several: bool = False
    funding: Funding | None = None
    cash: float = 10_000.0
    situations: Mapping[int, Situation] = field(default_factory=dict[int, Situation])

    @property
    def name(self) -> str:
        """Of the strategy."""
        return name_of(self.strategy)

    @property
    def warmup(self) -> int:
        """Of the strategy."""
        return warmup_of(self.strategy)

    @property
    def file(self) -> str | None:
        """Of the strategy."""
        return file_of(self.strategy)

    def game(self, markets: Markets, rules: Mapping[str, SymbolRules] | None = None) -> OrderGame:
        """Return a new account, and a copy of the strategy that remembers nothing."""
        asked = fresh(self.strategy)
        simulation = Simulation(markets, settings_of(asked, self.cash), rules, self.funding)
        shifts = [Shift(0, asked)]
        return OrderGame(simulation, shifts, self.sentiment, several=self.several)

    def situated(self, markets: Markets, rows: Sequence[int]) -> "OrdersProbe":
        """Return a probe that can be asked at these bars, as everything stood there."""
        wanted, times = set(rows), next(iter(markets.values())).timestamp
        strategies: dict[int, Strategy] = {0: fresh(self.strategy)}
        situations: dict[int, Situation] = {}
        for sent in self.game(markets).play():
            if sent.row in wanted:
                account = copy.deepcopy(sent.account)
                situations[int(times[sent.row])] = Situation(strategies[sent.row], account)
            if sent.row + 1 in wanted:
                strategies[sent.row + 1] = fresh(sent.strategy)
        return OrdersProbe(
            self.strategy, self.sentiment, self.several, self.funding, self.cash, situations
        )

    def look(self, markets: Markets) -> Trace:
        """Return everything it computes for a slice of bars, at whose last bar it was situated."""
        last = next(iter(markets.values()))
        here = self.situations[int(last.timestamp[-1])]
        with traced(self.file or "", len(last)) as trace:
            wanted = ask_for_orders(
                fresh(here.strategy), markets, here.account, self.sentiment,
                several=self.several, funding=self.funding,
            )  # fmt: skip
        for key, value in trace.scalars.items():
            trace.values[key] = np.array([value])
        trace.keep(Key(self.name, 0, 0, ORDERS), _numbers_of(wanted).reshape(1, -1))
        return trace


def _numbers_of(wanted: Sequence[Order | Cancel]) -> FloatArray:
    rows: list[float] = [float(len(wanted))]
    for one in wanted:
        rows += [float(one.order_id)] if isinstance(one, Cancel) else _numbers(one)
    return np.array(rows)


def _numbers(order: Order) -> list[float]:
    texts: list[Any] = [order.symbol, order.side, order.group or ""]
    numbers = (order.quantity, order.limit_price, order.stop_price, order.trail, order.good_for)
    return [
        *(float(crc32(str(text).encode())) for text in texts),
        *(np.nan if number is None else float(number) for number in numbers),
        float(_KINDS.index(order.kind)),
        float(_FORCES.index(order.time_in_force)),
        float(order.reduce_only),
    ]
