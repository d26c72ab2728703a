"""What trading costs, and the grid of prices and sizes a venue accepts."""

from dataclasses import dataclass

from cryptovolt.domain.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Costs of every fill, as fractions of its notional.

    Parameters
    ----------
    fee : float, default=0.001
        Taker fee, in [0, 0.1].
    slippage : float, default=0.0005
        How much worse than the bar's price a fill is, in [0, 0.1].
    """

    fee: float = 0.001
    slippage: float = 0.0005

    def __post_init__(self) -> None:
        for name in ("fee", "slippage"):
            value = getattr(self, name)
            if not 0.0 <= value <= 0.1:
                raise ConfigurationError(
                    f"expected {name} as a fraction in [0, 0.1], found {value}"
                )

    @property
    def flattering(self) -> bool:
        """Whether a cost that every real account pays is switched off."""
        return self.fee == 0.0 or self.slippage == 0.0


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
