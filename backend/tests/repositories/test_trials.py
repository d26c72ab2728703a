"""The chain of trials in a real PostgreSQL: the database itself refuses what would break it."""

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.adapters.trial_ledger import DatabaseLedger
from app.core import database, init_db
from app.core.database import SessionLocal
from app.repositories.tables import drop_all
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.ports import TrialLedger
from cryptovolt.domain.trials import GENESIS, Trial, TrialKind

HOUR = 3_600_000


@pytest.fixture
def ledger(fresh_database_url: str) -> TrialLedger:
    del fresh_database_url
    return DatabaseLedger()


@pytest.fixture
def session(ledger: TrialLedger) -> Iterator[Session]:
    del ledger
    with SessionLocal() as session:
        yield session


def trial(**more: Any) -> Trial:
    given: dict[str, Any] = {
        "kind": TrialKind.BACKTEST,
        "study": "first",
        "symbols": ("BTCUSDT",),
        "timeframe": "1h",
        "first": 10 * HOUR,
        "last": 20 * HOUR,
        "data_hash": "d" * 64,
        "parameters": {"fast": 1e22, "tiny": -0.0, "name": "ä\t'b\n", "on": True, "none": None},
        "n_observations": 10,
        "sharpe": 0.1 + 0.2,
        "skewness": None,
        "kurtosis": 3.0,
        "returns": np.array([0.1, -0.2], np.float32),
        "returns_ms": HOUR,
        "result": {"total_return": 1e-300, "sortino": None},
    }
    return Trial(**{**given, **more})


def tamper(session: Session, statement: str, **values: object) -> None:
    """Change what is stored as only the owner of the database can."""
    for table in ("trials", "trial_head"):
        session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    session.execute(text(statement), values)
    for table in ("trials", "trial_head"):
        session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
    session.commit()


def test_trials_come_back_as_they_were_written(ledger: TrialLedger) -> None:
    first, second = ledger.append([trial(), trial(study="second")])
    assert (first.previous, second.previous) == (GENESIS, first.hash)
    found = ledger.trials(("BTCUSDT",), 0, 100 * HOUR)
    assert [one.payload() for one in found] == [first.payload(), second.payload()]
    assert [one.hash for one in found] == [first.hash, second.hash]
    assert found[0].parameters == trial().parameters
    assert str(ledger.verify()) == "2 trials, intact"


def test_columns_say_what_the_payload_says(ledger: TrialLedger, session: Session) -> None:
    (written,) = ledger.append([trial()])
    row = session.execute(text("SELECT * FROM trials")).mappings().one()
    assert row["trial_id"] == 1
    assert (row["hash"], row["previous"]) == (written.hash, GENESIS)
    assert (row["kind"], row["study"], row["timeframe"]) == ("backtest", "first", "1h")
    assert (row["first_ms"], row["last_ms"]) == (10 * HOUR, 20 * HOUR)
    assert (row["symbols"], row["data_hash"]) == (["BTCUSDT"], "d" * 64)
    assert row["parameters"]["name"] == "ä\t'b\n"
    assert row["result"] == {"total_return": 1e-300, "sortino": None}


OVERLAPS = [
    #  symbols,               first, last, found
    (("BTCUSDT",), 0, 30, True),
    (("BTCUSDT",), 20, 30, True),
    (("BTCUSDT",), 21, 30, False),
    (("BTCUSDT",), 0, 10, True),
    (("BTCUSDT",), 0, 9, False),
    (("ETHUSDT",), 0, 30, False),
    (("ETHUSDT", "BTCUSDT"), 0, 30, True),
    ((), 0, 30, False),
]


def test_what_overlaps_in_data_is_found(ledger: TrialLedger) -> None:
    ledger.append([trial()])
    for symbols, first, last, found in OVERLAPS:
        assert len(ledger.trials(symbols, first * HOUR, last * HOUR)) == found


def test_an_empty_ledger_is_intact(ledger: TrialLedger) -> None:
    assert ledger.append([]) == ()
    assert ledger.trials(("BTCUSDT",), 0, HOUR) == ()
    assert str(ledger.verify()) == "0 trials, intact"


REFUSED = [
    "UPDATE trials SET created_at = now()",
    "UPDATE trials SET payload = replace(payload, 'first', 'second')",
    "DELETE FROM trials",
    "TRUNCATE trials",
    "DELETE FROM trial_head",
    "TRUNCATE trial_head",
    "UPDATE trial_head SET n_trials = 0",
    "UPDATE trial_head SET hash = repeat('e', 64)",
    "INSERT INTO trial_head (only_one, n_trials, hash) VALUES (true, 0, '')",
    "INSERT INTO trials (trial_id, payload) SELECT 2, payload FROM trials",
    "INSERT INTO trials (trial_id, payload) VALUES (2, '{}')",
]


@pytest.mark.parametrize("statement", REFUSED)
def test_the_database_refuses_what_would_break_the_chain(
    ledger: TrialLedger, session: Session, statement: str
) -> None:
    ledger.append([trial()])
    with pytest.raises(IntegrityError), session:
        session.execute(text(statement))
    assert str(ledger.verify()) == "1 trial, intact"


@pytest.mark.parametrize(("number", "study"), [(3, "first"), (1, "first"), (2, "other")])
def test_a_row_that_does_not_follow_the_last_one_is_refused(
    ledger: TrialLedger, session: Session, number: int, study: str
) -> None:
    (first,) = ledger.append([trial()])
    previous = first.hash if study == "first" else "e" * 64
    payload = trial().chained(previous).payload()
    with pytest.raises(IntegrityError), session:
        session.execute(
            text("INSERT INTO trials (trial_id, payload) VALUES (:number, :payload)"),
            {"number": number, "payload": payload},
        )


BROKEN = [
    (
        'UPDATE trials SET payload = replace(payload, \'"study":"first"\', \'"study":"x"\')'
        " WHERE trial_id = 2",
        "trial 3 does not follow trial 2",
    ),
    ("DELETE FROM trials WHERE trial_id = 2", "trial 2 is missing"),
    ("DELETE FROM trials WHERE trial_id = 1", "trial 1 is missing"),
    ("DELETE FROM trials WHERE trial_id > 2", "trials 3 to 4 are missing"),
    ("DELETE FROM trials", "trials 1 to 4 are missing"),
    (
        'UPDATE trials SET payload = replace(payload, \'"study":"first"\', \'"study":"x"\')'
        " WHERE trial_id = 4",
        "trial 4 is not the one that the head names as the last",
    ),
    ("UPDATE trial_head SET n_trials = 3", "trial 4 is not the one that the head names"),
]


@pytest.mark.parametrize(("statement", "fault"), BROKEN)
def test_what_the_owner_of_the_database_changed_is_found_and_named(
    ledger: TrialLedger, session: Session, statement: str, fault: str
) -> None:
    ledger.append([trial(study="first", parameters={"n": n}) for n in range(4)])
    tamper(session, statement)
    assert ledger.verify().faults[0].startswith(fault)
    with pytest.raises(DataError, match=f"the trial ledger is broken: {fault}"):
        ledger.trials(("BTCUSDT",), 0, 100 * HOUR)


def test_a_trial_is_remembered_when_the_work_is_rolled_back(
    ledger: TrialLedger, session: Session
) -> None:
    with session:
        session.execute(text("UPDATE users SET is_active = false"))
        ledger.append([trial()])
        session.rollback()
    assert ledger.verify().n_trials == 1


def test_two_may_append_at_once(ledger: TrialLedger) -> None:
    def add(study: str) -> None:
        for _ in range(10):
            ledger.append([trial(study=study), trial(study=study)])

    threads = [threading.Thread(target=add, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert str(ledger.verify()) == "40 trials, intact"


@pytest.mark.usefixtures("empty_database_url")
def test_trials_from_before_the_chain_are_kept() -> None:
    with database.engine.connect() as connection:
        init_db.migrate(connection, "0003")
        connection.execute(
            text("INSERT INTO trials (study, parameters, result) VALUES ('old', '{}', '{}')")
        )
        connection.commit()
        init_db.migrate(connection)
        kept = connection.execute(text("SELECT study FROM trials_unchained")).scalars().all()
        assert kept == ["old"]
    assert str(DatabaseLedger().verify()) == "0 trials, intact"
    with SessionLocal.begin() as session:
        drop_all(session)
        left = session.execute(text("SELECT count(*) FROM pg_proc WHERE proname LIKE '%trial%'"))
        assert left.scalar_one() == 0
