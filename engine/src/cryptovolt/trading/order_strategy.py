"""A strategy that sends orders: asked at the close of every bar, in batch and live alike.

What it is handed begins `warmup` bars before the block of the bar (see
:mod:`cryptovolt.market.windows`) and ends with the bar: it cannot know a later one. It may keep
what it likes between bars; it is not asked before `warmup` bars have been seen.
"""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from cryptovolt.domain.arrays import IntArray
from cryptovolt.domain.bars import VALUE_COLUMNS
from cryptovolt.domain.errors import ConfigurationError, StrategyError
from cryptovolt.domain.funding import Funding
from cryptovolt.domain.orders import Cancel, Fill, Order
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.trading.account import Account, FundingDue
from cryptovolt.trading.books import Books
from cryptovolt.trading.step import layout as at
from cryptovolt.trading.strategy import Strategy, calling, place_of, tell_funding, tell_sentiment
from cryptovolt.trading.target_strategy import Markets, moment


def ask_for_orders(
    strategy: Strategy,
    markets: Markets,
    account: Account,
    sentiment: SentimentSeries | None = None,
    *,
    several: bool = False,
    funding: Funding | None = None,
) -> tuple[Order | Cancel, ...]:
    """Return what a strategy wants to send and to take back after the last bar, in its order.

    Raises
    ------
    StrategyError
        If the strategy raises, or returns something else than orders.
    """
    last = next(iter(markets.values()))
    now = int(last.timestamp[-1])
    as_of = now + last.interval_ms
    history = dict(markets) if several or len(markets) > 1 else last
    tell_sentiment(strategy, sentiment, as_of)
    tell_funding(strategy, funding, history, as_of)
    with calling(strategy, "orders"):
        wanted: Any = strategy.orders(history, account)
    if wanted is None or isinstance(wanted, str) or not isinstance(wanted, Sequence):
        raise StrategyError(
            f"{place_of(strategy)}: expected a list of orders, found {type(wanted).__name__} at "
            f"{moment(now)}; return [] for none"
        )
    orders = cast("Sequence[Any]", wanted)
    for one in orders:
        if not isinstance(one, Order | Cancel):
            raise StrategyError(
                f"{place_of(strategy)}: expected Order and Cancel in the list of orders, found "
                f"{type(one).__name__} at {moment(now)}"
            )
    return tuple(orders)


def send_orders(
    strategy: Strategy, account: Account, wanted: Sequence[Order | Cancel], time: int
) -> list[int]:
    """Give orders to an account and take back others, one after another; return the new ids.

    Raises
    ------
    StrategyError
        If the account refuses one.
    """
    given: list[int] = []
    try:
        for one in wanted:
            if isinstance(one, Cancel):
                account.cancel(one.order_id)
            else:
                given += account.submit([one])
    except ConfigurationError as error:
        raise StrategyError(f"{place_of(strategy)}: at {moment(time)}: {error}") from error
    return given


class RecordingAccount(Account):
    """An account that remembers the exact integers of everything that happened in it."""

    _fill_parts: list[IntArray]
    _payment_parts: list[IntArray]
    _equity_units: list[int]

    def record(self, row: int, markets: Markets, funding: Sequence[FundingDue]) -> list[Fill]:
        """Live through one row of the bars and keep what it brought."""
        if row == 0:
            self._fill_parts, self._payment_parts, self._equity_units = [], [], []
        first = next(iter(markets.values()))
        columns = [
            np.array([getattr(bars, name)[row] for bars in markets.values()])
            for name in VALUE_COLUMNS
        ]
        fills = self.step(int(first.timestamp[row]), *columns, funding=funding)
        if fills:
            rows = self._fills[: len(fills)].copy()
            rows[:, at.F_BAR] = row
            self._fill_parts.append(rows)
        if funding:
            paid = self._due.copy()
            paid[:, at.P_BAR] = row
            self._payment_parts.append(paid)
        self._equity_units.append(int(self._numbers[at.EQUITY]))
        return fills

    @property
    def fill_rows(self) -> IntArray:
        """Every fill, rows as the compiled step writes them."""
        return np.concatenate([np.zeros((0, at.N_FILL), np.int64), *self._fill_parts])

    @property
    def payment_rows(self) -> IntArray:
        """Every funding payment, rows as the compiled step writes them."""
        return np.concatenate([np.zeros((0, at.N_PAYMENT), np.int64), *self._payment_parts])

    @property
    def equity_units(self) -> IntArray:
        """Equity at every close in quote units."""
        return np.array(self._equity_units, np.int64)

    @property
    def books(self) -> Books:
        """State and constants after the last bar."""
        return self._books
