"""Targets of a strategy, the same in batch and bar by bar.

A strategy is asked in anchored windows (see :mod:`cryptovolt.market.windows`): the target at bar
``t`` is computed from the slice that starts ``warmup`` bars before ``t``'s block. A batch asks once
a block; live asks about the open block at every bar. With several symbols the blocks are those of
their common times. Before `warmup` bars have been seen nothing is decided.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import DataError, StrategyError
from cryptovolt.domain.funding import Funding
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.market.windows import anchored_windows
from cryptovolt.trading.hybrid import Beside, HybridStrategy
from cryptovolt.trading.strategy import (
    Strategy,
    calling,
    fresh,
    name_of,
    place_of,
    tell_funding,
    tell_sentiment,
    warmup_of,
)

Markets = Mapping[str, Bars]
"""Bars by symbol, all with the same times; their order is that of the columns of a target."""


class Decider(Protocol):
    """Asks a strategy for targets."""

    @property
    def name(self) -> str:
        """Of the strategy."""
        ...

    @property
    def warmup(self) -> int:
        """Bars before a block that its targets are computed from."""
        ...

    def decide(self, markets: Markets) -> FloatArray:
        """Return the targets of one slice, shape ``(n_bars, n_symbols)``."""
        ...

    def decide_all(self, markets: Markets) -> FloatArray:
        """Return the targets of all history, shape ``(n_bars, n_symbols)``."""
        ...

    def fresh(self) -> "Decider":
        """Return one that remembers nothing of what this one will be asked later."""
        ...


@dataclass(frozen=True, slots=True)
class TargetDecider:
    """Asks a strategy written as code.

    Parameters
    ----------
    strategy : object
        With ``warmup`` and ``target(history)``.
    sentiment : SentimentSeries, optional
        Handed over as far as it had been seen.
    several : bool, default=False
        Whether the history is a dict although there is one symbol.
    funding : FundingRates or mapping of str to FundingRates, optional
        Handed over as far as it had been paid.
    """

    strategy: Strategy
    sentiment: SentimentSeries | None = None
    several: bool = False
    funding: Funding | None = None

    @property
    def name(self) -> str:
        """Of the strategy."""
        return name_of(self.strategy)

    @property
    def warmup(self) -> int:
        """Bars before a block that its targets are computed from."""
        return warmup_of(self.strategy)

    def decide(self, markets: Markets) -> FloatArray:
        """Return the targets of one slice, shape ``(n_bars, n_symbols)``.

        Raises
        ------
        StrategyError
            If the strategy raises, or returns something else than a target.
        """
        last = next(iter(markets.values()))
        as_of = int(last.timestamp[-1]) + last.interval_ms
        tell_sentiment(self.strategy, self.sentiment, as_of)
        history = dict(markets) if self.several or len(markets) > 1 else last
        tell_funding(self.strategy, self.funding, history, as_of)
        with calling(self.strategy, "target"):
            target = self.strategy.target(history)
        return _checked(target, self.strategy, markets)

    def decide_all(self, markets: Markets) -> FloatArray:
        """Return the targets of all history, block by block."""
        first, warmup = next(iter(markets.values())), self.warmup
        target = np.full((len(first), len(markets)), np.nan)
        for window in anchored_windows(first, warmup):
            if window.stop > warmup:
                part = self.decide(cut(markets, window.start, window.stop))
                target[window.first : window.stop] = part[window.first - window.start :]
        target[:warmup] = np.nan
        return target

    def fresh(self) -> "TargetDecider":
        """Return one around a copy of the strategy."""
        return TargetDecider(fresh(self.strategy), self.sentiment, self.several, self.funding)


@dataclass(frozen=True, slots=True)
class HybridDecider:
    """Asks the hybrid strategy, which cuts its own windows and keeps nothing between calls.

    Parameters
    ----------
    strategy : HybridStrategy
        Decides about one symbol.
    sentiment : SentimentSeries, optional
        It reads what had been seen by each close.
    probability_up : tuple of Bars and ndarray, optional
        P(up) in place of the models', and the bars it belongs to.
    beside : Beside, optional
        Funding and other markets, for models that look at them.
    """

    strategy: HybridStrategy
    sentiment: SentimentSeries | None = None
    probability_up: tuple[Bars, FloatArray] | None = None
    beside: Beside | None = None

    @property
    def name(self) -> str:
        """Of the strategy."""
        return name_of(self.strategy)

    @property
    def warmup(self) -> int:
        """Bars before a block that its targets are computed from."""
        return self.strategy.warmup

    def decide(self, markets: Markets) -> FloatArray:
        """Return the targets of one slice, shape ``(n_bars, 1)``."""
        (bars,) = markets.values()
        known = None if self.probability_up is None else self._known(*self.probability_up, bars)
        decided = self.strategy.decide(
            bars, self.sentiment, probability_up=known, beside=self.beside
        )
        return decided.target.reshape(-1, 1)

    def decide_all(self, markets: Markets) -> FloatArray:
        """Return the targets of all history."""
        return self.decide(markets)

    def fresh(self) -> "HybridDecider":
        """Return this one: it is frozen."""
        return self

    @staticmethod
    def _known(known: Bars, values: FloatArray, bars: Bars) -> FloatArray:
        if values.shape != known.timestamp.shape:
            return values  # of another length: the strategy says so
        row = int((known.timestamp < bars.timestamp[0]).sum())
        return values[row : row + len(bars)]


def cut(markets: Markets, start: int, stop: int) -> dict[str, Bars]:
    """Return the rows of a slice of every symbol, without copying."""
    return {symbol: bars[start:stop] for symbol, bars in markets.items()}


def _checked(target: Any, strategy: Strategy, markets: Markets) -> FloatArray:
    wanted = _as_numbers(target, strategy)
    n_bars = len(next(iter(markets.values())))
    if wanted.shape == (n_bars,) and len(markets) == 1:
        wanted = wanted.reshape(-1, 1)
    if wanted.shape != (n_bars, len(markets)):
        shape = f"({n_bars},)" if len(markets) == 1 else f"({n_bars}, {len(markets)})"
        raise StrategyError(
            f"{place_of(strategy)}: expected one target for every bar it was handed, an array of "
            f"shape {shape}, found shape {wanted.shape}"
        )
    infinite: BoolArray = np.isinf(wanted)
    if infinite.any():
        row, column = first_place(infinite)
        raise StrategyError(
            f"{place_of(strategy)}: expected finite targets (NaN keeps what is held), found "
            f"{wanted[row, column]} for {_bar(markets, row, column)}"
        )
    return wanted


def _as_numbers(target: Any, strategy: Strategy) -> FloatArray:
    if target is None:
        raise StrategyError(
            f"{place_of(strategy)}: expected an array of targets, found None; is a return missing?"
        )
    try:
        array = np.asarray(target)
    except (ValueError, TypeError) as error:
        raise StrategyError(
            f"{place_of(strategy)}: expected an array of targets, found {type(target).__name__}"
        ) from error
    if array.dtype.kind not in "iufb":
        raise StrategyError(
            f"{place_of(strategy)}: expected targets as numbers, found {array.dtype}"
        )
    # A copy: what the strategy keeps and changes later is no longer this decision.
    return array.astype(np.float64)


def first_place(mask: BoolArray) -> tuple[int, int]:
    """Return row and column of the first True, row by row."""
    return divmod(int(np.argmax(mask)), mask.shape[1])


def _bar(markets: Markets, row: int, column: int) -> str:
    symbol = list(markets)[column]
    return f"{symbol} at {moment(int(markets[symbol].timestamp[row]))}"


def moment(time: int) -> str:
    """Return a time in milliseconds UTC as a person reads it."""
    return f"{datetime.fromtimestamp(time / 1000, UTC):%Y-%m-%d %H:%M} UTC"


def require_within(
    target: FloatArray, leverage: float, strategy: Strategy, markets: Markets
) -> None:
    """Refuse targets beyond the leverage, with the place they come from.

    Raises
    ------
    StrategyError
        If one is.
    """
    beyond: BoolArray = np.abs(target) > leverage * (1.0 + 1e-9)
    if beyond.any():
        row, column = first_place(beyond)
        raise StrategyError(
            f"{place_of(strategy)}: expected targets between {-leverage:g} and {leverage:g} (the "
            f"leverage; its settings may raise it), found {target[row, column]:g} for "
            f"{_bar(markets, row, column)}"
        )


def decider_of(
    strategy: Strategy,
    sentiment: SentimentSeries | None = None,
    *,
    several: bool = False,
    probability_up: tuple[Bars, FloatArray] | None = None,
    funding: Funding | None = None,
    beside: Beside | None = None,
) -> Decider:
    """Return what asks a strategy for targets."""
    if isinstance(strategy, HybridStrategy):
        known = replace(beside or Beside(), funding=funding)
        return HybridDecider(strategy, sentiment, probability_up, known)
    if probability_up is not None:
        raise DataError(
            f"expected probability_up for the hybrid strategy alone, found it beside "
            f"{name_of(strategy)}"
        )
    return TargetDecider(strategy, sentiment, several, funding)
