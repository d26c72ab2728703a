"""Whether the verdict sees an edge where there is none, and the one that is there.

A market is generated, N strategies are tried on it, all of them are recorded, and the best one is
assessed like any other run. On a random walk nothing may hold up; where an edge was planted it must
be found. Strategies are *clocks* (long in one half of a cycle, short in the other: one for each
length and phase, nearly independent of each other) or *trends* (long above a moving average, short
below: one for each length and band, close to each other). The planted edge is a drift that follows
one of the clocks.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulate import simulate
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.timeframe import DAY_MS, periods_per_year
from cryptovolt.domain.trials import LedgerCheck, Trial, TrialKind
from cryptovolt.performance.returns import kurtosis, sharpe_ratio, skewness
from cryptovolt.research.replay import period_returns
from cryptovolt.research.robustness import assess
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.research.verdict import MIN_PROBABILITY, Standing

CLOCK_DAYS = (10, 12, 14, 16, 18, 20, 22, 24, 26, 28)
CLOCK_PHASES = 5
TREND_BARS = (12, 18, 30, 45, 60, 90, 120, 180, 240, 360)
TREND_BANDS = (0.0, 0.01, 0.02, 0.03, 0.04)
PLANTED_CLOCK = 22
EXPOSURE = 0.5
"""Share of equity in every position: a short of the whole could be ruined by a rise."""

_RULES = SymbolRules(tick_size=0.01, step_size=0.00001)


@dataclass(frozen=True, slots=True, kw_only=True)
class NullExperiment:
    """One kind of market, and the search over it.

    Parameters
    ----------
    family : str
        ``"clock"`` or ``"trend"``.
    n_trials : int, default=50
        Strategies tried, from 2 to 50.
    years : float, default=4.0
        Length of the history.
    timeframe : str, default="4h"
        Of the bars.
    planted_sharpe : float, default=0.0
        Sharpe ratio per year of the planted edge before costs; 0 plants none. Needs clocks.
    n_random, n_paths : int
        As in :func:`cryptovolt.assess`.
    """

    family: str = "clock"
    n_trials: int = 50
    years: float = 4.0
    timeframe: str = "4h"
    planted_sharpe: float = 0.0
    n_random: int = 200
    n_paths: int = 300

    def __post_init__(self) -> None:
        if self.family not in {"clock", "trend"} or not 2 <= self.n_trials <= 50:
            raise ConfigurationError(
                "expected the family 'clock' or 'trend' and 2 to 50 trials, found "
                f"{self.family!r} and {self.n_trials}"
            )
        if self.planted_sharpe and (self.family != "clock" or self.n_trials <= PLANTED_CLOCK):
            raise ConfigurationError(
                f"expected more than {PLANTED_CLOCK} clocks to plant an edge in one of them, found "
                f"{self.n_trials} of the family {self.family!r}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the assessment of the best strategy said on one market.

    Parameters
    ----------
    best : int
        Number of the chosen strategy.
    standing : Standing
        The verdict.
    psr, dsr, dsr_effective : float
        Probabilistic Sharpe ratio, deflated by all trials and by the different ones.
    pbo : float
        Probability of backtest overfitting.
    p_value : float
        Among random entries.
    """

    best: int
    standing: Standing
    psr: float
    dsr: float
    dsr_effective: float
    pbo: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Shares of markets."""

    n_markets: int
    naive: float
    deflated: float
    deflated_effective: float
    weak: float
    holds_up: float
    mean_pbo: float

    def __str__(self) -> str:
        return (
            f"{self.n_markets} markets: PSR ≥ .95 in {self.naive:.1%}, DSR ≥ .95 in "
            f"{self.deflated:.1%} (by different trials {self.deflated_effective:.1%}), weak "
            f"{self.weak:.1%}, holds up {self.holds_up:.1%}, mean PBO {self.mean_pbo:.2f}"
        )


class MemoryLedger:
    """A trial ledger for one experiment, which is thrown away with it."""

    def __init__(self) -> None:
        self._trials: list[Trial] = []

    def append(self, trials: Sequence[Trial]) -> tuple[Trial, ...]:
        """Add trials in order."""
        self._trials += trials
        return tuple(trials)

    def trials(self, symbols: Collection[str], first: int, last: int) -> tuple[Trial, ...]:
        """Return the trials on overlapping data."""
        wanted = set(symbols)
        return tuple(
            trial
            for trial in self._trials
            if wanted & set(trial.symbols) and trial.first <= last and first <= trial.last
        )

    def verify(self) -> LedgerCheck:
        """Say how many trials there are: nothing was stored, so nothing can be broken."""
        return LedgerCheck(n_trials=len(self._trials))


def run_market(experiment: NullExperiment, rng: Generator) -> Outcome:
    """Return what the whole pipeline says on one generated market.

    Parameters
    ----------
    experiment : NullExperiment
        Market and search.
    rng : numpy.random.Generator
        Makes the market and the assessment.
    """
    bars = market(experiment, rng)
    targets = strategies(experiment, bars)
    ledger = MemoryLedger()
    best, best_sharpe, chosen = -1, -np.inf, None
    for number, target in enumerate(targets):
        run = simulate(bars, target, rules=_RULES)
        trial = _recorded(run, number)
        ledger.append([trial])
        if trial.sharpe is not None and trial.sharpe > best_sharpe:
            best, best_sharpe, chosen = number, trial.sharpe, run
    if chosen is None:
        raise ConfigurationError("expected a strategy that trades, found none")
    found = assess(
        chosen, ledger=ledger, rng=rng, n_random=experiment.n_random, n_paths=experiment.n_paths
    )
    selection, overfitting, random = found.selection, found.overfitting, found.random
    return Outcome(
        best=best,
        standing=found.judgement.standing,
        psr=_number(selection.probabilistic),
        dsr=_number(selection.strictest),
        dsr_effective=_number(selection.deflated),
        pbo=_number(overfitting.probability),
        p_value=np.nan if random is None else random.p_value,
    )


def summarise(outcomes: Sequence[Outcome]) -> Summary:
    """Return the shares of markets on which each thing was said; at least one outcome."""

    def share(values: Sequence[float]) -> float:
        # Written so that NaN is no finding.
        return float(np.mean([value >= MIN_PROBABILITY for value in values]))

    return Summary(
        n_markets=len(outcomes),
        naive=share([o.psr for o in outcomes]),
        deflated=share([o.dsr for o in outcomes]),
        deflated_effective=share([o.dsr_effective for o in outcomes]),
        weak=float(np.mean([o.standing is Standing.WEAK for o in outcomes])),
        holds_up=float(np.mean([o.standing is Standing.HOLDS_UP for o in outcomes])),
        mean_pbo=float(np.mean([o.pbo for o in outcomes])),
    )


def market(experiment: NullExperiment, rng: Generator) -> Bars:
    """Return a random walk with changing volatility, tilted by the clock that is planted."""
    per_year = periods_per_year(experiment.timeframe)
    n_bars = round(experiment.years * per_year)
    bars = synthetic_bars(n_bars, timeframe=experiment.timeframe, end=1_700_000_000_000, rng=rng)
    if not experiment.planted_sharpe:
        return bars
    side = _clock(bars, PLANTED_CLOCK)
    deviation = float(np.std(np.diff(np.log(bars.close))))
    drift = np.zeros(n_bars)
    # A side taken at the close of a bar earns the drift of the next one.
    drift[1:] = side[:-1] * experiment.planted_sharpe / np.sqrt(per_year) * deviation
    return _tilted(bars, drift)


def strategies(experiment: NullExperiment, bars: Bars) -> list[FloatArray]:
    """Return the targets of all strategies that are tried."""
    make = _clock if experiment.family == "clock" else _trend
    return [_when_changed(make(bars, number)) for number in range(experiment.n_trials)]


def _clock(bars: Bars, number: int) -> FloatArray:
    cycle = CLOCK_DAYS[number // CLOCK_PHASES] * DAY_MS
    shift = cycle * (number % CLOCK_PHASES) // (2 * CLOCK_PHASES)
    return np.where((bars.timestamp + shift) % cycle < cycle // 2, 1.0, -1.0)


def _trend(bars: Bars, number: int) -> FloatArray:
    length = TREND_BARS[number // len(TREND_BANDS)]
    band = TREND_BANDS[number % len(TREND_BANDS)]
    total = np.concatenate([[0.0], np.cumsum(bars.close)])
    mean = np.full(len(bars), np.nan)
    mean[length - 1 :] = (total[length:] - total[:-length]) / length
    # Comparisons with NaN, before there is a mean, are neither.
    above, below = bars.close > mean * (1.0 + band), bars.close < mean * (1.0 - band)
    return np.where(above, 1.0, np.where(below, -1.0, np.nan))


def _when_changed(side: FloatArray) -> FloatArray:
    said = np.flatnonzero(np.isfinite(side))
    target = np.full(side.size, np.nan)
    changed = said[np.diff(side[said], prepend=0.0) != 0.0]
    target[changed] = EXPOSURE * side[changed]
    return target


def _tilted(bars: Bars, drift: FloatArray) -> Bars:
    after = np.exp(np.cumsum(drift))
    before = np.concatenate([[1.0], after[:-1]])
    above, below = np.maximum(before, after), np.minimum(before, after)
    return Bars(
        symbol=bars.symbol,
        timeframe=bars.timeframe,
        timestamp=bars.timestamp,
        open=np.round(bars.open * before, 2),
        high=np.round(bars.high * above, 2),
        low=np.round(bars.low * below, 2),
        close=np.round(bars.close * after, 2),
        volume=bars.volume,
        source=bars.source,
    )


def _recorded(run: Run, number: int) -> Trial:
    returns = run.returns[np.isfinite(run.returns)]
    daily = period_returns(run)
    return Trial(
        kind=TrialKind.SWEEP,
        study="null experiment",
        symbols=tuple(run.bars),
        timeframe=run.timeframe,
        first=int(run.timestamp[0]),
        last=int(run.timestamp[-1]),
        data_hash="0" * 64,
        parameters={"number": number},
        n_observations=returns.size,
        sharpe=sharpe_ratio(returns),
        skewness=skewness(returns),
        kurtosis=kurtosis(returns),
        returns=np.nan_to_num(daily).astype(np.float32),
        returns_ms=DAY_MS,
    )


def _number(value: float | None) -> float:
    return np.nan if value is None else value
