"""Trials for tests: hourly bars of one symbol with daily returns that are given."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.domain.trials import Trial, TrialKind

_START = 19_000 * DAY_MS


@pytest.fixture(scope="session")
def make_trial() -> Callable[..., Trial]:
    """Return a function that makes a trial from daily returns, `day` days after day 19,000."""

    def make(returns: npt.ArrayLike = (0.01, -0.02), *, day: int = 0, **more: Any) -> Trial:
        values = np.asarray(returns, np.float32)
        first = _START + day * DAY_MS
        given: dict[str, Any] = {
            "kind": TrialKind.SWEEP,
            "study": "first",
            "symbols": ("BTCUSDT",),
            "timeframe": "1h",
            "first": first,
            "last": first + values.size * DAY_MS - 3_600_000,
            "data_hash": "d" * 64,
            "parameters": {"fast": 10, "slow": 50.5, "name": "ä\tb\nc", "on": True, "none": None},
            "n_observations": 24 * values.size,
            "sharpe": 0.1,
            "skewness": -0.5,
            "kurtosis": 4.0,
            "returns": values,
            "returns_ms": DAY_MS,
            "result": {"total_return": 0.25, "sortino": None},
        }
        return Trial(**{**given, **more})

    return make
