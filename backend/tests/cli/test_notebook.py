"""The notebook from PostgreSQL runs as it is written, on a database of its own."""

import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

NOTEBOOKS = Path(__file__).resolve().parents[3] / "engine" / "examples" / "notebooks"


def run(folder: Path, url: str) -> str:
    done = subprocess.run(
        [sys.executable, str(NOTEBOOKS / "run.py"), str(NOTEBOOKS / "postgresql.ipynb")],
        cwd=folder,
        env={**os.environ, "DATABASE_URL": url, "FOLDER": str(folder), "BARS": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_from_postgresql_to_a_report_and_again_without_a_change(
    database_url: str, db: Session, tmp_path: Path
) -> None:
    first = run(tmp_path, database_url)
    stored = db.execute(text("SELECT symbol, source, count(*) FROM market_data GROUP BY 1, 2"))
    assert [tuple(row) for row in stored] == [("SYNTHETIC-USDT", "synthetic", 4_000)]
    assert "Bars(SYNTHETIC-USDT 1h, 4,000 bars" in first
    assert "computed from snapshot" in first
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<svg" in report

    (tmp_path / "trials.jsonl").unlink()
    (tmp_path / "trials.jsonl.head").unlink()
    again = run(tmp_path, database_url)
    snapshots = [line for line in first.splitlines() if "snapshot" in line]
    assert snapshots
    assert snapshots == [line for line in again.splitlines() if "snapshot" in line]
