"""The statistics of a run: by hand, by their laws, and as the documentation lists them."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulate import simulate
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.funding import FundingRates
from cryptovolt.market.resampling import resample
from cryptovolt.performance import (
    information_ratio,
    max_drawdown,
    sharpe_ratio,
    sortino_ratio,
)

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "statistics.md"
HOUR, DAY = 3_600_000, 86_400_000
NAN = float("nan")
FREE = Costs(fee=0.0, slippage=0.0)
RULES = SymbolRules(tick_size=0.01, step_size=0.0001)


def bars_at(prices: npt.ArrayLike, start: int = 0, step: int = HOUR, timeframe: str = "1h") -> Bars:
    close = np.asarray(prices, np.float64)
    opens = np.concatenate([close[:1], close[:-1]])
    return Bars(
        symbol="COIN", timeframe=timeframe, timestamp=start + np.arange(close.size) * step,
        open=opens, high=np.maximum(opens, close), low=np.minimum(opens, close), close=close,
        volume=np.full(close.size, 1e6),
    )  # fmt: skip


def waves(n_bars: int = 4800) -> Run:
    """Return a run on and off a wave for 200 days of hours."""
    t = np.arange(float(n_bars))
    close = np.round(100 * np.exp(0.1 * np.sin(t / 90) + 0.02 * np.cos(t * t / 7e3)), 2)
    target = np.where(t % 37 == 0, np.where(t % 74 == 0, 1.0, -0.5), NAN)
    return simulate(bars_at(close), target, rules=RULES)


def random_run(seed: int, scale: int = 1) -> Run:
    rng = np.random.default_rng(seed)
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.02, 300))), 2)
    target = np.where(rng.random(300) < 0.1, rng.choice([-1.0, 0.0, 0.5, 1.0], 300), NAN)
    return simulate(bars_at(close), target, Costs(), 1000.0 * scale, rules=RULES)


def test_a_run_of_three_trades_worked_out_by_hand() -> None:
    # Long from 100 to 110, short from 110 to 121 and back to flat, long again and still open.
    close = np.array([100.0, 100, 110, 110, 121, 121, 121, 133.1])
    target = [0.5, NAN, -0.5, NAN, 0.0, 0.5, NAN, NAN]
    found = simulate(bars_at(close), target, FREE, 1000.0, rules=RULES).statistics
    # 5 coins gain 50; then half of 1050 is 4.7727 coins short, which lose 11 each.
    lost = 4.7727 * 11
    assert (found["n_trades"], found["n_open_trades"], found["win_rate"]) == (2, 1, 0.5)
    assert found["average_win"] == pytest.approx(50.0)
    assert found["average_loss"] == pytest.approx(lost)
    assert found["payoff_ratio"] == pytest.approx(50 / lost)
    assert found["expectancy"] == pytest.approx((50 - lost) / 2)
    assert (found["best_trade"], found["worst_trade"]) == pytest.approx((0.1, -0.1))
    assert (found["longest_winning_streak"], found["longest_losing_streak"]) == (1, 1)
    assert (found["median_bars_held"], found["longest_bars_held"]) == (2, 2)
    # Bars 1 to 3 and 6 to 7 hold a long, 3 to 5 a short.
    assert (found["exposure_long"], found["exposure_short"]) == (5 / 8, 3 / 8)
    assert found["exposure"] == 7 / 8
    # Below 1050 from bar 4 on, to the end.
    assert found["time_under_water"] == 4 / 8
    assert found["slippage_paid"] == found["fees_paid"] == found["costs_of_gross_profit"] == 0.0


def test_costs_are_the_difference_to_a_run_without_them() -> None:
    # Two purchases and two sales of whole coins: the same quantities with and without costs.
    close = np.array([100.0, 100, 110, 110, 105, 105, 120, 120])
    rules = SymbolRules(tick_size=0.01, step_size=1.0)
    target = [0.5, NAN, 0.0, NAN, 0.5, NAN, 0.0, NAN]
    costly, free = (
        simulate(bars_at(close), target, costs, 1011.0, rules=rules)
        for costs in (Costs(fee=0.001, slippage=0.0005), FREE)
    )
    assert costly.orders["quantity"].to_list() == free.orders["quantity"].to_list()
    found, gross = costly.statistics, free.statistics["final_equity"] - 1011.0
    missing = free.statistics["final_equity"] - found["final_equity"]
    assert found["fees_paid"] + found["slippage_paid"] == pytest.approx(missing)
    assert found["costs_of_gross_profit"] == pytest.approx(missing / gross)


def test_slippage_of_a_stop_is_its_fixed_part_and_a_limit_pays_none() -> None:
    close = np.array([100.0, 100, 90, 90, 90])
    stopped = simulate(
        bars_at(close), [0.5, NAN, NAN, NAN, NAN], Costs(fee=0.0, slippage=0.01), 1000.0,
        rules=RULES, stop_loss=0.05,
    )  # fmt: skip
    (entry, leave) = stopped.orders.rows(named=True)
    stop = 101 * 0.95
    assert leave["reason"] == "stop_loss"
    expected = entry["quantity"] * 1.0 + leave["quantity"] * stop * 0.01
    # Prices are whole ticks.
    assert stopped.statistics["slippage_paid"] == pytest.approx(expected, rel=0.01)
    taken = simulate(
        bars_at(close[::-1].copy()), [0.5, NAN, NAN, NAN, NAN], Costs(fee=0.0, slippage=0.01),
        1000.0, rules=RULES, take_profit=0.05,
    )  # fmt: skip
    assert taken.orders["reason"].to_list() == ["target", "take_profit"]
    bought = taken.orders["quantity"][0] * (taken.orders["price"][0] - 90)
    assert taken.statistics["slippage_paid"] == pytest.approx(bought)


def test_funding_is_a_cost_of_the_account_and_not_of_a_trade() -> None:
    # 5 coins at 100 for three payments of a thousandth; then the price doubles.
    close = np.array([100.0, 100, 100, 100, 100, 200])
    rates = FundingRates(timestamp=np.array([2, 3, 4]) * HOUR, rate=np.full(3, 0.001))
    run = simulate(bars_at(close), [0.5, *[NAN] * 5], FREE, 1000.0, rules=RULES, funding=rates)
    found = run.statistics
    assert found["funding_paid"] == pytest.approx(1.5)
    assert found["costs_of_gross_profit"] == pytest.approx(1.5 / 500)
    profit = float(run.trades["pnl"].to_numpy().sum())
    assert profit - found["funding_paid"] == pytest.approx(run.equity[-1] - 1000)


def test_slippage_counts_from_the_open_of_the_detail_bar() -> None:
    # An hour of four quarters, three times; bought at the open of the second hour, 108.
    close = np.array([100.0, 102, 104, 108, 110, 112, 114, 116, 118, 120, 122, 124])
    small = bars_at(close, step=HOUR // 4, timeframe="15m")
    large = resample(small, "1h")
    run = simulate(
        large, [0.5, NAN, NAN], Costs(fee=0.0, slippage=0.01), 1000.0, rules=RULES,
        detail_bars=small,
    )  # fmt: skip
    (bought,) = run.orders.rows(named=True)
    assert bought["price"] == 109.08
    assert run.fill_opens.tolist() == [108.0]
    assert run.statistics["slippage_paid"] == pytest.approx(bought["quantity"] * 1.08)


COST_MODELS = (
    Costs(),
    Costs(spread=0.001, impact=0.1, volatility=0.1, maker_fee=0.0002, delay=2),
    Costs(fee_asset="base"),
)


@pytest.mark.parametrize("costs", COST_MODELS)
def test_trades_and_fills_tell_the_same_under_every_cost_model(costs: Costs) -> None:
    rng = np.random.default_rng(9)
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.02, 500))), 2)
    target = np.where(rng.random(500) < 0.2, rng.choice([0.0, 0.5, 1.0], 500), NAN)
    run = simulate(bars_at(close), target, costs, rules=RULES, stop_loss=0.04, take_profit=0.06)
    found = run.statistics
    assert len(run.trades) > 20
    assert run.trades["pnl"].sum() == pytest.approx(run.equity[-1] - 10_000, abs=1e-6)
    assert run.trades["fees"].sum() == pytest.approx(found["fees_paid"], abs=1e-6)
    assert found["slippage_paid"] > 0


def test_holding_everything_is_nearly_the_benchmark() -> None:
    close = np.round(100 * np.exp(np.cumsum(np.random.default_rng(2).normal(0, 0.02, 400))), 2)
    run = simulate(bars_at(close), np.append(1.0, np.full(399, NAN)), FREE, rules=RULES)
    found = run.statistics
    assert found["beta"] == pytest.approx(1.0, abs=1e-4)
    assert found["alpha"] == pytest.approx(0.0, abs=1e-3)
    assert found["benchmark_return"] == pytest.approx(found["total_return"], abs=1e-4)


def test_another_benchmark_can_be_given() -> None:
    run, market = random_run(1), np.linspace(-0.01, 0.01, 300)
    found = run.against(market)
    assert found.information_ratio == information_ratio(run.returns, market, 8760.0)
    assert run.against(run.returns).beta == pytest.approx(1.0)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_measures_keep_their_ranges(seed: int) -> None:
    found = random_run(seed).statistics
    for name in (
        "win_rate", "exposure", "exposure_long", "exposure_short", "time_under_water",
        "max_drawdown", "mean_drawdown", "positive_months", "probabilistic_sharpe",
    ):  # fmt: skip
        assert 0.0 <= found[name] <= 1.0 or np.isnan(found[name]), name
    assert -1.0 <= found["correlation"] <= 1.0 or np.isnan(found["correlation"])
    assert max(found["exposure_long"], found["exposure_short"]) <= found["exposure"]
    assert found["worst_day"] <= found["best_day"]
    assert not found["mean_bars_held"] > found["longest_bars_held"]
    assert found["mean_drawdown"] <= found["max_drawdown"] or np.isnan(found["mean_drawdown"])


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_larger_account_has_the_same_ratios(seed: int) -> None:
    small, large = random_run(seed).statistics, random_run(seed, 1000).statistics
    for name in ("sharpe", "beta", "max_drawdown", "win_rate", "turnover", "total_return"):
        # Quantities are whole steps: a thousandth of the account is rounded a little more.
        assert large[name] == pytest.approx(small[name], rel=0.02, abs=0.02, nan_ok=True), name


def test_intervals_hold_the_statistics_and_name_their_seed() -> None:
    run = waves()
    found, again = run.intervals, waves().intervals
    assert found == again
    assert found.seed == 0
    for name in ("sharpe", "cagr", "max_drawdown"):
        interval = getattr(found, name)
        assert interval.estimate == pytest.approx(run.statistics[name], rel=1e-9), name
        assert interval.low < interval.high
    assert found.sharpe.estimate in found.sharpe
    assert found.cagr.estimate in found.cagr


def test_a_ruined_account_keeps_what_is_defined() -> None:
    close = np.array([100.0, 100, 250, 250, 250])
    run = simulate(bars_at(close), [-1.0, NAN, NAN, NAN, NAN], FREE, 1000.0, rules=RULES)
    found = run.statistics
    assert found["cagr"] == -1.0
    assert found["max_drawdown"] > 1.0
    assert run.intervals.cagr.estimate == -1.0
    assert run.to_quantstats().size == 1


def test_every_statistic_is_documented_and_every_documented_one_exists() -> None:
    section = DOCUMENT.read_text(encoding="utf-8").partition("## Intervals")[0]
    listed = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == set(random_run(3).statistics)


def test_the_drawdown_table_begins_with_the_deepest() -> None:
    close = np.array([100.0, 100, 90, 100, 105, 84, 90])
    run = simulate(bars_at(close), [1.0, *[NAN] * 6], FREE, 1000.0, rules=RULES)
    hours = [
        (row["start"].hour, row["trough"].hour, row["recovery"], row["bars"], row["depth"])
        for row in run.drawdown_table.rows(named=True)
    ]
    second = run.drawdown_table["recovery"][1]
    assert hours == [
        (5, 5, None, 2, pytest.approx(0.2)),
        (2, 2, second, 1, pytest.approx(0.1)),
    ]
    assert (second.hour, str(second.tzinfo)) == (3, "UTC")
    assert run.drawdown_table.schema["recovery"] == pl.Datetime("ms", "UTC")


def test_a_run_without_drawdown_has_an_empty_table() -> None:
    run = simulate(bars_at(np.full(3, 100.0)), [0.0, 0.0, 0.0], FREE, rules=RULES)
    assert len(run.drawdown_table) == 0
    assert run.drawdown_table.columns[0] == "start"


def test_months_and_years_know_where_the_bars_end() -> None:
    # Bars of a day from 1970-01-01 to 1970-02-28: both months are whole, the year is not.
    run = simulate(bars_at(np.full(59, 100.0), 0, DAY, "1d"), np.zeros(59), FREE, rules=RULES)
    assert [(m.month, m.partial) for m in run.monthly_returns] == [(1, False), (2, False)]
    assert [(y.year, y.change, y.partial) for y in run.yearly_returns] == [(1970, 0.0, True)]


def test_quantstats_finds_the_same_in_daily_returns() -> None:
    # quantstats 0.0.86 (pandas 3.1.1), given `waves().to_quantstats()` and periods=365.
    series: Any = waves().to_quantstats()
    returns: FloatArray = series.to_numpy()
    assert series.index.tz is None
    assert (str(series.index[0])[:10], str(series.index[-1])[:10]) == ("1970-01-01", "1970-07-19")
    assert (series.size, series.name) == (200, "strategy")
    growth = np.concatenate([[1.0], np.cumprod(1.0 + returns)])
    found = {
        "sharpe": sharpe_ratio(returns, 365.0),
        "sortino": sortino_ratio(returns, 365.0),
        "max_drawdown": -max_drawdown(growth),
        "comp": waves().statistics["total_return"],
        "cagr": waves().statistics["cagr"],
        "best": waves().statistics["best_day"],
    }
    assert found == pytest.approx(
        {
            "sharpe": -1.56036223647229,
            "sortino": -2.03401248983581,
            "max_drawdown": -0.463356206591846,
            "comp": -0.387394049573,
            "cagr": -0.591110733847974,
            "best": 0.0693775178867109,
        },
        rel=1e-9,
    )
