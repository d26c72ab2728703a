"""Random markets, settings, targets and orders, and a ledger that adds up what came of them.

Every case follows from its seed. The ledger works in fractions and reads nothing but bars, fills
and payments, so it shares no arithmetic with the step.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

import numpy as np

from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulation import Simulation
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.funding import FundingPayment, FundingRates
from cryptovolt.domain.orders import Fill, FillReason, Order, OrderKind, Side, TimeInForce
from cryptovolt.domain.protections import LowProfit, Protections, StopGuard
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.trading.account import Account, FundingDue

HOUR = 3_600_000
SCALES = {
    # price level: tick, step, cash
    30_000.0: (0.01, 0.00001, 10_000.0),
    1.0: (0.0001, 0.1, 500.0),
    0.00001: (0.00000001, 1.0, 10_000.0),
    100_000_000.0: (1000.0, 0.0001, 5_000_000_000.0),
}


@dataclass(frozen=True, repr=False)
class Case:
    """One random account and its market, reproducible from what it prints."""

    seed: int
    markets: dict[str, Bars]
    target: FloatArray
    trading: TradingSettings
    rules: dict[str, SymbolRules]
    funding: dict[str, FundingRates]
    orders: dict[int, list[Order]]
    cancels: frozenset[int]

    def __repr__(self) -> str:
        return f"build_case({self.seed}, {len(self.target)}, {len(self.markets)}): {self.trading}"

    @property
    def times(self) -> list[int]:
        return next(iter(self.markets.values())).timestamp.tolist()

    def ticks(self, name: str, symbol: str, t: int) -> int:
        return round(float(getattr(self.markets[symbol], name)[t]) / self.rules[symbol].tick_size)

    def price(self, name: str, symbol: str, t: int) -> Fraction:
        return self.ticks(name, symbol, t) * exact(self.rules[symbol].tick_size)


@dataclass
class Told:
    """What an account told about its life: fills and payments by bar, equity at every close."""

    fills: list[list[Fill]] = field(default_factory=list[list[Fill]])
    payments: list[list[FundingPayment]] = field(default_factory=list[list[FundingPayment]])
    equity: list[Decimal] = field(default_factory=list[Decimal])
    orders: dict[int, Order] = field(default_factory=dict[int, Order])

    @property
    def all_fills(self) -> list[Fill]:
        return [fill for fills in self.fills for fill in fills]


def exact(number: float) -> Fraction:
    return Fraction(Decimal(repr(float(number))))


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
        symbol=symbol, timeframe="1h", timestamp=np.arange(n) * HOUR, open=columns[0],
        high=columns[1], low=columns[2], close=columns[3], volume=volume,
    )  # fmt: skip


def _target(rng: np.random.Generator, shape: tuple[int, int], leverage: float) -> FloatArray:
    kind = rng.integers(3)
    target = rng.choice([-1.0, -0.3, 0.0, 0.5, 1.0], shape) * leverage
    if kind == 1:
        target = rng.uniform(-leverage, leverage, shape)
    if kind == 2:
        target = np.repeat(target[:: shape[0] // 4 or 1], shape[0], axis=0)[: shape[0]]
    target[rng.random(shape) < rng.choice([0.0, 0.5, 0.9])] = np.nan
    return target


def _maybe(rng: np.random.Generator, *values: float) -> float | None:
    return float(rng.choice(values)) if rng.random() < 0.5 else None


def _costs(rng: np.random.Generator, names: list[str]) -> Costs:
    fee = _maybe(rng, 0.001, 0.00075) or 0.0
    assets = [None, None, "base", names[-1]]
    return Costs(
        fee=fee,
        maker_fee=_maybe(rng, 0.0, fee / 5),
        fee_asset=assets[rng.integers(len(assets))],
        slippage=_maybe(rng, 0.0005, 0.01) or 0.0,
        spread=_maybe(rng, 0.0002) or 0.0,
        impact=_maybe(rng, 0.01, 1.0) or 0.0,
        volatility=_maybe(rng, 0.1, 1.0) or 0.0,
        delay=int(rng.choice([0, 0, 1, 3])),
    )


def _protections(rng: np.random.Generator) -> Protections:
    guard = StopGuard(
        stops=int(rng.integers(1, 4)), within=int(rng.integers(1, 30)),
        pause=int(rng.integers(1, 20)), per_symbol=bool(rng.random() < 0.5),
    )  # fmt: skip
    low = LowProfit(
        trades=int(rng.integers(1, 4)), within=int(rng.integers(1, 50)),
        pause=int(rng.integers(1, 20)), least=float(rng.choice([0.0, -0.01, 0.01])),
    )  # fmt: skip
    return Protections(
        cooldown=int(rng.choice([0, 0, 2, 10])),
        stop_guard=guard if rng.random() < 0.4 else None,
        low_profit=low if rng.random() < 0.4 else None,
        max_drawdown=_maybe(rng, 0.02, 0.2),
        drawdown_pause=int(rng.integers(1, 20)) if rng.random() < 0.5 else None,
        max_order=_maybe(rng, 0.05, 0.5),
    )


def _funding(rng: np.random.Generator, times: list[int]) -> FundingRates:
    count = int(rng.integers(0, 2 + len(times) // 4))
    due = np.unique(rng.integers(times[0] - HOUR, times[-1] + 2 * HOUR, count))
    whole = rng.random(due.size) < 0.5
    due = np.unique(np.where(whole, due // HOUR * HOUR, due))
    return FundingRates(timestamp=due, rate=np.round(rng.normal(0, 0.002, due.size), 8))


def _order(
    rng: np.random.Generator, t: int, bars: Bars, trading: TradingSettings, step: float
) -> Order:
    price = float(bars.close[t])
    kind = list(OrderKind)[rng.integers(len(OrderKind))]
    stop = price * float(np.exp(rng.normal(0, 0.02)))
    limit = (stop if kind is OrderKind.STOP_LIMIT else price) * float(np.exp(rng.normal(0, 0.02)))
    immediate = kind in (OrderKind.MARKET, OrderKind.LIMIT)
    share = rng.choice([0.01, 0.3, 1.0, 3.0]) * trading.leverage
    forces = list(TimeInForce)
    tick = float(bars.low.min())
    return Order(
        symbol=bars.symbol,
        side=Side.BUY if rng.random() < 0.5 else Side.SELL,
        quantity=max(step, trading.cash * share / price),
        kind=kind,
        limit_price=max(tick, limit) if "limit" in kind or kind == "take_profit" else None,
        stop_price=max(tick, stop) if kind in (OrderKind.STOP, OrderKind.STOP_LIMIT) else None,
        trail=0.02 if kind is OrderKind.TRAILING_STOP else None,
        reduce_only=bool(rng.random() < 0.3),
        time_in_force=forces[rng.integers(3)] if immediate else TimeInForce.GTC,
        good_for=int(rng.integers(1, 8)) if rng.random() < 0.3 else None,
        group=f"given at {t}" if rng.random() < 0.4 else None,
    )


def build_case(seed: int, n_bars: int, n_symbols: int, with_orders: bool = False) -> Case:
    rng = np.random.default_rng(seed)
    level = float(rng.choice(list(SCALES)))
    tick, lot, cash = SCALES[level]
    names = [f"COIN{s}" for s in range(n_symbols)]
    trading = TradingSettings(
        cash=cash,
        costs=_costs(rng, names),
        leverage=_maybe(rng, 0.5, 2.0, 10.0) or 1.0,
        stop_loss=_maybe(rng, 0.001, 0.02, 0.1),
        take_profit=_maybe(rng, 0.001, 0.03, 0.2),
        trailing_stop=_maybe(rng, 0.001, 0.02, 0.1),
        max_daily_loss=_maybe(rng, 0.01, 0.05),
        rebalance_band=_maybe(rng, 0.01, 0.2),
        protections=_protections(rng) if rng.random() < 0.6 else Protections(),
        maintenance_margin=_maybe(rng, 0.0, 0.005, 0.1),
        liquidation_fee=_maybe(rng, 0.01) or 0.0,
    )
    rules = SymbolRules(tick_size=tick, step_size=lot, min_notional=_maybe(rng, cash / 500) or 0.0)
    # Some bars are missing, in all symbols alike.
    missing = rng.random(n_bars) < rng.choice([0.0, 0.1, 0.5])
    kept = np.cumsum(np.where(missing, rng.integers(2, 30, n_bars), 1))
    markets: dict[str, Bars] = {}
    for name in names:
        bars = _market(rng, name, level, tick, len(kept))
        markets[name] = Bars(
            symbol=name, timeframe="1h", timestamp=kept * HOUR, open=bars.open, high=bars.high,
            low=bars.low, close=bars.close, volume=bars.volume,
        )  # fmt: skip
    target = _target(rng, (len(kept), n_symbols), trading.leverage)
    times = (kept * HOUR).tolist()
    funding = {name: _funding(rng, times) for name in names} if rng.random() < 0.5 else {}
    orders: dict[int, list[Order]] = {}
    cancels: set[int] = set()
    if with_orders:
        target[rng.random(target.shape) < rng.choice([0.5, 0.95, 1.0])] = np.nan
        often = rng.choice([0.1, 0.5])
        for t in np.flatnonzero(rng.random(len(kept)) < often).tolist():
            columns: list[int] = rng.integers(n_symbols, size=rng.integers(1, 4)).tolist()
            given = [names[s] for s in columns]
            orders[t] = [_order(rng, t, markets[name], trading, lot) for name in given]
        cancels = set(np.flatnonzero(rng.random(len(kept)) < 0.1).tolist())
    return Case(
        seed, markets, target, trading, dict.fromkeys(names, rules), funding, orders,
        frozenset(cancels),
    )  # fmt: skip


def play(case: Case, n_bars: int | None = None) -> Run:
    markets = {name: bars[slice(n_bars)] for name, bars in case.markets.items()}
    simulation = Simulation(markets, case.trading, case.rules, case.funding)
    return simulation.run(case.target[:n_bars])


def due_in(case: Case, t: int) -> list[FundingDue]:
    start = case.times[t]
    # What was due while bars were missing is due at the open.
    last = case.times[t - 1] + HOUR if t else start
    return [
        (symbol, rate, time > start)
        for symbol, rates in case.funding.items()
        for time, rate in rates.between(last, start + HOUR)
    ]


def live(account: Account, case: Case, rows: range, told: Told | None = None) -> Told:
    told = Told() if told is None else told
    markets = list(case.markets.values())
    for t in rows:
        opened, high, low, close, volume = (
            np.array([getattr(bars, name)[t] for bars in markets])
            for name in ("open", "high", "low", "close", "volume")
        )
        due = due_in(case, t)
        told.fills.append(
            account.step(case.times[t], opened, high, low, close, volume, funding=due)
        )
        told.payments.append(account.payments)
        told.equity.append(account.equity)
        account.decide(case.target[t])
        given = case.orders.get(t, [])
        told.orders.update(zip(account.submit(given), given, strict=True))
        working = account.open_orders
        if t in case.cancels and working:
            account.cancel(working[t % len(working)].order_id)
    return told


class Ledger:
    """Adds up cash and positions from fills and payments alone."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.cash = exact(case.trading.cash)
        self.held = dict.fromkeys(case.markets, Fraction(0))

    def enter(self, fill: Fill) -> None:
        side = 1 if fill.side is Side.BUY else -1
        self.cash -= side * Fraction(fill.quantity) * Fraction(fill.price) + Fraction(fill.fee)
        self.held[fill.symbol] += side * Fraction(fill.quantity)

    def pay(self, payment: FundingPayment, unit: Decimal) -> None:
        value = Fraction(payment.quantity) * Fraction(payment.price) * exact(payment.rate)
        assert Fraction(payment.paid) == ceil(value / Fraction(unit)) * Fraction(unit)
        self.cash -= Fraction(payment.paid)

    def equity(self, t: int, column: str = "close") -> Fraction:
        return self.cash + sum(
            (held * self.case.price(column, name, t) for name, held in self.held.items() if held),
            Fraction(0),
        )

    def exposure(self, t: int, column: str) -> Fraction:
        return sum(
            (abs(held) * self.case.price(column, name, t) for name, held in self.held.items()),
            Fraction(0),
        )


def differences(case: Case, told: Told, unit: Decimal) -> Iterator[str]:
    """Yield every bar at which cash flows do not add up to the change of equity, exactly."""
    ledger = Ledger(case)
    for t, fills in enumerate(told.fills):
        for payment in told.payments[t]:
            ledger.pay(payment, unit)
        for fill in fills:
            if fill.fee not in possible_fees(fill, case.trading, unit):
                yield f"bar {t}: a fee of {fill.fee} for {fill}"
            ledger.enter(fill)
        if ledger.equity(t) != Fraction(told.equity[t]):
            yield f"bar {t}: {ledger.equity(t)} by the ledger, {told.equity[t]} by the account"


def possible_fees(fill: Fill, trading: TradingSettings, unit: Decimal) -> set[Decimal]:
    costs = trading.costs
    maker = costs.fee if costs.maker_fee is None else costs.maker_fee
    rates = {costs.fee}
    if fill.reason is FillReason.FEE:
        rates = {0.0}
    elif fill.reason is FillReason.LIQUIDATION:
        return {_fee(fill, exact(costs.fee) + exact(trading.liquidation_fee), unit)}
    elif fill.reason in (FillReason.LIMIT, FillReason.STOP_LIMIT, FillReason.TAKE_PROFIT):
        rates |= {maker}
    return {
        _fee(fill, Fraction(floor(exact(r) * 10**8 + Fraction(1, 2)), 10**8), unit) for r in rates
    }


def _fee(fill: Fill, rate: Fraction, unit: Decimal) -> Decimal:
    return ceil(Fraction(fill.quantity) * Fraction(fill.price) * rate / Fraction(unit)) * unit
