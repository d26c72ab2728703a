"""What is locked does not grow: protections, worked out again from fills and equity alone."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from random_accounts import Case, Ledger, Told, build_case, exact, live

from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.orders import FillReason
from cryptovolt.domain.protections import LowProfit, Protections
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.trading.account import Account

BY_STOP = (
    FillReason.STOP_LOSS,
    FillReason.TRAILING_STOP,
    FillReason.STOP,
    FillReason.LIQUIDATION,
)
HOUR = 3_600_000
CASES = st.builds(
    build_case,
    seed=st.integers(0, 2**32 - 1),
    n_bars=st.integers(20, 120),
    n_symbols=st.integers(1, 3),
    with_orders=st.booleans(),
)


def lived(case: Case) -> Told:
    return live(Account(case.rules, case.trading), case, range(len(case.target)))


def changes(case: Case, told: Told) -> list[tuple[int, str, FillReason, bool, bool]]:
    """Return bar, symbol, reason, whether it grew, and whether it was closed, of every fill."""
    ledger = Ledger(case)
    found: list[tuple[int, str, FillReason, bool, bool]] = []
    for t, fills in enumerate(told.fills):
        for fill in fills:
            before = ledger.held[fill.symbol]
            ledger.enter(fill)
            after = ledger.held[fill.symbol]
            grew = abs(after) > abs(before) or after * before < 0
            closed = before != 0 and after * before <= 0
            found.append((t, fill.symbol, fill.reason, grew, closed))
    return found


@given(case=CASES)
@settings(max_examples=200)
def test_a_symbol_is_not_opened_while_it_cools_down(case: Case) -> None:
    pause = case.trading.protections.cooldown
    closed_at: dict[str, int] = {}
    for t, symbol, _, grew, closed in changes(case, lived(case)):
        if grew and symbol in closed_at:
            assert t > closed_at[symbol] + pause or pause == 0
        if closed:
            assert not grew or pause == 0
            closed_at[symbol] = t


@given(case=CASES)
@settings(max_examples=200)
def test_nothing_grows_while_the_stop_guard_rests(case: Case) -> None:
    guard = case.trading.protections.stop_guard
    if guard is None:
        return
    stops: dict[str, list[int]] = {}
    rests: dict[str, int] = {}
    for t, symbol, reason, grew, closed in changes(case, lived(case)):
        key = symbol if guard.per_symbol else "all"
        assert not grew or t > rests.get(key, -1)
        if closed and reason in BY_STOP:
            seen = stops.setdefault(key, [])
            seen.append(t)
            if len(seen) >= guard.stops and t - seen[-guard.stops] < guard.within:
                rests[key] = t + guard.pause


@given(case=CASES)
@settings(max_examples=200)
def test_nothing_grows_after_the_maximum_drawdown(case: Case) -> None:
    limit = case.trading.protections.max_drawdown
    if limit is None:
        return
    told = lived(case)
    pause = case.trading.protections.drawdown_pause
    top, rests = exact(case.trading.cash), -1
    grown = {t for t, _, _, grew, _ in changes(case, told) if grew}
    for t, close in enumerate(told.equity):
        assert t > rests or t not in grown
        equity = Fraction(close)
        if equity <= 0:
            assert not [later for later in grown if later > t]
            return
        if equity < top - top * exact(limit):
            top, rests = equity, 2**62 if pause is None else t + pause
        top = max(top, equity)


@given(case=CASES)
@settings(max_examples=200)
def test_nothing_grows_for_the_rest_of_a_day_of_too_large_a_loss(case: Case) -> None:
    limit = case.trading.max_daily_loss
    if limit is None:
        return
    told = lived(case)
    start, day, halted = exact(case.trading.cash), -1, False
    last = start
    grown = {t for t, _, _, grew, _ in changes(case, told) if grew}
    for t, close in enumerate(told.equity):
        if case.times[t] // (24 * HOUR) != day:
            day, start, halted = case.times[t] // (24 * HOUR), last, False
        assert not halted or t not in grown
        last = Fraction(close)
        halted = halted or last < start - start * exact(limit)


@given(case=CASES)
@settings(max_examples=200)
def test_no_order_of_a_target_is_larger_than_the_largest(case: Case) -> None:
    most = case.trading.protections.max_order
    if most is None or case.orders:
        return
    told = lived(case)
    ledger = Ledger(case)
    for t, fills in enumerate(told.fills):
        for fill in fills:
            before = ledger.held[fill.symbol]
            equity = ledger.equity(t, "open")
            ledger.enter(fill)
            after = ledger.held[fill.symbol]
            turned = after * before < 0
            opened = abs(after) if turned else abs(after) - abs(before)
            # The order may have been decided when the account was worth more, or less.
            highest = max([equity, exact(case.trading.cash), *map(Fraction, told.equity)])
            lowest = min(case.price("low", fill.symbol, k) for k in range(t + 1))
            assert opened <= highest * exact(most) / lowest + exact(
                case.rules[fill.symbol].step_size
            )
        for payment in told.payments[t]:
            ledger.cash -= Fraction(payment.paid)


def test_low_profit_counts_fees_and_remembers_only_its_bars() -> None:
    free = Costs(fee=0.001, slippage=0.0)
    rules = {"COIN": SymbolRules(tick_size=0.01, step_size=0.001)}
    low = LowProfit(trades=2, within=4, pause=5)
    for wait, expected in ((1, 2), (5, 3)):
        trading = TradingSettings(cash=1000.0, costs=free, protections=Protections(low_profit=low))
        account = Account(rules, trading)
        opened = 0
        # Two trades at an unchanged price lose their fees; `wait` bars lie between them.
        targets = [0.5, 0.0, *[float("nan")] * wait, 0.5, 0.0, 0.5, float("nan")]
        for t, target in enumerate(targets):
            fills = account.step(t * HOUR, 100.0, 100.0, 100.0, 100.0, 1e6)
            opened += sum(fill.side == "BUY" for fill in fills)
            account.decide(target)
        assert opened == expected
