"""The command that writes the tables of the worked strategies, on a folder of generated markets."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import cryptovolt as cv
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.timeframe import timeframe_ms
from cryptovolt.research.synthetic import synthetic_bars

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = ROOT / "engine" / "examples" / "results.py"
MARKS = "Before.\n\n<!-- tables: begin -->\nstale numbers\n<!-- tables: end -->\n\nAfter.\n"
# Some weeks on either side of the day from which news are read.
LAST = int(np.datetime64("2021-12-20", "ms").astype(np.int64))


def load_program() -> Any:
    spec = importlib.util.spec_from_file_location("results", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["results"] = module
    spec.loader.exec_module(module)
    return module


def write_market(path: Path, n_bars: int, seed: int) -> cv.Bars:
    path.parent.mkdir(exist_ok=True)
    bars = synthetic_bars(n_bars, end=LAST, rng=np.random.default_rng(seed))
    bars.to_polars().rename({"timestamp": "date"}).write_ipc(path)
    return bars


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("recorded")
    bars = write_market(place / "bars" / "BTC_USDT-1h-2017-2022.feather", 3_000, 1)
    futures = place / "futures"
    write_market(futures / "BTC_USDT_USDT-1h-futures-2025H1.feather", 2_000, 2)
    times = bars.timestamp[bars.timestamp % timeframe_ms("8h") == 0]
    zero = 0.0 * times
    rates = {"date": pl.Series(times).cast(pl.Datetime("ms", "UTC")), "open": zero + 1e-4}
    others = dict.fromkeys(("high", "low", "close", "volume"), zero)
    pl.DataFrame(rates | others).write_ipc(futures / "BTC_USDT_USDT-1h-funding_rate-2025H1.feather")
    days = np.arange("2021-11-05", "2021-12-19", dtype="datetime64[D]")
    news = [f'"{day}T09:00:00","Bitcoin rallies to a record, number {day}"' for day in days]
    (place / "sentiment").mkdir()
    path = place / "sentiment" / "bitcoin-news-2021-2022.csv"
    path.write_text("\n".join(["Date,Short Description", *news]))
    return place


def test_the_command_replaces_what_is_between_the_marks(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(MARKS)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(PROGRAM), str(folder), "--page", str(page),
         "--date", "2026-01-02"],
        capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    text = page.read_text()
    assert text.startswith("Before.")
    assert text.endswith("After.\n")
    assert "stale" not in text
    assert "Computed on 2026-01-02" in text
    assert "Not there: ETH, spot, 2024 (bars/ETH_USDT-1h-2024.feather)." in text
    names = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")]
    assert names.count("buy and hold") == 3
    assert {"Trend", "MeanReversion", "Breakout", "FundingCarry", "Hybrid with both"} < set(names)


def test_the_same_files_give_the_same_table(folder: Path) -> None:
    program = load_program()
    perpetual = program.MARKETS[-1]
    said: list[str] = []
    tables = {program.table_of(perpetual, folder, said.append) for _ in range(2)}
    assert len(tables) == 1
    assert "5 trials" in tables.pop()
    assert len(said) == 10


def test_everything_on_the_perpetual_pays_its_funding(folder: Path, tmp_path: Path) -> None:
    program = load_program()
    ledger = cv.FileLedger(tmp_path / "trials.jsonl")
    rows = program.runs_of(program.MARKETS[-1], folder, ledger)
    paid = {row.name: row.run.statistics["funding_paid"] for row in rows}
    # Longs pay throughout: who may only be long pays, who goes by the payments receives.
    assert paid["Hybrid, rules alone"] > 0.0
    assert paid["FundingCarry"] < 0.0


def test_a_folder_without_bars_and_a_page_without_marks_are_refused(tmp_path: Path) -> None:
    program = load_program()
    with pytest.raises(DataError, match="expected bars such as bars/BTC_USDT-1h-2017-2022"):
        program.page_of(tmp_path, "2026-01-02", program.MARKETS, print)
    page = tmp_path / "page.md"
    page.write_text("no marks")
    with pytest.raises(DataError, match="found none"):
        program.write_page(page, "tables")
    assert page.read_text() == "no marks"


SHARPE = re.compile(r"Sharpe ratio (-?\d\.\d\d) \(95 %: (-?\d\.\d\d) to (-?\d\.\d\d)\)")
DEFLATED = re.compile(r"Deflated Sharpe ratio (\d\.\d\d)")


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("trend.py", "Trend"),
        ("mean_reversion.py", "MeanReversion"),
        ("breakout.py", "Breakout"),
        ("funding_carry.py", "FundingCarry"),
        ("hybrid.py", "Hybrid, rules alone"),
    ],
)
def test_what_a_strategy_says_of_itself_is_what_the_page_says(name: str, row: str) -> None:
    program = load_program()
    page = program.PAGE.read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith(f"| {row} |")]
    said = " ".join((program.HERE / name).read_text(encoding="utf-8").split())
    sharpe = SHARPE.search(said)
    assert sharpe is not None
    value, low, high = sharpe.groups()
    (line,) = [one for one in rows if f"| {value} ({low} to {high}) |" in one]
    assert line.rstrip(" |").endswith("no edge shown")
    assert "no edge shown" in said.lower()
    for deflated in DEFLATED.findall(said):
        assert f"| {deflated} |" in line
