"""The commands ``model`` and ``jobs`` as a person runs them, in this process."""

import json
from pathlib import Path
from typing import Any

import pytest
import structlog.testing
from tests.learning.conftest import Files
from typer.testing import CliRunner

from app.cli import app
from app.cli.output import sentence
from app.services.model_training import Kept
from cryptovolt.domain.errors import CryptoVoltError


def run(*words: str) -> tuple[int, str]:
    """Return exit status and what was printed, an error as its one sentence."""
    with structlog.testing.capture_logs():
        result = CliRunner().invoke(app, [*words])
    if isinstance(result.exception, (CryptoVoltError, OSError)):
        return 1, f"error: {sentence(result.exception)}"
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def document(*words: str) -> Any:
    status, said = run(*words, "--json")
    assert status == 0, said
    return json.loads(said)


def test_a_card_shows_measures_gates_provenance_and_history(kept: Kept, tmp_path: Path) -> None:
    page = tmp_path / "card.html"
    status, said = run("model", "show", str(kept.model_id), "--report", str(page))
    assert status == 0
    for wanted in (
        "verdict",
        "auc",
        "majority",
        "folds",
        "serving_equals_training",
        "made from",
        "leader",
        "libraries",
        "stored by alice",
    ):
        assert wanted in said, wanted
    html = page.read_text()
    assert "Gates" in html
    assert "<script" not in html
    found = document("model", "show", str(kept.model_id))
    assert found["inputs"]["series"] == {"leader": "LEADUSDT:1h:here"}
    assert found["history"][0]["event"] == "stored"


def test_a_forced_promotion_is_shown_in_list_and_card(kept: Kept) -> None:
    number = str(kept.model_id)
    failed = [gate.name for gate in kept.trained.gates if not gate.passed]
    if failed:
        status, said = run("model", "promote", number)
        assert status == 1
        assert failed[0] in said
    status, said = run("model", "promote", number, "--force", "--reason", "to see it trade")
    assert status == 0, said
    listed = document("model", "list", "--status", "champion")
    assert [row["model_id"] for row in listed] == [kept.model_id]
    if failed:
        assert listed[0]["forced_reason"] == "to see it trade"
        assert "FORCED by" in run("model", "show", number)[1]
    assert run("model", "retire", number, "--reason", "enough")[0] == 0
    assert document("model", "list", "--status", "champion") == []


def test_what_a_model_says_is_explained(kept: Kept) -> None:
    found = document("model", "explain", str(kept.model_id))
    assert set(found["parts"][0]) == {"feature", "value", "log_odds"}
    status, said = run("model", "explain", str(kept.model_id), "--at", "2023-11-01T08:00")
    assert status == 0
    assert "2023-11-01 07:00" in said
    assert "knowing nothing" in said


def test_verifying_and_comparing_are_one_line_each(kept: Kept) -> None:
    number = str(kept.model_id)
    status, said = run("model", "verify", number)
    assert (status, "the same bytes" in said) == (0, True)
    assert "they differ in nothing" in run("model", "compare", number, number)[1]


def test_a_training_in_the_background_is_done_by_a_worker(kept: Kept) -> None:
    key = kept.market.key
    series = ("--symbol", key.symbol, "--timeframe", key.timeframe, "--source", key.source)
    added = document("model", "train", *series, "--background", "--horizon", "900", "--quick-gates")
    number = str(added["job_id"])
    assert "waiting" in run("jobs", "show", number)[1]
    status, said = run("jobs", "run", "--until-empty")
    assert status == 0, said
    found = document("jobs", "show", number)
    # So long a horizon leaves too few rows to learn from; the job says so.
    assert found["status"] == "failed"
    assert found["reason"].startswith("expected")
    verified = document("model", "verify", str(kept.model_id), "--background")
    assert run("jobs", "run", "--until-empty")[0] == 0
    result = document("jobs", "show", str(verified["job_id"]))
    assert result["status"] == "succeeded", result
    assert result["result"]["same_bytes"] is True
    assert [job["status"] for job in document("jobs", "list")] == ["succeeded", "failed"]
    assert run("jobs", "cancel", number)[0] == 1


MISTAKES: list[tuple[list[str], str]] = [
    (["model", "show", "999"], "there is no model 999"),
    (["model", "verify", "999"], "there is no model 999"),
    (["model", "compare", "1", "999"], "there is no model 999"),
    (["model", "train"], "expected --bars FILE, or --symbol of stored bars, found neither"),
    (["model", "train", "--kind", "forest"], "expected --kind xgboost, lstm, linear, lightgbm"),
    (["model", "train", "--bars", "no.csv"], "there is no such file"),
    (["model", "train", "--news", "n.csv"], "expected --news with --bars FILE"),
    (["model", "train", "--bars", "b.csv", "--background"], "expected --background with stored"),
    (["model", "train", "--symbol", "NOSUCH"], "NOSUCH"),
    (["model", "explain", "1", "--at", "yesterday"], "expected a time such as 2022-06-13T08:00"),
    (["jobs", "show", "999"], "there is no job 999"),
    (["jobs", "list", "--status", "lost"], "expected --status waiting, running"),
]


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(("words", "said"), MISTAKES)
def test_a_mistake_is_one_sentence(words: list[str], said: str) -> None:
    status, found = run(*words)
    assert status == 1
    assert said in found
    assert len(found.strip().splitlines()) == 1


def test_too_few_bars_of_a_file_are_refused(files: Files, tmp_path: Path) -> None:
    status, said = run(
        "model", "train", "--bars", str(files.few), "--symbol", "FEWUSDT", "--timeframe", "1h",
        "--source", "here", "--ledger", str(tmp_path / "trials.jsonl"), "--kind", "linear",
    )  # fmt: skip
    assert status == 1
    assert "expected at least" in said
