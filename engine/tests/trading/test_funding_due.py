"""A session that sees bars one by one pays the funding that a backtest over all of them pays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.backtest.simulate import simulate_account
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.execution.inference import infer_rules
from cryptovolt.execution.payments import payments_due
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.trading.account import FundingDue
from cryptovolt.trading.funding_due import funding_due
from cryptovolt.trading.hybrid import HybridStrategy
from cryptovolt.trading.session import PaperSession

HOUR = 3_600_000
MADE = synthetic_bars(3_000, end=1_700_000_000_000, rng=np.random.default_rng(3))


def at(hours: list[float], rate: float = 0.0001) -> FundingRates:
    start = int(MADE.timestamp[0])
    times = start + (np.array(hours, np.float64) * HOUR).astype(np.int64)
    return FundingRates(timestamp=times, rate=np.full(times.size, rate))


def one_by_one(rates: FundingRates, bars: Bars) -> list[tuple[int, FundingDue]]:
    found: list[tuple[int, FundingDue]] = []
    previous = None
    for row in range(len(bars)):
        bar = bars[row : row + 1]
        found += [(row, due) for due in funding_due(rates, bar, previous)]
        previous = int(bar.timestamp[0]) + bar.interval_ms
    return found


# hours from the first open; bars 3 and 4 are missing     row, inside
SCENARIOS: list[tuple[list[float], list[tuple[int, bool]]]] = [
    ([0.0], [(0, False)]),
    ([0.5], [(0, True)]),
    ([1.0, 2.0], [(1, False), (2, False)]),
    ([3.0], [(3, False)]),
    ([3.5, 4.0, 5.0, 5.5], [(3, False), (3, False), (3, False), (3, True)]),
    ([-1.0, 900.0], []),
]


@pytest.mark.parametrize(("hours", "expected"), SCENARIOS)
def test_a_payment_belongs_to_the_bar_in_which_it_is_due(
    hours: list[float], expected: list[tuple[int, bool]]
) -> None:
    kept = np.delete(np.arange(12), [3, 4])
    columns = {
        name: getattr(MADE, name)[kept]
        for name in ("timestamp", "open", "high", "low", "close", "volume")
    }
    bars = Bars(symbol=MADE.symbol, timeframe="1h", source=MADE.source, **columns)
    found = one_by_one(at(hours), bars)
    assert [(row, inside) for row, (_, _, inside) in found] == expected


@given(
    gaps=st.sets(st.integers(1, 58), max_size=30),
    minutes=st.sets(st.integers(-200, 4_000), max_size=40),
    seed=st.integers(0, 100),
)
def test_one_by_one_is_all_at_once(gaps: set[int], minutes: set[int], seed: int) -> None:
    kept = np.array([row for row in range(60) if row not in gaps])
    columns = {
        name: getattr(MADE, name)[kept]
        for name in ("timestamp", "open", "high", "low", "close", "volume")
    }
    bars = Bars(symbol=MADE.symbol, timeframe="1h", source=MADE.source, **columns)
    times = int(MADE.timestamp[0]) + 60_000 * np.array(sorted(minutes), np.int64)
    drawn = np.random.default_rng(seed).normal(0.0, 1e-4, times.size)
    rates = FundingRates(timestamp=times, rate=drawn)
    whole = payments_due(rates, (bars.symbol,), bars)[:, :4].tolist()
    found = [
        [row, 0, round(rate * 1e8), int(inside)]
        for row, (_, rate, inside) in one_by_one(rates, bars)
    ]
    assert found == whole


def test_nothing_is_due_without_rates_and_several_bars_are_refused() -> None:
    assert funding_due(None, MADE[:1]) == []
    with pytest.raises(DataError, match="expected one bar, found 2"):
        funding_due(None, MADE[:2])


def test_a_paper_session_with_funding_is_its_backtest_bit_for_bit() -> None:
    strategy = HybridStrategy()
    start = 800
    bars = MADE[: start + 1_200]
    times = bars.timestamp[::8] + np.where(
        np.arange(bars.timestamp[::8].size) % 3 == 2, HOUR // 2, 0
    )
    rates = FundingRates(
        timestamp=times, rate=np.random.default_rng(5).normal(2e-3, 1e-3, times.size)
    )
    rules, account = infer_rules(bars, 10_000.0), strategy.trading_settings(10_000.0)
    target = strategy.decide(bars).target[start:]
    run = simulate_account(bars[start:], target, account, rules, rates)
    free = simulate_account(bars[start:], target, account, rules)
    session = PaperSession(strategy, rules, account, bars[:start])
    equity: list[float] = []
    paid = fills = 0
    previous = None
    for row in range(start, len(bars)):
        bar = bars[row : row + 1]
        turn = session.on_bar(bar, funding=funding_due(rates, bar, previous), rates=rates)
        previous = int(bar.timestamp[0]) + bar.interval_ms
        equity.append(float(turn.equity))
        paid += len(session.account.payments)
        fills += len(turn.booked)
    np.testing.assert_array_equal(equity, run.equity)
    assert fills == len(run.fills) > 5
    assert paid > 5
    assert run.statistics["funding_paid"] > 0.0
    assert run.equity[-1] < free.equity[-1]
