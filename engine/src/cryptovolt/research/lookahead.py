"""Look-ahead analysis: alter the future, and see which value of the past changes first.

At random bars ``t`` everything after ``t`` is deleted, multiplied by noise, and multiplied by ten.
What is computed for bars up to ``t`` must keep its bits: the target, and every array on the way to
it, whether or not it triggered anything. Half of the bars are drawn among those at which the target
changes. Where a value changes although nothing that its line reads has changed, that line reads
ahead.

A strategy that sends orders is run again with every bar after ``t`` deleted; see
:mod:`cryptovolt.research.order_lookahead`.
"""

from collections.abc import Iterator

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.ports import Progress
from cryptovolt.market.windows import Window, anchored_windows
from cryptovolt.research.leaks import Cut, Findings
from cryptovolt.research.lookahead_analysis import DELETED, LookAheadAnalysis
from cryptovolt.research.order_lookahead import N_PREFIXES, order_lookahead
from cryptovolt.research.order_probe import OrdersProbe
from cryptovolt.research.probes import TARGET, Probe
from cryptovolt.research.tracing import differ
from cryptovolt.trading.target_strategy import Markets, cut

N_TIMES = 200
_BLOCKS_WITH_CHANGES = 40
NOISE, TENFOLD = "altered by noise", "multiplied by ten"


def lookahead(
    markets: Markets,
    probe: Probe,
    *,
    rng: np.random.Generator,
    seed: int,
    n_times: int | None = None,
    progress: Progress | None = None,
) -> LookAheadAnalysis:
    """Return which values of a strategy or feature set know bars after their own.

    Parameters
    ----------
    markets : mapping of str to Bars
        All with the same times, without errors.
    probe : Probe
        See :mod:`cryptovolt.research.probes`.
    rng : numpy.random.Generator
        Draws bars and noise.
    seed : int
        What `rng` was made with; kept.
    n_times : int, optional
        Bars after which the future is altered: 200, or 20 for a strategy that sends orders, by
        default.
    progress : Progress, optional
        Told after each bar.

    Raises
    ------
    DataError
        If there are too few bars after the warm-up.
    StrategyError
        If the strategy raises.
    """
    if isinstance(probe, OrdersProbe):
        n_prefixes = N_PREFIXES if n_times is None else n_times
        return order_lookahead(
            markets, probe, rng=rng, seed=seed, n_times=n_prefixes, progress=progress
        )
    first = next(iter(markets.values()))
    windows = list(anchored_windows(first, probe.warmup))
    found = Findings(probe, first)
    rows = _times(markets, probe, windows, rng, N_TIMES if n_times is None else n_times)
    for done, (window, row) in enumerate(rows, 1):
        whole = found.whole(markets, window)
        for how, altered in _futures(
            cut(markets, window.start, window.stop), row - window.start, rng
        ):
            found.compare(Cut(window, row, how), whole, probe.look(altered))
        if progress is not None:
            progress(done, len(rows), "futures")
    return LookAheadAnalysis(
        name=probe.name,
        seed=seed,
        n_times=len(rows),
        values=tuple(found.values),
        changed=tuple(found.changed),
        leaks=found.leaks(),
    )


def _times(
    markets: Markets,
    probe: Probe,
    windows: list[Window],
    rng: np.random.Generator,
    n_times: int,
) -> list[tuple[Window, int]]:
    n_bars = len(next(iter(markets.values())))
    usable = np.arange(n_bars) >= probe.warmup
    usable[[window.stop - 1 for window in windows]] = False
    rows: IntArray = np.flatnonzero(usable)
    if rows.size < 1:
        raise DataError(
            f"expected more than {probe.warmup + 1} bars, as {probe.name} needs {probe.warmup} to "
            f"warm up, found {n_bars}"
        )
    changes = np.intersect1d(rows, _changes(markets, probe, windows, rng))
    chosen = set(rng.choice(changes, min(changes.size, n_times // 2), replace=False).tolist())
    rest = np.setdiff1d(rows, sorted(chosen))
    chosen |= set(rng.choice(rest, min(rest.size, n_times - len(chosen)), replace=False).tolist())
    return [(next(w for w in windows if w.first <= row < w.stop), row) for row in sorted(chosen)]


def _some(windows: list[Window], rng: np.random.Generator) -> list[Window]:
    chosen = rng.choice(len(windows), min(len(windows), _BLOCKS_WITH_CHANGES), replace=False)
    return [windows[index] for index in sorted(chosen.tolist())]


def _changes(
    markets: Markets, probe: Probe, windows: list[Window], rng: np.random.Generator
) -> IntArray:
    rows: list[IntArray] = [np.empty(0, np.int64)]
    for window in _some(windows, rng):
        seen = probe.look(cut(markets, window.start, window.stop)).values
        target = next((value for key, value in seen.items() if key[1:] == (0, 0, TARGET)), None)
        if target is None:
            break
        kept = target[window.first - window.start :].reshape(window.stop - window.first, -1)
        rows.append(window.first + 1 + np.flatnonzero(differ(kept[1:], kept[:-1]).any(axis=1)))
    return np.concatenate(rows)


def _futures(
    markets: Markets, row: int, rng: np.random.Generator
) -> Iterator[tuple[str, dict[str, Bars]]]:
    yield DELETED, cut(markets, 0, row + 1)
    n_bars = len(next(iter(markets.values())))
    for how, factor in ((NOISE, rng.uniform(0.5, 2.0, n_bars)), (TENFOLD, np.full(n_bars, 10.0))):
        factor[: row + 1] = 1.0
        yield how, {symbol: _scaled(bars, factor) for symbol, bars in markets.items()}


def _scaled(bars: Bars, factor: FloatArray) -> Bars:
    return Bars(
        symbol=bars.symbol,
        timeframe=bars.timeframe,
        timestamp=bars.timestamp,
        open=bars.open * factor,
        high=bars.high * factor,
        low=bars.low * factor,
        close=bars.close * factor,
        volume=bars.volume * factor,
        source=bars.source,
    )
