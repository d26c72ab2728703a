"""How many rows the tables hold."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models.base import Base


class DatabaseStats:
    """Counts rows, exactly."""

    @staticmethod
    def get_table_row_count(db: Session, model: type[Base]) -> int:
        """Return the number of rows of one table."""
        return db.scalar(select(func.count()).select_from(model)) or 0

    @staticmethod
    def get_all_table_stats(db: Session, models: Sequence[type[Base]]) -> dict[str, int]:
        """Return the number of rows of several tables, by table name."""
        return {
            model.__tablename__: DatabaseStats.get_table_row_count(db, model) for model in models
        }
