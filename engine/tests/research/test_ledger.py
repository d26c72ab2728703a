"""The ledger in a file: what is broken is found and named, whatever was done to it."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.domain.errors import DataError
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.domain.trials import GENESIS, Trial
from cryptovolt.research.ledger import FileLedger

START = 19_000 * DAY_MS

Make: TypeAlias = Callable[..., Trial]


@pytest.fixture
def ledger(tmp_path: Path) -> FileLedger:
    return FileLedger(tmp_path / "trials.jsonl")


def _fill(ledger: FileLedger, make_trial: Make, n: int) -> list[str]:
    for number in range(n):
        ledger.append([make_trial(parameters={"n": number})])
    return ledger.path.read_text().splitlines(keepends=True)


def _faults(ledger: FileLedger) -> tuple[str, ...]:
    # As somebody sees them who opens the file for the first time.
    return FileLedger(ledger.path).verify().faults


def test_trials_are_chained_in_the_order_they_are_added(
    ledger: FileLedger, make_trial: Make
) -> None:
    first, second = ledger.append([make_trial(), make_trial()])
    (third,) = ledger.append([make_trial()])
    assert [first.previous, second.previous, third.previous] == [
        GENESIS, first.hash, second.hash,
    ]  # fmt: skip
    found = FileLedger(ledger.path).trials(("BTCUSDT",), START, START)
    assert [trial.hash for trial in found] == [first.hash, second.hash, third.hash]
    assert str(ledger.verify()) == "3 trials, intact"


def test_an_empty_ledger_is_intact_and_makes_no_file(ledger: FileLedger) -> None:
    assert ledger.append([]) == ()
    assert ledger.verify().n_trials == 0
    assert ledger.trials(("BTCUSDT",), 0, START) == ()
    assert not ledger.path.exists()


# A trial of BTCUSDT over days 10 to 12; who asks for what finds it?
OVERLAPS = [
    #  symbols,                first day, last day, found
    (("BTCUSDT",), 0, 30, True),
    (("BTCUSDT",), 12, 30, True),
    (("BTCUSDT",), 13, 30, False),
    (("BTCUSDT",), 0, 10, True),
    (("BTCUSDT",), 0, 9, False),
    (("ETHUSDT",), 0, 30, False),
    (("ETHUSDT", "BTCUSDT"), 0, 30, True),
]


@pytest.mark.parametrize(("symbols", "first", "last", "found"), OVERLAPS)
def test_what_overlaps_in_data_is_found(
    ledger: FileLedger,
    make_trial: Make,
    symbols: tuple[str, ...],
    first: int,
    last: int,
    *,
    found: bool,
) -> None:
    ledger.append([make_trial((0.1, 0.2, 0.3), day=10)])
    days = (START + first * DAY_MS, START + last * DAY_MS)
    assert len(ledger.trials(symbols, *days)) == found


def test_another_name_resets_nothing(ledger: FileLedger, make_trial: Make) -> None:
    for study in ("momentum", "momentum v2", "something else entirely"):
        ledger.append([make_trial(study=study)])
    assert len(ledger.trials(("BTCUSDT",), START, START)) == 3


def test_a_changed_number_is_found_and_its_line_named(ledger: FileLedger, make_trial: Make) -> None:
    lines = _fill(ledger, make_trial, 5)
    lines[2] = lines[2].replace('"sharpe":0.1', '"sharpe":0.9')
    ledger.path.write_text("".join(lines))
    (fault,) = _faults(ledger)
    assert fault.startswith("line 3 was changed: its content does not have the hash ")


def test_a_line_with_a_hash_of_its_own_is_found(ledger: FileLedger, make_trial: Make) -> None:
    lines = _fill(ledger, make_trial, 5)
    forged = make_trial(sharpe=9.0).chained(make_trial().chained(GENESIS).hash)
    lines[2] = f"{forged.payload()}\t{forged.hash}\n"
    ledger.path.write_text("".join(lines))
    found = _faults(ledger)
    assert [fault.split(":")[0] for fault in found] == [
        "line 3 does not follow the line before it", "line 4 does not follow the line before it",
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(1, 5))
def test_a_deleted_line_is_found_where_it_was(
    ledger: FileLedger, make_trial: Make, number: int
) -> None:
    lines = _fill(ledger, make_trial, 5)
    del lines[number - 1]
    ledger.path.write_text("".join(lines))
    assert _faults(ledger)[0].startswith(f"line {number} does not follow the line before it")


def test_a_deleted_end_is_found(ledger: FileLedger, make_trial: Make) -> None:
    lines = _fill(ledger, make_trial, 5)
    ledger.path.write_text("".join(lines[:3]))
    assert _faults(ledger) == ("lines 4 to 5 are missing: trials.jsonl.head counts 5 trials",)
    ledger.path.unlink()
    assert _faults(ledger) == ("lines 1 to 5 are missing: trials.jsonl.head counts 5 trials",)


def test_a_deleted_or_edited_head_is_found(ledger: FileLedger, make_trial: Make) -> None:
    _fill(ledger, make_trial, 2)
    head = ledger.path.with_name("trials.jsonl.head")
    head.write_text(f"1 {'e' * 64}\n")
    assert _faults(ledger) == ("line 1 is not the one that trials.jsonl.head names",)
    head.write_text("many\n")
    assert _faults(ledger) == ("trials.jsonl.head holds no count and hash",)
    head.unlink()
    assert _faults(ledger) == ("trials.jsonl.head is missing: it says how many trials there are",)


def test_lines_in_another_order_are_found(ledger: FileLedger, make_trial: Make) -> None:
    lines = _fill(ledger, make_trial, 4)
    ledger.path.write_text("".join([lines[0], lines[2], lines[1], lines[3]]))
    assert [fault[:6] for fault in _faults(ledger)[:3]] == ["line 2", "line 3", "line 4"]


def test_nothing_is_read_from_or_added_to_a_broken_ledger(
    ledger: FileLedger, make_trial: Make
) -> None:
    lines = _fill(ledger, make_trial, 3)
    ledger.path.write_text("".join([lines[0], "gibberish\n", lines[2]]))
    before = ledger.path.read_bytes()
    for call in (
        lambda: ledger.append([make_trial()]),
        lambda: ledger.trials(("BTCUSDT",), START, START),
    ):
        with pytest.raises(DataError, match=r"trials\.jsonl is broken: line 2 is no trial"):
            call()
    assert ledger.path.read_bytes() == before


@settings(max_examples=40)
@given(position=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_changed_bit_breaks_the_chain(
    tmp_path_factory: pytest.TempPathFactory, make_trial: Make, position: float, bit: int
) -> None:
    ledger = FileLedger(tmp_path_factory.mktemp("bits") / "trials.jsonl")
    _fill(ledger, make_trial, 3)
    content = bytearray(ledger.path.read_bytes())
    content[int(position * len(content))] ^= 1 << bit
    ledger.path.write_bytes(bytes(content))
    assert not FileLedger(ledger.path).verify().intact
    with pytest.raises(DataError):
        ledger.append([make_trial()])


@settings(max_examples=40)
@given(cut=st.integers(1, 2000))
def test_a_crash_in_the_middle_of_an_append_loses_nothing_that_was_confirmed(
    tmp_path_factory: pytest.TempPathFactory, make_trial: Make, cut: int
) -> None:
    ledger = FileLedger(tmp_path_factory.mktemp("crash") / "trials.jsonl")
    confirmed = ledger.append([make_trial(), make_trial()])
    unconfirmed = make_trial().chained(confirmed[-1].hash)
    line = f"{unconfirmed.payload()}\t{unconfirmed.hash}\n".encode()
    part = line[: min(cut, len(line) - 1)]
    with ledger.path.open("ab") as file:
        file.write(part)
    check = FileLedger(ledger.path).verify()
    assert check.intact
    assert check.n_trials == 2
    assert f"line 3 is incomplete ({len(part)} bytes)" in check.notes[0]
    (added,) = ledger.append([make_trial(study="after")])
    assert added.previous == confirmed[-1].hash
    check = FileLedger(ledger.path).verify()
    assert check.intact
    assert check.n_trials == 3
    assert check.notes == ("lines that interrupted appends left are kept in trials.jsonl.torn",)
    assert ledger.path.with_name("trials.jsonl.torn").read_bytes() == part + b"\n"


def test_a_crash_before_the_head_was_written_breaks_nothing(
    ledger: FileLedger, make_trial: Make
) -> None:
    _fill(ledger, make_trial, 2)
    head = ledger.path.with_name("trials.jsonl.head")
    before = head.read_bytes()
    ledger.append([make_trial()])
    head.write_bytes(before)
    assert ledger.verify().intact
    ledger.append([make_trial()])
    assert head.read_text().startswith("4 ")


@settings(max_examples=20)
@given(studies=st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=5))
def test_the_count_only_grows(
    tmp_path_factory: pytest.TempPathFactory, make_trial: Make, studies: list[str]
) -> None:
    ledger = FileLedger(tmp_path_factory.mktemp("count") / "trials.jsonl")
    for number, study in enumerate(studies, start=1):
        ledger.append([make_trial(study=study)])
        assert len(ledger.trials(("BTCUSDT",), START, START)) == number


def test_a_ledger_that_another_one_appended_to_is_read_on(
    ledger: FileLedger, make_trial: Make
) -> None:
    other = FileLedger(ledger.path)
    ledger.append([make_trial()])
    other.append([make_trial()])
    ledger.append([make_trial()])
    assert len(other.trials(("BTCUSDT",), START, START)) == 3
    assert ledger.verify().intact


_ADD_TEN = """
import sys
from cryptovolt.domain.trials import Trial
from cryptovolt.research.ledger import FileLedger
trial = Trial.from_payload(sys.argv[2])
for _ in range(10):
    FileLedger(sys.argv[1]).append([trial, trial])
"""


def test_two_processes_may_append(ledger: FileLedger, make_trial: Make) -> None:
    others = [
        subprocess.Popen(
            [sys.executable, "-c", _ADD_TEN, str(ledger.path), make_trial(study=name).payload()]
        )
        for name in "ab"
    ]
    assert [other.wait(60) for other in others] == [0, 0]
    found = ledger.trials(("BTCUSDT",), START, START)
    assert ledger.verify().intact
    assert sorted(trial.study for trial in found) == ["a"] * 20 + ["b"] * 20


def test_two_threads_may_append(ledger: FileLedger, make_trial: Make) -> None:
    def add() -> None:
        for _ in range(10):
            FileLedger(ledger.path).append([make_trial(), make_trial()])

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.verify().intact
    assert ledger.verify().n_trials == 40


def test_a_missing_folder_is_refused(tmp_path: Path, make_trial: Make) -> None:
    with pytest.raises(DataError, match="expected a folder for the ledger, found none at"):
        FileLedger(tmp_path / "none" / "trials.jsonl").append([make_trial()])
