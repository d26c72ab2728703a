"""Laws of the compiled step, over random markets, targets, costs, protections and funding."""

import json
import re
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from math import ceil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_accounts import (
    HOUR,
    Case,
    Ledger,
    Told,
    build_case,
    differences,
    exact,
    live,
    play,
)

from cryptovolt.backtest.run import Run
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.orders import Fill, FillReason, Side
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.trading.account import Account
from cryptovolt.trading.step import layout as at

CASES = st.builds(
    build_case,
    seed=st.integers(0, 2**32 - 1),
    n_bars=st.integers(1, 120),
    n_symbols=st.integers(1, 3),
)
BEYOND_VOLUME = (FillReason.LIQUIDATION, FillReason.FEE)


def exact_equity(run: Run) -> list[Decimal]:
    return [run.books.grid.money(units) for units in run.equity_units.tolist()]


def told_by(run: Run, case: Case) -> Told:
    rows = {time: t for t, time in enumerate(case.times)}
    told = Told([[] for _ in rows], [[] for _ in rows], exact_equity(run))
    for fill in run.fills:
        told.fills[rows[fill.time]].append(fill)
    for payment in run.payments:
        told.payments[rows[payment.time]].append(payment)
    return told


@given(case=CASES)
@settings(max_examples=300)
def test_loop_and_one_call_per_bar_are_bit_identical(case: Case) -> None:
    run = play(case)
    account = Account(case.rules, case.trading)
    told = live(account, case, range(len(run)))
    assert told.equity == exact_equity(run)
    assert told.all_fills == run.fills
    assert [payment for paid in told.payments for payment in paid] == run.payments
    assert account.cash == run.books.grid.money(int(run.books.numbers[at.CASH]))
    assert {name: held.quantity for name, held in account.positions.items()} == {
        name: lots * run.books.grid.steps[s]
        for s, (name, lots) in enumerate(
            zip(case.markets, run.books.symbols[:, at.LOTS].tolist(), strict=True)
        )
    }


@given(case=CASES, share=st.floats(0, 1))
@settings(max_examples=100)
def test_a_restart_from_the_exported_state_changes_nothing(case: Case, share: float) -> None:
    n_bars = len(case.target)
    cut = int(share * n_bars)
    first = Account(case.rules, case.trading)
    told = live(first, case, range(cut))
    second = Account(case.rules, case.trading)
    second.restore(json.loads(json.dumps(first.state())))
    live(second, case, range(cut, n_bars), told)
    run = play(case)
    assert told.all_fills == run.fills
    assert told.equity == exact_equity(run)


@given(case=CASES)
@settings(max_examples=300)
def test_cash_flows_add_up_to_the_change_of_equity_at_every_bar(case: Case) -> None:
    run = play(case)
    told = told_by(run, case)
    assert list(differences(case, told, run.books.grid.quote_unit)) == []


@given(case=CASES)
@settings(max_examples=200)
def test_what_fills_realise_and_what_is_open_add_up_to_the_change_of_equity(case: Case) -> None:
    run = play(case)
    ledger = Ledger(case)
    realised = Fraction(0)
    for fill in run.fills:
        ledger.enter(fill)
        assert fill.notional == fill.quantity * fill.price
        realised += Fraction(fill.pnl) - Fraction(fill.fee)
    realised -= sum((Fraction(payment.paid) for payment in run.payments), Fraction(0))
    bases: list[int] = run.books.symbols[:, at.BASIS].tolist()
    for (name, held), basis in zip(ledger.held.items(), bases, strict=True):
        side = 1 if held > 0 else -1
        entry = side * Fraction(run.books.grid.money(basis))
        realised += held * case.price("close", name, len(run) - 1) - entry
    assert Fraction(exact_equity(run)[-1]) - exact(case.trading.cash) == realised


@given(case=CASES)
@settings(max_examples=200)
def test_no_fill_takes_more_than_a_tenth_of_the_volume(case: Case) -> None:
    for t, fills in enumerate(told_by(play(case), case).fills):
        traded = dict.fromkeys(case.markets, 0.0)
        for fill in fills:
            traded[fill.symbol] += float(fill.quantity) * (fill.reason not in BEYOND_VOLUME)
            assert fill.reason in BEYOND_VOLUME or case.markets[fill.symbol].volume[t] > 0
        for name, quantity in traded.items():
            assert quantity <= case.markets[name].volume[t] / 10 + case.rules[name].step_size


@given(case=CASES)
@settings(max_examples=200)
def test_no_fill_is_better_than_its_bar_or_worse_than_slippage_makes_it(case: Case) -> None:
    for t, fills in enumerate(told_by(play(case), case).fills):
        for fill in fills:
            low, high = case.price("low", fill.symbol, t), case.price("high", fill.symbol, t)
            price = Fraction(fill.price)
            if fill.reason is FillReason.FEE:
                continue
            slip = most_slippage(case, fill, t)
            if fill.side is Side.BUY:
                assert low <= price
                assert price <= high + slip or fill.reason is FillReason.TAKE_PROFIT
            else:
                assert price <= high
                assert price >= low - slip or fill.reason is FillReason.TAKE_PROFIT


def most_slippage(case: Case, fill: Fill, t: int) -> Fraction:
    costs, symbol = case.trading.costs, fill.symbol
    high, low = case.ticks("high", symbol, t), case.ticks("low", symbol, t)
    parts = (
        exact(costs.slippage) + exact(costs.spread) / 2 + Fraction(1, 10**8),
        exact(costs.impact) + Fraction(1, 10**8),
    )
    ticks = sum(ceil(high * part) for part in parts) + ceil((high - low) * exact(costs.volatility))
    return (ticks + 1) * exact(case.rules[symbol].tick_size)


@given(case=CASES)
@settings(max_examples=300)
def test_leverage_holds_after_every_fill_that_opens(case: Case) -> None:
    run = play(case)
    told = told_by(run, case)
    ledger = Ledger(case)
    for t, fills in enumerate(told.fills):
        # Whether a payment came before or after a fill of its bar is not told.
        known = not told.payments[t]
        for fill in fills:
            before = ledger.held[fill.symbol]
            ledger.enter(fill)
            after = ledger.held[fill.symbol]
            opens = abs(after) > abs(before) or after * before < 0
            if known and opens and fill.reason is FillReason.TARGET:
                equity = ledger.equity(t, "open")
                assert equity > 0
                assert ledger.exposure(t, "open") <= exact(case.trading.leverage) * equity
        for payment in told.payments[t]:
            ledger.pay(payment, run.books.grid.quote_unit)


@given(case=CASES)
@settings(max_examples=200)
def test_who_only_buys_with_own_cash_never_owes(case: Case) -> None:
    run = play(case)
    long_only = bool((np.nan_to_num(case.target) >= 0).all())
    if long_only and case.trading.leverage <= 1.0 and not case.funding:
        assert int(run.books.numbers[at.CASH]) >= 0
        assert (run.equity_units > 0).all()
        assert not [fill for fill in run.fills if fill.reason is FillReason.LIQUIDATION]


@given(case=CASES, share=st.floats(0, 1))
@settings(max_examples=100)
def test_the_future_never_changes_the_past(case: Case, share: float) -> None:
    whole = play(case)
    cut = max(1, int(share * len(whole)))
    part = play(case, cut)
    end = case.times[cut - 1]
    np.testing.assert_array_equal(part.equity_units, whole.equity_units[:cut])
    assert part.fills == [fill for fill in whole.fills if fill.time <= end]
    assert part.payments == [payment for payment in whole.payments if payment.time <= end]


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
    with pytest.raises(ConfigurationError, match=r"between -1 and 1, found \[-inf\]"):
        account.decide(float("-inf"))


def test_an_account_that_outgrows_64_bits_is_stopped() -> None:
    rules = SymbolRules(tick_size=0.00000001, step_size=1.0)
    account = Account({"COIN": rules}, TradingSettings(cash=10_000.0))
    account.step(0, 0.001, 0.001, 0.001, 0.001, 1e12)
    account.decide(1.0)
    account.step(HOUR, 0.001, 0.001, 0.001, 0.001, 1e12)
    with pytest.raises(ConfigurationError, match="64 bits"):
        account.step(2 * HOUR, 1e7, 1e7, 1e7, 1e7, 1e12)


_STATUSES = """
import re
from numba.core import types
from cryptovolt.trading.step.bar_with_orders import bar_turn_with_orders as turn
arguments = (types.int64,) * 3 + (types.CPointer(types.int64),) * 5
turn.compile(arguments)
print(*re.findall(r"ret i32 (\\S+)", turn.overloads[arguments].library.get_llvm_str()))
"""


def test_no_piece_can_fail_unseen() -> None:
    # What a piece returns first is Numba's status, and those who call it do not look at it. All
    # pieces of a process lie in one module, so it takes a process that has compiled no others.
    told = subprocess.run(
        [sys.executable, "-c", _STATUSES], capture_output=True, text=True, check=True
    )
    statuses = told.stdout.split()
    assert set(statuses) == {"0", "1"}
    # What could fail are a step of zero in a range, but every step is written down, and a place
    # beyond the table of reasons.
    folder = Path(at.__file__).parent
    sources = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    pieces = sources.replace((folder / "loop.py").read_text(encoding="utf-8"), "")
    assert statuses.count("1") == pieces.count(" in range(") + pieces.count("= _REASONS[")
    assert not re.search(r"^ +(raise|assert) ", pieces, re.MULTILINE)
