"""Where a run stands among accounts that did the same at random times.

A strategy that is in the market half of the time earns half of the market's rise whatever it knows.
The comparison takes that away: every draw enters as often, holds as long, on the same sides and in
the same sizes, under the same costs and exits, only when is chosen by chance.
"""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from cryptovolt.backtest.run import Run
from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.performance.returns import sharpe_ratio
from cryptovolt.research.replay import Replay, period_returns, periods_per_year_of

Draw = Callable[[Generator], FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomEntries:
    """Results of the same account with entries at random times.

    Parameters
    ----------
    sharpe, total_return : ndarray of shape (n_draws,)
        Of every draw: annualised from daily returns, and as a fraction. NaN where undefined.
    fills : ndarray of shape (n_draws,)
        Fills of every draw.
    run_sharpe, run_return : float
        The same of the run itself.
    run_fills : int
        Fills of the run.
    """

    sharpe: FloatArray
    total_return: FloatArray
    fills: IntArray
    run_sharpe: float
    run_return: float
    run_fills: int

    @property
    def percentile(self) -> float:
        """Share of draws with a lower Sharpe ratio, ties counted half; NaN if undefined."""
        if math.isnan(self.run_sharpe):
            return math.nan
        below = float((self.sharpe < self.run_sharpe).sum())
        ties = float((self.sharpe == self.run_sharpe).sum())
        return (below + ties / 2.0) / self.sharpe.size

    @property
    def p_value(self) -> float:
        """Share of draws, the run counted among them, that are at least as good as the run.

        Never 0, and 1 where the Sharpe ratio of the run is undefined; an undefined draw counts as
        good as the run.

        References
        ----------
        B. V. North, D. Curtis and P. C. Sham, "A Note on the Calculation of Empirical P Values from
        Monte Carlo Procedures", American Journal of Human Genetics 71 (2), 2002, p. 439-441.
        """
        # Written so that NaN on either side counts against the run.
        as_good = int((~(self.sharpe < self.run_sharpe)).sum())
        return (1.0 + as_good) / (self.sharpe.size + 1.0)


def random_entries(
    run: Run, rng: Generator, n_draws: int = 1000, threads: int = 2
) -> RandomEntries | None:
    """Return how the account of a run would have done with entries at random times.

    Parameters
    ----------
    run : Run
        Of one symbol: the stretches in which its target is long or short are shuffled and placed at
        random, with all their changes of size, never overlapping. Of several: all targets together
        are shifted in time by a random number of bars, the end followed by the beginning, so that
        what is held together stays together.
    rng : numpy.random.Generator
        Chooses the times. The number of threads does not change the result.
    n_draws : int, default=1000
        At least 1.
    threads : int, default=2
        Draws simulated at the same time.

    Returns
    -------
    RandomEntries or None
        None where the run never wanted a position.

    Raises
    ------
    ConfigurationError
        If there is no draw or no thread.
    """
    if n_draws < 1 or threads < 1:
        raise ConfigurationError(
            f"expected at least 1 draw and 1 thread, found {n_draws} and {threads}"
        )
    replay = Replay(run)
    # Written so that NaN is no position.
    if not (np.abs(replay.target) > 0).any():
        return None
    draw = placed_at_random(replay.target)
    per_year = periods_per_year_of(run)

    def result(child: Generator) -> tuple[float, float, float]:
        found = replay(draw(child))
        return _sharpe(found, per_year), _total_return(found), float(len(found.fill_rows))

    with ThreadPoolExecutor(threads) as pool:
        rows = np.array(list(pool.map(result, rng.spawn(n_draws))))
    return RandomEntries(
        sharpe=rows[:, 0],
        total_return=rows[:, 1],
        fills=rows[:, 2].astype(np.int64),
        run_sharpe=_sharpe(run, per_year),
        run_return=_total_return(run),
        run_fills=len(run.fill_rows),
    )


def placed_at_random(target: FloatArray) -> Draw:
    """Return a function that gives the target at random times.

    Parameters
    ----------
    target : ndarray of shape (n_bars, n_symbols)
        Share of equity; NaN keeps what is held.
    """
    if target.shape[1] == 1:
        return _shuffled(target[:, 0])
    return _rotated(target)


def episodes_of(target: FloatArray) -> IntArray:
    """Return the stretches in which a target is long or short.

    Parameters
    ----------
    target : ndarray of shape (n_bars,)
        NaN keeps what was wanted before.

    Returns
    -------
    ndarray of shape (n_episodes, 3)
        First row, first row after, and side (+1 or −1).
    """
    side = np.sign(_carried(target)).astype(np.int64)
    edges = np.flatnonzero(np.diff(side)) + 1
    first = np.concatenate([[0], edges])
    stop = np.concatenate([edges, [side.size]])
    rows = np.column_stack([first, stop, side[first]]).astype(np.int64)
    return rows[rows[:, 2] != 0]


def _carried(target: FloatArray) -> FloatArray:
    said = np.where(np.isfinite(target), np.arange(target.size), -1)
    last = np.maximum.accumulate(said)
    return np.where(last < 0, 0.0, target[last])


def _shuffled(target: FloatArray) -> Draw:
    episodes = episodes_of(target)
    first, lengths, sides = episodes[:, 0], episodes[:, 1] - episodes[:, 0], episodes[:, 2]
    inside, n_bars = int(lengths.sum()), target.size

    def draw(rng: Generator) -> FloatArray:
        order = rng.permutation(sides.size)
        apart = _touching(sides[order])
        roomy = int(apart.sum()) <= n_bars - inside
        starts = _starts(lengths[order], apart if roomy else 0 * apart, n_bars, rng)
        ends = starts + lengths[order]
        before = np.cumsum(lengths[order]) - lengths[order]
        count = np.arange(inside)
        new = np.full((n_bars, 1), np.nan)
        to = np.repeat(starts - before, lengths[order]) + count
        new[ends[ends < n_bars]] = 0.0
        new[to, 0] = target[np.repeat(first[order] - before, lengths[order]) + count]
        if not roomy:
            # Hardly ever flat: one entry stays apart from the next by giving up its last bar.
            joined = np.flatnonzero((apart == 1) & (starts[1:] == ends[:-1]))
            new[ends[joined] - 1] = 0.0
        return new

    return draw


def _touching(sides: IntArray) -> IntArray:
    # Two longs without a flat bar between them would be one entry, not two.
    return (sides[1:] == sides[:-1]).astype(np.int64)


def _starts(lengths: IntArray, apart: IntArray, n_bars: int, rng: Generator) -> IntArray:
    spare = n_bars - int(lengths.sum()) - int(apart.sum())
    waits = np.sort(rng.integers(0, spare + 1, lengths.size))
    before = np.cumsum(lengths) - lengths
    before[1:] += np.cumsum(apart)
    return before + waits


def _rotated(target: FloatArray) -> Draw:
    n_bars = len(target)
    carried = np.column_stack([_carried(column) for column in target.T])

    def draw(rng: Generator) -> FloatArray:
        shift = int(rng.integers(0, n_bars))
        new = np.roll(target, shift, axis=0)
        # What was held across the seams is said there again.
        new[shift] = carried[0]
        new[0] = carried[-shift % n_bars]
        return new

    return draw


def _sharpe(run: Run, per_year: float) -> float:
    returns = period_returns(run)
    return sharpe_ratio(returns[np.isfinite(returns)], per_year)


def _total_return(run: Run) -> float:
    return float(run.equity[-1] / run.trading.cash - 1.0)
