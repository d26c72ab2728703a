"""Every scenario of docs/reference/fills.md, fill by fill."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulate import simulate
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.timeframe import timeframe_ms

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "fills.md"
MIDNIGHT = 1_704_067_200_000  # 2024-01-01

COSTS = ("fee", "maker_fee", "slippage", "spread", "impact", "volatility")

Row = dict[str, str]


@dataclass(frozen=True)
class Scenario:
    title: str
    settings: dict[str, str]
    bars: list[Row]
    fills: list[Row]
    equity: Decimal


def read_table(lines: list[str]) -> list[Row]:
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]


def read_scenarios() -> Iterator[Scenario]:
    for text in DOCUMENT.read_text(encoding="utf-8").split("\n### ")[1:]:
        tables = re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)
        bars, fills = (read_table(table.splitlines()) for table in tables)
        settings = re.search(r"^Settings: (.+)$", text, flags=re.MULTILINE)
        equity = re.search(r"^Equity at the last close: (\S+)$", text, flags=re.MULTILINE)
        assert settings is not None
        assert equity is not None
        words = [pair.split() for pair in settings.group(1).split(",")]
        yield Scenario(
            title=text.splitlines()[0],
            settings={pair[0]: pair[1] for pair in words},
            bars=bars,
            fills=fills,
            equity=Decimal(equity.group(1)),
        )


def bars_of(scenario: Scenario, symbol: str) -> Bars:
    rows = [row for row in scenario.bars if row.get("symbol", "COIN") == symbol]
    timeframe = scenario.settings.get("timeframe", "1h")
    values = {name: [float(row[name]) for row in rows] for name in ("open", "high", "low", "close")}
    return Bars(
        symbol=symbol,
        timeframe=timeframe,
        timestamp=MIDNIGHT + np.arange(len(rows)) * timeframe_ms(timeframe),
        open=np.array(values["open"]),
        high=np.array(values["high"]),
        low=np.array(values["low"]),
        close=np.array(values["close"]),
        volume=np.array([float(row["volume"]) for row in rows]),
    )


def play(scenario: Scenario) -> Run:
    settings = {
        name: None if value == "off" else float(value)
        for name, value in scenario.settings.items()
        if name != "timeframe"
    }
    symbols = list(dict.fromkeys(row.get("symbol", "COIN") for row in scenario.bars))
    targets = [float(row["target"] or "nan") for row in scenario.bars]
    rules = SymbolRules(
        tick_size=0.01, step_size=0.001, min_notional=settings.get("min_notional", 0.0)
    )
    costs = {name: settings[name] for name in COSTS if name in settings}
    return simulate(
        {symbol: bars_of(scenario, symbol) for symbol in symbols},
        np.array(targets).reshape(-1, len(symbols)),
        costs=Costs(**costs),
        cash=1000.0,
        rules=rules,
        **{name: value for name, value in settings.items() if name not in (*COSTS, "min_notional")},
    )


SCENARIOS = list(read_scenarios())


def test_the_document_holds_at_least_40_scenarios() -> None:
    assert len(SCENARIOS) >= 40
    assert [s.title.split(".")[0] for s in SCENARIOS] == [
        str(number) for number in range(1, len(SCENARIOS) + 1)
    ]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.title)
def test_every_fill_is_as_worked_out_by_hand(scenario: Scenario) -> None:
    run = play(scenario)
    start = int(run.timestamp[0])
    found = [
        (
            (fill.time - start) // run.bars[fill.symbol].interval_ms,
            str(fill.side),
            fill.symbol,
            fill.quantity,
            fill.price,
            fill.fee,
            str(fill.reason),
            fill.pnl,
        )
        for fill in run.fills
    ]
    expected = [
        (
            int(row["filled in bar"]),
            row["side"],
            row.get("symbol", "COIN"),
            Decimal(row["quantity"]),
            Decimal(row["price"]),
            Decimal(row["fee"]),
            row["reason"],
            Decimal(row["pnl"]),
        )
        for row in scenario.fills
    ]
    assert found == expected
    assert run.books.grid.money(int(run.equity_units[-1])) == scenario.equity
