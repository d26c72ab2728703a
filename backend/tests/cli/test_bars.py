"""The commands ``cryptovolt bars …`` as a person calls them: in a process of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.repositories.bars import SeriesKey, read_range

COMMAND = (sys.executable, "-c", "from app.cli import main; main()", "bars")
HEADER = "timestamp,open,high,low,close,volume"


def run(*arguments: object, code: int = 0, database: str | None = None) -> str:
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ if database is None else {**os.environ, "DATABASE_URL": database},
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stdout + done.stderr


def run_json(*arguments: object) -> Any:
    return json.loads(run(*arguments, "--json"))


def write_hours(path: Path, n_bars: int, skip: range = range(0)) -> Path:
    rows = [
        f"{1_704_067_200 + 3_600 * hour},{100 + hour},{101 + hour},{99 + hour},"
        f"{100.5 + hour},{7 + hour}"
        for hour in range(n_bars)
        if hour not in skip
    ]
    path.write_text("\n".join([HEADER, *rows]))
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


def test_from_a_file_to_a_snapshot_and_back_to_a_file(database_url: str, files: Path) -> None:
    del database_url
    path = write_hours(files / "Binance_ETHUSDT_1h.csv", 48, skip=range(10, 13))
    text = run("import", path)
    assert "ETHUSDT 1h from binance" in text
    assert "45 rows read, 45 new" in text
    assert "1 × gap (3 bars missing): 2024-01-01 13:00 UTC" in text
    assert "nothing changed: 45 bars are stored already" in run("import", path)
    listed = run("list")
    assert "ETHUSDT 1h from binance: 45 bars, 2024-01-01 00:00 to 2024-01-02 23:00" in listed
    assert "1 gap, 3 bars missing" in listed
    gaps = run("list", "--gaps", "--symbol", "ETHUSDT")
    assert "gap       3 bars between 2024-01-01 09:00 and 2024-01-01 13:00 UTC" in gaps
    checked = run("check", "--symbol", "ETHUSDT")
    assert "warning  gap: 1 gap, 3 bars missing" in checked
    (report,) = run_json("check", "--symbol", "ETHUSDT")
    assert (report["symbol"], report["errors"]) == ("ETHUSDT", [])
    assert "there are no bars of NOPE" in run("check", "--symbol", "NOPE", code=1)
    (covered,) = run_json("list", "--symbol", "ETH/USDT")
    assert covered["gaps"][0]["n_missing"] == 3
    taken = run_json("snapshot", "--symbol", "ETHUSDT")
    assert Path(taken["path"]).name == f"{taken['hash']}.parquet"
    output = files / "out.csv"
    day = ("--start", "2024-01-02", "--end", "2024-01-03")
    run("export", "--symbol", "ETHUSDT", "-o", output, *day)
    assert len(output.read_text().splitlines()) == 25
    (again,) = run_json("import", output)
    assert (again["changed"], again["n_known"]) == (False, 24)


def test_a_bar_that_differs_is_reported_and_replaced_only_when_asked(
    database_url: str, files: Path
) -> None:
    del database_url
    path = write_hours(files / "DIFFUSDT-1h.csv", 3)
    run("import", path)
    path.write_text(path.read_text().replace("100.5,7", "100.25,7"))
    text = run("import", path)
    assert "1 differ from what is stored, kept as stored" in text
    assert "close 100.5, in the file 100.25" in text
    (updated,) = run_json("import", path, "--update")
    assert (updated["n_different"], updated["n_updated"]) == (1, 1)
    (known,) = run_json("import", path)
    assert (known["n_different"], known["n_known"]) == (0, 3)


def test_commands_on_files_open_no_database(files: Path) -> None:
    path = write_hours(files / "FILEUSDT-1h.csv", 5)
    nowhere = "postgresql://nobody:x@127.0.0.1:1/none"
    assert "nothing to report" in run("check", path, database=nowhere)
    lines = path.read_text().splitlines()
    messy = files / "MESSYUSDT-1h.csv"
    messy.write_text("\n".join([lines[0], *reversed(lines[1:]), lines[2]]))
    found = run("check", messy, code=1, database=nowhere)
    assert "not in order of time" in found
    assert "more than one bar of a time" in found
    output = files / "clean.parquet"
    text = run("clean", messy, "-o", output, database=nowhere)
    assert "1 × identical duplicate dropped" in text
    assert "5 bars written" in text
    assert "nothing to report" in run("check", output, database=nowhere)


REFUSED = [
    # what is in the file, what the sentence says
    ("<html><body>not found</body></html>", "found a web page"),
    (f"{HEADER}\n1704067200,1,2,nan,1.5,10", "not a number"),
    (f"{HEADER}\n1704067200,1,2,-3,1.5,10", "price not positive"),
    (f"{HEADER}\n1704067200,1,2,3,1.5,10", "contradict each other"),
    (f"{HEADER}\n4102444800,1,2,0.5,1.5,10", "time in the future"),
    ("a,b\n1,2", "expected columns"),
]


@pytest.mark.parametrize(("content", "sentence"), REFUSED)
def test_a_corrupt_file_gets_one_sentence_and_changes_nothing(
    database_url: str, files: Path, content: str, sentence: str
) -> None:
    del database_url
    good = write_hours(files / "NEVERUSDT-1h.csv", 5)
    bad = files / "CORRUPTUSDT-1h.csv"
    bad.write_text(content)
    text = run("import", good, bad, code=1)
    (error,) = [line for line in text.splitlines() if line.startswith("error:")]
    assert sentence in error
    assert "CORRUPTUSDT-1h.csv" in error
    assert "Traceback" not in text
    assert len(read_range(SeriesKey("NEVERUSDT", "1h", "unspecified"))) == 0


def test_strict_refuses_what_would_be_repaired(database_url: str, files: Path) -> None:
    del database_url
    path = write_hours(files / "STRICTUSDT-1h.csv", 5)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], *reversed(lines[1:])]))
    assert "not in order of time" in run("import", path, "--strict", code=1)
    (report,) = run_json("import", path)
    assert report["repairs"] == {"sorted by time": 5}


def test_a_line_of_many_megabytes_is_refused_without_reading_it_all(files: Path) -> None:
    path = files / "LINEUSDT-1h.csv"
    with path.open("wb") as file:
        file.write(HEADER.encode() + b"\n1704067200,1,2,0.5,1.5,")
        file.seek(1 << 30)
        file.write(b"1")
    text = run("check", path, code=1)
    path.unlink()
    (error,) = [line for line in text.splitlines() if line.startswith("error:")]
    assert len(error) < 200
