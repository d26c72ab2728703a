"""The report: what is on it, that it is well-formed, loads nothing and runs nothing."""

import re
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulate import simulate
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.report.charts import kept_rows, linear_ticks
from cryptovolt.report.page import write_report
from cryptovolt.research.robustness import Assessment, assess

HOUR = 3_600_000


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
    # However long, the price stays in a range that whole numbers can count.
    deviation = 0.01 * min(1.0, (3000 / n_bars) ** 0.5)
    close = 100 * np.exp(np.cumsum(rng.normal(0, deviation, n_bars)))
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


def assessed(run: Run) -> Assessment:
    return assess(run, n_random=30, n_paths=30)


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
        "Sharpe ratio per year (per bar)", "95 % interval", "0.5312", "0.4923 to –", "majority",
        "Fees paid",
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


def test_an_assessed_run_has_its_verdict_on_top_with_every_condition_and_the_rule(
    tmp_path: Path,
) -> None:
    run = run_over(5000)
    found = assessed(run)
    page, reader = read(write_report(run, tmp_path / "r.html", assessment=found))
    text = " ".join(reader.text).replace("\u00a0", " ")
    assert "No edge shown" in text
    assert page.index("No edge shown") < page.index("Equity")
    assert found.judgement.rule in text
    for condition in found.judgement.conditions:
        assert condition.name in text
        assert condition.found in text
    for expected in (
        "30 random entries", "costs × 2", "slippage × 2", "one bar later",
        "5 % missed fills (middle of 20 draws)",
        "Trades in another order", "Blocks of days", "Deflated Sharpe ratio", "overfitting",
        "assessment_seed", "Returns by day", "Returns by closed trade", "Trades on the price",
        "Recovered", "Eaten by costs, of the starting cash",
        "Alpha per year (daily)", "Alpha per year (per bar)",
        "Largest drawdown (daily)", "Largest drawdown (per bar)", "Sharpe (daily)",
    ):  # fmt: skip
        assert expected in text, expected
    assert page.count("<svg") == 8
    assert not reader.names & {"script", "link", "img", "src", "href", "onload", "iframe"}


def test_a_run_that_was_not_assessed_says_so(tmp_path: Path) -> None:
    _, reader = read(write_report(run_over(2000), tmp_path / "r.html"))
    assert "Not assessed" in " ".join(reader.text)


def test_the_assessment_of_another_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="of another one"):
        write_report(run_over(500), tmp_path / "r.html", assessment=assessed(run_over(600)))


@pytest.mark.parametrize("n_bars", [1, 2, 50])
def test_a_short_run_can_be_assessed_and_shown(tmp_path: Path, n_bars: int) -> None:
    run = run_over(n_bars)
    _, reader = read(write_report(run, tmp_path / "r.html", assessment=assessed(run)))
    assert "too few to tell" in " ".join(reader.text)


def test_a_million_bars_fit_into_a_megabyte(tmp_path: Path) -> None:
    run = run_over(1_000_000)
    found = assess(run, n_random=2, n_paths=20)
    path = write_report(run, tmp_path / "r.html", assessment=found)
    assert path.stat().st_size < 1_000_000


@settings(max_examples=25, deadline=None)
@given(symbol=st.text(min_size=1, max_size=12), title=st.text(min_size=1, max_size=20))
def test_whatever_a_symbol_is_called_the_page_stays_well_formed(symbol: str, title: str) -> None:
    run = run_over(300, symbol=symbol)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "r.html"
        _, reader = read(
            write_report(run, path, title=title, assessment=assess(run, n_random=2, n_paths=20))
        )
    assert not reader.names & {"script", "link", "img", "src", "href", "onload", "iframe"}


def test_attributes_cannot_be_left_by_a_quote(tmp_path: Path) -> None:
    bad = '"><b onmouseover="x'
    page, reader = read(write_report(run_over(500, symbol=bad), tmp_path / "r.html"))
    assert "onmouseover" not in reader.names
    assert bad not in page


def test_a_ruined_run_can_be_shown(tmp_path: Path) -> None:
    run = ruined()
    assert run.equity[-1] <= 0
    _, reader = read(write_report(run, tmp_path / "r.html", assessment=assessed(run)))
    assert "No edge shown" in " ".join(reader.text)


def ruined() -> Run:
    n_bars = 3000
    close = np.concatenate([np.full(100, 100.0), np.full(n_bars - 100, 400.0)])
    opened = np.concatenate([[100.0], close[:-1]])
    bars = Bars(
        symbol="COIN", timeframe="1h", timestamp=1_704_067_200_000 + np.arange(n_bars) * HOUR,
        open=opened, high=np.maximum(opened, close), low=np.minimum(opened, close), close=close,
        volume=np.full(n_bars, 1e6),
    )  # fmt: skip
    target = np.full(n_bars, np.nan)
    target[10] = -1.0
    return simulate(bars, target)
