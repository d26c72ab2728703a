"""The Python of the README runs as it is written."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from cryptovolt.research.synthetic import synthetic_bars

README = Path(__file__).resolve().parent.parent.parent / "README.md"


def test_the_example_of_the_readme_runs(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    bars = synthetic_bars(1_500, end=1_700_000_000_000, rng=np.random.default_rng(1))
    bars.to_polars().rename({"timestamp": "date"}).write_ipc(
        tmp_path / "BTC_USDT-1h.feather", compression="zstd"
    )
    command = [sys.executable, "-W", "error", "-c", example]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "SVG" in (tmp_path / "report.html").read_text().upper()


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
