"""The tables themselves: what server holds them, and dropping them all."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from app import models
from app.models.base import Base

_OTHERS = ("alembic_version", "market_data_rejected", "trials_unchained")
_FUNCTIONS = (
    "refuse_change()",
    "chain_trial()",
    "only_grow()",
    "trial_hash(text)",
    "keep_forced()",
)


def server_version(db: Session) -> str:
    """Return the version of the server, for example ``15.18``."""
    return str(db.execute(text("SHOW server_version")).scalar_one()).split(" ", maxsplit=1)[0]


def database_name(db: Session) -> str:
    """Return the name of the database."""
    return str(db.execute(text("SELECT current_database()")).scalar_one())


def drop_all(db: Session) -> None:
    """Drop every table of ours with all it holds; tables of others stay."""
    assert models.__all__
    # Whoever still works with a table should make this fail, not hang.
    db.execute(text("SET LOCAL lock_timeout = '10s'"))
    names = [*(table.name for table in Base.metadata.sorted_tables), *_OTHERS]
    db.execute(text(f"DROP TABLE IF EXISTS {', '.join(names)} CASCADE"))
    db.execute(text("DROP SCHEMA IF EXISTS procrastinate CASCADE"))
    db.execute(text(f"DROP FUNCTION IF EXISTS {', '.join(_FUNCTIONS)}"))
