"""Features of the market that leads: what it did, and how this one goes with it."""

from collections.abc import Callable
from functools import partial

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.features.beside import MOST_CARRIED_BARS
from cryptovolt.features.inputs import Inputs, log_return, zero_where_undefined
from cryptovolt.features.registry import Feature, FeatureSource, Group
from cryptovolt.features.rolling import rolling_beta, rolling_correlation


def _leader_return(given: Inputs, n: int) -> FloatArray:
    close = given.beside["leader"]
    result: FloatArray = given.once(("leader return", n), lambda: log_return(close, n))
    return result


def _return(given: Inputs, *, n: int) -> FloatArray:
    return _leader_return(given, n)


def _strength(given: Inputs, *, n: int) -> FloatArray:
    return given.past_return(n) - _leader_return(given, n)


def _beta(given: Inputs) -> FloatArray:
    result: FloatArray = given.once(
        "leader beta", lambda: rolling_beta(given.change, _leader_return(given, 1), 168)
    )
    return result


def _unexplained(given: Inputs) -> FloatArray:
    return given.past_return(24) - _beta(given) * _leader_return(given, 24)


def _correlation(given: Inputs, *, n: int) -> FloatArray:
    return rolling_correlation(given.change, _leader_return(given, 1), n)


def _lead(given: Inputs) -> FloatArray:
    before = np.full(len(given.bars), np.nan)
    before[1:] = _leader_return(given, 1)[:-1]
    return rolling_correlation(given.change, before, 168)


def _volatility_ratio(given: Inputs) -> FloatArray:
    leader = given.moments("leader change", _leader_return(given, 1), 72)[1]
    return zero_where_undefined(given.volatility(72), leader)


def _of_leader(name: str, formula: str, n: int, compute: Callable[[Inputs], FloatArray]) -> Feature:
    return Feature(
        name,
        Group.LEADER,
        formula,
        n + MOST_CARRIED_BARS,
        compute,
        source=FeatureSource.LEADER,
        needs=("leader",),
    )


LEADER_FEATURES = (
    *(
        _of_leader(f"leader_return_{n}", f"leader's ln(c[t] / c[t-{n}])", n, partial(_return, n=n))
        for n in (1, 3, 12, 24, 168)
    ),
    *(
        _of_leader(
            f"relative_strength_{n}",
            f"return_{n} − leader_return_{n}",
            n,
            partial(_strength, n=n),
        )
        for n in (24, 168)
    ),
    _of_leader("leader_beta_168", "slope of r on the leader's r over 168 bars", 168, _beta),
    _of_leader(
        "unexplained_24", "return_24 − leader_beta_168 × leader_return_24", 168, _unexplained
    ),
    *(
        _of_leader(
            f"leader_correlation_{n}",
            f"correlation of r with the leader's r over {n} bars",
            n,
            partial(_correlation, n=n),
        )
        for n in (48, 168)
    ),
    _of_leader(
        "leader_lead_168",
        "correlation of r with the leader's r one bar before, over 168 bars",
        169,
        _lead,
    ),
    _of_leader(
        "leader_volatility_ratio_72",
        "volatility_72 / the leader's",
        72,
        _volatility_ratio,
    ),
)
