"""The Python and the commands of the README run as they are written."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cryptovolt.research.synthetic import synthetic_bars

README = Path(__file__).resolve().parent.parent.parent / "README.md"


EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
PAGES = ("report.html", "sweep.html")
COMMANDS = re.findall(r"^\./cv ((?:backtest|sweep) .*)$", README.read_text("utf-8"), re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the bars that the README speaks of."""
    bars = synthetic_bars(1_500, end=1_700_000_000_000, rng=np.random.default_rng(1))
    bars.to_polars().rename({"timestamp": "date"}).write_ipc(
        tmp_path / "BTC_USDT-1h.feather", compression="zstd"
    )
    return tmp_path


@pytest.mark.parametrize(("example", "page"), list(zip(EXAMPLES, PAGES, strict=True)))
def test_the_examples_of_the_readme_run(folder: Path, example: str, page: str) -> None:
    command = [sys.executable, "-W", "error", "-c", example]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "SVG" in (folder / page).read_text().upper()


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_of_the_readme_run(folder: Path, line: str) -> None:
    words = line.replace("engine/examples", str(README.parent / "engine" / "examples")).split()
    done = subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", *words, "--symbol", "BTCUSDT"],
        cwd=folder,
        env={**os.environ, "CRYPTOVOLT_HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Template on BTCUSDT" in done.stdout or "4 combinations" in done.stdout


def test_the_readme_shows_a_backtest_and_a_sweep() -> None:
    assert [line.split()[0] for line in COMMANDS] == ["backtest", "sweep"]


def test_the_documents_name_only_files_that_exist() -> None:
    root = README.parent
    documents = [README, root / "CONTRIBUTING.md", *sorted((root / "docs").rglob("*.md"))]
    missing = [
        f"{document.relative_to(root)}: {target}"
        for document in documents
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text("utf-8"))
        if not (document.parent / target).exists()
    ]
    assert not missing
