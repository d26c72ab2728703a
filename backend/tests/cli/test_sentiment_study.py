"""The command ``sentiment study`` as a person runs it: on files, and on what is stored."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cryptovolt.domain.bars import VALUE_COLUMNS, Bars
from cryptovolt.market.writing import write_bars
from cryptovolt.research.synthetic import synthetic_bars

PROGRAM = [sys.executable, "-c", "from app.cli import main; main()"]
STUDY = [*PROGRAM, "sentiment", "study"]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Generated bars, headlines at random times, and an index of random values."""
    folder = tmp_path_factory.mktemp("study")
    rng = np.random.default_rng(8)
    bars = synthetic_bars(2_000, end=1_700_000_000_000 // 86_400_000 * 86_400_000, rng=rng)
    columns = {name: getattr(bars, name) for name in ("timestamp", *VALUE_COLUMNS)}
    named = Bars(symbol="TESTUSDT", timeframe="1h", source="here", **columns)
    write_bars(named, folder / "bars.csv")
    first, last = int(bars.timestamp[0]), int(bars.timestamp[-1])
    seconds = np.sort(rng.integers(first, last, 400)) // 1_000
    words = ["Bitcoin rallies on inflows", "Exchange hacked, funds drained", "A conference opens"]
    texts = [f"{words[row % 3]}, report {row}" for row in range(400)]
    pl.DataFrame({"date": seconds, "text": texts}).write_csv(folder / "news.csv")
    days = np.arange(first // 86_400_000, last // 86_400_000) * 86_400
    index = {"date": days, "fear_greed_index": rng.integers(5, 95, days.size)}
    pl.DataFrame(index).write_csv(folder / "index.csv")
    return {name: str(folder / f"{name}.csv") for name in ("bars", "news", "index")}


def test_files_are_studied_without_a_database(files: dict[str, str], tmp_path: Path) -> None:
    page, ledger = tmp_path / "study.html", tmp_path / "trials.jsonl"
    result = run(
        *STUDY, "--bars", files["bars"], "--news", files["news"], "--fear-greed", files["index"],
        "--report", str(page), "--ledger", str(ledger), "--json",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    assert found["n_tests"] == 16
    assert found["n_texts"] == 400
    assert found["seed"] == 7
    assert len(ledger.read_text().splitlines()) == 16
    assert "Information coefficients" in page.read_text()


def test_stored_bars_and_news_are_studied(files: dict[str, str], fresh_database_url: str) -> None:
    assert fresh_database_url
    series = ("--symbol", "TESTUSDT", "--timeframe", "1h", "--source", "here")
    imported = run(*PROGRAM, "bars", "import", files["bars"])
    assert imported.returncode == 0, imported.stderr
    news = run(*PROGRAM, "sentiment", "import", files["news"], "--symbol", "TESTUSDT")
    assert news.returncode == 0, news.stderr
    result = run(*STUDY, *series)
    assert result.returncode == 0, result.stderr
    assert "12 coefficients looked at" in result.stdout
    none = run(*STUDY, "--symbol", "TESTUSDT", "--timeframe", "4h", "--source", "here")
    assert none.returncode == 1
    assert "error: there are no bars of TESTUSDT 4h from here" in none.stderr


MISTAKES: list[tuple[list[str], str]] = [
    ([], "expected --bars FILE and --news FILE, or --symbol, --timeframe and --source"),
    (["--bars", "no.csv"], "expected a file of news with --bars, found none"),
    (["--bars", "no.csv", "--news", "no.csv"], "no.csv: there is no such file"),
]


@pytest.mark.parametrize(("words", "sentence"), MISTAKES)
def test_bad_input_is_one_sentence(words: list[str], sentence: str) -> None:
    result = run(*STUDY, *words)
    assert result.returncode == 1
    assert result.stdout == ""
    assert sentence in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
