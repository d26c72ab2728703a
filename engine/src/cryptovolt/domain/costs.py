"""What trading costs, and the grid of prices and sizes a venue accepts."""

from dataclasses import dataclass

from cryptovolt.domain.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Costs of every fill; those that are fractions count from its notional or its price.

    Parameters
    ----------
    fee : float, default=0.001
        Taker fee, in [0, 0.1].
    maker_fee : float or None
        Fee of limit orders that rested, in [0, 0.1]; None for the taker fee.
    fee_asset : str or None
        What fees are taken from: None for the quote currency, ``"base"`` for what was bought, or
        another symbol of the same account, as long as it is held.
    slippage : float, default=0.0005
        How much worse than the bar's price a taker's fill is, in [0, 0.1].
    spread : float, default=0.0
        Distance of bid and ask as a fraction of the price, in [0, 0.1]; a taker pays half of it on
        top of the slippage.
    impact : float, default=0.0
        Square-root market impact: fraction of the price paid for an order as large as the volume
        of the bar, in [0, 1]; an order of a share *q* of it pays ``impact × √q``.
    volatility : float, default=0.0
        Part of the bar's range (high − low) that a taker pays on top, in [0, 1].
    delay : int, default=0
        Bars that a target is late: it is filled from the open of the bar ``1 + delay`` later.
    """

    fee: float = 0.001
    maker_fee: float | None = None
    fee_asset: str | None = None
    slippage: float = 0.0005
    spread: float = 0.0
    impact: float = 0.0
    volatility: float = 0.0
    delay: int = 0

    def __post_init__(self) -> None:
        for name in ("fee", "maker_fee", "slippage", "spread"):
            value = getattr(self, name)
            if value is not None and not 0.0 <= value <= 0.1:
                raise ConfigurationError(
                    f"expected {name} as a fraction in [0, 0.1], found {value}"
                )
        for name in ("impact", "volatility"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise ConfigurationError(f"expected {name} in [0, 1], found {value}")
        if not 0 <= self.delay <= 1000 or self.delay != int(self.delay):
            raise ConfigurationError(f"expected a delay of 0 to 1000 bars, found {self.delay}")

    @property
    def flattering(self) -> bool:
        """Whether a cost that every real account pays is switched off."""
        slips = self.slippage + self.spread + self.impact + self.volatility
        return self.fee == 0.0 or slips == 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolRules:
    """What a venue accepts for one symbol.

    Parameters
    ----------
    tick_size : float
        Prices are multiples of it, quote currency.
    step_size : float
        Quantities are multiples of it, base currency.
    min_notional : float
        Smallest price × quantity of an order, quote currency.
    """

    tick_size: float
    step_size: float
    min_notional: float = 0.0

    def __post_init__(self) -> None:
        for name in ("tick_size", "step_size"):
            value = getattr(self, name)
            if not 0.0 < value < float("inf"):
                raise ConfigurationError(f"expected a positive {name}, found {value}")
        if not 0.0 <= self.min_notional < float("inf"):
            raise ConfigurationError(f"expected min_notional ≥ 0, found {self.min_notional}")
