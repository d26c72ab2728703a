"""A run as a trial: what the ledger keeps of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cryptovolt.backtest.inputs import Inputs, data_hash_of
from cryptovolt.backtest.run import Run
from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.timeframe import DAY_MS, timeframe_ms
from cryptovolt.domain.trials import Scalar, Trial, TrialKind
from cryptovolt.performance.returns import kurtosis, sharpe_ratio, skewness

_LENGTHS = (60_000, 900_000, 3_600_000, 14_400_000, DAY_MS)
_MOST = 1024


@dataclass(frozen=True, slots=True)
class Periods:
    """Equal periods over the bars of a run, in which trials are compared.

    The shortest of 1 minute, 15 minutes, 1 hour, 4 hours and 1 day that gives at most 1,024 of
    them, at least a bar long where a day is; counted from the epoch. Each is a multiple of all
    shorter ones.

    Parameters
    ----------
    length_ms : int
        Milliseconds.
    n : int
        Number of periods from that of the first bar to that of the last.
    last_row : ndarray of shape (n_occupied,)
        Last bar of every period that has bars.
    slot : ndarray of shape (n_occupied,)
        The number of that period, from 0.
    """

    length_ms: int
    n: int
    last_row: IntArray
    slot: IntArray

    @classmethod
    def of(cls, timestamp: IntArray, timeframe: str) -> "Periods":
        """Return the periods for bars that open at these milliseconds UTC."""
        first, last = timestamp[[0, -1]].tolist()
        fitting = (
            length
            for length in _LENGTHS
            if length >= timeframe_ms(timeframe) and last // length - first // length < _MOST
        )
        length = next(fitting, DAY_MS)
        period = timestamp // length
        last_row = np.append(np.flatnonzero(np.diff(period)), timestamp.size - 1)
        slot = period[last_row] - period[0]
        return cls(length, int(slot[-1]) + 1, last_row, slot)

    def returns(self, equity: FloatArray, cash: float) -> npt.NDArray[np.float32]:
        """Return the change of equity per period; 0 without bars, and after ruin."""
        closes = equity[self.last_row]
        before = np.concatenate([[cash], closes[:-1]])
        changes = np.zeros(closes.size)
        np.divide(closes - before, before, out=changes, where=(before > 0) & (closes > 0))
        changes[(before > 0) & (closes <= 0)] = -1.0
        result = np.zeros(self.n, np.float32)
        result[self.slot] = changes
        return result


def trial_of(
    run: Run,
    kind: TrialKind | str,
    study: str,
    parameters: Mapping[str, Scalar] | None = None,
    setup: str = "",
    inputs: Inputs | None = None,
) -> Trial:
    """Return a run as a trial, to be appended to a ledger.

    Parameters
    ----------
    run : Run
        Any.
    kind : TrialKind or str
        E.g. ``"backtest"``.
    study : str
        What the researcher calls it.
    parameters : mapping of str to scalar, optional
        What was tried.
    setup : str
        Fingerprint of what else decided the result.
    inputs : Inputs, optional
        What the strategy was given besides bars; part of the data's hash.
    """
    known = run.returns[np.isfinite(run.returns)]
    periods = Periods.of(run.timestamp, run.timeframe)
    first, last = run.timestamp[[0, -1]].tolist()
    return Trial(
        kind=TrialKind(kind),
        study=study,
        symbols=tuple(run.bars),
        timeframe=run.timeframe,
        first=first,
        last=last,
        data_hash=data_hash_of(run.bars, inputs),
        parameters=parameters or {},
        n_observations=known.size,
        sharpe=sharpe_ratio(known),
        skewness=skewness(known),
        kurtosis=kurtosis(known),
        returns=periods.returns(run.equity, run.trading.cash),
        returns_ms=periods.length_ms,
        setup=setup,
        result=run.statistics,
    )
