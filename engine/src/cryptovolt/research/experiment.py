"""One way of making targets on one history: what every combination of a search has in common."""

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulation import Simulation, as_target
from cryptovolt.backtest.trial import Periods
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.errors import ConfigurationError, CryptoVoltError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.trials import Scalar
from cryptovolt.execution.inference import infer_rules
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.research.combinations import Combination
from cryptovolt.research.measures import measure
from cryptovolt.research.peeking import check_function
from cryptovolt.research.target_maker import TargetMaker

Markets: TypeAlias = Bars | Mapping[str, Bars]

COST_SETTINGS = frozenset(field.name for field in fields(Costs))
SETTINGS = frozenset(field.name for field in fields(TradingSettings)) | COST_SETTINGS
"""What of an account a combination may name."""

_WHOLE = frozenset({"costs", "protections"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an account trades on besides its settings; see :class:`Simulation`."""

    rules: SymbolRules | Mapping[str, SymbolRules] | None = None
    funding: FundingRates | Mapping[str, FundingRates] | None = None
    detail_bars: Markets | None = None


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
    trading : TradingSettings
        Of every account, where a combination says nothing else.
    surroundings : Surroundings, optional
        Rules, funding and detail bars.
    skip : int, default=0
        Bars at the start that targets are made from but nobody trades on.
    """

    def __init__(
        self,
        bars: Markets,
        maker: TargetMaker,
        trading: TradingSettings,
        surroundings: Surroundings | None = None,
        skip: int = 0,
    ) -> None:
        self.bars = bars
        self.maker = maker
        self.trading = trading
        self.surroundings = surroundings or Surroundings()
        self.skip = skip
        self.markets = {bars.symbol: bars} if isinstance(bars, Bars) else dict(bars)
        self.traded = {symbol: series[skip:] for symbol, series in self.markets.items()}
        self._make = maker.bound(bars)
        self._simulations: dict[TradingSettings, Simulation] = {}
        self._rules: dict[float, Mapping[str, SymbolRules]] = {}
        self._periods: Periods | None = None
        self._rooms = threading.local()

    def __reduce__(self) -> tuple[Any, ...]:
        return Experiment, (self.bars, self.maker, self.trading, self.surroundings, self.skip)

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
        self.maker.check(list(combinations[0]), SETTINGS - _WHOLE)
        for combination in combinations:
            self.trading_of(combination)

    def trading_of(self, combination: Mapping[str, Scalar]) -> TradingSettings:
        """Return the settings of the account that trades a combination."""
        own: dict[str, Any] = {k: v for k, v in combination.items() if k in SETTINGS - _WHOLE}
        if not own:
            return self.trading
        costs = {name: own.pop(name) for name in list(own) if name in COST_SETTINGS}
        try:
            return replace(self.trading, costs=replace(self.trading.costs, **costs), **own)
        except (ConfigurationError, TypeError) as error:
            raise ConfigurationError(f"with {described(combination)}: {error}") from None

    def run(self, combination: Mapping[str, Scalar]) -> Run:
        """Return the full run of one combination, stamped where its targets read ahead."""
        target = self.target(combination)
        run = self._simulated(combination, lambda: target)
        return replace(run, check=check_function(self._maker_of(combination), self.markets, target))

    def target(self, combination: Mapping[str, Scalar], n_bars: int | None = None) -> FloatArray:
        """Return the targets made from all bars, or the first of them, ``(n_bars, n_symbols)``."""
        return self._maker_of(combination)(len(self) if n_bars is None else n_bars)

    def tried(self, combination: Combination) -> Tried:
        """Return one combination in numbers."""
        run = self._simulated(combination, lambda: self._make(combination))
        found = measure(run, self._room())
        if self._periods is None:
            self._periods = Periods.of(run.timestamp, run.timeframe)
        returns = self._periods.returns(found.equity, run.trading.cash)
        return Tried(combination, found.measures, found.n_observations, found.sharpe, returns)

    def _simulated(
        self, combination: Mapping[str, Scalar], make: Callable[[], npt.ArrayLike]
    ) -> Run:
        simulation = self._simulation(self.trading_of(combination))
        try:
            target = as_target(make(), self.markets)
            return simulation.run(carried(target, self.skip))
        except CryptoVoltError as error:
            raise type(error)(f"with {described(combination)}: {error}") from error

    def _maker_of(self, combination: Mapping[str, Scalar]) -> Callable[[int], FloatArray]:
        def make(n_bars: int) -> FloatArray:
            markets = {symbol: series[:n_bars] for symbol, series in self.markets.items()}
            bars = next(iter(markets.values())) if isinstance(self.bars, Bars) else markets
            try:
                return as_target(self.maker.bound(bars)(combination), markets)
            except CryptoVoltError as error:
                raise type(error)(f"with {described(combination)}: {error}") from error

        return make

    def _room(self) -> FloatArray:
        # One for every thread: fresh memory for every combination costs more than its arithmetic.
        room: FloatArray | None = getattr(self._rooms, "room", None)
        if room is None:
            room = self._rooms.room = np.empty((3, len(self) - self.skip + 1))
        return room

    def setup(self) -> str:
        """Return a fingerprint of what decides a result besides bars and parameters."""
        around = self.surroundings
        parts = [
            self.maker.fingerprint(), repr(self.trading), repr(around.rules), str(self.skip),
            _fingerprint(around.funding), _fingerprint(around.detail_bars),
        ]  # fmt: skip
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _simulation(self, trading: TradingSettings) -> Simulation:
        if trading not in self._simulations:
            around = self.surroundings
            rules = around.rules or self._inferred(trading.cash)
            self._simulations[trading] = Simulation(
                self.traded, trading, rules, around.funding, around.detail_bars
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


def trading_settings(
    trading: TradingSettings | None, settings: Mapping[str, Any]
) -> TradingSettings:
    """Return settings from an object, from keywords, or from an object changed by keywords.

    Raises
    ------
    ConfigurationError
        If a keyword is no setting, or outside its range.
    """
    unknown = [name for name in settings if name not in SETTINGS]
    if unknown:
        raise ConfigurationError(
            f"unknown setting {', '.join(unknown)}: an account has {', '.join(sorted(SETTINGS))}"
        )
    given = {name: value for name, value in settings.items() if name not in COST_SETTINGS}
    base = trading or TradingSettings()
    costs = given.pop("costs", None) or base.costs
    single = {name: value for name, value in settings.items() if name in COST_SETTINGS}
    return replace(base, **given, costs=replace(costs, **single))


def _fingerprint(data: Any) -> str:
    if data is None:
        return ""
    if isinstance(data, Bars):
        return data.content_hash()
    if isinstance(data, FundingRates):
        return hashlib.sha256(data.timestamp.tobytes() + data.rate.tobytes()).hexdigest()
    return " ".join(f"{name}:{_fingerprint(value)}" for name, value in data.items())
