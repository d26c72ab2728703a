"""Breakout: buy above the highest price of twenty days, with the way out given at the same time.

Idea
    A price that nobody has paid for weeks means that something is new. A stop order waits above the
    highest high; where it fills, one of two orders ends the trade: a stop below, or a far target.
Source
    The Turtles' System 1 after R. Donchian, in C. Faith, *Way of the Turtle*, 2007: 20 days in, 10
    days out, a stop 2 N away, N being the mean true range of 20 days, and 1 % of the equity per N.
    The target, `reward` stops away, is not theirs; it is so far that it is seldom reached, and is
    here to show orders that cancel one another.
Parameters
    Theirs, in hours of hourly bars; none was chosen by its result.
What it costs
    Two fills a trade, both as a taker: stop orders slip. Most trades lose a little; the few long
    ones have to pay for them.
Result
    BTC 2017-2022: +99 %, Sharpe ratio 1.26 (95 %: 0.34 to 2.13), drawdown 16.5 %; buy and hold made
    +343 % with one of 84 %. 2024: +11 % in BTC, +13 % in ETH, +2 % in SOL, with five or six trades.
    Deflated Sharpe ratio 0.74 for BTC by four trials. No edge shown. All numbers, where its random
    entries are approximate because it is steered by orders: docs/reference/examples.md.

    cryptovolt backtest BARS --strategy breakout.py:Breakout
"""

from functools import partial

from cryptovolt import Bars, Cancel, Order, OrderKind, Side
from cryptovolt.trading.account import Account


class Breakout:
    """One long position at most. What it has to know is in the bars, the account and its orders."""

    entry: int = 480  # bars: twenty days of hours
    exit: int = 240  # bars: ten days of hours
    day: int = 24  # bars whose range counts as one true range
    risk: float = 0.01  # share of equity per N
    stop: float = 2.0  # in N, below the entry
    reward: float = 5.0  # in stops, above the entry
    smallest: float = 10.0  # quote currency; venues refuse smaller orders

    @property
    def warmup(self) -> int:
        """The longest window."""
        return max(self.entry, self.exit)

    def orders(self, history: Bars, account: Account) -> list[Order | Cancel]:
        """Return an entry with its two exits while flat, a raised stop while long."""
        position = account.positions[history.symbol]
        lowest = float(history.low[-self.exit :].min())
        if position.entry_price is not None:
            return self._raise_stop(history.symbol, account, float(position.quantity), lowest)
        stale = [Cancel(one.order_id) for one in account.open_orders]
        return [*stale, *self._enter(history, float(account.equity), lowest)]

    def _enter(self, history: Bars, equity: float, lowest: float) -> list[Order]:
        level, n = float(history.high[-self.entry :].max()), self._true_range(history)
        # Never more than the account can pay for.
        quantity = min(self.risk * equity / n, 0.99 * equity / level) if n > 0.0 else 0.0
        if quantity * level < self.smallest:
            return []
        entry = Order(
            symbol=history.symbol,
            side=Side.BUY,
            quantity=quantity,
            kind=OrderKind.STOP,
            stop_price=level,
            good_for=1,
        )
        # The exits only reduce: they wait until the entry has filled, and end with the position.
        leave = _leaving(history.symbol, quantity)
        stop, target = level - self.stop * n, level + self.reward * self.stop * n
        return [
            entry,
            leave(kind=OrderKind.STOP, stop_price=max(stop, lowest)),
            leave(kind=OrderKind.TAKE_PROFIT, limit_price=target),
        ]

    def _raise_stop(
        self, symbol: str, account: Account, held: float, lowest: float
    ) -> list[Order | Cancel]:
        stops = [one for one in account.open_orders if one.order.kind is OrderKind.STOP]
        if any((one.order.stop_price or 0.0) >= lowest for one in stops):
            return []
        raised = _leaving(symbol, held)(kind=OrderKind.STOP, stop_price=lowest)
        return [*(Cancel(one.order_id) for one in stops), raised]

    def _true_range(self, history: Bars) -> float:
        # Of days that end with the last bar. The market never closes, so a day has no gap before
        # it and its range is its true range.
        days = self.entry // self.day
        high = history.high[-days * self.day :].reshape(days, self.day).max(axis=1)
        low = history.low[-days * self.day :].reshape(days, self.day).min(axis=1)
        return float((high - low).mean())


def _leaving(symbol: str, quantity: float) -> partial[Order]:
    # The first order of a group that trades ends the others.
    return partial(
        Order, symbol=symbol, side=Side.SELL, quantity=quantity, reduce_only=True, group="exit"
    )
