"""Look-ahead and recursion analysis of strategies that send orders."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryptovolt.domain.bars import VALUE_COLUMNS, Bars
from cryptovolt.domain.errors import DataError, StrategyError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.research.lookahead import lookahead
from cryptovolt.research.lookahead_analysis import LookAheadAnalysis
from cryptovolt.research.memory import RecursiveAnalysis
from cryptovolt.research.probes import probe_of
from cryptovolt.research.recursive import recursive
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.trading.strategy_loading import load_strategy

FOLDER = Path(__file__).parents[1] / "strategies"
GUILTY, HONEST = FOLDER / "guilty_orders.py", FOLDER / "ordering.py"
_MADE = synthetic_bars(1_200, end=1_700_000_000_000, rng=np.random.default_rng(3))
BARS = Bars(
    symbol="BTCUSDT", timeframe="1h",
    **{name: getattr(_MADE, name).copy() for name in ("timestamp", *VALUE_COLUMNS)},
)  # fmt: skip
TIMES = BARS.timestamp
NEWS = SentimentSeries(
    event_time=TIMES[::9].copy(),
    observed_at=TIMES[::9] + 600_000,
    score=np.sin(np.arange(len(TIMES[::9]))),
)
RATES = FundingRates(timestamp=TIMES[::8].copy(), rate=0.001 * np.cos(np.arange(150) / 5.0))


def analysed(
    strategy: Any, seed: int = 1, n_times: int = 8, bars: Bars = BARS, **given: Any
) -> LookAheadAnalysis:
    rng = np.random.default_rng(seed)
    probe = probe_of(strategy, **given)
    return lookahead({bars.symbol: bars}, probe, rng=rng, seed=seed, n_times=n_times)


MEMORY = "return float(memory[min(row + steps, len(memory) - 1)])"
GUILTY_LINES: list[tuple[str, str, dict[str, Any]]] = [
    ("Tomorrow", MEMORY, {}),
    ("InTheBranch", MEMORY, {}),
    ("InThePrice", MEMORY, {}),
    ("Remembered", MEMORY, {}),
    ("LaterNews", "newest = memory[min(len(scores) + 1, len(memory) - 1)]", {"sentiment": NEWS}),
]


@pytest.mark.parametrize(("name", "line", "given"), GUILTY_LINES)
def test_the_guilty_line_is_named(name: str, line: str, given: dict[str, Any]) -> None:
    found = analysed(load_strategy(f"{GUILTY}:{name}"), n_times=12, **given)
    assert found.guilty
    assert found.repeatable
    assert found.target_changed
    assert [leak.source for leak in found.leaks] == [line]
    (leak,) = found.leaks
    assert GUILTY.read_text().splitlines()[leak.line - 1].strip() == line
    assert leak.timestamp <= leak.last_timestamp
    assert f"{name} READS AHEAD: its orders up to 12 bars" in str(found)
    assert f"guilty_orders.py:{leak.line}: `{line}`: " in str(found)


def written(folder: Path, body: str, warmup: int = 5) -> Any:
    path = folder / "mine.py"
    path.write_text(
        "from cryptovolt import Order, Side, indicators\n\n"
        f"class Mine:\n    warmup = {warmup}\n    def orders(self, history, account):\n"
        + "".join(f"        {line}\n" for line in body.strip().splitlines())
    )
    return load_strategy(f"{path}:Mine")


BODIES = [
    # body of orders, guilty lines of the file
    (
        # Only the way that is taken tells it.
        """
memory = history.close.base
if memory[-1] > history.close[-1]:
    return [Order(symbol=history.symbol, side=Side.BUY, quantity=0.001)]
return []
""",
        [7],
    ),
    (
        # In the order itself.
        """
size = 0.001
return [Order(symbol=history.symbol, side=Side.BUY, quantity=history.close.base[-1] / 1e9)]
""",
        [7],
    ),
]


@pytest.mark.parametrize(("body", "lines"), BODIES)
def test_a_look_without_a_name_is_found_too(tmp_path: Path, body: str, lines: list[int]) -> None:
    found = analysed(written(tmp_path, body), n_times=4)
    assert [leak.line for leak in found.leaks] == lines


HONEST_ONES: list[tuple[str, dict[str, Any]]] = [
    ("Breakout", {}),
    ("Hold", {}),
    ("NewsAndFunding", {"sentiment": NEWS, "funding": RATES}),
]


@pytest.mark.parametrize(("name", "given"), HONEST_ONES)
def test_no_line_of_an_honest_strategy_is(name: str, given: dict[str, Any]) -> None:
    found = analysed(load_strategy(f"{HONEST}:{name}"), **given)
    assert not found.guilty
    assert found.leaks == ()
    assert f"{name} does not read ahead: its orders up to 8 bars" in str(found)


def test_twenty_prefixes_are_drawn_where_nothing_else_is_said() -> None:
    bars = BARS[:200]
    found = lookahead(
        {bars.symbol: bars},
        probe_of(load_strategy(f"{HONEST}:Breakout")),
        rng=np.random.default_rng(1),
        seed=1,
    )
    assert found.n_times == 20


def test_a_strategy_that_is_another_one_each_time_is_told_from_one_that_reads_ahead() -> None:
    found = analysed(load_strategy(f"{GUILTY}:Dice"))
    assert found.guilty
    assert not found.repeatable
    assert "Dice is NOT REPRODUCIBLE: asked the same twice" in str(found)


def test_the_analysis_is_repeatable_and_complete_as_json() -> None:
    strategy = load_strategy(f"{GUILTY}:Tomorrow")
    first, second = (analysed(strategy, n_times=3, bars=BARS[:300]) for _ in range(2))
    assert first == second
    record = json.loads(json.dumps(first.to_record(), allow_nan=False))
    assert record["guilty"] is True
    assert record["leaks"][0]["line"] == first.leaks[0].line
    assert record["changed"][0] == "orders"


def test_progress_is_told_after_each_prefix() -> None:
    seen: list[tuple[int, int, str]] = []

    def note(done: int, total: int, message: str) -> None:
        seen.append((done, total, message))

    lookahead(
        {BARS.symbol: BARS[:200]},
        probe_of(load_strategy(f"{HONEST}:Breakout")),
        rng=np.random.default_rng(1),
        seed=1,
        n_times=3,
        progress=note,
    )
    assert seen == [(n, 3, "prefixes") for n in (1, 2, 3)]


def test_too_few_bars_and_a_strategy_that_raises_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected more than 25 bars, as Breakout needs 24"):
        analysed(load_strategy(f"{HONEST}:Breakout"), bars=BARS[:25])
    with pytest.raises(StrategyError, match=r"mine\.py:6: Mine\.orders raised Zero"):
        analysed(written(tmp_path, "return [1 / 0]"))


def remembered(strategy: Any, bars: Bars = BARS, **given: Any) -> RecursiveAnalysis:
    probe = probe_of(strategy, **given)
    rng = np.random.default_rng(1)
    return recursive({bars.symbol: bars}, probe, rng=rng, seed=1, n_times=10)


EMA = """
average = indicators.ema(history.close, 20)
if history.close[-1] < average[-1] or account.open_orders:
    return []
return [Order(symbol=history.symbol, side=Side.BUY, quantity=average[-1] / 1e9)]
"""


def test_orders_settle_once_the_average_behind_them_has(tmp_path: Path) -> None:
    found = remembered(written(tmp_path, EMA, 60))
    assert found.guilty
    assert {one.name for one in found.changing} >= {"orders", "orders:6 average"}
    assert found.smallest is not None
    # (1 − 2/21)^n < 1e-9 · price / (what the start was off) for n of about 160 to 210.
    assert 120 < found.smallest < 220
    enough = remembered(written(tmp_path, EMA, found.smallest + 5))
    assert not enough.guilty


def test_a_window_of_so_many_bars_needs_so_many() -> None:
    strategy = load_strategy(f"{HONEST}:Breakout", {"length": 30})
    found = remembered(strategy)
    assert not found.guilty
    assert (found.warmup, found.name) == (30, "Breakout")
    assert "orders" in {one.name for one in found.values}
    # The highest high of 30 bars is that of 29 at some bars and not at others.
    assert found.smallest is not None
    assert found.smallest <= 30


def test_what_is_kept_in_the_strategy_and_its_account_stay_as_they_are(tmp_path: Path) -> None:
    body = """
self.count = getattr(self, "count", 0) + 1
if self.count % 7 or account.open_orders:
    return []
have = float(account.positions[history.symbol].quantity)
return [Order(symbol=history.symbol, side=Side.SELL if have else Side.BUY, quantity=have or 0.01)]
"""
    found = remembered(written(tmp_path, body))
    assert not found.guilty
    # The shortest that is tried.
    assert found.smallest == 1


def test_news_and_funding_reach_a_recursion_analysis() -> None:
    strategy = load_strategy(f"{HONEST}:NewsAndFunding")
    assert not remembered(strategy, sentiment=NEWS, funding=RATES).guilty
