"""Limits: how much may be held, ordered and lost.

:func:`check` answers before an order is sent. It reports every limit the order would break; an
empty answer approves it. An order that only reduces a position is always approved: risk rules must
never keep a trader in a losing trade.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.protections import Protections

# A closing order whose value differs from the position's by rounding only is no new position.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLimits:
    """What the account may do. All are fractions of equity unless said.

    Backtest and paper trading apply all of them, inside the step where they concern the account;
    :func:`check` asks the same of a single order before it is sent.

    Parameters
    ----------
    max_position : float, default=0.5
        Largest position in one symbol, in (0, 10].
    max_order : float, default=0.5
        Largest order, as far as it opens or adds, in (0, 10].
    max_exposure : float, default=1.0
        Largest sum of all positions, longs and shorts, in (0, 10].
    target_volatility : float, default=0.6
        Volatility per year, of the symbol, up to which a full position is taken; above it the
        position shrinks in proportion. In (0, 10].
    stop_loss : float or None, default=0.05
        Loss of price from entry at which a position is closed, in (0, 1); None for no stop.
    take_profit : float or None, default=0.1
        Gain of price from entry at which a position is closed, in (0, 10]; None for no target.
    max_daily_loss : float, default=0.05
        Loss since the start of the day (UTC) from which nothing is opened, in (0, 1].
    max_drawdown : float, default=0.25
        Loss since the highest equity from which nothing is opened, in (0, 1]; 1 for no limit.
    drawdown_pause : int or None
        Bars for which nothing is opened then, at least 1; None for good.
    rebalance_band : float or None, default=0.1
        Share of equity by which a position that stays open must at least change to be adjusted, in
        (0, 1); None adjusts at every signal.
    veto_volatility : float, default=1.5
        Volatility as a multiple of its typical value from which bad news forbids buying, in
        [1, 100].
    veto_sentiment : float, default=-0.1
        Vote of the news at or below which it counts as bad, in [−1, 0).

    Raises
    ------
    ConfigurationError
        If a number lies outside its range.
    """

    max_position: float = 0.5
    max_order: float = 0.5
    max_exposure: float = 1.0
    target_volatility: float = 0.6
    stop_loss: float | None = 0.05
    take_profit: float | None = 0.1
    max_daily_loss: float = 0.05
    max_drawdown: float = 0.25
    drawdown_pause: int | None = None
    rebalance_band: float | None = 0.1
    veto_volatility: float = 1.5
    veto_sentiment: float = -0.1

    def __post_init__(self) -> None:
        for name in ("max_position", "max_order", "max_exposure", "target_volatility"):
            self._require(name, lambda value: 0.0 < value <= 10.0, "in (0, 10]")
        for name in ("max_daily_loss", "max_drawdown"):
            self._require(name, lambda value: 0.0 < value <= 1.0, "in (0, 1]")
        if self.stop_loss is not None:
            self._require("stop_loss", lambda value: 0.0 < value < 1.0, "in (0, 1), or None")
        if self.rebalance_band is not None:
            self._require("rebalance_band", lambda value: 0.0 < value < 1.0, "in (0, 1), or None")
        if self.take_profit is not None:
            self._require("take_profit", lambda value: 0.0 < value <= 10.0, "in (0, 10], or None")
        self._require("veto_volatility", lambda value: 1.0 <= value <= 100.0, "in [1, 100]")
        self._require("veto_sentiment", lambda value: -1.0 <= value < 0.0, "in [-1, 0)")

    def protect(self, own: Protections | None = None) -> Protections:
        """Return protections with these limits, and else those given."""
        return replace(
            own or Protections(),
            max_order=self.max_order,
            max_drawdown=self.max_drawdown if self.max_drawdown < 1.0 else None,
            drawdown_pause=self.drawdown_pause,
        )

    def _require(self, name: str, holds: Callable[[float], bool], expected: str) -> None:
        value = getattr(self, name)
        if not holds(value):
            raise ConfigurationError(f"expected {name} {expected}, found {value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderIntent:
    """An order that may be sent, in quote currency.

    Parameters
    ----------
    symbol : str
        Venue form.
    notional : float
        Price × quantity: positive buys, negative sells.
    held : float
        Value of what is held of the symbol: positive long, negative short.
    """

    symbol: str
    notional: float
    held: float = 0.0

    @property
    def opening(self) -> float:
        """The part of the order, ≥ 0, that opens, adds or turns; NaN when that cannot be said."""
        if not min(self.notional, self.held) < 0.0 < max(self.notional, self.held):
            return abs(self.notional)
        beyond = abs(self.notional) - abs(self.held)
        return 0.0 if beyond <= _ROUNDING * abs(self.held) else beyond

    @property
    def closing(self) -> float:
        """The part of the order, ≥ 0, that only reduces what is held."""
        return abs(self.notional) - self.opening

    @property
    def reduces_position(self) -> bool:
        """Whether the order does nothing but reduce what is held."""
        return self.opening == 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """The account before the order, in quote currency.

    Parameters
    ----------
    equity : float
        Cash and positions at the newest prices.
    peak_equity : float
        Highest equity so far.
    day_start_equity : float
        Equity at 00:00 UTC of this day.
    gross_exposure : float
        Sum of the values of all positions, longs and shorts, ≥ 0.
    """

    equity: float
    peak_equity: float
    day_start_equity: float
    gross_exposure: float = 0.0


@dataclass(frozen=True, slots=True)
class Breach:
    """One limit an order would break: what is allowed and what was found, in the limit's unit."""

    limit: str
    allowed: float
    found: float

    def __str__(self) -> str:
        return f"{self.limit}: allowed {self.allowed:,.4g}, found {self.found:,.4g}"


Limit: TypeAlias = Callable[[OrderIntent, AccountState, RiskLimits], Breach | None]


def order_size(order: OrderIntent, account: AccountState, limits: RiskLimits) -> Breach | None:
    """Refuse an order that opens more than the allowed fraction of equity."""
    return _breach("order_size", account.equity * limits.max_order, order.opening)


def position(order: OrderIntent, account: AccountState, limits: RiskLimits) -> Breach | None:
    """Refuse an order after which the position would exceed the allowed fraction of equity."""
    found = abs(order.held + order.notional)
    return _breach("position", account.equity * limits.max_position, found)


def exposure(order: OrderIntent, account: AccountState, limits: RiskLimits) -> Breach | None:
    """Refuse an order that would lift gross exposure above the allowed fraction of equity."""
    found = account.gross_exposure - order.closing + order.opening
    return _breach("exposure", account.equity * limits.max_exposure, found)


def daily_loss(_order: OrderIntent, account: AccountState, limits: RiskLimits) -> Breach | None:
    """Refuse every new position once the day has lost too much."""
    return _loss_breach("daily_loss", limits.max_daily_loss, account, account.day_start_equity)


def drawdown(_order: OrderIntent, account: AccountState, limits: RiskLimits) -> Breach | None:
    """Refuse every new position while the account is too far below its peak."""
    return _loss_breach("drawdown", limits.max_drawdown, account, account.peak_equity)


PRE_TRADE_LIMITS: tuple[Limit, ...] = (order_size, position, exposure, daily_loss, drawdown)


def check(order: OrderIntent, account: AccountState, limits: RiskLimits) -> tuple[Breach, ...]:
    """Return every limit the order would break; an empty tuple approves it.

    An order that only reduces a position is always approved.

    Parameters
    ----------
    order : OrderIntent
        NaN in it breaks the limits it touches.
    account : AccountState
        NaN in it breaks the limits it touches.
    limits : RiskLimits
        What is allowed.

    Returns
    -------
    tuple of Breach
        In the order of :data:`PRE_TRADE_LIMITS`.
    """
    if order.reduces_position:
        return ()
    found = (limit(order, account, limits) for limit in PRE_TRADE_LIMITS)
    return tuple(breach for breach in found if breach is not None)


def _breach(name: str, allowed: float, found: float) -> Breach | None:
    # Written so that NaN is a breach.
    return None if found <= allowed else Breach(name, allowed, found)


def _loss_breach(
    name: str, allowed: float, account: AccountState, reference: float
) -> Breach | None:
    found = 1.0 - account.equity / reference if reference > 0.0 else float("nan")
    # At the limit itself nothing is opened any more.
    return None if found < allowed else Breach(name, allowed, found)
