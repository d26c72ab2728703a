"""Maximum adverse and favourable excursions, as tables of bars."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.backtest.excursions import Holding, excursions
from cryptovolt.backtest.simulate import simulate
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.timeframe import timeframe_ms

NAN = float("nan")
FREE = Costs(fee=0.0, slippage=0.0)
RULES = SymbolRules(tick_size=0.01, step_size=0.001)

Row = tuple[float, ...]

#  open, high, low, close
ROWS: list[Row] = [
    (100, 130, 70, 100),
    (100, 105, 98, 104),
    (104, 112, 90, 110),
    (108, 150, 60, 100),
    (100, 101, 99, 100),
]


def bars_of(rows: list[Row], timeframe: str = "1h") -> Bars:
    table = np.array(rows, np.float64)
    return Bars(
        symbol="COIN", timeframe=timeframe,
        timestamp=np.arange(len(rows)) * timeframe_ms(timeframe),
        open=table[:, 0], high=table[:, 1], low=table[:, 2], close=table[:, 3],
        volume=np.full(len(rows), 1e6),
    )  # fmt: skip


#  name, target, settings, mae, mfe
SCENARIOS: list[tuple[str, list[float], dict[str, float], float, float]] = [
    # Bought at 100 in bar 1, sold at the open of bar 3: its high and low do not count.
    ("long, left at an open", [1, NAN, 0, NAN, NAN], {}, 0.10, 0.12),
    ("short, left at an open", [-1, NAN, 0, NAN, NAN], {}, 0.12, 0.10),
    ("long, still open", [1, NAN, NAN, NAN, NAN], {}, 0.40, 0.50),
    # Stopped at 95 in bar 2: neither its high of 112 nor its low of 90 count.
    ("long, stopped", [1, NAN, NAN, NAN, NAN], {"stop_loss": 0.05}, 0.05, 0.05),
    # Taken at 107 in bar 2, whose low of 90 may have come later.
    ("long, taken", [1, NAN, NAN, NAN, NAN], {"take_profit": 0.07}, 0.02, 0.07),
    # Stopped at 99 in the bar of the entry.
    ("long, stopped at once", [1, NAN, NAN, NAN, NAN], {"stop_loss": 0.01}, 0.01, 0.0),
]


@pytest.mark.parametrize(
    ("name", "target", "settings", "mae", "mfe"), SCENARIOS, ids=[row[0] for row in SCENARIOS]
)
def test_scenarios(
    name: str, target: list[float], settings: dict[str, float], mae: float, mfe: float
) -> None:
    run = simulate(
        bars_of(ROWS), target, FREE, 1000, rules=RULES,
        stop_loss=settings.get("stop_loss"), take_profit=settings.get("take_profit"),
    )  # fmt: skip
    (trade,) = run.trades.rows(named=True)
    assert (trade["mae"], trade["mfe"]) == pytest.approx((mae, mfe), abs=1e-12), name


#  The two halves of every hour above: open, high, low, close
HALVES: list[Row] = [
    (100, 130, 100, 120), (120, 120, 70, 100),
    (100, 104, 99.5, 103), (103, 105, 98, 104),
    (104, 112, 100, 111), (111, 111, 90, 110),
    (108, 150, 100, 120), (120, 120, 60, 100),
    (100, 101, 100, 100), (100, 100, 99, 100),
]  # fmt: skip

#  name, target, settings, mae and mfe from hours, mae and mfe from half hours
Pair = tuple[float, float]
DETAILED: list[tuple[str, list[float], dict[str, float], Pair, Pair]] = [
    # What is entered and left at the open of an hour is told by hours as well.
    ("long, left at an open", [1, NAN, 0, NAN, NAN], {}, (0.10, 0.12), (0.10, 0.12)),
    ("short, still open", [-1, NAN, NAN, NAN, NAN], {}, (0.50, 0.40), (0.50, 0.40)),
    # Stopped at 95 in the second half of bar 2: the first half with its high of 112 was held.
    (
        "long, stopped in a second half", [1, NAN, NAN, NAN, NAN], {"stop_loss": 0.05},
        (0.05, 0.05), (0.05, 0.12),
    ),
    # Stopped at 99 in the second half of the hour of the entry, after 104 in the first one.
    (
        "long, stopped in the hour of the entry", [1, NAN, NAN, NAN, NAN], {"stop_loss": 0.01},
        (0.01, 0.00), (0.01, 0.04),
    ),
    # Taken at 107 in the first half of bar 2, whose low of 100 may have come later; the low of 98
    # was held through.
    (
        "long, taken in a first half", [1, NAN, NAN, NAN, NAN], {"take_profit": 0.07},
        (0.02, 0.07), (0.02, 0.07),
    ),
    # Short at 104 in bar 2, stopped at 110 in its first half: only the two fills count.
    (
        "short, stopped in a first half", [NAN, -1, NAN, NAN, NAN], {"stop_loss": 0.06},
        (0.06, 0.00), (0.06, 0.00),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "target", "settings", "by_hours", "by_halves"),
    DETAILED,
    ids=[row[0] for row in DETAILED],
)
def test_detail_bars_tell_what_was_held_inside_a_bar(
    name: str, target: list[float], settings: dict[str, float], by_hours: Pair, by_halves: Pair
) -> None:
    bars, halves = bars_of(ROWS), bars_of(HALVES, "30m")
    for detail, expected in ((None, by_hours), (halves, by_halves)):
        run = simulate(
            bars, target, FREE, 1000, rules=RULES, detail_bars=detail,
            stop_loss=settings.get("stop_loss"), take_profit=settings.get("take_profit"),
        )  # fmt: skip
        trade = run.trades.rows(named=True)[0]
        assert (trade["mae"], trade["mfe"]) == pytest.approx(expected, abs=1e-12), name


@pytest.mark.parametrize(("side", "price", "mae", "mfe"), [(1, 80, 1 / 8, 2 / 8), (-1, 110, 0, 0)])
def test_a_limit_order_does_not_count_the_extreme_it_waited_through(
    side: int, price: float, mae: float, mfe: float
) -> None:
    # Long: bought at 80 in a bar from 130 to 70 that closes at 100. Short: sold at 110, the same.
    rows: list[Row] = [(100, 130, 70, 100)]
    expected = (mae, mfe) if side > 0 else (20 / 110, 10 / 110)
    held = Holding(
        side=np.array([side]),
        first_bar=np.array([0]),
        last_bar=np.array([0]),
        is_open=np.array([True]),
        first_price=np.array([price], np.float64),
        last_price=np.array([price], np.float64),
        entry_price=np.array([price], np.float64),
    )
    adverse, favourable = excursions(held, bars_of(rows))
    assert (adverse[0], favourable[0]) == pytest.approx(expected)


@given(st.integers(0, 2**32 - 1))
def test_every_exit_lies_between_the_excursions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.02, 80))), 2)
    opens = np.concatenate([[100.0], close[:-1]])
    wide = rng.integers(0, 200, 80) / 100
    high, low = np.maximum(opens, close) + wide, np.minimum(opens, close) - wide
    rows: list[Row] = [(*row,) for row in np.column_stack([opens, high, low, close]).tolist()]
    target = np.where(rng.random(80) < 0.3, rng.choice([-1.0, 0.0, 0.5, 1.0], 80), NAN)
    run = simulate(
        bars_of(rows), target, FREE, 10_000, rules=RULES, stop_loss=0.04, take_profit=0.05
    )
    for trade in run.trades.rows(named=True):
        last = trade["exit_price"] or close[-1]
        gain = (last / trade["entry_price"] - 1) * (1 if trade["side"] == "long" else -1)
        assert -trade["mae"] - 1e-9 <= gain <= trade["mfe"] + 1e-9
        assert trade["mae"] >= 0
        assert trade["mfe"] >= 0
