"""What the features of one slice of bars are computed from; what several share is computed once."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from cryptovolt import indicators
from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.features.rolling import rolling_mean, rolling_moments

_NOTHING: Mapping[str, FloatArray] = MappingProxyType({})


def zero_where_undefined(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Return the ratio, 0 where the denominator is 0, NaN where either is NaN."""
    result = np.zeros_like(numerator)
    np.divide(numerator, denominator, out=result, where=denominator != 0.0)
    return result


def log_return(values: FloatArray, n_bars: int = 1) -> FloatArray:
    """Return the log change over `n_bars`; the first `n_bars` values are NaN."""
    result = np.full(values.size, np.nan)
    result[n_bars:] = np.log(values[n_bars:] / values[:-n_bars])
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Payments:
    """Funding payments, each with what was known when it had been published.

    Arrays of shape ``(n_payments,)``: when it counts as known and when it was paid (milliseconds
    UTC), the time since the one before (milliseconds), the rate per 8 hours, its mean over 3 and
    21 payments, and its standard deviation over 21.
    """

    known_at: IntArray
    paid_at: IntArray
    interval_ms: IntArray
    rate: FloatArray
    mean_3: FloatArray
    mean_21: FloatArray
    deviation_21: FloatArray


class Inputs:
    """One slice of bars and what is known beside them; shared parts are computed once.

    Parameters
    ----------
    bars : Bars
    beside : mapping of str to ndarray of shape (n_bars,), optional
        See :func:`cryptovolt.features.beside.known_beside`.
    payments : Payments, optional
    """

    def __init__(
        self,
        bars: Bars,
        beside: Mapping[str, FloatArray] = _NOTHING,
        payments: Payments | None = None,
    ) -> None:
        self.bars = bars
        self.beside = beside
        self.payments = payments
        self._made: dict[Hashable, Any] = {}

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what `make` returns, made at the first call with this key."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def past_return(self, n: int) -> FloatArray:
        """Return ``ln(c[t] / c[t-n])``."""
        result: FloatArray = self.once(("return", n), lambda: log_return(self.bars.close, n))
        return result

    @property
    def change(self) -> FloatArray:
        """The log return of each bar; the first is NaN."""
        return self.past_return(1)

    @property
    def spread(self) -> FloatArray:
        """``ln(h / l)``."""
        result: FloatArray = self.once("spread", lambda: np.log(self.bars.high / self.bars.low))
        return result

    @property
    def log_volume(self) -> FloatArray:
        """``ln(1 + v)``."""
        result: FloatArray = self.once("log_volume", lambda: np.log1p(self.bars.volume))
        return result

    @property
    def signed_volume(self) -> FloatArray:
        """``sign(r) v``."""
        result: FloatArray = self.once(
            "signed_volume", lambda: np.sign(self.change) * self.bars.volume
        )
        return result

    def mean(self, name: str, values: FloatArray, n: int) -> FloatArray:
        """Return the mean over `n` bars of values that go by a name."""
        if ("moments", name, n) in self._made:
            return self.moments(name, values, n)[0]
        result: FloatArray = self.once(("mean", name, n), lambda: rolling_mean(values, n))
        return result

    def moments(self, name: str, values: FloatArray, n: int) -> tuple[FloatArray, FloatArray]:
        """Return mean and deviation over `n` bars of values that go by a name."""
        result: tuple[FloatArray, FloatArray] = self.once(
            ("moments", name, n), lambda: rolling_moments(values, n)
        )
        return result

    def volatility(self, n: int) -> FloatArray:
        """Return the standard deviation of the log return over `n` bars."""
        return self.moments("change", self.change, n)[1]

    def ema(self, n: int) -> FloatArray:
        """Return the exponential average of the close."""
        result: FloatArray = self.once(("ema", n), lambda: indicators.ema(self.bars.close, n))
        return result
