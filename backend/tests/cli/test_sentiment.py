import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.core.config import settings
from app.core.database import SessionLocal
from app.models.database import SentimentData
from app.models.sentiment import SentimentArchive, SentimentSnapshot
from app.services.maintenance import clean

NEWS = """Date,Short Description
2022-01-31 14:05:00,"Bitcoin rallied, ETF inflows surge"
2022-01-31 16:00:00,Bridge hack: 100 million drained
2022-01-31,It was a rug pull
"""
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(db: Session) -> Run:
    """Runs ``cryptovolt sentiment …`` in a process of its own, on a database without news."""
    for table in (SentimentData, SentimentArchive, SentimentSnapshot):
        db.execute(delete(table))
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


def test_another_scorer_adds_a_version_and_the_list_marks_what_is_read(run: Run, news: str) -> None:
    run("import", news, "--symbol", "BTCUSDT")
    done = document(run("rescore", "--scorer", "vader", "--json"))
    assert (done["scorer"], done["n_added"]) == ("vader", 3)
    assert "every text was scored already by vader" in run("rescore", "--scorer", "vader").stdout
    versions = document(run("list", "--json"))
    assert sorted((row["n_items"], row["active"]) for row in versions) == [(3, False), (3, True)]


def test_a_scorer_that_is_set_but_has_scored_nothing_is_told(
    run: Run, news: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("import", news, "--symbol", "BTCUSDT")
    monkeypatch.setenv("SENTIMENT_SCORER", "vader")
    result = run("snapshot", "BTCUSDT")
    assert result.returncode == 1
    said = result.stderr.splitlines()[-1]
    assert said.startswith("error: expected the texts about BTCUSDT scored by vader")
    assert said.endswith("run `cryptovolt sentiment rescore`")
    assert "3 texts are not scored by the active scorer" in run("list").stdout
    assert "3 texts scored by vader" in run("rescore").stdout
    taken = document(run("snapshot", "BTCUSDT", "--json"))
    assert taken["n_items"] == 3
    assert Path(taken["path"]).stem == taken["hash"]


def test_what_is_archived_is_restored(run: Run, news: str) -> None:
    assert "nothing is archived" in run("restore").stdout
    both = run("import", news, "--symbol", "ETHUSDT", "--match")
    assert both.returncode == 1
    assert "found both" in both.stderr
    assert "about BTC 1" in run("import", news, "--match", "--source", "wire").stdout
    with SessionLocal() as db:
        assert clean(db, settings.home).sentiment_archived == 1
    assert document(run("restore", "--json")) == {"n_files": 1, "n_archived": 1, "n_new": 1}
