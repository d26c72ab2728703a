import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.models.database import SentimentData

NEWS = """Date,Short Description
2022-01-31 14:05:00,"Bitcoin rallied, ETF inflows surge"
2022-01-31 16:00:00,Bridge hack: 100 million drained
2022-01-31,It was a rug pull
"""
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(db: Session) -> Run:
    """Runs ``cryptovolt sentiment …`` in a process of its own, on a database without news."""
    db.execute(delete(SentimentData))
    db.commit()

    def start(*arguments: str) -> "subprocess.CompletedProcess[str]":
        program = [sys.executable, "-c", "from app.cli import main; main()", "sentiment"]
        return subprocess.run(
            [*program, *arguments], capture_output=True, text=True, timeout=120, check=False
        )

    return start


@pytest.fixture
def news(tmp_path: Path) -> str:
    path = tmp_path / "news.csv"
    path.write_text(NEWS)
    return str(path)


def document(result: "subprocess.CompletedProcess[str]") -> Any:
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_news_is_imported_once_and_listed(run: Run, news: str) -> None:
    first = document(run("import", news, "--symbol", "BTCUSDT", "--source", "wire", "--json"))
    assert (first["n_items"], first["n_inserted"], first["n_day_only"]) == (3, 3, 1)
    assert first["dropped"] == {"empty": 0, "future": 0, "duplicate": 0}
    again = run("import", news, "--symbol", "BTCUSDT", "--source", "wire")
    assert again.returncode == 0
    assert "nothing new: all 3 items were stored already" in again.stdout
    (row,) = document(run("list", "--json"))
    assert (row["symbol"], row["source"], row["n_items"]) == ("BTCUSDT", "wire", 3)
    assert "BTCUSDT" in run("list").stdout


def test_an_empty_database_says_how_to_begin(run: Run) -> None:
    result = run("list")
    assert result.returncode == 0
    assert "cryptovolt sentiment import FILE" in result.stdout
    assert document(run("list", "--json")) == []


def test_texts_are_scored(run: Run) -> None:
    found = document(run("score", "to the moon", "a rug pull", "--json"))
    good, bad = (entry["score"] for entry in found["scores"])
    assert bad < 0 < good
    assert len(found["scorer_hash"]) == 64
    assert run("score", "to the moon").stdout == f"{good:+.4f}  to the moon\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.csv", "--symbol", "BTCUSDT"], "expected a news file, found nothing at none.csv"),
        (["{news}", "--symbol", ""], "expected a symbol of 1 to 20"),
        (["{news}", "--symbol", "BTCUSDT", "--delay", "soon"], "expected a time frame such as"),
        (["{news}", "--symbol", "BTCUSDT", "--text-column", "nope"], "a column called nope"),
    ],
)
def test_bad_input_ends_with_one_sentence(
    run: Run, news: str, arguments: list[str], message: str
) -> None:
    result = run("import", *(argument.format(news=news) for argument in arguments))
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
