"""Fixed horizon, meta labels and targets against plain Python, and what holds for every maker."""

from collections.abc import Callable, Sequence
from math import exp, log, sqrt
from typing import Any, TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.features import (
    Labels,
    Targets,
    fixed_horizon,
    forward_return,
    meta_labels,
    triple_barrier,
)
from cryptovolt.features.labels import VOLATILITY_BARS, round_trip

HOUR_MS = 3_600_000
FREE = Costs(fee=0.0, slippage=0.0)
HORIZON = 6


def bars_of(
    open_: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray, hours: Any = None
) -> Bars:
    return Bars(
        symbol="BTCUSDT",
        timeframe="1h",
        timestamp=(np.arange(close.size) if hours is None else hours) * HOUR_MS,
        open=open_,
        high=np.maximum(high, np.maximum(open_, close)),
        low=np.minimum(low, np.minimum(open_, close)),
        close=close,
        volume=np.ones(close.size),
    )


def random_bars(n_bars: int, seed: int, gap_at: int | None = None) -> Bars:
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(rng.normal(0.0, 0.01, n_bars).cumsum())
    open_ = np.concatenate([[100.0], close[:-1]]) * np.exp(rng.normal(0.0, 0.001, n_bars))
    wick = np.exp(np.abs(rng.normal(0.0, 0.006, (2, n_bars))))
    hours = np.arange(n_bars)
    if gap_at is not None:
        hours[gap_at:] += 5
    return bars_of(open_, close * wick[0], close / wick[1], close, hours)


def momentum_of(bars: Bars) -> FloatArray:
    # A primary rule: follow the last bar, and stay out of every third one.
    side = np.sign(np.diff(bars.close, prepend=bars.close[0]))
    side[::3] = 0.0
    side[5::6] = np.nan
    return side


Maker: TypeAlias = Callable[[Bars], Labels | Targets]

MAKERS: dict[str, Maker] = {
    "triple barrier": lambda bars: triple_barrier(bars, HORIZON),
    "fixed horizon, volatility": lambda bars: fixed_horizon(bars, HORIZON, 0.4),
    "fixed horizon, costs": lambda bars: fixed_horizon(bars, HORIZON, 2.0, unit="costs"),
    "meta": lambda bars: meta_labels(bars, momentum_of(bars), HORIZON),
    "forward return": lambda bars: forward_return(bars, HORIZON),
}


@pytest.fixture(params=list(MAKERS.values()), ids=list(MAKERS))
def make(request: pytest.FixtureRequest) -> Maker:
    return request.param


def plain_volatility(bars: Bars, t: int) -> float:
    if t < VOLATILITY_BARS:
        return float("nan")
    changes = [
        log(bars.close[k] / bars.close[k - 1]) for k in range(t - VOLATILITY_BARS + 1, t + 1)
    ]
    return sqrt(sum(x * x for x in changes) / VOLATILITY_BARS)


def plain_fixed(bars: Bars, zone_of: Callable[[int], float]) -> list[tuple[int, int, int, float]]:
    found: list[tuple[int, int, int, float]] = []
    for t in range(HORIZON, len(bars) - HORIZON):
        hours = (bars.timestamp[t + HORIZON] - bars.timestamp[t - HORIZON]) / HOUR_MS
        change = log(bars.close[t + HORIZON] / bars.open[t + 1])
        if hours == 2 * HORIZON and abs(change) > zone_of(t):
            found.append((t, 1 if change > 0 else -1, t + HORIZON, change))
    return found


def plain_trade(bars: Bars, t: int, side: int, distance: float) -> tuple[int, float]:
    # Seen from a short trade the market is upside down: the high is what may hurt.
    entry = bars.open[t + 1]
    for k in range(t + 1, t + HORIZON + 1):
        above = bars.high[k] >= entry * exp(distance)
        below = bars.low[k] <= entry * exp(-distance)
        hurt, helped = (below, above) if side > 0 else (above, below)
        if hurt:
            return k, -distance
        if helped:
            return k, distance
    return t + HORIZON, side * log(bars.close[t + HORIZON] / entry)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("gap_at", [None, 250])
def test_fixed_horizon_is_what_plain_python_finds(seed: int, gap_at: int | None) -> None:
    bars = random_bars(400, seed, gap_at)

    def in_volatility(t: int) -> float:
        return 0.4 * plain_volatility(bars, t) * sqrt(HORIZON)

    cases: list[tuple[Labels, Callable[[int], float]]] = [
        (fixed_horizon(bars, HORIZON, 0.4), in_volatility),
        (fixed_horizon(bars, HORIZON, 2.0, unit="costs"), lambda _: 2.0 * round_trip(Costs())),
    ]
    for labels, zone_of in cases:
        expected = plain_fixed(bars, zone_of)
        assert labels.row.tolist() == [row for row, *_ in expected]
        assert labels.value.tolist() == [value for _, value, *_ in expected]
        assert labels.end.tolist() == [end for _, _, end, _ in expected]
        assert labels.outcome == pytest.approx([x for *_, x in expected], abs=1e-12)


@pytest.mark.parametrize("seed", [3, 4])
def test_meta_labels_are_what_plain_python_finds(seed: int) -> None:
    bars = random_bars(400, seed)
    side = momentum_of(bars)
    labels = meta_labels(bars, side, HORIZON, 0.8)
    rows = [t for t in range(VOLATILITY_BARS, len(bars) - HORIZON) if side[t] > 0 or side[t] < 0]
    assert labels.row.tolist() == rows
    assert labels.side is not None
    for i, t in enumerate(rows):
        distance = 0.8 * plain_volatility(bars, t) * sqrt(HORIZON) + 0.003
        end, outcome = plain_trade(bars, t, int(side[t]), distance)
        assert (labels.end[i], labels.side[i]) == (end, side[t])
        assert labels.outcome[i] == pytest.approx(outcome, abs=1e-12)
        assert labels.value[i] == (1 if outcome > 0.003 else -1)


@pytest.mark.parametrize("seed", [5, 6])
def test_triple_barrier_is_the_long_trade_of_plain_python(seed: int) -> None:
    bars = random_bars(400, seed)
    labels = triple_barrier(bars, HORIZON, 0.8)
    for i, t in enumerate(labels.row.tolist()):
        distance = 0.8 * plain_volatility(bars, t) * sqrt(HORIZON) + 0.003
        end, outcome = plain_trade(bars, t, 1, distance)
        assert labels.end[i] == end
        assert labels.outcome[i] == pytest.approx(outcome, abs=1e-12)
        assert labels.value[i] == (1 if outcome > 0 else -1)


# Before the decision bars alternate by ±1 %: volatility 1 %, barriers of four bars 2 % from 100.
META = [
    # side, (high, low, close) of the bars after it, paid, bars until it is known
    (+1, [(103, 100, 102), (102, 100, 101), (102, 100, 101), (102, 100, 101)], +1, 1),
    (-1, [(103, 100, 102), (102, 100, 101), (102, 100, 101), (102, 100, 101)], -1, 1),
    (-1, [(101, 99, 100), (100, 97, 98), (102, 98, 101), (102, 100, 101)], +1, 2),
    (+1, [(103, 97, 100), (101, 99, 100), (101, 99, 100), (101, 99, 100)], -1, 1),  # both: a loss
    (-1, [(103, 97, 100), (101, 99, 100), (101, 99, 100), (101, 99, 100)], -1, 1),
    (+1, [(101, 99, 100), (101, 99, 100), (101, 99, 100), (101, 99, 100.5)], +1, 4),  # time is up
    (-1, [(101, 99, 100), (101, 99, 100), (101, 99, 100), (101, 99, 100.5)], -1, 4),
    (-1, [(101, 99, 100), (101, 99, 100), (101, 99, 100), (101, 99, 99.5)], +1, 4),
    (+1, [(101, 99, 100), (101, 99, 100), (101, 99, 100), (101, 99, 100)], -1, 4),  # no change
]


def scenario(after: Sequence[tuple[float, float, float]]) -> tuple[Bars, int]:
    n_before = VOLATILITY_BARS + 2
    before = np.where(np.arange(n_before) % 2 == 0, 101.0, 100.0)
    high, low, close = (np.array([bar[i] for bar in after], dtype=float) for i in range(3))
    closes = np.concatenate([before, close])
    opens = np.concatenate([before, [100.0], close[:-1]])
    bars = bars_of(opens, np.concatenate([before, high]), np.concatenate([before, low]), closes)
    return bars, n_before - 1


@pytest.mark.parametrize(("side", "after", "paid", "n_bars"), META)
def test_whether_a_trade_pays(
    side: int, after: list[tuple[float, float, float]], paid: int, n_bars: int
) -> None:
    bars, decision = scenario(after)
    wanted = np.zeros(len(bars))
    wanted[decision] = side
    labels = meta_labels(bars, wanted, 4, costs=FREE)
    assert labels.row.tolist() == [decision]
    assert labels.value.tolist() == [paid]
    assert labels.end.tolist() == [decision + n_bars]


def test_a_gain_smaller_than_its_costs_has_not_paid() -> None:
    bars, decision = scenario([*[(101.0, 99.0, 100.0)] * 3, (101.0, 99.0, 100.5)])
    wanted = np.zeros(len(bars))
    wanted[decision] = 1.0
    cheap, dear = Costs(fee=0.001, slippage=0.001), Costs(fee=0.001, slippage=0.001, spread=0.002)
    assert meta_labels(bars, wanted, 4, costs=cheap).value.tolist() == [1]  # 0.499 % against 0.4 %
    assert meta_labels(bars, wanted, 4, costs=dear).value.tolist() == [-1]  # against 0.6 %
    assert round_trip(dear) == pytest.approx(0.006)


FIXED = [
    # close after four bars from an entry at 100, dead zone, unit, label (volatility: 2 %)
    (101.1, 0.5, "volatility", +1),
    (100.9, 0.5, "volatility", None),
    (99.1, 0.5, "volatility", None),
    (98.9, 0.5, "volatility", -1),
    (100.5, 1.0, "costs", +1),
    (100.2, 1.0, "costs", None),  # a round trip costs 0.3 %
    (99.6, 1.0, "costs", -1),
    (100.01, 0.0, "costs", +1),
    (100.0, 0.0, "costs", None),  # no change is never a label
]


@pytest.mark.parametrize(("close", "zone", "unit", "value"), FIXED)
def test_rows_inside_the_dead_zone_have_no_label(
    close: float, zone: float, unit: Any, value: int | None
) -> None:
    calm, rally = (101.0, 99.0, 100.0), (150.0, 98.0, 150.0)
    bars, decision = scenario([calm, calm, calm, (102.0, 98.0, close), *[rally] * 4])
    labels = fixed_horizon(bars, 4, zone, unit=unit)
    found = dict(zip(labels.row.tolist(), labels.value.tolist(), strict=True))
    assert found.get(decision) == value


@settings(max_examples=25)
@given(cut=st.integers(160, 290), seed=st.integers(0, 2**31))
def test_bars_after_its_end_never_change_a_label(cut: int, seed: int) -> None:
    bars, other = random_bars(300, seed), random_bars(300, seed + 1)
    mixed = bars_of(
        *(
            np.concatenate([getattr(bars, name)[:cut], getattr(other, name)[cut:]])
            for name in ("open", "high", "low", "close")
        )
    )
    for make in MAKERS.values():
        assert known(make(bars), cut) == known(make(mixed), cut)


@settings(max_examples=25)
@given(n_bars=st.integers(160, 299), seed=st.integers(0, 2**31))
def test_more_bars_never_change_a_label_that_was_complete(n_bars: int, seed: int) -> None:
    bars = random_bars(300, seed)
    for make in MAKERS.values():
        fewer = make(bars[:n_bars])
        assert (fewer.end < n_bars).all()
        assert (fewer.row + HORIZON < n_bars).all()  # none before its whole horizon is over
        rows = np.isin(make(bars).row, fewer.row)
        more = make(bars).select(rows)
        assert known(fewer, 300, weights=False) == known(more, 300, weights=False)
        # How much a label shares is settled once its last neighbour is complete.
        settled = n_bars - HORIZON
        assert known(fewer, settled) == known(more, settled)


@given(power=st.integers(-9, 9), seed=st.integers(0, 2**31))
@settings(max_examples=15)
def test_a_dearer_market_has_the_same_labels(power: int, seed: int) -> None:
    bars = random_bars(200, seed)
    factor = 2.0**power  # exact in binary, so that the last bit may be compared
    dearer = bars_of(bars.open * factor, bars.high * factor, bars.low * factor, bars.close * factor)
    for make in MAKERS.values():
        assert known(make(bars), 200) == known(make(dearer), 200)


def known(labels: Labels | Targets, before: int, *, weights: bool = True) -> list[tuple[Any, ...]]:
    inside = labels.end < before
    columns = [labels.row, labels.value, labels.end, labels.timestamp]
    if isinstance(labels, Labels):
        columns += [labels.outcome, labels.last_direction]
    if weights:
        columns.append(labels.weight)
    return list(zip(*(column[inside].tolist() for column in columns), strict=True))


def test_a_gap_leaves_no_return_over_a_longer_time(make: Maker) -> None:
    gap_at = 150
    rows = make(random_bars(300, 7, gap_at)).row
    across = (rows < gap_at) & (rows + HORIZON >= gap_at)
    if make is MAKERS["triple barrier"] or make is MAKERS["meta"]:
        assert across.any()  # a position stays open through an outage
    else:
        assert not across.any()


def test_an_opposite_side_is_another_trade() -> None:
    bars = random_bars(300, 8)
    long = meta_labels(bars, np.ones(300), HORIZON)
    short = meta_labels(bars, np.full(300, -0.2), HORIZON)
    assert not ((long.value == 1) & (short.value == 1)).any()
    assert ((long.value == -1) & (short.value == -1)).any()  # costs: both sides may lose
    assert short.select(np.arange(3)).side is not None


BAD: list[tuple[Callable[[Bars], object], type[Exception], str]] = [
    (lambda bars: fixed_horizon(bars, 0), ConfigurationError, "horizon ≥ 1, dead_zone ≥ 0"),
    (lambda bars: fixed_horizon(bars, 5, -0.1), ConfigurationError, "dead_zone -0.1"),
    (lambda bars: fixed_horizon(bars, 5, float("nan")), ConfigurationError, "dead_zone nan"),
    (lambda bars: fixed_horizon(bars, 5, 1.0, unit="bps"), ConfigurationError, "'bps'"),  # pyright: ignore[reportArgumentType]
    (lambda bars: fixed_horizon(bars, 5, 1e6), DataError, "found none in 300 bars"),
    (lambda bars: fixed_horizon(bars, 200), DataError, "give more bars or a narrower zone"),
    (lambda bars: meta_labels(bars, np.zeros(300)), DataError, "found no trade"),
    (lambda bars: meta_labels(bars, np.full(300, np.nan)), DataError, "found no trade"),
    (lambda bars: meta_labels(bars, np.ones(299)), DataError, "expected one side per bar"),
    (lambda bars: meta_labels(bars, np.ones(300), 5, 0.0), ConfigurationError, "width > 0"),
]


@pytest.mark.parametrize(("ask", "error", "words"), BAD)
def test_bad_input_is_refused(
    ask: Callable[[Bars], object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        ask(random_bars(300, 9))
