"""``sentiment train`` and ``sentiment evaluate`` on a small file; no database."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import app
from app.core.config import settings
from cryptovolt.domain.errors import CryptoVoltError

SAID = {"0": "plunges after a hack", "1": "soars on approval", "2": "publishes a newsletter"}
LABELS = ("--text", "Comment", "--label", "Mood", "--labels", "0=negative,1=positive,2=neutral")

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    # An address that nobody answers at: these commands open no database.
    monkeypatch.setattr(settings, "DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    return lambda *words: CliRunner().invoke(app, ["sentiment", *words])


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "mood.csv"
    with path.open("w", newline="") as handle:
        rows = csv.writer(handle)
        rows.writerow(["Comment", "Mood"])
        for coin in range(40):
            rows.writerows(
                [f"{'abcdefgh'[coin % 8] * (3 + coin // 8)} {said} {coin * 'x'}", label]
                for label, said in SAID.items()
            )
    return str(path)


def test_a_scorer_is_trained_and_measured_and_stamped(run: Run, file: str, tmp_path: Path) -> None:
    folder = str(tmp_path / "mine")
    trained = run("train", file, *LABELS, "--out", folder, "--folds", "2", "--json")
    assert trained.exit_code == 0, trained.output
    about = json.loads(trained.stdout)
    assert (about["n_texts"], about["classes"]["neutral"]) == (120, 40)
    assert json.loads((tmp_path / "mine" / "manifest.json").read_text())["kind"] == "linear"

    measured = run("evaluate", file, *LABELS, "--scorer", folder, "--samples", "100", "--json")
    assert measured.exit_code == 0, measured.output
    found = json.loads(measured.stdout)
    assert [one["name"] for one in found["scorers"]] == ["vader", "lexicon", folder]
    assert found["scorers"][2]["stamp"] == "trained on these texts (120)"
    assert found["scorers"][2]["measures"]["macro_f1"]["estimate"] > 0.9
    assert {d["measure"] for d in found["differences"]} == {"accuracy", "macro_f1", "auc"}


def test_an_ensemble_is_trained_and_measured_and_stamped(
    run: Run, file: str, tmp_path: Path
) -> None:
    folder = str(tmp_path / "both")
    trained = run("train", file, *LABELS, "--ensemble", "--out", folder, "--folds", "2", "--json")
    assert trained.exit_code == 0, trained.output
    weights = json.loads(trained.stdout)["weights"]
    assert list(weights) == ["vader-crypto", "linear"]
    assert weights["linear"] > 0.0

    measured = run("evaluate", file, *LABELS, "--scorer", folder, "--samples", "100", "--json")
    assert measured.exit_code == 0, measured.output
    found = json.loads(measured.stdout)["scorers"][2]
    assert found["stamp"] == "trained on these texts (120)"
    assert found["measures"]["auc"]["estimate"] > 0.9


def test_one_named_scorer_is_measured_by_given_thresholds(run: Run, file: str) -> None:
    found = run(
        "evaluate", file, *LABELS, "--scorer", "vader", "--thresholds=-0.05,0.05",
        "--samples", "100",
    )  # fmt: skip
    assert found.exit_code == 0, found.output
    assert "negative up to, positive above -0.050 and +0.050 (given)" in found.stdout
    assert "lexicon" not in found.stdout


BAD = [
    (("evaluate", "{file}", "--text", "Comment", "--label", "Mod"), "expected a column called Mod"),
    (("evaluate", "{file}", *LABELS, "--scorer", "nowhere"), "nowhere"),
    (("evaluate", "{file}", *LABELS, "--ensemble"), "expected --cross-validate"),
    (("train", "{file}", *LABELS[:4], "--labels", "0=bad,1=bad,2=bad", "--out", "x"), "positive"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_bad_input_is_one_sentence(
    run: Run, file: str, arguments: tuple[str, ...], message: str
) -> None:
    result = run(*(part.format(file=file) for part in arguments))
    assert isinstance(result.exception, CryptoVoltError)
    assert message in str(result.exception)
    assert str(result.exception).startswith("expected")
    assert result.stdout == ""
