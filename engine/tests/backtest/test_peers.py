"""Final equities that vectorbt 1.2.0 and backtesting.py 0.6.6 print for the same rules.

Their numbers are frozen here as they were printed; docs/reference/peers.md tells how they were
made, and where they follow other rules.
"""

from collections.abc import Iterator
from decimal import Decimal

import numpy as np
import pytest

from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.orders import Fill, Order, OrderKind, Side
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.trading.account import Account

N_BARS = 500
HOUR = 3_600_000


def _cents(prices: FloatArray) -> FloatArray:
    return np.asarray(np.round(prices, 2), np.float64)


def _series() -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    rng = np.random.default_rng(20240101)
    close = _cents(100 * np.exp(np.cumsum(rng.normal(0, 0.01, N_BARS))))
    gap = np.exp(rng.normal(0, 0.003, N_BARS))
    opened = _cents(np.concatenate([[100.0], close[:-1]]) * gap)
    above = np.abs(rng.normal(0, 0.004, N_BARS))
    below = np.abs(rng.normal(0, 0.004, N_BARS))
    high = np.maximum(opened, close) * (1 + above)
    low = np.minimum(opened, close) * (1 - below)
    return opened, _cents(high), _cents(low), close


OPEN, HIGH, LOW, CLOSE = _series()


def _signals() -> tuple[BoolArray, BoolArray]:
    # Long while the mean of 5 closes lies above the mean of 20.
    fast, slow = (
        np.array([CLOSE[max(0, t - length + 1) : t + 1].mean() for t in range(N_BARS)])
        for length in (5, 20)
    )
    up = fast > slow
    up[:20] = False
    before = np.concatenate([[False], up[:-1]])
    return up & ~before, ~up & before


ENTRY, EXIT = _signals()


def _orders(
    t: int, held: bool, short: bool, stop: float | None, profit: float | None
) -> Iterator[Order]:
    into, out = (Side.SELL, Side.BUY) if short else (Side.BUY, Side.SELL)
    if ENTRY[t] and not held:
        yield Order(symbol="COIN", side=into, quantity=5)
        # backtesting.py is given prices, counted from the close of the decision.
        if stop is not None:
            price = round(CLOSE[t] * (1 - stop), 2)
            yield Order(
                symbol="COIN", side=out, quantity=5, kind=OrderKind.STOP, stop_price=price,
                reduce_only=True, group=f"exit {t}",
            )  # fmt: skip
        if profit is not None:
            price = round(CLOSE[t] * (1 + profit), 2)
            yield Order(
                symbol="COIN", side=out, quantity=5, kind=OrderKind.TAKE_PROFIT,
                limit_price=price, group=f"exit {t}",
            )  # fmt: skip
    if EXIT[t] and held:
        yield Order(symbol="COIN", side=out, quantity=5, reduce_only=True)


def _trade(
    trading: TradingSettings,
    *,
    short: bool = False,
    stop: float | None = None,
    profit: float | None = None,
) -> tuple[Decimal, list[tuple[int, Fill]]]:
    account = Account({"COIN": SymbolRules(tick_size=0.0001, step_size=1.0)}, trading)
    fills: list[tuple[int, Fill]] = []
    for t in range(N_BARS):
        found = account.step(t * HOUR, OPEN[t], HIGH[t], LOW[t], CLOSE[t], 1e6)
        fills += [(t, fill) for fill in found]
        held = account.positions["COIN"].quantity != 0
        account.submit(_orders(t, held, short, stop, profit))
    return account.equity, fills


def _settings(cash: float, fee: float, **exits: float) -> TradingSettings:
    costs = Costs(fee=fee, slippage=0.0)
    return TradingSettings(cash=cash, costs=costs, maintenance_margin=None, **exits)  # type: ignore[arg-type]


VECTORBT: list[tuple[str, dict[str, float], float, str]] = [
    #  side, exits of the position, fee, final value as printed
    ("long", {}, 0.0, "926.6000000000"),
    ("long", {}, 0.001, "907.2726000000"),
    ("short", {}, 0.0, "1073.4000000000"),
    ("short", {}, 0.001, "1054.0726000000"),
    ("long", {"stop_loss": 0.02}, 0.0, "912.0690000000"),
    ("long", {"stop_loss": 0.02}, 0.001, "892.7561310000"),
    ("long", {"take_profit": 0.03}, 0.0, "1026.9375000000"),
    ("long", {"take_profit": 0.03}, 0.001, "1007.5097625000"),
]


@pytest.mark.parametrize(("side", "exits", "fee", "printed"), VECTORBT)
def test_vectorbt_agrees_to_the_last_digit(
    side: str, exits: dict[str, float], fee: float, printed: str
) -> None:
    equity, fills = _trade(_settings(1000.0, fee, **exits), short=side == "short")
    assert equity == Decimal(printed)
    assert len(fills) == 34


BACKTESTING = [
    #  side, stop, take profit, fee, final equity as printed
    ("long", None, None, 0.0, "9926.6000000000"),
    ("long", None, None, 0.001, "9907.2726000000"),
    ("short", None, None, 0.0, "10073.4000000000"),
    ("short", None, None, 0.001, "10054.0726000000"),
    ("long", 0.02, None, 0.0, "9916.3000000000"),
    ("long", 0.02, None, 0.001, "9896.9829000000"),
    ("long", None, 0.03, 0.0, "10029.6000000000"),
    ("long", None, 0.03, 0.001, "10010.1696000000"),
    # Stops so near that most are hit in the bar of the entry.
    ("long", 0.003, None, 0.0, "9969.9000000000"),
    ("long", None, 0.004, 0.0, "10007.9000000000"),
    ("long", 0.005, 0.005, 0.0, "9985.5500000000"),
]


@pytest.mark.parametrize(("side", "stop", "profit", "fee", "printed"), BACKTESTING)
def test_backtesting_agrees_to_the_last_digit(
    side: str, stop: float | None, profit: float | None, fee: float, printed: str
) -> None:
    trading = _settings(10_000.0, fee)
    equity, fills = _trade(trading, short=side == "short", stop=stop, profit=profit)
    assert equity == Decimal(printed)
    assert len(fills) == 34


APART: list[tuple[dict[str, float], str, str]] = [
    #  exits, ours, vectorbt's final value as printed
    ({"stop_loss": 0.003}, "970.89550000", "1006.5459000000"),
    ({"take_profit": 0.004}, "1008.29550000", "1038.9502000000"),
    ({"stop_loss": 0.005, "take_profit": 0.005}, "981.10800000", "1019.2420000000"),
]


@pytest.mark.parametrize(("exits", "ours", "printed"), APART)
def test_vectorbt_misses_exits_in_the_bar_of_the_entry(
    exits: dict[str, float], ours: str, printed: str
) -> None:
    equity, fills = _trade(_settings(1000.0, 0.0, **exits))
    assert equity == Decimal(ours) < Decimal(printed)
    bars = [t for t, _ in fills]
    assert any(entry == out for entry, out in zip(bars[::2], bars[1::2], strict=True))


def test_a_take_profit_that_is_only_touched_is_filled_by_backtesting_and_not_here() -> None:
    _, fills = _trade(_settings(10_000.0, 0.0), profit=0.004)
    assert HIGH[296] == 121.87
    assert (298, Decimal("121.8700")) in [(t, fill.price) for t, fill in fills]
    assert 296 not in [t for t, fill in fills if fill.side is Side.SELL]
