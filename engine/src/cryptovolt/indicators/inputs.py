"""What every indicator asks of its input, in one set of sentences."""

from collections.abc import Sequence
from operator import index

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import ConfigurationError, DataError


def checked(name: str, arrays: Sequence[FloatArray]) -> tuple[list[FloatArray], int]:
    """Return the arrays as contiguous float64, and the first row in which all are numbers.

    NaN before an array's first number is the warm-up of another indicator and allowed.
    """
    inputs = [np.ascontiguousarray(array, dtype=np.float64) for array in arrays]
    shapes = [array.shape for array in inputs]
    if not inputs or inputs[0].ndim != 1 or len(set(shapes)) != 1:
        raise DataError(f"expected one-dimensional arrays of one length for {name}, found {shapes}")
    return inputs, max(_first_number(name, array) for array in inputs)


def whole_number(name: str, parameter: str, value: int, least: int = 1) -> int:
    """Return the parameter if it is a whole number of at least `least`."""
    try:
        found = index(value)
    except TypeError:
        found = least - 1
    if found < least:
        raise ConfigurationError(
            f"expected {parameter} as a whole number of at least {least} for {name}, found {value}"
        )
    return found


def positive_number(name: str, parameter: str, value: float) -> float:
    """Return the parameter if it is a finite number above 0."""
    if not (np.isfinite(value) and value > 0):
        raise ConfigurationError(f"expected {parameter} above 0 for {name}, found {value}")
    return float(value)


def ordered_times(name: str, timestamp: IntArray, n_bars: int) -> IntArray:
    """Return the times if they are integers in rising order, one per bar."""
    times = np.asarray(timestamp)
    if times.dtype.kind not in "iu" or times.shape != (n_bars,):
        raise DataError(
            f"expected timestamp as {n_bars} integers (milliseconds UTC) for {name}, found "
            f"{times.dtype} of shape {times.shape}"
        )
    backward = np.flatnonzero(np.diff(times) <= 0)
    if backward.size:
        row = int(backward[0]) + 1
        raise DataError(
            f"expected rising times for {name}, found {times[row]} after {times[row - 1]} at row "
            f"{row}; sort the bars and drop duplicates first"
        )
    return times.astype(np.int64, copy=False)


def require_volume(name: str, volume: FloatArray) -> None:
    """Refuse a volume below 0; NaN of a warm-up is none."""
    negative = np.flatnonzero(volume < 0.0)
    if negative.size:
        row = int(negative[0])
        raise DataError(f"expected volume from 0 for {name}, found {volume[row]} at row {row}")


def require_range(name: str, high: FloatArray, low: FloatArray) -> None:
    """Refuse a high below its low; NaN of a warm-up is none."""
    crossed = np.flatnonzero(high < low)
    if crossed.size:
        row = int(crossed[0])
        raise DataError(
            f"expected high at or above low for {name}, found {high[row]} below {low[row]} at row "
            f"{row}"
        )


def _first_number(name: str, array: FloatArray) -> int:
    finite = np.isfinite(array)
    if finite.all():
        return 0
    if np.isnan(array).all():
        return array.size
    first = int(np.argmax(finite))
    allowed = finite | (np.isnan(array) & (np.arange(array.size) < first))
    if not allowed.all():
        row = int(np.argmin(allowed))
        raise DataError(
            f"expected finite values for {name} after the warm-up, found {array[row]} at row "
            f"{row}; fill or drop it first"
        )
    return first
