"""Array types shared by the whole engine."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
"""float64, mostly of shape ``(n_bars,)``."""

IntArray: TypeAlias = npt.NDArray[np.int64]
"""int64: times in milliseconds UTC, indices, ticks, lots, quote units."""

BoolArray: TypeAlias = npt.NDArray[np.bool_]
"""bool masks."""

ActionArray: TypeAlias = npt.NDArray[np.int8]
"""int8: +1 BUY, 0 HOLD, −1 SELL; labels use the same signs."""


def read_only(array: npt.NDArray[np.generic]) -> None:
    """Forbid writing to the array in place."""
    array.flags.writeable = False
