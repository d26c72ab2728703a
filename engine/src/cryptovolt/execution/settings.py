"""What an account trades with: money, costs and protections."""

from dataclasses import dataclass, field

from cryptovolt.domain.costs import Costs
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.protections import Protections

MAX_LEVERAGE = 125.0
_LIMITS = {
    "stop_loss": 1,
    "take_profit": 100,
    "trailing_stop": 1,
    "max_daily_loss": 1,
    "rebalance_band": 1,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingSettings:
    """Money, costs and protections of one account.

    Parameters
    ----------
    cash : float, default=10_000.0
        Quote currency at the start, positive.
    costs : Costs
        Fee and slippage of every fill.
    leverage : float, default=1.0
        Largest gross exposure as a multiple of equity, in (0, 125].
    stop_loss, trailing_stop : float or None
        Fraction of the entry price (of the best price since entry), in (0, 1); None switches it
        off.
    take_profit : float or None
        Fraction of the entry price, in (0, 100); None switches it off.
    max_daily_loss : float or None
        Fraction of the equity at the start of the UTC day, in (0, 1); None switches it off.
    rebalance_band : float or None
        Fraction of the equity, in (0, 1): a position is not adjusted by less; None adjusts always.
    protections : Protections
        When nothing is opened any more; off by default.
    maintenance_margin : float or None, default=0.005
        Fraction of the value of all positions, in [0, 1), that the equity must cover; below it
        everything is liquidated. It can only happen to an account that is short or owes cash. None
        for no liquidation: the account is closed when a close finds it ruined.
    liquidation_fee : float, default=0.01
        Fraction of its value, in [0, 0.1], that a liquidation costs on top of the fee.

    Raises
    ------
    ConfigurationError
        If a number is outside its range.

    Notes
    -----
    Fractions count in steps of 1e-8.
    """

    cash: float = 10_000.0
    costs: Costs = field(default_factory=Costs)
    leverage: float = 1.0
    stop_loss: float | None = None
    take_profit: float | None = None
    trailing_stop: float | None = None
    max_daily_loss: float | None = None
    rebalance_band: float | None = None
    protections: Protections = field(default_factory=Protections)
    maintenance_margin: float | None = 0.005
    liquidation_fee: float = 0.01

    def __post_init__(self) -> None:
        if not 0.0 < self.cash < float("inf"):
            raise ConfigurationError(f"expected cash above 0, found {self.cash}")
        if not 0.0 < self.leverage <= MAX_LEVERAGE:
            raise ConfigurationError(
                f"expected leverage in (0, {MAX_LEVERAGE:g}], found {self.leverage}"
            )
        for name, limit in _LIMITS.items():
            value = getattr(self, name)
            if value is not None and not 1e-8 <= value < limit:
                raise ConfigurationError(
                    f"expected {name} as a fraction in (0, {limit}), found {value}"
                )
        margin = self.maintenance_margin
        if margin is not None and not 0.0 <= margin < 1.0:
            raise ConfigurationError(f"expected maintenance_margin in [0, 1), found {margin}")
        if not 0.0 <= self.liquidation_fee <= 0.1:
            raise ConfigurationError(
                f"expected liquidation_fee in [0, 0.1], found {self.liquidation_fee}"
            )
