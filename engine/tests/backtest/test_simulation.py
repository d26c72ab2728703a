"""What the simulator refuses, in one sentence that names the row, and what it can count."""

from typing import Any

import numpy as np
import pytest

from cryptovolt.backtest.simulate import simulate
from cryptovolt.backtest.simulation import Simulation
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.errors import ConfigurationError, CryptoVoltError, DataError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.execution.settings import TradingSettings

HOUR = 3_600_000
NAN = float("nan")
INTERVALS = {"30m": HOUR // 2, "1h": HOUR, "1d": 24 * HOUR}


def bars_at(*prices: float, symbol: str = "COIN", timeframe: str = "1h", **columns: Any) -> Bars:
    values = np.array(prices, np.float64)
    given: dict[str, Any] = {
        "timestamp": np.arange(values.size) * INTERVALS[timeframe],
        **dict.fromkeys(("open", "high", "low", "close"), values),
        "volume": np.full(values.size, 1e9),
        **columns,
    }
    return Bars(symbol=symbol, timeframe=timeframe, **given)


def rates(*times: int) -> FundingRates:
    return FundingRates(timestamp=np.array(times, np.int64), rate=np.full(len(times), 0.001))


def four(**values: float) -> list[float]:
    target = [0.0, 0.0, 0.0, 0.0]
    for name, value in values.items():
        target[int(name.removeprefix("row"))] = value
    return target


GOOD = bars_at(100, 101, 102, 103)
FINE = bars_at(*np.repeat([100.0, 101, 102, 103], 2), timeframe="30m")
OTHER_RANGE = bars_at(100, 100, 101, 101, 102, 102, 103, 104, timeframe="30m")
INF = float("inf")

REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (
        "times in no order",
        {"bars": bars_at(1, 2, 3, 4, timestamp=[0, 2 * HOUR, HOUR, 3 * HOUR])},
        r"COIN 1h, bar 2 \(1970-01-01 01:00 UTC\): not in order of time",
    ),
    (
        "a time twice",
        {"bars": bars_at(1, 2, 3, 4, timestamp=[0, HOUR, HOUR, 2 * HOUR])},
        r"bar 2 \(1970-01-01 01:00 UTC\): more than one bar of a time",
    ),
    (
        "no price",
        {"bars": bars_at(1, 2, 3, 4, close=np.array([1, NAN, 3, 4]))},
        "bar 1 .*not a num",
    ),
    ("negative volume", {"bars": bars_at(1, 2, 3, 4, volume=[1, 1, -3, 1])}, "bar 2 .*negative"),
    ("high below low", {"bars": bars_at(1, 2, 3, 4, high=[1, 1.5, 3, 4])}, "bar 1 .*contradict"),
    ("no bars", {"bars": GOOD[:0], "target": []}, "at least one bar of COIN, found none"),
    ("other length", {"target": [1.0, 0.0]}, r"shape \(4, 1\).*found \(2,\)"),
    ("ragged", {"target": [[1.0], [1.0, 0.5], 0.0, 0.0]}, "target as an array of numbers"),
    ("no target", {"target": None}, "target as numbers, found object"),
    ("first row", {"target": four(row0=1.5)}, "found 1.5 for COIN in row 0"),
    ("first row, infinite", {"target": four(row0=-INF)}, "found -inf for COIN in row 0"),
    ("late row", {"target": four(row2=-1.01)}, "found -1.01 for COIN in row 2"),
    ("last row", {"target": four(row3=INF)}, "found inf for COIN in row 3"),
    (
        "last row and a delay",
        {"target": four(row3=-INF), "costs": Costs(delay=2)},
        "found -inf for COIN in row 3",
    ),
    (
        "a delay longer than the bars",
        {"target": four(row1=2.0), "costs": Costs(delay=9)},
        "found 2 for COIN in row 1",
    ),
    (
        "detail bars and a delay",
        {"target": four(row1=2.0), "costs": Costs(delay=1), "detail_bars": FINE},
        "found 2 for COIN in row 1",
    ),
    (
        "detail bars and a delay, last row",
        {"target": four(row3=INF), "costs": Costs(delay=1), "detail_bars": FINE},
        "found inf for COIN in row 3",
    ),
    (
        "detail bars and a long delay",
        {"target": four(row0=1.5), "costs": Costs(delay=6), "detail_bars": FINE},
        "found 1.5 for COIN in row 0",
    ),
    ("no cash", {"cash": 0}, "cash above 0, found 0"),
    ("infinite cash", {"cash": INF}, "cash above 0, found inf"),
    (
        "unknown fee asset",
        {"costs": Costs(fee_asset="BNB")},
        'fee_asset as "base" or one of COIN, found BNB; add its bars',
    ),
    ("funding of a stranger", {"funding": {"X": rates(0)}}, "funding of COIN, found it for X"),
    (
        "funding without a name",
        {
            "bars": {"A": bars_at(1, 2, symbol="A"), "B": bars_at(1, 2, symbol="B")},
            "target": np.zeros((2, 2)),
            "funding": rates(0),
        },
        "funding by symbol for A, B, found one series without a name",
    ),
    (
        "detail of a longer frame",
        {"detail_bars": bars_at(1, timeframe="1d")},
        "divides 1h, found 1d",
    ),
    ("detail of the same frame", {"detail_bars": GOOD}, "divides 1h, found 1h"),
    ("no detail of a bar", {"detail_bars": FINE[:4]}, "found none for row 2"),
    (
        "detail outside",
        {"bars": GOOD[:3], "target": [0, 0, 0], "detail_bars": FINE},
        "inside the bars only, found one at 10800000 outside of them",
    ),
    ("detail of other prices", {"detail_bars": OTHER_RANGE}, "found 104 instead of 103 in row 3"),
    ("detail of a stranger", {"detail_bars": {"X": FINE}}, "detail bars of COIN, found X"),
    ("no detail bars", {"detail_bars": FINE[:0]}, "at least one bar of COIN, found none"),
]


@pytest.mark.parametrize(("name", "change", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_bad_input_is_refused_in_one_sentence_that_names_the_row(
    name: str, change: dict[str, Any], message: str
) -> None:
    arguments: dict[str, Any] = {"bars": GOOD, "target": np.zeros(4), **change}
    with pytest.raises(CryptoVoltError, match=message) as raised:
        simulate(**arguments)
    assert "\n" not in str(raised.value), name


def test_arrays_of_other_lengths_are_refused() -> None:
    with pytest.raises(DataError, match=r"arrays of one length, found .*'close': \(2,\)"):
        bars_at(1, 2, 3, close=np.array([1.0, 2.0]))


def test_a_delay_of_half_a_bar_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"expected a delay of 0 to 1000 bars, found 1\.5"):
        Costs(delay=1.5)  # type: ignore[arg-type]


def test_targets_at_the_leverage_and_a_delay_longer_than_the_bars_are_fine() -> None:
    for detail in (None, FINE):
        run = simulate(GOOD, np.ones(4), Costs(delay=9), detail_bars=detail)
        assert run.fills == []
        assert run.equity.tolist() == [10_000.0] * 4


COUNTABLE = [
    #  price, tick, step, cash, leverage
    (60_000.0, 0.01, 0.00001, 1e9, 1.0),
    (60_000.0, 0.01, 0.00001, 1e9, 10.0),
    (0.00001, 0.00000001, 1.0, 1e9, 1.0),
    (0.00000001, 0.00000001, 1.0, 10_000.0, 1.0),
    (1e8, 1000.0, 0.00000001, 1e11, 1.0),
    (1e8, 1000.0, 0.00000001, 1e13, 1.0),
]


@pytest.mark.parametrize(("price", "tick", "step", "cash", "leverage"), COUNTABLE)
def test_large_accounts_and_small_prices_are_counted_exactly(
    price: float, tick: float, step: float, cash: float, leverage: float
) -> None:
    rules = SymbolRules(tick_size=tick, step_size=step)
    bars = bars_at(*[price] * 4, volume=np.full(4, 1e3 * cash * leverage / price))
    costs = Costs(fee=0.001, slippage=0.0)
    run = simulate(bars, [leverage, 0.0, NAN, NAN], costs, cash, leverage, rules)
    bought, sold = run.fills
    assert float(bought.notional) == pytest.approx(cash * leverage, rel=0.012)
    fees = sum(fill.fee for fill in (bought, sold))
    assert (
        run.books.grid.money(int(run.equity_units[-1]))
        == run.books.grid.money(run.books.grid.units_of(cash)) - fees
    )


UNCOUNTABLE = [
    #  prices, tick, step, cash
    ((60_000.0, 60_000.0), 0.01, 0.00001, 1e12, "64 bits"),
    ((0.0001, 10_000.0), 0.0001, 0.0001, 1e9, r"prices that rise 1e\+08 times"),
    ((1e8, 1e8), 1000.0, 0.00000001, 5e13, "64 bits"),
    ((100.0, 100.0), 1e-8, 1e-8, 1e6, "64 bits"),
    ((100.0, 100.0), 0.01, 0.01, 1e20, "64 bits"),
]


@pytest.mark.parametrize(("prices", "tick", "step", "cash", "message"), UNCOUNTABLE)
def test_sizes_that_would_overflow_are_refused_before_the_run(
    prices: tuple[float, ...], tick: float, step: float, cash: float, message: str
) -> None:
    rules = SymbolRules(tick_size=tick, step_size=step)
    with pytest.raises(ConfigurationError, match=message):
        Simulation(bars_at(*prices), TradingSettings(cash=cash), rules)


def test_a_minimum_notional_beyond_all_counting_lets_nothing_through() -> None:
    rules = SymbolRules(tick_size=0.01, step_size=0.01, min_notional=1e15)
    assert simulate(GOOD, np.ones(4), rules=rules).fills == []
