"""How each kind of strategy speaks in a session: asked at the close of a bar, answered by signals.

A voice asks its strategy about the open block's slice, tells the account what it wants, and
explains it. The slice and the calls are those of a backtest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import LookAheadError
from cryptovolt.domain.funding import Funding
from cryptovolt.domain.orders import Cancel, Order, Side
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.domain.signal import Action, Signal
from cryptovolt.risk.limits import RiskLimits
from cryptovolt.trading.account import Account
from cryptovolt.trading.hybrid import Beside, HybridStrategy
from cryptovolt.trading.order_strategy import ask_for_orders, send_orders
from cryptovolt.trading.prefix_check import changed_rows, check_prefixes, require_no_look_ahead
from cryptovolt.trading.strategy import (
    Strategy,
    check_strategy,
    fresh,
    limited,
    method_of,
    name_of,
    warmup_of,
)
from cryptovolt.trading.target_strategy import (
    Markets,
    TargetDecider,
    cut,
    first_place,
    moment,
    require_within,
)

_SEED = 7


class Answer(NamedTuple):
    """What a strategy said at one bar: a signal for each symbol, and whether it asked for any."""

    signals: Mapping[str, Signal]
    asked: bool
    sent: tuple[int, ...] = ()


class Known(NamedTuple):
    """What is recorded beside the bars; a strategy is handed what was known at the close."""

    sentiment: SentimentSeries | None = None
    funding: Funding | None = None
    beside: Beside | None = None


class Voice(Protocol):
    """One strategy in one session."""

    @property
    def warmup(self) -> int:
        """Bars before a block that its decisions are computed from."""
        ...

    def hear(self, history: Markets) -> None:
        """Look at the bars before the session; refuse to trade where they say so."""
        ...

    def speak(self, block: Markets, account: Account, known: Known, *, ready: bool) -> Answer:
        """Decide at the last bar of the open block's slice, and tell the account.

        `ready` says whether as many bars as the warm-up have been seen before it.
        """
        ...


@dataclass(frozen=True, slots=True)
class HybridVoice:
    """The hybrid strategy, about one symbol."""

    strategy: HybridStrategy

    @property
    def warmup(self) -> int:
        """Of the strategy."""
        return self.strategy.warmup

    def hear(self, history: Markets) -> None:
        """Nothing: it is known not to read ahead."""

    def speak(self, block: Markets, account: Account, known: Known, *, ready: bool) -> Answer:
        """Decide at the last bar, and tell the account."""
        del ready  # it knows by itself when it has seen enough
        ((symbol, bars),) = block.items()
        beside = replace(known.beside or Beside(), funding=known.funding)
        decided = self.strategy.decide(bars, known.sentiment, last_only=True, beside=beside)
        signal = decided.signal()
        if signal.target is not None:
            account.decide(signal.target)
        return Answer({symbol: signal}, signal.target is not None)


@dataclass(slots=True)
class TargetVoice:
    """A strategy that decides by targets.

    It is checked for look-ahead before the session on the bars it warms up on, and at every bar:
    what it says now about the bars before must be what it said then.
    """

    strategy: Strategy
    leverage: float
    limits: RiskLimits | None = None
    several: bool = False
    _said: tuple[int, FloatArray] | None = field(default=None, init=False)

    @property
    def warmup(self) -> int:
        """Of the strategy."""
        return warmup_of(self.strategy)

    def hear(self, history: Markets) -> None:
        """Check the strategy on the bars before the session.

        Raises
        ------
        LookAheadError
            If it reads ahead.
        """
        # News and funding come with the bars of the session only; what reads them is checked there.
        waits = any(hasattr(self.strategy, name) for name in ("sentiment", "funding"))
        if not len(next(iter(history.values()))) or waits:
            return
        decider = TargetDecider(self.strategy, None, self.several)
        target = decider.fresh().decide_all(history)
        check = check_prefixes(decider.fresh(), history, target, seed=_SEED)
        require_no_look_ahead(check, name_of(self.strategy))

    def speak(self, block: Markets, account: Account, known: Known, *, ready: bool) -> Answer:
        """Decide at the last bar, and tell the account."""
        first = next(iter(block.values()))
        if ready:
            decider = TargetDecider(self.strategy, known.sentiment, self.several, known.funding)
            said = decider.decide(block)
            self._require_same(said, block)
        else:
            said = np.full((len(first), len(block)), np.nan)
        wanted = limited(said[-1:], self.limits)
        require_within(wanted, self.leverage, self.strategy, cut(block, len(first) - 1, len(first)))
        account.decide(wanted[0])
        signals = {
            symbol: self._signal(bars, wanted[0, column], said[:-1, column])
            for column, (symbol, bars) in enumerate(block.items())
        }
        return Answer(signals, not bool(np.isnan(wanted).all()))

    def _require_same(self, said: FloatArray, block: Markets) -> None:
        first = next(iter(block.values()))
        begin = int(first.timestamp[0])
        before, self._said = self._said, (begin, said)
        if before is None or before[0] != begin:
            return
        then = before[1]
        differs = changed_rows(then, said[: len(then)])
        differs[: self.warmup] = False
        if differs.any():
            row, column = first_place(differs)
            raise LookAheadError(
                f"expected {name_of(self.strategy)} to stand by what it decided, found a target of "
                f"{list(block)[column]} at {moment(int(first.timestamp[row]))} that was "
                f"{then[row, column]:g} and is {said[row, column]:g} now that later bars are "
                "known; it does not trade"
            )

    def _signal(self, bars: Bars, target: float, earlier: FloatArray) -> Signal:
        known = earlier[~np.isnan(earlier)]
        before = float(known[-1]) if known.size else 0.0
        name, heard = name_of(self.strategy), target == target
        action = Action.HOLD
        if heard and target != before:
            action = Action.BUY if target > before else Action.SELL
        reason = f"{name} asks for {target:.1%} of equity" if heard else f"{name} keeps"
        return _signal(
            bars,
            action,
            reason,
            score=max(-1.0, min(1.0, float(target))) if heard else 0.0,
            target=float(target) if heard else None,
        )


@dataclass(frozen=True, slots=True)
class OrderVoice:
    """A strategy that sends orders."""

    strategy: Strategy
    several: bool = False

    @property
    def warmup(self) -> int:
        """Of the strategy."""
        return warmup_of(self.strategy)

    def hear(self, history: Markets) -> None:
        """Nothing: it is never handed a bar after the one it decides at."""

    def speak(self, block: Markets, account: Account, known: Known, *, ready: bool) -> Answer:
        """Decide at the last bar, and give the account its orders."""
        wanted: tuple[Order | Cancel, ...] = ()
        if ready:
            wanted = ask_for_orders(
                self.strategy, block, account, known.sentiment,
                several=self.several, funding=known.funding,
            )  # fmt: skip
        time = int(next(iter(block.values())).timestamp[-1])
        sent = send_orders(self.strategy, account, wanted, time)
        signals = {symbol: self._signal(bars, wanted) for symbol, bars in block.items()}
        return Answer(signals, bool(sent), tuple(sent))

    def _signal(self, bars: Bars, wanted: tuple[Order | Cancel, ...]) -> Signal:
        orders = [one for one in wanted if isinstance(one, Order) and one.symbol == bars.symbol]
        sides = {order.side for order in orders}
        action = Action.HOLD
        if len(sides) == 1:
            action = Action.BUY if Side.BUY in sides else Action.SELL
        told = "; ".join(_told(order) for order in orders) or "no orders"
        n_back = sum(isinstance(one, Cancel) for one in wanted)
        back = f", {n_back} taken back" if n_back else ""
        return _signal(bars, action, f"{name_of(self.strategy)}: {told}{back}")


def voice_of(
    strategy: Strategy, leverage: float, limits: RiskLimits | None, *, several: bool
) -> Voice:
    """Return the voice of a strategy; of one written as code a copy speaks.

    Raises
    ------
    StrategyError
        If it is no strategy.
    """
    check_strategy(strategy)
    if isinstance(strategy, HybridStrategy):
        return HybridVoice(strategy)
    if method_of(strategy) == "orders":
        return OrderVoice(fresh(strategy), several)
    return TargetVoice(fresh(strategy), leverage, limits, several)


def _told(order: Order) -> str:
    prices = [f"{p:g}" for p in (order.stop_price, order.limit_price) if p is not None]
    at = f" at {' and '.join(prices)}" if prices else ""
    return f"{order.side} {order.quantity:g} {order.kind}{at}"


def _signal(
    bars: Bars, action: Action, reason: str, *, score: float = 0.0, target: float | None = None
) -> Signal:
    timestamp = int(bars.timestamp[-1])
    return Signal(
        symbol=bars.symbol,
        timestamp=timestamp,
        action=action,
        score=score,
        as_of=timestamp + bars.interval_ms,
        votes=(),
        weights={},
        target=target,
        reasons=(reason,),
    )
