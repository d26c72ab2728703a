"""The trial ledger as a file: one line of JSON for each trial, chained by hashes.

A line holds the trial and, behind a tab, its SHA-256, which covers the hash of the line before.
Beside the file lie ``<name>.head`` (how many trials there are and the hash of the last one, so that
a deleted end is missed too) and ``<name>.lock``, by which processes and threads wait for each
other. A batch is on the disk, synced, before :meth:`FileLedger.append` returns.

A crash in the middle of an append leaves an incomplete last line. It was never confirmed to
anybody; `verify` reports it, and the next append moves it to ``<name>.torn``.
"""

import hashlib
import os
import sys
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptovolt.domain.errors import DataError
from cryptovolt.domain.trials import GENESIS, LedgerCheck, Trial, described_count, digest
from cryptovolt.research.file_lock import locked


@dataclass(slots=True)
class _Read:
    # What has been read and checked so far, up to `size` bytes.
    trials: list[Trial]
    faults: list[str]
    size: int = 0
    torn: bytes = b""

    @property
    def last(self) -> str:
        return self.trials[-1].hash if self.trials else GENESIS


class FileLedger:
    """A trial ledger in one file; several processes and threads may append to it.

    Parameters
    ----------
    path : str or Path
        File, made at the first append; its folder must exist.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._head = self.path.with_name(self.path.name + ".head")
        self._lock = self.path.with_name(self.path.name + ".lock")
        self._torn = self.path.with_name(self.path.name + ".torn")
        self._known = _Read([], [])
        self._known_digest = hashlib.sha256().digest()

    def __repr__(self) -> str:
        return f"FileLedger({str(self.path)!r})"

    def append(self, trials: Sequence[Trial]) -> tuple[Trial, ...]:
        """Add trials in order and return them chained; they are on the disk when this returns.

        Raises
        ------
        DataError
            If the ledger is broken, or its folder does not exist.
        """
        if not trials:
            return ()
        with self._locked():
            read = self._require_intact()
            previous, chained = read.last, list[Trial]()
            for trial in trials:
                chained.append(trial.chained(previous))
                previous = chained[-1].hash
            self._set_torn_aside(read)
            _write(self.path, "ab", "".join(map(_line, chained)).encode())
            self._write_head(len(read.trials) + len(chained), previous)
        return tuple(chained)

    def trials(self, symbols: Collection[str], first: int, last: int) -> tuple[Trial, ...]:
        """Return all trials on data that overlaps with this, in the order they were added.

        Parameters
        ----------
        symbols : collection of str
            A trial overlaps when it shares one of them.
        first, last : int
            Bar opens in milliseconds UTC, inclusive; a trial overlaps when its own range touches.

        Raises
        ------
        DataError
            If the ledger is broken.
        """
        with self._locked():
            read = self._require_intact()
        wanted = set(symbols)
        return tuple(
            trial
            for trial in read.trials
            if wanted.intersection(trial.symbols) and trial.first <= last and trial.last >= first
        )

    def verify(self) -> LedgerCheck:
        """Check every line and the end of the chain; each fault names its line."""
        if not self.path.exists() and not self._head.exists():
            return LedgerCheck(n_trials=0)
        with self._locked():
            read = self._read(anew=True)
            faults = (*read.faults, *self._faults_of_head(read))
        notes: list[str] = []
        if read.torn:
            notes.append(
                f"line {len(read.trials) + 1} is incomplete ({len(read.torn)} bytes): an append "
                "was interrupted before it was confirmed; the next append sets it aside"
            )
        if self._torn.exists():
            notes.append(f"lines that interrupted appends left are kept in {self._torn.name}")
        return LedgerCheck(n_trials=len(read.trials), faults=faults, notes=tuple(notes))

    @contextmanager
    def _locked(self) -> Generator[None]:
        if not self.path.parent.is_dir():
            raise DataError(f"expected a folder for the ledger, found none at {self.path.parent}")
        with locked(self._lock):
            yield

    def _require_intact(self) -> _Read:
        read = self._read(anew=False)
        faults = [*read.faults, *self._faults_of_head(read)]
        if faults:
            raise DataError(f"the trial ledger {self.path} is broken: {faults[0]}")
        return read

    def _read(self, *, anew: bool) -> _Read:
        content = self.path.read_bytes() if self.path.exists() else b""
        known = self._known
        # Lines that were read before and are the same bytes are not parsed again.
        same = _digest(content, known.size) == self._known_digest
        fresh = _continue(_Read([], []) if anew or known.faults or not same else known, content)
        self._known, self._known_digest = fresh, _digest(content, fresh.size)
        return fresh

    def _faults_of_head(self, read: _Read) -> list[str]:
        if not self._head.exists():
            missing = f"{self._head.name} is missing: it says how many trials there are"
            return [missing] if read.trials else []
        count, _, last = self._head.read_text().strip().partition(" ")
        n_head = int(count) if count.isdecimal() else -1
        if n_head < 0 or len(last) != len(GENESIS):
            return [f"{self._head.name} holds no count and hash"]
        if n_head > len(read.trials):
            return [
                f"lines {len(read.trials) + 1} to {n_head} are missing: "
                f"{self._head.name} counts {described_count(n_head)}"
            ]
        # It may lag behind after a crash, but then what it names is still in its place.
        if not n_head or read.trials[n_head - 1].hash != last:
            return [f"line {n_head} is not the one that {self._head.name} names"]
        return []

    def _set_torn_aside(self, read: _Read) -> None:
        if read.torn:
            _write(self._torn, "ab", read.torn + b"\n")
            with self.path.open("r+b") as file:
                file.truncate(read.size)
                os.fsync(file.fileno())

    def _write_head(self, n_trials: int, last: str) -> None:
        fresh = self._head.with_name(self._head.name + ".new")
        _write(fresh, "wb", f"{n_trials} {last}\n".encode())
        fresh.replace(self._head)
        if sys.platform != "win32":
            # A new file is safe once the folder that names it is.
            folder = os.open(self.path.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)


def _continue(known: _Read, content: bytes) -> _Read:
    read = _Read(list(known.trials), list(known.faults), known.size)
    rest = content[known.size :]
    complete, newline, torn = rest.rpartition(b"\n")
    lines = complete.split(b"\n") if newline else []
    # A broken line is counted once; the chain is followed on from what it says of itself.
    previous = read.last
    for number, line in enumerate(lines, start=len(read.trials) + 1):
        trial, fault = _parse(line, previous)
        if fault:
            read.faults.append(f"line {number} {fault}")
        if trial is not None:
            read.trials.append(trial)
        previous = _claimed_hash(line)
    read.size += len(complete) + len(newline)
    read.torn = torn
    return read


def _parse(line: bytes, previous: str) -> tuple[Trial | None, str]:
    text, _, claimed = line.decode(errors="replace").rpartition("\t")
    try:
        trial = Trial.from_payload(text)
    except DataError:
        return None, "is no trial"
    if digest(text) != claimed:
        return trial, f"was changed: its content does not have the hash {claimed[:12]}…"
    if trial.previous != previous:
        return trial, (
            f"does not follow the line before it: it was written after {trial.previous[:12]}…, "
            f"found {previous[:12]}…; lines were deleted, added or moved"
        )
    return trial, ""


def _claimed_hash(line: bytes) -> str:
    return line.decode(errors="replace").rpartition("\t")[2]


def _digest(content: bytes, size: int) -> bytes:
    return hashlib.sha256(memoryview(content)[:size]).digest()


def _line(trial: Trial) -> str:
    return f"{trial.payload()}\t{trial.hash}\n"


def _write(path: Path, mode: str, content: bytes) -> None:
    with path.open(mode) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
