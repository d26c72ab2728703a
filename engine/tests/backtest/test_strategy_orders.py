"""Backtests of strategies that send orders."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from cryptovolt.backtest.simulate import simulate
from cryptovolt.backtest.strategy import backtest
from cryptovolt.domain.bars import VALUE_COLUMNS, Bars
from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.errors import StrategyError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.orders import Cancel, Fill, Order, OrderKind, Side
from cryptovolt.execution.inference import infer_rules
from cryptovolt.market.resampling import resample
from cryptovolt.market.windows import BLOCK_BARS
from cryptovolt.research.ledger import FileLedger
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.risk.limits import RiskLimits
from cryptovolt.trading.account import Account

HOUR = 3_600_000
RULES = SymbolRules(tick_size=0.01, step_size=0.001)
FREE = Costs(fee=0.0, slippage=0.0)


def market(n_bars: int = 3_000, seed: int = 3) -> Bars:
    return synthetic_bars(n_bars, end=1_700_000_000_000, rng=np.random.default_rng(seed))


def table(*rows: tuple[float, float, float, float]) -> Bars:
    o, h, lo, c = np.array(rows, np.float64).T
    return Bars(
        symbol="X",
        timeframe="1h",
        timestamp=np.arange(len(rows)) * HOUR,
        open=o,
        high=h,
        low=lo,
        close=c,
        volume=np.full(len(rows), 1e6),
    )


class Breakout:
    """Buys one unit above yesterday's high with a stop and a target that cancel one another."""

    warmup = 24
    size: float = 0.1

    def orders(self, history: Bars, account: Account) -> Sequence[Order | Cancel]:
        held = float(account.positions[history.symbol].quantity)
        if held == 0.0:
            stale = [Cancel(one.order_id) for one in account.open_orders]
            level = float(history.high[-24:].max())
            entry = Order(
                symbol=history.symbol,
                side=Side.BUY,
                quantity=self.size,
                kind=OrderKind.STOP,
                stop_price=level,
            )
            return [*stale, entry]
        if any(one.order.side is Side.SELL for one in account.open_orders):
            return []
        price = float(history.close[-1])
        out = {"symbol": history.symbol, "side": Side.SELL, "quantity": held, "group": "exit"}
        return [
            Order(**out, kind=OrderKind.STOP, stop_price=price * 0.98, reduce_only=True),  # pyright: ignore[reportArgumentType]
            Order(**out, kind=OrderKind.TAKE_PROFIT, limit_price=price * 1.03),  # pyright: ignore[reportArgumentType]
        ]


def test_market_orders_fill_at_the_next_open() -> None:
    class BuyOnceSellOnce:
        warmup = 0

        def orders(self, history: Bars, account: Account) -> Sequence[Order]:
            del account
            sides = {1: Side.BUY, 3: Side.SELL}
            side = sides.get(len(history))
            return [] if side is None else [Order(symbol="X", side=side, quantity=2.0)]

    bars = table(
        (100, 101, 99, 100), (101, 103, 100, 102), (102, 104, 101, 103), (105, 106, 104, 105)
    )
    run = backtest(bars, BuyOnceSellOnce(), FREE, rules=RULES)
    told = [(f.time // HOUR, f.side.value, float(f.quantity), float(f.price)) for f in run.fills]
    assert told == [(1, "BUY", 2.0, 101.0), (3, "SELL", 2.0, 105.0)]
    assert run.equity.tolist() == [10_000.0, 10_002.0, 10_004.0, 10_008.0]
    assert run.trades["pnl"].to_list() == [8.0]
    assert run.orders["reason"].to_list() == ["market", "market"]
    assert np.isnan(run.target).all()


def test_a_stop_and_a_target_in_one_group_end_one_another() -> None:
    run = backtest(market(), Breakout())
    reasons = set(run.orders["reason"].to_list())
    assert {"stop", "take_profit"} <= reasons
    assert run.trades["exit_reason"].null_count() <= 1
    quantities = run.orders["quantity"].to_list()
    assert quantities == pytest.approx([0.1] * len(quantities))
    assert run.stamps == ()
    assert run.statistics["n_trades"] > 10


def test_fills_name_the_order_that_they_fill() -> None:
    run = backtest(market(), Breakout())
    assert run.orders["order_id"].to_list() == [fill.order_id for fill in run.fills]
    # Entry and exit are two orders, and an order of this strategy fills at once or not at all.
    assert (run.orders["order_id"] > 0).all()
    assert run.orders["order_id"].is_unique().all()
    alone = run.orders.filter(run.orders["order_id"] == run.fills[3].order_id)
    assert alone["quantity"].to_list() == [float(run.fills[3].quantity)]


def test_fills_without_an_order_name_none() -> None:
    bars = market(200)
    target = np.tile([1.0, 0.0], 100)
    assert set(simulate(bars, target, rules=RULES).orders["order_id"]) == {0}


def test_the_same_orders_by_hand_give_the_same_run() -> None:
    bars = market(600)
    run = backtest(bars, Breakout())
    account = Account({bars.symbol: infer_rules(bars)}, run.trading)
    strategy = Breakout()
    fills: list[Fill] = []
    for t in range(len(bars)):
        o, h, lo, c, v = (float(getattr(bars, name)[t]) for name in VALUE_COLUMNS)
        fills += account.step(int(bars.timestamp[t]), o, h, lo, c, v)
        assert float(account.equity) == run.equity[t]
        if t >= 24:
            for one in strategy.orders(bars[: t + 1], account):
                if isinstance(one, Cancel):
                    account.cancel(one.order_id)
                else:
                    account.submit([one])
    assert fills == run.fills


def test_what_a_strategy_sees_begins_its_warm_up_before_the_block_and_ends_with_the_bar() -> None:
    seen: list[tuple[int, int]] = []

    class Looks:
        warmup = 50

        def __deepcopy__(self, memo: object) -> "Looks":
            return self

        def orders(self, history: Bars, account: Account) -> list[Order]:
            del account
            seen.append((int(history.timestamp[0]), int(history.timestamp[-1])))
            return []

    bars = market(5_000)
    backtest(bars, Looks())
    assert [last for _, last in seen] == bars.timestamp[50:].tolist()
    block = bars.timestamp // (BLOCK_BARS * bars.interval_ms)
    for first, last in seen:
        row = int(np.searchsorted(bars.timestamp, last))
        begin = int(np.argmax(block == block[row]))
        assert first == bars.timestamp[max(0, begin - 50)]


def test_funding_is_paid_on_what_orders_hold_as_on_what_targets_hold() -> None:
    class Holds:
        warmup = 0

        def orders(self, history: Bars, account: Account) -> list[Order]:
            del account
            return [Order(symbol="X", side=Side.BUY, quantity=10.0)] if len(history) == 1 else []

    bars = table(*[(100.0, 101.0, 99.0, 100.0)] * 20)
    rates = FundingRates(
        timestamp=np.array([4 * HOUR, 8 * HOUR, 12 * HOUR + 60_000]),
        rate=np.array([0.01, -0.02, 0.01]),
    )
    run = backtest(bars, Holds(), FREE, rules=RULES, funding=rates)
    # 10 units at 100 are worth 1,000: 10, −20 and 10 paid.
    assert [(p.time // HOUR, float(p.paid)) for p in run.payments] == [
        (4, 10.0),
        (8, -20.0),
        (12, 10.0),
    ]
    same = simulate(bars, np.r_[0.1, [np.nan] * 19], FREE, rules=RULES, funding=rates)
    assert run.payments == same.payments
    np.testing.assert_array_equal(run.equity_units, same.equity_units)


def test_detail_bars_tell_what_happened_inside_a_bar() -> None:
    fine = market(4_800)
    start = int(np.argmax(fine.timestamp % (4 * HOUR) == 0))
    fine = fine[start : start + (len(fine) - start) // 4 * 4]
    coarse = resample(fine, "4h")
    assert len(coarse) == len(fine) // 4
    run = backtest(coarse, Breakout(), detail_bars=fine)
    assert len(run) == len(coarse)
    assert len(run.fills) > 10
    inside = {int(fill.time) for fill in run.fills} - set(coarse.timestamp.tolist())
    assert inside, "some fills happen later than at the open of a 4 h bar"
    assert inside <= set(fine.timestamp.tolist())
    assert run.trades["pnl"].sum() == pytest.approx(run.equity[-1] - 10_000, abs=1e-6)


def test_limits_of_the_owner_bind_orders_too() -> None:
    run = backtest(market(), Breakout(), limits=RiskLimits(max_order=0.1))
    assert run.trading.protections.max_order == 0.1
    opening = run.orders.filter(run.orders["side"] == "BUY")["notional"]
    assert (opening.to_numpy() < 0.1 * 11_000).all()


def test_every_backtest_is_a_trial(tmp_path: Path) -> None:
    ledger = FileLedger(tmp_path / "trials.jsonl")
    bars = market(600)
    backtest(bars, Breakout(), ledger=ledger)
    backtest(bars, Breakout(), ledger=ledger, study="again")
    first, last = (int(t) for t in bars.timestamp[[0, -1]])
    trials = ledger.trials([bars.symbol], first, last)
    assert [trial.study for trial in trials] == ["Breakout", "again"]
    assert dict(trials[0].parameters) == {"strategy": "Breakout", "size": 0.1, "warmup": 24}


def test_a_mistake_is_one_sentence_with_file_line_and_bar() -> None:
    for returned, said in (
        (None, "expected a list of orders, found NoneType at 20.* UTC; return"),
        (Order(symbol="X", side=Side.BUY, quantity=1.0), "expected a list of orders, found Order"),
        ([1.0], "expected Order and Cancel in the list of orders, found float"),
        ([Cancel(7)], "expected an open order to cancel, found none of 7"),
        ([Order(symbol="Y", side=Side.BUY, quantity=1.0)], "expected orders in SYNTHETIC-USDT"),
    ):

        class Mistaken:
            warmup = 5

            def orders(self, history: Bars, account: Account, answer: object = returned) -> object:
                del history, account
                return answer

        with pytest.raises(StrategyError, match=said) as caught:
            backtest(market(50), Mistaken())
        assert f"{__file__}:" in str(caught.value)

    class Raises:
        warmup = 5

        def orders(self, history: Bars, account: Account) -> list[Order]:
            del account
            return [Order(symbol=history.symbol, side=Side.BUY, quantity=-1.0)]

    with pytest.raises(StrategyError, match=r"Raises\.orders: expected a positive quantity"):
        backtest(market(50), Raises())
