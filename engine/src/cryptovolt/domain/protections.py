"""Protections: when an account stops opening positions, and for how long.

They act inside the step, at the close of a bar, in backtest, paper and live alike. Positions that
are open keep their exits: nothing here keeps a trader in a losing trade.
"""

from dataclasses import dataclass

from cryptovolt.domain.errors import ConfigurationError

LONGEST_MEMORY = 16
"""Stops and closed trades that a protection can look back on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopGuard:
    """After several stops within a while, nothing is opened for a pause.

    Parameters
    ----------
    stops : int
        How many, in [1, 16]; stop losses, trailing stops and liquidations that closed a position.
    within : int
        Bars in which they happened.
    pause : int
        Bars for which nothing is opened after the last of them.
    per_symbol : bool, default=False
        Whether each symbol counts and rests alone.
    """

    stops: int
    within: int
    pause: int
    per_symbol: bool = False

    def __post_init__(self) -> None:
        _require("stops", self.stops, 1, LONGEST_MEMORY)
        _require("within", self.within, 1)
        _require("pause", self.pause, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LowProfit:
    """A symbol whose last trades earned too little rests.

    Parameters
    ----------
    trades : int
        Fewest closed trades to judge, in [1, 16].
    within : int
        Bars in which they were closed.
    least : float, default=0.0
        Sum of their returns after fees below which the symbol rests, in [−10, 10].
    pause : int
        Bars for which it is not opened.
    """

    trades: int
    within: int
    pause: int
    least: float = 0.0

    def __post_init__(self) -> None:
        _require("trades", self.trades, 1, LONGEST_MEMORY)
        _require("within", self.within, 1)
        _require("pause", self.pause, 1)
        if not -10.0 <= self.least <= 10.0:
            raise ConfigurationError(f"expected least in [-10, 10], found {self.least}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Protections:
    """When an account stops opening positions.

    Parameters
    ----------
    cooldown : int, default=0
        Bars after a position was closed in which its symbol is not opened again.
    stop_guard : StopGuard or None
        Several stops within a while.
    low_profit : LowProfit or None
        Trades of a symbol that earn too little.
    max_drawdown : float or None
        Loss since the highest equity, as a fraction in (0, 1), from which nothing is opened.
    drawdown_pause : int or None
        Bars for which that lasts; the next drawdown counts from the equity at which it began. None
        for good.
    max_order : float or None
        Largest value of an order, as far as it opens or adds, as a fraction of equity in (0, 125].

    Raises
    ------
    ConfigurationError
        If a number lies outside its range.
    """

    cooldown: int = 0
    stop_guard: StopGuard | None = None
    low_profit: LowProfit | None = None
    max_drawdown: float | None = None
    drawdown_pause: int | None = None
    max_order: float | None = None

    def __post_init__(self) -> None:
        _require("cooldown", self.cooldown, 0)
        if self.max_drawdown is not None and not 1e-8 <= self.max_drawdown < 1.0:
            raise ConfigurationError(
                f"expected max_drawdown as a fraction in (0, 1), found {self.max_drawdown}"
            )
        if self.drawdown_pause is not None:
            _require("drawdown_pause", self.drawdown_pause, 1)
        if self.max_order is not None and not 1e-8 <= self.max_order <= 125.0:
            raise ConfigurationError(f"expected max_order in (0, 125], found {self.max_order}")


def _require(name: str, value: int, least: int, most: int = 2**31) -> None:
    if not least <= value <= most:
        raise ConfigurationError(f"expected {name} between {least} and {most}, found {value}")
