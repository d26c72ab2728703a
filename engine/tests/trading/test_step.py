"""Laws of the compiled step, over random markets, targets and settings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulate import simulate_account
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.orders import Fill, FillReason, Side
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.trading.account import Account
from cryptovolt.trading.step import layout as at

HOUR = 3_600_000
SCALES = {
    # price level: tick, step, cash
    30_000.0: (0.01, 0.00001, 10_000.0),
    1.0: (0.0001, 0.1, 500.0),
    0.00001: (0.00000001, 1.0, 10_000.0),
    100_000_000.0: (1000.0, 0.0001, 5_000_000_000.0),
}


@dataclass(frozen=True)
class Case:
    """One random simulation, reproducible from what it prints."""

    markets: Mapping[str, Bars]
    target: FloatArray
    trading: TradingSettings
    rules: Mapping[str, SymbolRules]


def _market(rng: np.random.Generator, symbol: str, level: float, tick: float, n: int) -> Bars:
    wild = rng.choice([0.002, 0.02, 0.1])
    close = level * np.exp(np.cumsum(rng.normal(0, wild, n)))
    opened = np.concatenate([[level], close[:-1]]) * np.exp(rng.normal(0, wild / 4, n))
    high = np.maximum(opened, close) * np.exp(np.abs(rng.normal(0, wild / 2, n)))
    low = np.minimum(opened, close) * np.exp(-np.abs(rng.normal(0, wild / 2, n)))
    columns = [
        np.maximum(1, np.rint(values / tick)) * tick for values in (opened, high, low, close)
    ]
    size = 10.0 ** rng.integers(0, 7)
    volume = rng.exponential(size / level * 1000, n) * (rng.random(n) > 0.1)
    return Bars(
        symbol=symbol,
        timeframe="1h",
        timestamp=np.arange(n) * HOUR,
        open=columns[0],
        high=columns[1],
        low=columns[2],
        close=columns[3],
        volume=volume,
    )


def _target(rng: np.random.Generator, shape: tuple[int, int], leverage: float) -> FloatArray:
    kind = rng.integers(3)
    target = rng.choice([-1.0, -0.3, 0.0, 0.5, 1.0], shape) * leverage
    if kind == 1:
        target = rng.uniform(-leverage, leverage, shape)
    if kind == 2:
        target = np.repeat(target[:: shape[0] // 4 or 1], shape[0], axis=0)[: shape[0]]
    target[rng.random(shape) < rng.choice([0.0, 0.5, 0.9])] = np.nan
    return target


def build_case(seed: int, n_bars: int, n_symbols: int) -> Case:
    rng = np.random.default_rng(seed)
    level = rng.choice(list(SCALES))
    tick, lot, cash = SCALES[float(level)]
    names = [f"COIN{s}" for s in range(n_symbols)]

    def maybe(*values: float) -> float | None:
        return float(rng.choice(values)) if rng.random() < 0.5 else None

    trading = TradingSettings(
        cash=cash,
        costs=Costs(fee=maybe(0.001, 0.00075) or 0.0, slippage=maybe(0.0005, 0.01) or 0.0),
        leverage=maybe(0.5, 2.0, 10.0) or 1.0,
        stop_loss=maybe(0.001, 0.02, 0.1),
        take_profit=maybe(0.001, 0.03, 0.2),
        trailing_stop=maybe(0.001, 0.02, 0.1),
        max_daily_loss=maybe(0.01, 0.05),
        rebalance_band=maybe(0.01, 0.2),
    )
    rules = SymbolRules(tick_size=tick, step_size=lot, min_notional=maybe(cash / 500) or 0.0)
    return Case(
        markets={name: _market(rng, name, float(level), tick, n_bars) for name in names},
        target=_target(rng, (n_bars, n_symbols), trading.leverage),
        trading=trading,
        rules=dict.fromkeys(names, rules),
    )


CASES = st.builds(
    build_case,
    seed=st.integers(0, 2**32 - 1),
    n_bars=st.integers(1, 120),
    n_symbols=st.integers(1, 3),
)


def play(case: Case, n_bars: int | None = None) -> Run:
    trading = case.trading
    markets = {name: bars[slice(n_bars)] for name, bars in case.markets.items()}
    return simulate_account(markets, case.target[:n_bars], trading, case.rules)


def live(account: Account, case: Case, rows: range) -> tuple[list[Fill], list[Decimal]]:
    markets = list(case.markets.values())
    fills: list[Fill] = []
    equity: list[Decimal] = []
    for t in rows:
        columns = [
            np.array([getattr(bars, name)[t] for bars in markets])
            for name in ("open", "high", "low", "close", "volume")
        ]
        fills += account.step(int(markets[0].timestamp[t]), *columns)
        equity.append(account.equity)
        account.decide(case.target[t])
    return fills, equity


def exact_equity(run: Run) -> list[Decimal]:
    return [run.books.grid.money(units) for units in run.equity_units.tolist()]


@given(case=CASES)
@settings(max_examples=300, deadline=None)
def test_loop_and_one_call_per_bar_are_bit_identical(case: Case) -> None:
    run = play(case)
    account = Account(case.rules, case.trading)
    fills, equity = live(account, case, range(len(run)))
    assert equity == exact_equity(run)
    assert fills == run.fills
    assert {name: held.quantity for name, held in account.positions.items()} == {
        name: lots * run.books.grid.steps[s]
        for s, (name, lots) in enumerate(
            zip(case.markets, run.books.symbols[:, at.LOTS].tolist(), strict=True)
        )
    }


@given(case=CASES, share=st.floats(0, 1))
@settings(max_examples=100, deadline=None)
def test_a_restart_from_the_exported_state_changes_nothing(case: Case, share: float) -> None:
    n_bars = len(case.target)
    cut = int(share * n_bars)
    first = Account(case.rules, case.trading)
    before, equity = live(first, case, range(cut))
    second = Account(case.rules, case.trading)
    second.restore(json.loads(json.dumps(first.state())))
    after, rest = live(second, case, range(cut, n_bars))
    run = play(case)
    assert before + after == run.fills
    assert equity + rest == exact_equity(run)


@given(case=CASES)
@settings(max_examples=300, deadline=None)
def test_cash_flows_add_up_to_the_change_of_equity_at_every_bar(case: Case) -> None:
    run = play(case)
    cash, held = (
        Fraction(Decimal(repr(case.trading.cash))),
        dict.fromkeys(case.markets, Fraction(0)),
    )
    realised = Fraction(0)
    by_bar: dict[int, list[Fill]] = {}
    for fill in run.fills:
        by_bar.setdefault(fill.time // HOUR, []).append(fill)
    for t, equity in enumerate(exact_equity(run)):
        for fill in by_bar.get(t, []):
            side = 1 if fill.side is Side.BUY else -1
            assert fill.notional == fill.quantity * fill.price
            assert fill.fee == _fee(fill, case, run)
            cash -= side * Fraction(fill.notional) + Fraction(fill.fee)
            held[fill.symbol] += side * Fraction(fill.quantity)
            realised += Fraction(fill.pnl) - Fraction(fill.fee)
        value = sum(held[name] * _price(case, name, t) for name in case.markets)
        assert Fraction(equity) == cash + value
    open_profit = Fraction(0)
    bases: list[int] = run.books.symbols[:, at.BASIS].tolist()
    for name, basis in zip(case.markets, bases, strict=True):
        side = 1 if held[name] > 0 else -1
        open_profit += held[name] * _price(case, name, -1)
        open_profit -= side * Fraction(run.books.grid.money(basis))
    change = Fraction(exact_equity(run)[-1]) - Fraction(Decimal(repr(case.trading.cash)))
    assert change == realised + open_profit


def _fee(fill: Fill, case: Case, run: Run) -> Decimal:
    unit = run.books.grid.quote_unit
    rate = Decimal(repr(case.trading.costs.fee))
    if fill.reason is FillReason.LIQUIDATION:
        rate += Decimal(repr(case.trading.liquidation_fee))
    exact = fill.notional * rate / unit
    return exact.to_integral_value(ROUND_CEILING) * unit


def _price(case: Case, name: str, t: int) -> Fraction:
    tick = Decimal(repr(case.rules[name].tick_size))
    return Fraction(round(float(case.markets[name].close[t]) / float(tick)) * tick)


@given(case=CASES)
@settings(max_examples=200, deadline=None)
def test_no_fill_takes_more_than_the_bar_or_the_account_allows(case: Case) -> None:
    run = play(case)
    traded: dict[tuple[str, int], Decimal] = {}
    for fill in run.fills:
        key = (fill.symbol, fill.time // HOUR)
        traded[key] = traded.get(key, Decimal(0)) + fill.quantity
    for (name, t), quantity in traded.items():
        volume = float(case.markets[name].volume[t])
        assert volume > 0
        assert float(quantity) <= volume / 10 + case.rules[name].step_size
    long_only = bool((np.nan_to_num(case.target) >= 0).all())
    if long_only and case.trading.leverage <= 1.0:
        assert int(run.books.numbers[at.CASH]) >= 0
        assert (run.equity_units > 0).all()


@given(case=CASES, share=st.floats(0, 1))
@settings(max_examples=100, deadline=None)
def test_the_future_never_changes_the_past(case: Case, share: float) -> None:
    whole = play(case)
    cut = max(1, int(share * len(whole)))
    part = play(case, cut)
    np.testing.assert_array_equal(part.equity_units, whole.equity_units[:cut])
    assert part.fills == [fill for fill in whole.fills if fill.time < cut * HOUR]


def test_a_state_of_other_symbols_is_refused() -> None:
    case = build_case(seed=1, n_bars=1, n_symbols=2)
    state = Account(case.rules, case.trading).state()
    state["position:OTHER"] = state.pop("position:COIN1")
    with pytest.raises(DataError, match=r"expected the state of .*COIN1.*found .*OTHER"):
        Account(case.rules, case.trading).restore(state)
    state = Account(case.rules, case.trading).state()
    state["account"].pop()
    with pytest.raises(DataError, match="another version"):
        Account(case.rules, case.trading).restore(state)


def test_a_target_beyond_the_leverage_is_refused() -> None:
    account = Account({"COIN": SymbolRules(tick_size=0.01, step_size=0.01)}, TradingSettings())
    with pytest.raises(ConfigurationError, match=r"between -1 and 1, found \[1\.5\]"):
        account.decide(1.5)


def test_an_account_that_outgrows_64_bits_is_stopped() -> None:
    rules = SymbolRules(tick_size=0.00000001, step_size=1.0)
    account = Account({"COIN": rules}, TradingSettings(cash=10_000.0))
    account.step(0, 0.001, 0.001, 0.001, 0.001, 1e12)
    account.decide(1.0)
    account.step(HOUR, 0.001, 0.001, 0.001, 0.001, 1e12)
    with pytest.raises(ConfigurationError, match="64 bits"):
        account.step(2 * HOUR, 1e7, 1e7, 1e7, 1e7, 1e12)
