"""Features of perpetuals: funding, and the price beside the mark price and the index.

A funding rate counts one minute after it was paid: a venue publishes it a little later than its
time says, and a live session must know what a batch is given. Rates are stated per 8 hours,
whatever the interval; how long the next one will be is not known, only how long the last was.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.funding import FundingRates
from cryptovolt.features.inputs import Inputs, Payments
from cryptovolt.features.registry import Feature, FeatureSource, Group
from cryptovolt.features.rolling import rolling_mean, rolling_moments

FUNDING_LAG_MS = 60_000
"""How long after a payment its rate counts as known."""

FUNDING_PAYMENTS = 22
"""The newest payments that give the same features as all."""

_MINUTE_MS = 60_000
_EIGHT_HOURS_MS = 8 * 3_600_000
# A tenth of the usual rate keeps three weeks of one rate from making the next a surprise.
_RATE_FLOOR = 1e-5


def payments_of(funding: FundingRates) -> Payments:
    """Return the payments with what was known at each; the first has no interval, so no rate."""
    paid_at = funding.timestamp
    interval: IntArray = np.zeros(len(funding), np.int64)
    # Venues stamp payments some milliseconds late; what counts is the schedule.
    steps = (np.diff(paid_at) + _MINUTE_MS // 2) // _MINUTE_MS * _MINUTE_MS
    interval[1:] = np.maximum(steps, _MINUTE_MS)
    rate = np.full(len(funding), np.nan)
    rate[1:] = funding.rate[1:] * (_EIGHT_HOURS_MS / interval[1:])
    mean_21, deviation_21 = rolling_moments(rate, 21)
    return Payments(
        known_at=paid_at + FUNDING_LAG_MS,
        paid_at=paid_at,
        interval_ms=interval,
        rate=rate,
        mean_3=rolling_mean(rate, 3),
        mean_21=mean_21,
        deviation_21=deviation_21,
    )


def _newest_payment(given: Inputs) -> tuple[IntArray, FloatArray]:
    # The share of an interval that has gone by; NaN where two are over and no payment came.
    payments, bars = _payments(given), given.bars
    closes = bars.timestamp + bars.interval_ms
    newest = np.searchsorted(payments.known_at, closes, side="right") - 1
    known = newest >= 1
    row = np.where(known, newest, 0)
    if not payments.paid_at.size:
        return row, np.full(len(bars), np.nan)
    elapsed = (closes - payments.paid_at[row]) / np.maximum(payments.interval_ms[row], 1)
    return row, np.where(known & (elapsed <= 2.0), elapsed, np.nan)


def _payments(given: Inputs) -> Payments:
    assert given.payments is not None, "a feature of funding needs funding"
    return given.payments


def _place(given: Inputs) -> tuple[IntArray, FloatArray]:
    result: tuple[IntArray, FloatArray] = given.once("payment", partial(_newest_payment, given))
    return result


def _paid(given: Inputs, *, compute: Callable[[Payments], FloatArray]) -> FloatArray:
    row, elapsed = _place(given)
    if not _payments(given).paid_at.size:
        return elapsed
    return np.where(np.isnan(elapsed), np.nan, compute(_payments(given))[row])


def _elapsed(given: Inputs) -> FloatArray:
    return _place(given)[1]


def _rate(payments: Payments) -> FloatArray:
    return payments.rate


def _mean_3(payments: Payments) -> FloatArray:
    return payments.mean_3


def _mean_21(payments: Payments) -> FloatArray:
    return payments.mean_21


def _surprise(payments: Payments) -> FloatArray:
    return (payments.rate - payments.mean_21) / (payments.deviation_21 + _RATE_FLOOR)


def _interval(payments: Payments) -> FloatArray:
    return payments.interval_ms / _EIGHT_HOURS_MS


def _gap(given: Inputs, *, name: str) -> FloatArray:
    return given.beside[name]


def _gap_mean(given: Inputs, *, name: str) -> FloatArray:
    return given.mean(name, given.beside[name], 24)


def _basis_change(given: Inputs) -> FloatArray:
    basis = given.beside["index"]
    change = np.full(basis.size, np.nan)
    change[24:] = basis[24:] - basis[:-24]
    return change


def _basis_surprise(given: Inputs) -> FloatArray:
    mean, deviation = given.moments("index", given.beside["index"], 168)
    return (given.beside["index"] - mean) / (deviation + _RATE_FLOOR)


def _premium(given: Inputs) -> FloatArray:
    return given.beside["index"] - given.beside["mark"]


def _of_funding(name: str, formula: str, compute: Callable[[Inputs], FloatArray]) -> Feature:
    return Feature(
        name, Group.FUNDING, formula, 0, compute,
        source=FeatureSource.FUNDING, needs=("funding",), lag_ms=FUNDING_LAG_MS,
    )  # fmt: skip


def _of_basis(
    name: str,
    formula: str,
    warmup: int,
    compute: Callable[[Inputs], FloatArray],
    *needs: str,
) -> Feature:
    return Feature(
        name, Group.BASIS, formula, warmup, compute, source=FeatureSource.BASIS, needs=needs
    )


FUNDING_FEATURES = (
    _of_funding("funding_rate", "newest rate paid, per 8 hours", partial(_paid, compute=_rate)),
    _of_funding("funding_mean_3", "mean of the newest 3 rates", partial(_paid, compute=_mean_3)),
    _of_funding("funding_mean_21", "mean of the newest 21 rates", partial(_paid, compute=_mean_21)),
    _of_funding(
        "funding_surprise_21",
        "(rate − mean) / (0.00001 + standard deviation) of the newest 21 rates",
        partial(_paid, compute=_surprise),
    ),
    _of_funding("funding_interval", "last interval / 8 hours", partial(_paid, compute=_interval)),
    _of_funding("funding_elapsed", "time since the newest payment / last interval", _elapsed),
)

BASIS_FEATURES = (
    _of_basis("mark_gap", "ln(c / mark price)", 12, partial(_gap, name="mark"), "mark"),
    _of_basis(
        "mark_gap_mean_24", "mean of mark_gap over 24 bars", 36,
        partial(_gap_mean, name="mark"), "mark",
    ),
    _of_basis("basis", "ln(c / index)", 12, partial(_gap, name="index"), "index"),
    _of_basis(
        "basis_mean_24", "mean of basis over 24 bars", 36,
        partial(_gap_mean, name="index"), "index",
    ),
    _of_basis("basis_change_24", "basis − basis 24 bars before", 36, _basis_change, "index"),
    _of_basis(
        "basis_surprise_168",
        "(basis − mean) / (0.00001 + standard deviation) over 168 bars",
        180,
        _basis_surprise,
        "index",
    ),
    _of_basis("mark_premium", "ln(mark price / index)", 12, _premium, "mark", "index"),
)  # fmt: skip
