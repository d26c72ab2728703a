"""Every scenario of docs/reference/fills.md, fill by fill.

Scenarios of targets are played twice, by the simulator and by an account that is called once per
bar; those with orders by the account.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest

from cryptovolt.backtest.simulation import Simulation
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.funding import FundingPayment, FundingRates
from cryptovolt.domain.orders import Fill, Order, OrderKind, OrderState, Side, TimeInForce
from cryptovolt.domain.protections import LowProfit, Protections, StopGuard
from cryptovolt.domain.timeframe import timeframe_ms
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.trading.account import Account

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "fills.md"
MIDNIGHT = 1_704_067_200_000  # 2024-01-01
HOUR = 3_600_000

COSTS = ("fee", "maker_fee", "slippage", "spread", "impact", "volatility")
PROTECTIONS = ("cooldown", "max_drawdown", "drawdown_pause", "max_order")
WHOLE = ("cooldown", "drawdown_pause")
FORCES = {"": TimeInForce.GTC, "IOC": TimeInForce.IOC, "FOK": TimeInForce.FOK}

Row: TypeAlias = dict[str, str]
Told: TypeAlias = tuple[int, str, str, Decimal, Decimal, Decimal, str, Decimal]
Paid: TypeAlias = tuple[str, Decimal, Decimal]


@dataclass(frozen=True)
class Scenario:
    """One section of the document: its tables by the header of their first column."""

    title: str
    settings: dict[str, str]
    tables: dict[str, list[Row]]
    equity: Decimal

    @property
    def fills(self) -> list[Row]:
        return self.tables["filled in bar"]


@dataclass
class Played:
    """What an account or the simulator made of a scenario."""

    fills: list[Fill]
    payments: list[FundingPayment]
    equity: Decimal
    orders: dict[int, OrderState]


def read_table(lines: list[str]) -> list[Row]:
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]


def read_scenarios() -> Iterator[Scenario]:
    for text in DOCUMENT.read_text(encoding="utf-8").split("\n### ")[1:]:
        found = [table.splitlines() for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)]
        settings = re.search(r"^Settings: (.+)$", text, flags=re.MULTILINE)
        equity = re.search(r"^Equity at the last close: (\S+)$", text, flags=re.MULTILINE)
        assert settings is not None
        assert equity is not None
        words = [pair.split() for pair in settings.group(1).split(",")]
        yield Scenario(
            title=text.splitlines()[0],
            settings=dict(words),
            tables={
                lines[0].strip("|").split("|")[0].strip(): read_table(lines) for lines in found
            },
            equity=Decimal(equity.group(1)),
        )


def symbols_of(scenario: Scenario) -> list[str]:
    return list(dict.fromkeys(row.get("symbol", "COIN") for row in scenario.tables["bar"]))


def bars_of(rows: list[Row], number: str, timeframe: str, symbol: str) -> Bars:
    rows = [row for row in rows if row.get("symbol", "COIN") == symbol]
    places = np.array([int(row[number]) for row in rows])
    opened, high, low, close, volume = (
        np.array([float(row[name]) for row in rows])
        for name in ("open", "high", "low", "close", "volume")
    )
    times = MIDNIGHT + places * timeframe_ms(timeframe)
    return Bars(
        symbol=symbol, timeframe=timeframe, timestamp=times, open=opened, high=high, low=low,
        close=close, volume=volume,
    )  # fmt: skip


def trading_of(scenario: Scenario) -> TradingSettings:
    given = dict(scenario.settings)
    for name in ("timeframe", "detail", "min_notional"):
        given.pop(name, None)
    numbers: dict[str, Any] = {
        name: int(value) if name in WHOLE else float(value)
        for name, value in given.items()
        if re.fullmatch(r"[-\d.]+", value)
    }
    guard, low = given.get("stop_guard"), given.get("low_profit")
    protections: dict[str, Any] = {name: numbers.pop(name) for name in PROTECTIONS if name in given}
    if guard is not None:
        stops, within, pause = map(int, guard.split("/"))
        each = given.get("per_symbol") == "yes"
        protections["stop_guard"] = StopGuard(
            stops=stops, within=within, pause=pause, per_symbol=each
        )
    if low is not None:
        trades, within, pause = map(int, low.split("/"))
        protections["low_profit"] = LowProfit(trades=trades, within=within, pause=pause)
    costs: dict[str, Any] = {name: numbers.pop(name) for name in COSTS if name in numbers}
    delay = int(numbers.pop("delay", 0))
    if given.get("maintenance_margin") == "off":
        numbers["maintenance_margin"] = None
    return TradingSettings(
        **{"cash": 1000.0, **numbers},
        costs=Costs(**costs, delay=delay, fee_asset=given.get("fee_asset")),
        protections=Protections(**protections),
    )


class Stage:
    """Bars, settings and rules of a scenario, made ready to be played."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        given = scenario.settings
        self.symbols = symbols_of(scenario)
        timeframe = given.get("timeframe", "1h")
        rows = scenario.tables["bar"]
        self.bars = {s: bars_of(rows, "bar", timeframe, s) for s in self.symbols}
        self.detail = None
        self.played = self.bars
        if "detail" in given:
            fine = scenario.tables["detail bar"]
            self.detail = {s: bars_of(fine, "detail bar", given["detail"], s) for s in self.symbols}
            self.played = self.detail
        self.target = np.array([float(row.get("target") or "nan") for row in rows])
        self.target = self.target.reshape(-1, len(self.symbols))
        rules = SymbolRules(
            tick_size=0.01, step_size=0.001, min_notional=float(given.get("min_notional", 0))
        )
        self.rules = dict.fromkeys(self.symbols, rules)
        self.trading = trading_of(scenario)
        self.due = scenario.tables.get("funding at hour", [])

    def simulate(self) -> Played:
        funding = {symbol: self._rates(symbol) for symbol in self.symbols}
        run = Simulation(self.bars, self.trading, self.rules, funding, self.detail).run(self.target)
        return Played(run.fills, run.payments, run.books.grid.money(int(run.equity_units[-1])), {})

    def _rates(self, symbol: str) -> FundingRates:
        rows = [row for row in self.due if row.get("symbol", self.symbols[0]) == symbol]
        times = [MIDNIGHT + float(row["funding at hour"]) * HOUR for row in rows]
        return FundingRates(
            timestamp=np.array(times, np.int64),
            rate=np.array([float(row["rate"]) for row in rows], np.float64),
        )

    def live(self) -> Played:
        account = Account(self.rules, self.trading)
        found = Played([], [], Decimal(0), {})
        first, large = (next(iter(bars.values())) for bars in (self.played, self.bars))
        ends: list[int] = (large.timestamp + large.interval_ms).tolist()
        last = MIDNIGHT
        for t, time in enumerate(first.timestamp.tolist()):
            columns = [
                np.array([getattr(bars, name)[t] for bars in self.played.values()])
                for name in ("open", "high", "low", "close", "volume")
            ]
            end = time + first.interval_ms
            found.fills += account.step(time, *columns, funding=self._due(last, time, end))
            found.payments += account.payments
            last = end
            for state in (*account.ended_orders, *account.open_orders):
                found.orders[state.order_id] = state
            if end in ends:
                self._decide(account, ends.index(end), (time - MIDNIGHT) // large.interval_ms)
                found.orders |= {state.order_id: state for state in account.ended_orders}
        found.equity = account.equity
        return found

    def _due(self, last: int, start: int, end: int) -> list[tuple[str, float, bool]]:
        # What was due while bars were missing is due at the open.
        times = [(MIDNIGHT + float(row["funding at hour"]) * HOUR, row) for row in self.due]
        return [
            (row.get("symbol", self.symbols[0]), float(row["rate"]), time > start)
            for time, row in times
            if last <= time < end
        ]

    def _decide(self, account: Account, row: int, bar: int) -> None:
        account.decide(self.target[row])
        for order in self.scenario.tables.get("order", []):
            if int(order["given at bar"]) == bar:
                account.submit([order_of(order)])
            if order.get("cancelled at bar") == str(bar):
                account.cancel(int(order["order"]))


def order_of(row: Row) -> Order:
    def number(name: str) -> float | None:
        return float(row[name]) if row.get(name) else None

    quantity = float(row["quantity"])
    lasts = row.get("good_for")
    return Order(
        symbol=row.get("symbol", "COIN"),
        side=Side(row["side"]),
        quantity=quantity,
        kind=OrderKind(row["kind"]),
        limit_price=number("limit"),
        stop_price=number("stop"),
        trail=number("trail"),
        reduce_only=row.get("reduce_only") == "yes",
        time_in_force=FORCES[row.get("in force", "")],
        good_for=int(lasts) if lasts else None,
        group=row.get("group") or None,
    )


def told(fill: Fill, interval: int) -> Told:
    bar = (fill.time - MIDNIGHT) // interval
    return (
        bar, str(fill.side), fill.symbol, fill.quantity, fill.price, fill.fee, str(fill.reason),
        fill.pnl,
    )  # fmt: skip


def expected_fill(row: Row) -> Told:
    quantity, price, fee, pnl = (Decimal(row[name]) for name in ("quantity", "price", "fee", "pnl"))
    symbol = row.get("symbol", "COIN")
    bar = int(row["filled in bar"])
    return bar, row["side"], symbol, quantity, price, fee, row["reason"], pnl


def expected_payments(stage: Stage) -> list[Paid]:
    return [
        (row.get("symbol", "COIN"), Decimal(row["held"]), Decimal(row["paid"]))
        for row in stage.due
        if row["held"]
    ]


SCENARIOS = list(read_scenarios())
WITH_ORDERS = [scenario for scenario in SCENARIOS if "order" in scenario.tables]


def test_the_document_holds_at_least_100_scenarios() -> None:
    assert len(SCENARIOS) >= 100
    assert len(WITH_ORDERS) >= 30
    assert [s.title.split(".")[0] for s in SCENARIOS] == [
        str(number) for number in range(1, len(SCENARIOS) + 1)
    ]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.title)
def test_every_fill_is_as_worked_out_by_hand(scenario: Scenario) -> None:
    stage = Stage(scenario)
    interval = next(iter(stage.played.values())).interval_ms
    ways = [stage.live] if scenario in WITH_ORDERS else [stage.simulate, stage.live]
    for way in ways:
        played = way()
        found = [told(fill, interval) for fill in played.fills]
        assert found == [expected_fill(row) for row in scenario.fills]
        paid = [(p.symbol, p.quantity, p.paid) for p in played.payments]
        assert paid == expected_payments(stage)
        assert played.equity == scenario.equity
        for row in scenario.tables.get("order", []):
            assert played.orders[int(row["order"])].status == row["ends as"]
