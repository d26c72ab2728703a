"""The notebooks are light, and the one without a database runs as it is written."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cryptovolt.research.ledger import FileLedger

NOTEBOOKS = Path(__file__).resolve().parents[2] / "examples" / "notebooks"
ALL = sorted(NOTEBOOKS.glob("*.ipynb"))


def run(name: str, folder: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(NOTEBOOKS / "run.py"), str(NOTEBOOKS / name)],
        cwd=folder,
        env={**os.environ, "FOLDER": str(folder), "BARS": "", **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_there_are_two_notebooks() -> None:
    assert [path.name for path in ALL] == ["bars_to_verdict.ipynb", "postgresql.ipynb"]


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_a_notebook_is_stored_without_outputs(path: Path) -> None:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    cells = notebook["cells"]
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in cells}) == len(cells)
    assert all(re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", cell["id"]) for cell in cells)
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert all(set(cell) == {"cell_type", "id", "metadata", "source"} for cell in cells
               if cell["cell_type"] == "markdown")  # fmt: skip
    assert path.stat().st_size < 20_000


def test_from_bars_to_a_verdict(tmp_path: Path) -> None:
    said = run("bars_to_verdict.ipynb", tmp_path)
    assert "0 kinds of error" in said
    # Generated bars hold nothing to find, and all that was tried is counted.
    assert "no edge shown" in said
    assert len(FileLedger(tmp_path / "trials.jsonl").trials(["SYNTHETIC-USDT"], 0, 2**62)) == 21
    assert "<svg" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_it_says_the_same_twice(tmp_path: Path) -> None:
    texts: list[str] = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        said = run("bars_to_verdict.ipynb", folder)
        texts.append(re.sub(re.escape(str(folder)), "", said))
    assert texts[0] == texts[1]


def test_it_takes_bars_of_ones_own(tmp_path: Path) -> None:
    hours = "\n".join(
        f"{1_704_067_200 + 3_600 * t},{100 + t % 7},{109 + t % 7},{95 + t % 5},{100 + t % 9},7.5"
        for t in range(1_500)
    )
    path = tmp_path / "ETHUSDT-1h.csv"
    path.write_text(f"timestamp,open,high,low,close,volume\n{hours}\n")
    assert "Bars(ETHUSDT 1h, 1,500 bars" in run("bars_to_verdict.ipynb", tmp_path, BARS=str(path))


def test_an_error_names_its_cell(tmp_path: Path) -> None:
    path = tmp_path / "broken.ipynb"
    cells = [
        {"cell_type": "code", "source": ["x = 1\n", "x + 1"]},
        {"cell_type": "markdown", "source": ["x / 0"]},
        {"cell_type": "code", "source": ["x / 0"]},
    ]
    path.write_text(json.dumps({"cells": cells}))
    done = subprocess.run(
        [sys.executable, str(NOTEBOOKS / "run.py"), str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "2\n"
    assert done.returncode == 1
    assert "broken.ipynb, code cell 2" in done.stderr
