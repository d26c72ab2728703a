"""The declarative base, and the column types that keep times in UTC and money exact."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Dialect, MetaData, Numeric
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from cryptovolt.domain.errors import DataError

# PostgreSQL's own names, so that a table made by hand and one made here are the same.
NAMES = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_name)s_fkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}


SEARCHABLE = "searchable"
"""In a column's `info`: people may search its text."""


class Base(DeclarativeBase):
    """Base of every table; a dict is stored as JSONB."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


class UtcDateTime(TypeDecorator[datetime]):
    """TIMESTAMPTZ: a time without a zone is taken as UTC, and every time read is in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time with its zone."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time in UTC."""
        del dialect
        return None if value is None else value.astimezone(UTC)


class AmountError(DataError, DontWrapMixin):
    """An amount of money is NaN or infinite; SQLAlchemy hands it on as it is."""


class Money(TypeDecorator[Decimal]):
    """NUMERIC: exact; a float is taken as the shortest decimal that reads back as itself."""

    impl = Numeric
    cache_ok = True

    def process_bind_param(
        self, value: Decimal | float | int | str | None, dialect: Dialect
    ) -> Decimal | None:
        """Return the exact decimal of a finite number."""
        del dialect
        if value is None:
            return None
        amount = value if isinstance(value, Decimal) else Decimal(str(value))
        if not amount.is_finite():
            raise AmountError(f"expected a finite amount, found {value!r}")
        return amount
