"""Entries that are refused from outside: nothing grows, everything may shrink."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.orders import Order, Side
from cryptovolt.domain.signal import Action
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.trading.account import Account
from cryptovolt.trading.session import PaperSession, Turn

HOUR = 3_600_000
SILENT = "the feed is silent"
RULES = SymbolRules(tick_size=0.01, step_size=0.0001, min_notional=0.0)


def still(n_bars: int) -> Bars:
    """A market that stands at 100, so that a share of equity changes by trading only."""
    price = np.full(n_bars, 100.0)
    return Bars(
        symbol="BTCUSDT",
        timeframe="1h",
        timestamp=HOUR * np.arange(1, n_bars + 1),
        open=price,
        high=price,
        low=price,
        close=price,
        volume=np.full(n_bars, 1e6),
    )


class Asks:
    """Asks for a share of equity after each bar, as it was told."""

    warmup = 0

    def __init__(self, wanted: Sequence[float]) -> None:
        self._wanted = tuple(wanted)

    def target(self, history: Bars) -> FloatArray:
        rows = (history.timestamp // HOUR - 1).astype(np.int64)
        return np.array(self._wanted)[rows]


def session_of(strategy: object) -> PaperSession:
    settings = TradingSettings(cash=10_000.0, leverage=2.0, costs=Costs(fee=0.0, slippage=0.0))
    return PaperSession(strategy, RULES, settings, still(4)[:0])


def lived(wanted: Sequence[float], refused: Sequence[bool]) -> list[Turn]:
    session, bars = session_of(Asks(wanted)), still(len(wanted))
    return [
        session.on_bar(bars[row : row + 1], refusal=SILENT if refused[row] else None)
        for row in range(len(bars))
    ]


NAN = float("nan")


@pytest.mark.parametrize(
    ("held", "wanted", "left"),
    [
        # held before, asked for while refused, what becomes of it
        (0.0, 1.0, 0.0),
        (0.0, -0.5, 0.0),
        (0.5, 1.0, 0.5),
        (0.5, 0.2, 0.2),
        (0.5, 0.0, 0.0),
        (0.5, -0.5, 0.0),
        (-0.5, -1.0, -0.5),
        (-0.5, 0.5, 0.0),
        (-0.5, -0.1, -0.1),
        (0.5, NAN, 0.5),
    ],
)
def test_a_position_shrinks_but_does_not_grow_while_entries_are_refused(
    held: float, wanted: float, left: float
) -> None:
    turns = lived([held, wanted, NAN], [False, True, False])
    before, after = turns[1], turns[2]
    assert float(before.position) == held * 100.0
    assert float(after.position) == pytest.approx(left * 100.0)
    changed = wanted == wanted and left != wanted
    assert (SILENT in before.signal.vetoes) is changed
    if changed:
        assert before.signal.action is Action.HOLD


@given(
    st.lists(st.tuples(st.sampled_from([NAN, -1.0, -0.3, 0.0, 0.4, 2.0]), st.booleans()),
             min_size=2, max_size=30)
)  # fmt: skip
def test_what_was_asked_for_while_refused_never_enlarges_a_position(
    asked: list[tuple[float, bool]],
) -> None:
    turns = lived([target for target, _ in asked], [no for _, no in asked])
    for (before, after), (_, refused) in zip(pairwise(turns), asked, strict=False):
        if refused:
            assert abs(after.position) <= abs(before.position)
            assert before.position * after.position >= 0


class Sends:
    """Buys one coin after the first bar, sells it after the third, buys again."""

    warmup = 0

    def orders(self, history: Bars, account: Account) -> Sequence[Order]:
        del account
        hour = int(history.timestamp[-1] // HOUR)
        symbol = history.symbol
        return {
            1: [Order(symbol=symbol, side=Side.BUY, quantity=1.0)],
            2: [Order(symbol=symbol, side=Side.BUY, quantity=1.0)],
            3: [Order(symbol=symbol, side=Side.SELL, quantity=1.0)],
            4: [Order(symbol=symbol, side=Side.SELL, quantity=1.0)],
            5: [Order(symbol=symbol, side=Side.BUY, quantity=1.0, reduce_only=True)],
        }.get(hour, [])


def test_orders_that_would_open_are_taken_back_and_those_that_close_pass() -> None:
    session, bars = session_of(Sends()), still(6)
    turns = [
        session.on_bar(bars[row : row + 1], refusal=SILENT if row else None) for row in range(6)
    ]
    # One coin was bought before; the second was refused, the sale went through, the short did not.
    assert [turn.position for turn in turns] == [0, 1, 1, 0, 0, 0]
    assert [SILENT in turn.signal.vetoes for turn in turns] == [
        False,
        True,
        False,
        True,
        False,
        False,
    ]
    assert all(turn.equity == Decimal(10_000) for turn in turns)
    assert [len(turn.sent) for turn in turns] == [1, 0, 1, 0, 1, 0]
