"""The simulator's frames, statistics, stamps and refusals."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from cryptovolt.backtest.baseline import buy_and_hold, buy_and_hold_of
from cryptovolt.backtest.simulate import simulate
from cryptovolt.domain.bars import Bars, concatenated
from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.errors import ConfigurationError, CryptoVoltError, DataError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.market.listings import split_listings

HOUR = 3_600_000
NAN = float("nan")
FREE = Costs(fee=0.0, slippage=0.0)


def bars_at(*prices: float, symbol: str = "COIN", volume: float = 1e6, start: int = 0) -> Bars:
    values = np.array(prices, np.float64)
    return Bars(
        symbol=symbol,
        timeframe="1h",
        timestamp=start + np.arange(values.size) * HOUR,
        open=values,
        high=values,
        low=values,
        close=values,
        volume=np.full(values.size, volume),
    )


def test_a_round_trip_is_told_with_prices_costs_and_reason() -> None:
    run = simulate(
        bars_at(100, 100, 110, 110),
        [0.5, 0.0, NAN, NAN],
        costs=Costs(fee=0.001, slippage=0.0),
        cash=1000,
    )
    (trade,) = run.trades.rows(named=True)
    assert (trade["symbol"], trade["side"], trade["bars"]) == ("COIN", "long", 1)
    assert (trade["entry_price"], trade["exit_price"], trade["quantity"]) == (100.0, 110.0, 5.0)
    assert trade["fees"] == pytest.approx(0.5 + 0.55)
    assert trade["pnl"] == pytest.approx(50 - 1.05)
    assert trade["return"] == pytest.approx(48.95 / 500)
    assert trade["exit_reason"] == "target"
    assert trade["exit_time"].isoformat() == "1970-01-01T02:00:00+00:00"


def test_an_open_trade_is_last_and_valued_at_the_last_close() -> None:
    run = simulate(bars_at(100, 100, 110, 110, 121), [0.5, 0.0, 0.5, NAN, NAN], FREE, 1000)
    closed, still_open = run.trades.rows(named=True)
    assert closed["exit_time"] is not None
    assert still_open["exit_time"] is None
    assert still_open["exit_price"] is None
    assert still_open["exit_reason"] is None
    assert still_open["pnl"] == pytest.approx(still_open["quantity"] * 11)


def test_profits_of_trades_add_up_to_the_change_of_equity() -> None:
    rng = np.random.default_rng(4)
    prices = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, 500)))
    target = np.where(rng.random(500) < 0.2, rng.choice([-1.0, 0.0, 0.5, 1.0], 500), NAN)
    run = simulate(bars_at(*prices), target, stop_loss=0.05, take_profit=0.08)
    assert len(run.trades) > 20
    assert run.trades["pnl"].sum() == pytest.approx(run.equity[-1] - 10_000, abs=1e-6)
    assert run.trades["fees"].sum() == pytest.approx(run.orders["fee"].sum(), abs=1e-9)


def test_statistics_of_a_run_worked_out_by_hand() -> None:
    run = simulate(bars_at(100, 100, 120, 120), [1.0, NAN, NAN, NAN], FREE, 1000)
    found = run.statistics
    assert found["total_return"] == pytest.approx(0.2)
    assert found["n_trades"] == 0
    assert found["n_open_trades"] == 1
    assert found["exposure"] == 0.75
    assert found["max_drawdown"] == 0.0
    assert found["turnover"] == pytest.approx(1000 / 1100 * 365 * 24 / 4)
    assert np.isnan(found["win_rate"])
    np.testing.assert_allclose(run.returns, [0, 0, 0.2, 0], atol=1e-15)


def test_a_run_without_costs_is_stamped() -> None:
    assert simulate(bars_at(1, 1), [0, 0], FREE).stamps == ("FLATTERING: costs are off",)


def test_a_run_over_bars_of_two_listings_is_stamped() -> None:
    one = bars_at(*[100.0] * 5)
    joined = concatenated((one, bars_at(*[100.0] * 5, start=36 * DAY_MS)))
    (stamp,) = simulate(joined, np.full(10, 0.5)).stamps
    assert stamp == f"RELISTED: {one.symbol} had no bars for at least 30 days"
    for part in split_listings(joined):
        assert simulate(part, np.full(5, 0.5)).stamps == ()
    assert simulate(bars_at(1, 1), [0, 0]).stamps == ()


def test_settings_name_the_data_by_its_hash() -> None:
    bars = bars_at(100, 101)
    assert simulate(bars, [0, 0]).settings["data_hash"] == {"COIN": bars.content_hash()}


def test_buy_and_hold_splits_the_cash_and_keeps_it_invested() -> None:
    markets = {"A": bars_at(100, 100, 200, symbol="A"), "B": bars_at(50, 50, 50, symbol="B")}
    run = buy_and_hold(markets, FREE, 1000)
    assert run.equity.tolist() == [1000, 1000, 1500]
    assert len(run.orders) == 2


def test_buy_and_hold_of_a_perpetual_pays_funding_as_the_run_beside_it_does() -> None:
    bars = bars_at(100, 100, 100, 100)
    rates = FundingRates(timestamp=bars.timestamp[2:3].copy(), rate=np.array([0.01]))
    run = simulate(bars, [0.5, NAN, NAN, NAN], FREE, 1000, funding=rates)
    assert run.equity.tolist() == [1000, 1000, 995, 995]
    assert buy_and_hold_of(run).equity.tolist() == [1000, 1000, 990, 990]


def test_the_kernel_goes_on_where_its_fill_table_was_full() -> None:
    run = simulate(bars_at(*np.full(4000, 100.0)), np.tile([1.0, 0.0], 2000), FREE)
    assert len(run.orders) == 3999


GOOD = bars_at(100, 101, 102)
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("no symbol", {"bars": {}, "target": []}, "at least one symbol, found none"),
    ("no bar", {"bars": bars_at(), "target": []}, "at least one bar of COIN, found none"),
    ("short target", {"target": [1.0]}, r"shape \(3, 1\).*found \(1,\)"),
    ("wide target", {"target": np.zeros((3, 2))}, r"shape \(3, 1\).*found \(3, 2\)"),
    ("text", {"target": ["a", "b", "c"]}, "target as numbers"),
    ("beyond", {"target": [0, 1.5, 0]}, "found 1.5 for COIN in row 1"),
    ("beyond, short", {"target": [0, 0, -1.01]}, "found -1.01 for COIN in row 2"),
    ("infinite", {"target": [0, float("inf"), 0]}, "found inf for COIN in row 1"),
    ("zero cash", {"cash": 0.0}, "cash above 0, found 0"),
    ("cash not a number", {"cash": NAN}, "cash above 0, found nan"),
    ("leverage", {"leverage": 0.0}, r"leverage in \(0, 125\], found 0"),
    ("stop", {"stop_loss": 1.0}, "stop_loss as a fraction"),
    ("stop not a number", {"trailing_stop": NAN}, "trailing_stop as a fraction"),
    ("daily loss", {"max_daily_loss": -0.1}, "max_daily_loss as a fraction"),
    ("no rules", {"rules": {}}, "rules for every symbol, found none for COIN"),
    (
        "coarse tick",
        {"rules": SymbolRules(tick_size=1000.0, step_size=1.0)},
        "open in multiples of the tick size 1000.0, found 100.0 in row 0",
    ),
    (
        "too much cash",
        {"cash": 1e15, "rules": SymbolRules(tick_size=1e-4, step_size=1e-8)},
        "64 bits",
    ),
]


@pytest.mark.parametrize(("name", "change", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_bad_input_is_refused_in_one_sentence(
    name: str, change: dict[str, Any], message: str
) -> None:
    arguments: dict[str, Any] = {"bars": GOOD, "target": [0.0, 0.0, 0.0], **change}
    with pytest.raises(CryptoVoltError, match=message) as raised:
        simulate(**arguments)
    assert "\n" not in str(raised.value), name


def test_bars_that_contradict_themselves_are_refused() -> None:
    bars = bars_at(100, NAN, 102)
    with pytest.raises(DataError, match="1"):
        simulate(bars, [0, 0, 0])
    with pytest.raises(DataError):
        simulate(bars[::-1], [0, 0, 0])


def test_symbols_with_other_times_are_refused() -> None:
    other = bars_at(50, 51, 52, symbol="B", start=HOUR)
    with pytest.raises(DataError, match="found 0 of COIN and 3600000 of B in row 0"):
        simulate({"COIN": GOOD, "B": other}, np.zeros((3, 2)))
    with pytest.raises(DataError, match="found 3 of COIN and 2 of B"):
        simulate({"COIN": GOOD, "B": other[:2]}, np.zeros((3, 2)))


def test_prices_that_rise_too_far_for_64_bits_are_refused_before_the_run() -> None:
    with pytest.raises(ConfigurationError, match="prices that rise 1e\\+08 times"):
        simulate(
            bars_at(0.0001, 10_000.0),
            [0, 0],
            cash=1e9,
            rules=SymbolRules(tick_size=0.0001, step_size=0.0001),
        )


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.bool_])
def test_targets_of_any_number_type_are_taken(dtype: npt.DTypeLike) -> None:
    run = simulate(bars_at(100, 100, 110), np.array([1, 0, 0], dtype), FREE, 1000)
    assert run.equity[-1] == 1100.0


@pytest.mark.real_data
def test_real_bars_run_with_everything_on(real_data: Any) -> None:
    from cryptovolt.market.cleaning import clean_bars
    from cryptovolt.market.reading import read_bars

    bars, _ = clean_bars(read_bars(real_data("bars/BTC_USDT-1h-2017-2022.feather")))
    fast = bars.close > np.convolve(bars.close, np.ones(50) / 50)[: len(bars)]
    run = simulate(
        bars,
        np.where(fast, 1.0, -0.5),
        stop_loss=0.05,
        take_profit=0.1,
        trailing_stop=0.06,
        max_daily_loss=0.04,
    )
    assert len(run.trades) > 500
    assert run.trades["pnl"].sum() == pytest.approx(run.equity[-1] - 10_000, abs=1e-4)
    assert set(run.orders["reason"]) >= {"target", "stop_loss", "trailing_stop", "daily_loss"}
