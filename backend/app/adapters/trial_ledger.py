"""The trial ledger as a table: the engine's port over the database."""

from collections.abc import Collection, Sequence

from app.core.database import SessionLocal
from app.repositories import trials as rows
from cryptovolt.domain.trials import LedgerCheck, Trial


class DatabaseLedger:
    """Keeps trials in the table ``trials``.

    Every call is a transaction of its own: a trial is remembered also when the work that made it
    is rolled back.
    """

    def append(self, trials: Sequence[Trial]) -> tuple[Trial, ...]:
        """Add trials in order and return them chained; they are committed when this returns."""
        with SessionLocal.begin() as session:
            return rows.append(session, trials)

    def trials(self, symbols: Collection[str], first: int, last: int) -> tuple[Trial, ...]:
        """Return all trials on data that overlaps with this, in the order they were added."""
        with SessionLocal() as session:
            return rows.overlapping(session, symbols, first, last)

    def verify(self) -> LedgerCheck:
        """Check the whole chain and name every place where it is broken."""
        with SessionLocal.begin() as session:
            return rows.verify(session)
