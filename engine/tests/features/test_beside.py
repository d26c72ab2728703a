"""Features of funding, basis and a leader: what is known, from when on, and their laws."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import BadBarError, ConfigurationError, DataError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.features import (
    BESIDE_FEATURES,
    FEATURE_WARMUP,
    FUNDING_PAYMENTS,
    Feature,
    build_features,
    inputs_needed,
)
from cryptovolt.features.beside import MOST_CARRIED_BARS, known_beside
from cryptovolt.features.derivatives import payments_of
from cryptovolt.features.inputs import Inputs
from cryptovolt.market.funding import read_funding
from cryptovolt.market.reading import read_bars
from cryptovolt.market.windows import live_rows

HOUR_MS = 3_600_000
START_MS = 1_600_000_000_000 // (8 * HOUR_MS) * (8 * HOUR_MS)
N = 4_000


def market(symbol: str, seed: int, n_bars: int = N, follows: FloatArray | None = None) -> Bars:
    rng = np.random.default_rng(seed)
    change = rng.standard_t(4, n_bars) * 0.004
    if follows is not None:
        change += 0.8 * np.diff(np.log(follows), prepend=np.log(follows[:1]))
    close = 100.0 * np.exp(change.cumsum())
    opened = np.concatenate([[100.0], close[:-1]])
    return Bars(
        symbol=symbol,
        timeframe="1h",
        timestamp=START_MS + np.arange(n_bars) * HOUR_MS,
        open=opened,
        high=np.maximum(opened, close) * 1.001,
        low=np.minimum(opened, close) * 0.999,
        close=close,
        volume=np.where(rng.random(n_bars) < 0.2, 0.0, rng.lognormal(3.0, 1.0, n_bars)),
    )


def near(bars: Bars, symbol: str, seed: int) -> Bars:
    shift = np.exp(np.random.default_rng(seed).normal(0.0, 5e-4, len(bars)))
    columns = {name: getattr(bars, name) * shift for name in ("open", "high", "low", "close")}
    return replace(bars, symbol=symbol, source="beside", **columns)


def rates(n_bars: int = N, seed: int = 5) -> FundingRates:
    rng = np.random.default_rng(seed)
    # Payments come some milliseconds late, as a venue stamps them.
    time = START_MS + np.arange(0, n_bars, 8) * HOUR_MS
    return FundingRates(
        timestamp=time + rng.integers(0, 20, time.size),
        rate=1e-4 + rng.normal(0.0, 5e-5, time.size),
    )


LEADER = market("BTCUSDT", seed=1)
BARS = market("ETHUSDT", seed=2, follows=LEADER.close)
GIVEN: dict[str, Any] = {
    "funding": rates(),
    "mark": near(BARS, "ETHUSDT mark", 3),
    "index": near(BARS, "ETHUSDT index", 4),
    "leader": LEADER,
}


def rows_of(given_: dict[str, Any], rows: slice, until: int) -> dict[str, Any]:
    found = {name: given_[name][rows] for name in ("mark", "index", "leader")}
    return {**found, "funding": given_["funding"].paid_until(until)}


def columns(features: Any) -> FloatArray:
    return features.select([feature.name for feature in BESIDE_FEATURES]).values


def test_what_is_not_given_has_no_columns() -> None:
    for name, one in GIVEN.items():
        names = build_features(BARS[:700], **{name: one}).names
        told = {f.name for f in BESIDE_FEATURES if f.needs == (name,)}
        assert told
        assert set(names) - set(build_features(BARS[:700]).names) == told
        assert inputs_needed(tuple(told)) == {name}
    whole = build_features(BARS[:700], **GIVEN).names
    assert {feature.name for feature in BESIDE_FEATURES} <= set(whole)
    assert inputs_needed(["return_1", "mark_premium", "unheard of"]) == {"mark", "index"}


def test_every_row_after_the_warm_up_is_finite_also_where_nothing_is_traded() -> None:
    assert build_features(BARS, **GIVEN).usable[FEATURE_WARMUP:].all()


@settings(max_examples=12, deadline=None)
@given(t=st.integers(FEATURE_WARMUP, N - 1))
def test_the_newest_of_everything_give_the_batch_row_bit_for_bit(t: int) -> None:
    close = int(BARS.timestamp[t]) + HOUR_MS
    rows = slice(max(0, t + 1 - live_rows(FEATURE_WARMUP)), t + 1)
    newest = rows_of(GIVEN, rows, close)
    paid = newest["funding"]
    # One more than needed: the last one counts a minute after it was paid.
    last = slice(-FUNDING_PAYMENTS - 1, None)
    newest["funding"] = FundingRates(timestamp=paid.timestamp[last], rate=paid.rate[last])
    live = build_features(BARS[rows], **newest).values[-1]
    np.testing.assert_array_equal(live, build_features(BARS, **GIVEN).values[t])


@settings(max_examples=12, deadline=None)
@given(t=st.integers(FEATURE_WARMUP, N - 200), seed=st.integers(0, 2**31))
def test_what_comes_later_never_changes_the_past(t: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    later = np.where(np.arange(N) > t, rng.uniform(0.5, 2.0, N), 1.0)
    changed: dict[str, Any] = {
        name: replace(
            GIVEN[name],
            **{c: getattr(GIVEN[name], c) * later for c in ("open", "high", "low", "close")},
        )
        for name in ("mark", "index", "leader")
    }
    funding: FundingRates = GIVEN["funding"]
    unpaid = funding.timestamp > int(BARS.timestamp[t]) + HOUR_MS
    changed["funding"] = FundingRates(
        timestamp=funding.timestamp, rate=np.where(unpaid, -funding.rate, funding.rate)
    )
    then, now = columns(build_features(BARS, **GIVEN)), columns(build_features(BARS, **changed))
    np.testing.assert_array_equal(now[: t + 1], then[: t + 1])
    assert (now[t + 1 :] != then[t + 1 :]).any(axis=0).sum() == then.shape[1] - 2  # intervals stay


@pytest.mark.parametrize("feature", BESIDE_FEATURES, ids=lambda feature: feature.name)
def test_the_declared_warm_up_is_enough(feature: Feature) -> None:
    payments = payments_of(GIVEN["funding"])
    beside = known_beside(BARS, GIVEN["mark"], GIVEN["index"], LEADER)
    whole = feature.compute(Inputs(BARS, beside, payments))
    spread = float(np.nanstd(whole))
    for t in range(FEATURE_WARMUP, N, 211):
        rows = slice(t - feature.warmup, t + 1)
        part = {name: GIVEN[name][rows] for name in ("mark", "index", "leader")}
        known = known_beside(BARS[rows], **part)
        last = feature.compute(Inputs(BARS[rows], known, payments))[-1]
        assert abs(last - whole[t]) <= 1e-9 * max(abs(whole[t]), spread)


def test_no_feature_knows_the_price_level() -> None:
    def dearer(bars: Bars) -> Bars:
        parts = {name: getattr(bars, name) * 512.0 for name in ("open", "high", "low", "close")}
        return replace(bars, **parts)

    other: dict[str, Any] = {name: dearer(GIVEN[name]) for name in ("mark", "index", "leader")}
    other["funding"] = GIVEN["funding"]
    expected = columns(build_features(BARS, **GIVEN))
    found = columns(build_features(dearer(BARS), **other))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


# Payments of 1, 2 and 3 bp at 00, 08 and 16 o'clock; what a bar that closes then knows.
KNOWN_RATES = [
    # (close, newest rate in bp, share of the interval gone by)
    (15, 2.0, 7 / 8),
    (16, 2.0, 1.0),  # paid this very moment: a live session has not heard of it
    (17, 3.0, 1 / 8),
    (32, 3.0, 2.0),
    (33, None, None),  # two intervals without a payment: the feed is down
]


@pytest.mark.parametrize(("close", "rate", "elapsed"), KNOWN_RATES)
def test_a_rate_counts_a_minute_after_it_was_paid(
    close: int, rate: float | None, elapsed: float | None
) -> None:
    time = START_MS + np.array([0, 8, 16]) * HOUR_MS
    payments = payments_of(FundingRates(timestamp=time, rate=np.array([1e-4, 2e-4, 3e-4])))
    given_ = Inputs(BARS[:50], {}, payments)
    by_name = {f.name: f.compute(given_)[close - 1] for f in BESIDE_FEATURES if "funding" in f.name}
    expected = [np.nan if one is None else one for one in (rate, elapsed)]
    found = [by_name["funding_rate"] * 1e4, by_name["funding_elapsed"]]
    np.testing.assert_allclose(found, expected)
    assert np.isnan(by_name["funding_mean_21"])


def test_rates_of_other_intervals_are_stated_per_eight_hours() -> None:
    time = START_MS + np.array([0, 4, 8, 9]) * HOUR_MS
    payments = payments_of(FundingRates(timestamp=time, rate=np.full(4, 1e-4)))
    assert payments.rate[1:].tolist() == pytest.approx([2e-4, 2e-4, 8e-4])
    assert payments.interval_ms.tolist() == [0, 4 * HOUR_MS, 4 * HOUR_MS, HOUR_MS]


def test_without_any_payment_every_value_is_undefined() -> None:
    none = FundingRates(timestamp=np.empty(0, np.int64), rate=np.empty(0))
    features = build_features(BARS[:700], funding=none)
    assert np.isnan(features.select(["funding_rate", "funding_elapsed"]).values).all()


def test_a_market_that_follows_shows_it() -> None:
    names = ["leader_beta_168", "leader_correlation_168", "leader_lead_168"]
    beta, correlation, lead = build_features(BARS, leader=LEADER).select(names).values[-1]
    assert beta == pytest.approx(0.8, abs=0.25)
    assert correlation > 0.4
    assert abs(lead) < 0.3


def without(bars: Bars, rows: slice) -> Bars:
    kept = np.ones(len(bars), np.bool_)
    kept[rows] = False
    parts = {n: getattr(bars, n)[kept] for n in ("timestamp", "open", "high", "low", "close")}
    return replace(bars, **parts, volume=bars.volume[kept])


def test_a_missing_bar_is_stood_in_for_by_the_one_before_for_a_while() -> None:
    rows = slice(1_000, 1_000 + MOST_CARRIED_BARS + 1)
    known = known_beside(BARS, without(GIVEN["mark"], rows), None, without(LEADER, rows))
    last = 1_000 + MOST_CARRIED_BARS
    assert np.flatnonzero(np.isnan(known["leader"])).tolist() == [last]
    assert (known["leader"][1_000:last] == LEADER.close[999]).all()
    assert np.flatnonzero(np.isnan(known["mark"])).tolist() == [last]
    assert (known["mark"][1_000:last] == known["mark"][999]).all()


def test_what_cannot_be_used_beside_the_bars_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="another market as the leader of BTCUSDT"):
        build_features(LEADER, leader=LEADER)
    with pytest.raises(ConfigurationError, match=r"expected mark bars of 1h, .* found 4h"):
        build_features(BARS, mark=replace(BARS, timeframe="4h"))
    with pytest.raises(DataError, match="expected leader bars beside ETHUSDT, found none"):
        build_features(BARS, leader=LEADER[:0])
    with pytest.raises(BadBarError):
        build_features(BARS, index=replace(GIVEN["index"], low=BARS.high * 2.0))


@pytest.mark.real_data
def test_a_real_perpetual_with_its_funding_and_mark_price(
    real_data: Callable[[str], Path],
) -> None:
    folder = real_data("futures/BTC_USDT_USDT-1h-futures-2025H1.feather").parent
    bars = read_bars(folder / "BTC_USDT_USDT-1h-futures-2025H1.feather", "BTCUSDT", "1h")
    mark = read_bars(next(folder.glob("*1h-mark*")), "BTCUSDT", "1h", source="mark")
    funding = read_funding(next(folder.glob("*funding*")))
    features = build_features(bars, funding=funding, mark=mark)
    assert features.usable[FEATURE_WARMUP:].mean() > 0.95
    gap, rate = features.select(["mark_gap", "funding_rate"]).values[FEATURE_WARMUP:].T
    assert np.nanmax(np.abs(gap)) < 0.01
    assert np.nanmedian(rate) == pytest.approx(5e-5, abs=1e-4)
    t = len(bars) - 1
    newest = slice(t + 1 - live_rows(FEATURE_WARMUP), t + 1)
    live = build_features(bars[newest], funding=funding, mark=mark[newest])
    np.testing.assert_array_equal(live.values[-1], features.values[t])
