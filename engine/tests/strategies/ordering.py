"""Strategies that send orders."""

from collections.abc import Sequence
from typing import Any

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.orders import Cancel, Order, OrderKind, Side
from cryptovolt.trading.account import Account


class Breakout:
    """Buys above the highest high of some bars; leaves by a stop or a target."""

    length: int = 24
    size: float = 0.1
    stop: float = 0.02

    @property
    def warmup(self) -> int:
        return self.length

    def orders(self, history: Bars, account: Account) -> Sequence[Order | Cancel]:
        held = float(account.positions[history.symbol].quantity)
        if held == 0.0:
            level = float(history.high[-self.length :].max())
            stale = [Cancel(one.order_id) for one in account.open_orders]
            return [
                *stale,
                Order(
                    symbol=history.symbol,
                    side=Side.BUY,
                    quantity=self.size,
                    kind=OrderKind.STOP,
                    stop_price=level,
                ),
            ]
        if any(one.order.side is Side.SELL for one in account.open_orders):
            return []
        price = float(history.close[-1])
        out: dict[str, Any] = {
            "symbol": history.symbol, "side": Side.SELL, "quantity": held, "group": "exit",
        }  # fmt: skip
        return [
            Order(**out, kind=OrderKind.STOP, stop_price=price * (1 - self.stop), reduce_only=True),
            Order(**out, kind=OrderKind.TAKE_PROFIT, limit_price=price * 1.03),
        ]


class Hold:
    """Buys once, or never, and holds."""

    warmup = 0
    hold: bool = True

    def orders(self, history: Bars, account: Account) -> Sequence[Order]:
        if not self.hold or account.positions[history.symbol].quantity or account.open_orders:
            return []
        return [Order(symbol=history.symbol, side=Side.BUY, quantity=1.0)]


class NewsAndFunding:
    """Long after good news while longs receive; refuses to know anything too early."""

    warmup = 10
    level: float = 0.0
    sentiment = None
    funding = None

    def orders(self, history: Bars, account: Account) -> Sequence[Order]:
        news, paid = known(self, history)
        held = float(account.positions[history.symbol].quantity)
        good = len(news) > 0 and float(news.score[-1]) > self.level
        wanted = good and float(paid.rate[-1]) < 0.0
        if wanted == (held > 0.0) or account.open_orders:
            return []
        side = Side.BUY if wanted else Side.SELL
        return [Order(symbol=history.symbol, side=side, quantity=held or 0.2)]


def known(strategy: Any, history: Bars) -> tuple[Any, Any]:
    """Return the news and funding a strategy was handed, none of it later than the last close."""
    close = int(history.timestamp[-1]) + history.interval_ms
    news, paid = strategy.sentiment, strategy.funding
    assert news is not None
    assert paid is not None
    assert not len(news) or int(news.observed_at[-1]) <= close
    assert not len(paid) or int(paid.timestamp[-1]) <= close
    return news, paid
