"""The chain of trials: rows are added at its end and read in its order."""

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import Text, cast, insert, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.models.research import Trial as TrialRow
from app.models.research import TrialHead
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.trials import LedgerCheck, Trial, digest

_AT_ONCE = 1000

# One statement sees rows and head as of one moment. The hashes are made from the payloads by the
# database itself.
_BROKEN = text("""
    WITH links AS (
        SELECT trial_id, previous, hash,
               lag(trial_id, 1, CAST(0 AS bigint)) OVER w AS id_before,
               lag(hash, 1, CAST(repeat('0', 64) AS char(64))) OVER w AS hash_before
        FROM trials WINDOW w AS (ORDER BY trial_id)
    )
    SELECT EXISTS (
        SELECT 1 FROM links WHERE trial_id <> id_before + 1 OR previous <> hash_before
    ) OR NOT EXISTS (
        SELECT 1 FROM trial_head AS head
        WHERE (n_trials = 0 AND NOT EXISTS (SELECT 1 FROM links)) OR EXISTS (
            SELECT 1 FROM links WHERE trial_id = head.n_trials AND hash = head.hash
                AND trial_id = (SELECT max(trial_id) FROM links))
    )
""")


def append(db: Session, trials: Sequence[Trial]) -> tuple[Trial, ...]:
    """Add trials at the end of the chain; others who append wait until this transaction ends."""
    if not trials:
        return ()
    head = db.scalars(select(TrialHead).with_for_update()).one()
    previous, chained = head.hash, list[Trial]()
    for trial in trials:
        chained.append(trial.chained(previous))
        previous = chained[-1].hash
    rows = [
        {"trial_id": number, "payload": trial.payload()}
        for number, trial in enumerate(chained, start=head.n_trials + 1)
    ]
    db.execute(insert(TrialRow), rows)
    db.expire(head)
    return tuple(chained)


def overlapping(db: Session, symbols: Collection[str], first: int, last: int) -> tuple[Trial, ...]:
    """Return the trials that share a symbol and touch these times, in the order of the chain.

    Raises
    ------
    DataError
        If the chain is broken.
    """
    if db.execute(_BROKEN).scalar_one():
        raise DataError(f"the trial ledger is broken: {verify(db).faults[0]}")
    query = (
        select(TrialRow.trial_id, TrialRow.payload, TrialRow.hash)
        .where(TrialRow.symbols.bool_op("?|")(cast(list(symbols), ARRAY(Text))))
        .where(TrialRow.first_ms <= last, TrialRow.last_ms >= first)
        .order_by(TrialRow.trial_id)
    )
    found: list[Trial] = []
    for number, payload, stored in db.execute(query):
        found.append(Trial.from_payload(payload))
        if found[-1].hash != stored:
            raise DataError(f"the trial ledger is broken: {_changed(number, stored)}")
    return tuple(found)


def verify(db: Session) -> LedgerCheck:
    """Check every trial and the end of the chain; each fault names its trial."""
    # Nobody appends meanwhile, so that rows and head belong together.
    head = db.scalars(select(TrialHead).with_for_update()).one()
    faults: list[str] = []
    n_trials, expected, previous = 0, 1, "0" * 64
    for number, payload, stored in _rows(db):
        if number > expected:
            faults.append(_missing(expected, number - 1))
        elif digest(payload) == stored and Trial.from_payload(payload).previous != previous:
            faults.append(
                f"trial {number} does not follow trial {number - 1}: it was written after another"
            )
        if digest(payload) != stored:
            faults.append(_changed(number, stored))
        n_trials, expected, previous = n_trials + 1, number + 1, stored
    if head.n_trials >= expected:
        faults.append(_missing(expected, head.n_trials))
    elif (head.n_trials, head.hash) != (expected - 1, previous):
        faults.append(f"trial {expected - 1} is not the one that the head names as the last")
    return LedgerCheck(n_trials=n_trials, faults=tuple(faults))


def _rows(db: Session) -> Iterator[tuple[int, str, str]]:
    query = select(TrialRow.trial_id, TrialRow.payload, TrialRow.hash).order_by(TrialRow.trial_id)
    for row in db.execute(query.execution_options(yield_per=_AT_ONCE)):
        yield row.trial_id, row.payload, row.hash


def _changed(number: int, stored: str) -> str:
    return f"trial {number} was changed: its content does not have the hash {stored[:12]}…"


def _missing(first: int, last: int) -> str:
    return f"trial {first} is missing" if first == last else f"trials {first} to {last} are missing"
