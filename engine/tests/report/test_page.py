"""The report: what is on it, that it is well-formed, loads nothing and runs nothing."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulate import simulate
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs
from cryptovolt.report.charts import kept_rows, linear_ticks
from cryptovolt.report.page import write_report

HOUR = 3_600_000
VOID = {"meta", "path", "line", "i"}


class Reader(HTMLParser):
    """Collects text and checks that every element is closed where it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names |= {tag, *(name for name, _ in attrs)}
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names |= {tag, *(name for name, _ in attrs)}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def run_over(n_bars: int, costs: Costs | None = None, symbol: str = "COIN") -> Run:
    rng = np.random.default_rng(6)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, n_bars)))
    opened = np.concatenate([[100.0], close[:-1]])
    bars = Bars(
        symbol=symbol,
        timeframe="1h",
        timestamp=1_704_067_200_000 + np.arange(n_bars) * HOUR,
        open=opened,
        high=np.maximum(opened, close),
        low=np.minimum(opened, close),
        close=close,
        volume=np.full(n_bars, 1e6),
    )
    target = np.full(n_bars, np.nan)
    target[::50] = rng.choice([0.0, 1.0, -1.0], target[::50].size)
    return simulate(bars, target, costs, stop_loss=0.05)


def read(path: Path) -> tuple[str, Reader]:
    page = path.read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return page, reader


def test_the_page_tells_everything_and_loads_nothing(tmp_path: Path) -> None:
    run = run_over(3000)
    card: dict[str, dict[str, Any]] = {
        "auc": {"value": 0.5312, "low": 0.4923, "high": None, "baselines": {"majority": 0.5}}
    }
    path = write_report(
        run, tmp_path / "report.html", synthetic=True, verdict="No edge shown.", model_card=card,
        settings={"seed": 7},
    )  # fmt: skip
    page, reader = read(path)
    text = " ".join(reader.text).replace("\u00a0", " ")
    for expected in (
        "SYNTHETIC", "No edge shown.", "buy and hold", "Drawdown", "Monthly returns", "Jan",
        "Sharpe ratio per year", "95 % interval", "0.5312", "0.4923 to –", "majority", "Fees paid",
        "twice the costs", "round trips", "stop loss", "data_hash", "seed",
        run.bars["COIN"].content_hash(), f"{run.statistics['final_equity']:,.2f}",
    ):  # fmt: skip
        assert expected in text, expected
    assert not re.search(r"https?://|url\(|@import|<script|<link|<img", page)
    assert not reader.names & {"script", "link", "img", "src", "href", "onload", "iframe"}


def test_the_same_run_gives_the_same_page(tmp_path: Path) -> None:
    first = write_report(run_over(2000), tmp_path / "a.html").read_bytes()
    assert write_report(run_over(2000), tmp_path / "b.html").read_bytes() == first


def test_text_from_outside_is_escaped(tmp_path: Path) -> None:
    bad = "<script>alert(1)</script>"
    path = write_report(
        run_over(100, symbol=bad), tmp_path / "r.html", title=bad, verdict=bad,
        model_card={bad: {"value": 1.0, "low": 0.0, "high": 2.0, "baselines": {bad: 0.0}}},
        settings={bad: bad},
    )  # fmt: skip
    page, _ = read(path)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_run_without_costs_carries_its_stamp(tmp_path: Path) -> None:
    path = write_report(run_over(100, Costs(fee=0.0, slippage=0.0)), tmp_path / "r.html")
    assert "FLATTERING: costs are off" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("n_bars", [1, 2, 30])
def test_a_short_run_says_that_it_has_no_intervals(tmp_path: Path, n_bars: int) -> None:
    _, reader = read(write_report(run_over(n_bars), tmp_path / "r.html"))
    assert "No intervals" in " ".join(reader.text)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (9_990.0, 10_012.0, [9990.0, 9995.0, 10000.0, 10005.0, 10010.0, 10015.0]),
        (5.0, 5.0, [4.0, 6.0]),
    ],
)
def test_ticks_are_round_numbers_around_the_range(
    low: float, high: float, expected: list[float]
) -> None:
    found = linear_ticks(low, high)
    if low == high:
        assert found[0] <= low <= found[-1]
    else:
        assert found == expected


def test_drawing_keeps_first_last_and_extremes() -> None:
    values = np.random.default_rng(8).normal(size=50_000)
    rows = kept_rows(values)
    assert rows.size < 2000
    assert {0, 49_999, int(values.argmin()), int(values.argmax())} <= set(rows.tolist())
