"""Common questions to any table: by symbol, by time, by text."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, func, inspect, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.models.base import SEARCHABLE, Base

T = TypeVar("T", bound=Base)

LONGEST_SEARCH = 500
"""Rows that one search returns at most."""

_SEARCH_TIMEOUT = "2s"


class QueryHelper:
    """Answers lists of rows; an error of the database is raised, never an empty list."""

    @staticmethod
    def filter_by_symbol(db: Session, model: type[T], symbol: str) -> list[T]:
        """Return all rows of one symbol, oldest first where the table has times."""
        query = select(model).where(_column(model, "symbol") == symbol)
        return list(db.scalars(query.order_by(_time(model))))

    @staticmethod
    def filter_by_date_range(
        db: Session, model: type[T], start: datetime, end: datetime
    ) -> list[T]:
        """Return all rows from `start` to `end`, both included, oldest first.

        A time without a zone is taken as UTC. Tables without a time of an event are asked by the
        time a row was stored.
        """
        when = _time(model)
        return list(db.scalars(select(model).where(when.between(start, end)).order_by(when)))

    @staticmethod
    def search_text(
        db: Session, model: type[T], term: str, columns: Sequence[str], limit: int = 100
    ) -> list[T]:
        """Return rows where one of the columns contains the term, in upper or lower case.

        Every character of the term stands for itself, also ``%`` and ``_``.

        Raises
        ------
        ValueError
            If no column is named, or one that may not be searched, or `limit` is out of range.
        """
        if not 1 <= limit <= LONGEST_SEARCH:
            raise ValueError(f"expected a limit from 1 to {LONGEST_SEARCH}, found {limit}")
        if isinstance(columns, str) or not columns:
            raise ValueError("expected a list of at least one column to search")
        if "\0" in term:
            raise ValueError("expected text to search for, found a NUL character in it")
        searched = _searchable(model, columns)
        matches = [column.icontains(term, autoescape=True) for column in searched]
        key = inspect(model).local_table.primary_key
        query = select(model).where(or_(*matches)).order_by(*key).limit(limit)
        before = db.scalar(select(func.current_setting("statement_timeout")))
        _set_timeout(db, _SEARCH_TIMEOUT)
        found = list(db.scalars(query))
        _set_timeout(db, str(before))
        return found


def _set_timeout(db: Session, timeout: str) -> None:
    # Until the end of this transaction.
    db.execute(text("SELECT set_config('statement_timeout', :timeout, true)"), {"timeout": timeout})


def _searchable(model: type[Base], names: Sequence[str]) -> list[ColumnElement[Any]]:
    allowed = {
        attribute.key: attribute.columns[0]
        for attribute in inspect(model).column_attrs
        if attribute.columns[0].info.get(SEARCHABLE)
    }
    for name in names:
        if name not in allowed:
            raise ValueError(
                f"expected columns of {model.__tablename__} that may be searched "
                f"({', '.join(sorted(allowed))}), found {name!r}"
            )
    return [allowed[name] for name in dict.fromkeys(names)]


def _column(model: type[Base], name: str) -> InstrumentedAttribute[Any]:
    if name not in inspect(model).column_attrs:
        raise ValueError(f"expected a table with a {name}, found {model.__tablename__}")
    return getattr(model, name)


def _time(model: type[Base]) -> InstrumentedAttribute[Any]:
    attributes = inspect(model).column_attrs
    names = [name for name in ("timestamp", "created_at", "started_at") if name in attributes]
    return _column(model, names[0] if names else "timestamp")
