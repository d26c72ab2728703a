"""Generic operations on any table: create, read, update, delete, list, and bulk writing.

Each call that writes is a transaction of its own: it commits, or rolls back and raises. Reading
never hides an error: None, False and an empty list mean that there is no such row, nothing else.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

import psycopg
from sqlalchemy import inspect, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapper, Session

from app.models.base import Base
from app.repositories.bulk import copy_records
from app.services.database_stats import DatabaseStats
from app.services.query_helper import QueryHelper

__all__ = ["BULK_ROWS", "DatabaseService", "DatabaseStats", "QueryHelper"]

T = TypeVar("T", bound=Base)

BULK_ROWS = 1_000
"""From this many rows on, `DatabaseService.bulk_create` writes by COPY."""


class DatabaseService:
    """Create, read, update and delete rows of any model class."""

    @staticmethod
    def create(db: Session, model: type[T], **values: Any) -> T:
        """Store a new row and return it, with what the database filled in."""
        row = model(**values)
        db.add(row)
        _commit(db)
        db.refresh(row)
        return row

    @staticmethod
    def read(db: Session, model: type[T], id: Any) -> T | None:  # noqa: A002 - documented name
        """Return the row with this id, or None where there is none."""
        return db.get(model, id)

    @staticmethod
    def update(db: Session, model: type[T], id: Any, **values: Any) -> T | None:  # noqa: A002
        """Change a row and return it, or None where there is none.

        Raises
        ------
        ValueError
            If the table has no such column.
        """
        _require_columns(inspect(model), values)
        row = db.get(model, id)
        if row is None:
            return None
        for name, value in values.items():
            setattr(row, name, value)
        _commit(db)
        db.refresh(row)
        return row

    @staticmethod
    def delete(db: Session, model: type[T], id: Any) -> bool:  # noqa: A002 - documented name
        """Delete a row and say whether it was there."""
        row = db.get(model, id)
        if row is None:
            return False
        db.delete(row)
        _commit(db)
        return True

    @staticmethod
    def list_all(db: Session, model: type[T], skip: int = 0, limit: int = 100) -> list[T]:
        """Return rows in the order of the table's key, a page at a time."""
        if skip < 0 or limit < 0:
            raise ValueError(f"expected skip and limit of at least 0, found {skip} and {limit}")
        # The table's key, not the ORM's: it has an index that can be read in order.
        key = inspect(model).local_table.primary_key
        return list(db.scalars(select(model).order_by(*key).offset(skip).limit(limit)))

    @staticmethod
    def bulk_create(
        db: Session, model: type[T], objects: Sequence[T | Mapping[str, Any]]
    ) -> list[T | Mapping[str, Any]]:
        """Store many rows, given as instances or as dicts, and return them.

        Below 1,000 rows the instances that were stored are returned. From there on rows are written
        by COPY, and what was given is returned as it is, without ids.

        Raises
        ------
        ValueError
            If a dict names something that is no column.
        TypeError
            If an instance is one of another class.
        """
        rows = list(objects)
        mapper = inspect(model)
        _require_columns(mapper, _names(model, rows))
        if len(rows) < BULK_ROWS or not _can_be_copied(mapper):
            stored = [model(**row) if isinstance(row, Mapping) else row for row in rows]
            db.add_all(stored)
            _commit(db)
            return list(stored)
        _copy(db, model, rows)
        return rows


def _names(model: type[T], rows: Sequence[T | Mapping[str, Any]]) -> set[str]:
    if all(type(row) is dict for row in rows):
        return set[str]().union(*cast("list[dict[str, Any]]", rows))
    names: set[str] = set()
    for row in rows:
        if isinstance(row, model):
            continue
        # Asked first because it is ten times faster than asking for a Mapping.
        if isinstance(row, dict) or isinstance(row, Mapping):  # noqa: SIM101
            names.update(row)
        else:
            raise TypeError(f"expected {model.__name__}, found {type(row).__name__}")
    return names


def _can_be_copied(mapper: Mapper[Any]) -> bool:
    # Defaults that Python computes, and inheritance, are known to the ORM only.
    return len(mapper.tables) == 1 and all(
        column.default is None for column in mapper.local_table.columns
    )


def _copy(db: Session, model: type[T], rows: Sequence[T | Mapping[str, Any]]) -> None:
    try:
        db.flush()
        copy_records(db, model, rows)
    except psycopg.Error as error:
        db.rollback()
        # The same class of error as the ORM raises for a few rows.
        raise DBAPIError.instance(
            f"COPY {model.__tablename__}", None, error, psycopg.Error
        ) from error
    except BaseException:
        db.rollback()
        raise
    _commit(db)


def _commit(db: Session) -> None:
    try:
        db.commit()
    except BaseException:
        db.rollback()
        raise


def _require_columns(mapper: Mapper[Any], names: Mapping[str, Any] | set[str]) -> None:
    unknown = sorted(set(names) - {column.key for column in mapper.column_attrs})
    if unknown:
        table = mapper.local_table.description
        raise ValueError(f"expected columns of {table}, found {', '.join(unknown)}")
