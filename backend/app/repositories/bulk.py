"""Many rows of one model class, written by COPY."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.types import TypeDecorator

from app.models.base import Base, UtcDateTime
from app.repositories.copy import copy_columns


def copy_records(db: Session, model: type[Base], rows: Sequence[Base | Mapping[str, Any]]) -> None:
    """Append rows, given as instances or dicts; as in the ORM, None means the column's default."""
    mapper = inspect(model)
    # What was set on an instance; asking the ORM for it takes longer than sending the row.
    records = [vars(row) if isinstance(row, Base) else row for row in rows]
    defaults = {
        attribute.key
        for attribute in mapper.column_attrs
        if attribute.columns[0].server_default is not None or attribute.columns[0].primary_key
    }
    for columns in _as_columns(records, defaults):
        copy_columns(db, mapper.local_table.description, _by_column(mapper, columns))


def _as_columns(
    records: Sequence[Mapping[str, Any]], defaults: set[str]
) -> Iterator[dict[str, list[Any]]]:
    alike = _alike(records, defaults)
    if alike is not None:
        yield alike
        return
    for names, group in _grouped(records, defaults).items():
        yield {name: [record[name] for record in group] for name in sorted(names)}


def _alike(records: Sequence[Mapping[str, Any]], defaults: set[str]) -> dict[str, list[Any]] | None:
    # The usual case, three times as fast: every row names the same columns, none left to a default.
    names = tuple(records[0]) if records else ()
    if len(names) < 2 or any(len(record) != len(names) for record in records):
        return None
    try:
        columns = {name: list(map(itemgetter(name), records)) for name in names}
    except KeyError:
        return None
    if any(value is None for name in defaults & set(names) for value in columns[name]):
        return None
    return columns


def _grouped(
    records: Sequence[Mapping[str, Any]], defaults: set[str]
) -> dict[frozenset[str], list[Mapping[str, Any]]]:
    groups: dict[frozenset[str], list[Mapping[str, Any]]] = defaultdict(list)
    # Rows mostly name the same columns in the same order, so that is looked at once.
    shapes: dict[tuple[str, ...], tuple[list[str], list[Mapping[str, Any]]]] = {}
    for record in records:
        shape = tuple(record)
        if shape not in shapes:
            shapes[shape] = ([name for name in shape if name in defaults], groups[frozenset(shape)])
        optional, group = shapes[shape]
        absent = [name for name in optional if record[name] is None] if optional else []
        if absent:
            group = groups[frozenset(shape).difference(absent)]
        group.append(record)
    return {names: group for names, group in groups.items() if group}


def _by_column(mapper: Mapper[Any], values: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    dialect = postgresql.dialect()
    columns: dict[str, list[Any]] = {}
    for key, found in values.items():
        if key not in mapper.column_attrs:
            continue
        column = mapper.column_attrs[key].columns[0]
        kind = column.type
        # Times are brought to UTC while they are encoded, all at once.
        if isinstance(kind, TypeDecorator) and not isinstance(kind, UtcDateTime):
            columns[column.name] = [kind.process_bind_param(value, dialect) for value in found]
        else:
            columns[column.name] = found
    return columns
