"""One way of making targets on one history: what every combination of a search has in common."""

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from cryptovolt.backtest.inputs import Inputs, fingerprint_of
from cryptovolt.backtest.room import Room
from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulation import Simulation, as_target
from cryptovolt.backtest.strategy import model_of
from cryptovolt.backtest.strategy_orders import Shift, simulate_orders
from cryptovolt.backtest.trial import Periods
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.errors import ConfigurationError, CryptoVoltError, DataError
from cryptovolt.domain.ports import Classifier, Forecaster
from cryptovolt.domain.trials import Scalar
from cryptovolt.execution.inference import infer_rules
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.research.accounts import SINGLE_SETTINGS, Accounts
from cryptovolt.research.combinations import Combination
from cryptovolt.research.measures import measure
from cryptovolt.research.peeking import check_function
from cryptovolt.research.strategy_maker import StrategyMaker
from cryptovolt.research.target_maker import TargetMaker

Markets: TypeAlias = Bars | Mapping[str, Bars]
_OF_STRATEGIES = ("model", "probability_up")


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """One combination in numbers: its measures, and what a trial keeps of its returns."""

    combination: Combination
    measures: dict[str, float]
    n_observations: int
    sharpe: float
    returns: npt.NDArray[np.float32]


class Experiment:
    """Targets made by one function on one history, traded by accounts that differ in settings.

    It can be sent to another process, and called there with combinations.

    Parameters
    ----------
    bars : Bars or mapping of str to Bars
        The history that targets are made from.
    maker : TargetMaker
        Makes them.
    accounts : Accounts
        What every account trades with, where a combination says nothing else.
    inputs : Inputs, optional
        What is given besides bars; of what is known by the last bar only.
    skip : int, default=0
        Bars at the start that targets are made from but nobody trades on.
    """

    def __init__(
        self,
        bars: Markets,
        maker: TargetMaker,
        accounts: Accounts,
        inputs: Inputs | None = None,
        skip: int = 0,
    ) -> None:
        self.bars = bars
        self.maker = maker
        self.accounts = accounts
        self.inputs = inputs or Inputs()
        self.skip = skip
        self.markets = {bars.symbol: bars} if isinstance(bars, Bars) else dict(bars)
        # A slice would be checked, converted and hashed again.
        self.traded = {
            symbol: series[skip:] if skip else series for symbol, series in self.markets.items()
        }
        self._make = maker.bound(bars, self.inputs)
        self._simulations: dict[TradingSettings, Simulation] = {}
        self._rules: dict[float, Mapping[str, SymbolRules]] = {}
        self._periods: Periods | None = None
        self._rooms = threading.local()

    def __reduce__(self) -> tuple[Any, ...]:
        return Experiment, (self.bars, self.maker, self.accounts, self.inputs, self.skip)

    def __len__(self) -> int:
        return len(next(iter(self.markets.values())))

    def __call__(self, combinations: Sequence[Combination]) -> list[Tried]:
        """Try these combinations one after the other."""
        return [self.tried(combination) for combination in combinations]

    @property
    def function(self) -> Any:
        """The function that makes targets."""
        return self.maker.function

    @property
    def timeframe(self) -> str:
        """Time frame of the bars."""
        return next(iter(self.markets.values())).timeframe

    def check(self, combinations: Sequence[Combination]) -> None:
        """Refuse combinations that nothing could be made of, before anything is computed.

        Raises
        ------
        ConfigurationError
            If a name is unknown or missing, or a setting outside its range.
        """
        self.maker.check(list(combinations[0]), SINGLE_SETTINGS, self.inputs)
        for combination in combinations:
            self.trading_of(combination)

    def trading_of(self, combination: Mapping[str, Scalar]) -> TradingSettings:
        """Return the settings of the account that trades a combination."""
        try:
            return self.accounts.settings_of(combination, self.maker)
        except (CryptoVoltError, TypeError) as error:
            kind = type(error) if isinstance(error, CryptoVoltError) else ConfigurationError
            raise kind(f"with {described(combination)}: {error}") from None

    def run(self, combination: Mapping[str, Scalar]) -> Run:
        """Return the full run of one combination, stamped where its targets read ahead."""
        if self._sender is not None:
            return self._simulated(combination)
        target = self.target(combination)
        run = self._simulated(combination, lambda: target)
        return replace(run, check=check_function(self._maker_of(combination), self.markets, target))

    def target(self, combination: Mapping[str, Scalar], n_bars: int | None = None) -> FloatArray:
        """Return the targets made from all bars, or the first of them, ``(n_bars, n_symbols)``."""
        return self._maker_of(combination)(len(self) if n_bars is None else n_bars)

    def tried(self, combination: Combination) -> Tried:
        """Return one combination in numbers."""
        run = self._simulated(combination, room=self._room())
        found = measure(run, self._work())
        if self._periods is None:
            self._periods = Periods.of(run.timestamp, run.timeframe)
        returns = self._periods.returns(found.equity, run.trading.cash)
        return Tried(combination, found.measures, found.n_observations, found.sharpe, returns)

    @property
    def _sender(self) -> StrategyMaker | None:
        strategy = self.maker.strategy
        return strategy if strategy is not None and strategy.sends_orders else None

    def _simulated(
        self,
        combination: Mapping[str, Scalar],
        make: Callable[[], npt.ArrayLike] | None = None,
        room: Room | None = None,
    ) -> Run:
        simulation = self._simulation(self.trading_of(combination))
        try:
            if self._sender is not None:
                strategy = self._sender.strategy(self.maker.own(combination), self.inputs)
                return self.follow(simulation, [Shift(0, strategy)])
            target = as_target(self._make(combination) if make is None else make(), self.markets)
            return simulation.run(carried(target, self.skip), room)
        except CryptoVoltError as error:
            raise type(error)(f"with {described(combination)}: {error}") from error

    def follow(self, simulation: Simulation, shifts: Sequence[Shift]) -> Run:
        """Return what an account does with the orders of a strategy, or of several in turn."""
        several = not isinstance(self.bars, Bars)
        return simulate_orders(
            simulation, shifts, self.inputs.sentiment, several=several, history=self.markets
        )

    def _maker_of(self, combination: Mapping[str, Scalar]) -> Callable[[int], FloatArray]:
        def make(n_bars: int) -> FloatArray:
            markets = {symbol: series[:n_bars] for symbol, series in self.markets.items()}
            bars = next(iter(markets.values())) if isinstance(self.bars, Bars) else markets
            try:
                return as_target(self.maker.bound(bars, self.inputs)(combination), markets)
            except CryptoVoltError as error:
                raise type(error)(f"with {described(combination)}: {error}") from error

        return make

    # One of each for every thread: fresh memory for every combination costs more than arithmetic.
    def _room(self) -> Room:
        room: Room | None = getattr(self._rooms, "room", None)
        if room is None:
            room = self._rooms.room = Room()
        return room

    def _work(self) -> FloatArray:
        work: FloatArray | None = getattr(self._rooms, "work", None)
        if work is None:
            work = self._rooms.work = np.empty((3, len(self) - self.skip))
        return work

    def setup(self) -> str:
        """Return a fingerprint of what decides a result besides bars and parameters."""
        given = self.inputs
        parts = [
            self.maker.fingerprint(), self.accounts.said(), repr(given.rules), str(self.skip),
            fingerprint_of(given.funding), fingerprint_of(given.detail_bars),
        ]  # fmt: skip
        if any(getattr(given, name) is not None for name in ("sentiment", *_OF_STRATEGIES)):
            parts.append(given.fingerprint())
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _simulation(self, trading: TradingSettings) -> Simulation:
        if trading not in self._simulations:
            given = self.inputs
            rules = given.rules or self._inferred(trading.cash)
            self._simulations[trading] = Simulation(
                self.traded, trading, rules, given.funding, given.detail_bars
            )
        return self._simulations[trading]

    def _inferred(self, cash: float) -> Mapping[str, SymbolRules]:
        if cash not in self._rules:
            self._rules[cash] = {
                symbol: infer_rules(series, cash)
                for symbol, series in self.traded.items()
                if len(series)
            }
        return self._rules[cash]


def carried(target: FloatArray, start: int) -> FloatArray:
    """Return the targets from a bar on; where its first says nothing, the last one before it."""
    part = target[start:]
    if start == 0 or not np.isnan(part[:1]).any():
        return part
    part = part.copy()
    for column in np.flatnonzero(np.isnan(part[0])):
        said = target[:start, column]
        known = said[~np.isnan(said)]
        if known.size:
            part[0, column] = known[-1]
    return part


def described(combination: Mapping[str, Scalar]) -> str:
    """Return a combination in words, for messages."""
    return ", ".join(f"{name}={value!r}" for name, value in combination.items())


def inputs_of(
    bars: Markets,
    *,
    model: Classifier | Forecaster | str | Path | None = None,
    probability_up: FloatArray | None = None,
    **given: Any,
) -> Inputs:
    """Return what is given besides bars, a model read from its folder.

    Raises
    ------
    DataError
        If there are not as many probabilities as bars.
    """
    first = bars if isinstance(bars, Bars) else next(iter(bars.values()), None)
    if probability_up is not None and first is not None:
        found = np.shape(probability_up)
        if found != (len(first),):
            raise DataError(f"expected probability_up of shape {(len(first),)}, found {found}")
    return Inputs(model=model_of(model), probability_up=probability_up, **given)
