"""Reading JSON of sources: what has another form than documented is an error, never a guess."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import orjson

from app.adapters.press_address import shown
from app.adapters.press_http import Answer
from cryptovolt.domain.errors import DataError


def parsed(answer: Answer) -> Any:
    """Return an answer's JSON.

    Raises
    ------
    DataError
        If it is none; an HTML page is named as such.
    """
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        pass
    try:
        # A few bytes in another encoding cost their characters, not the whole answer.
        return orjson.loads(answer.body.decode("utf-8", errors="replace"))
    except orjson.JSONDecodeError:
        start = answer.body[:40].lstrip()
        page = start.lower().startswith((b"<!doctype html", b"<html"))
        found = "an HTML page" if page else repr(start.decode("utf-8", errors="replace"))
        raise DataError(f"expected JSON of {shown(answer.url)}, found {found}") from None


def listed(value: Any, *path: str) -> Sequence[Mapping[str, Any]]:
    """Return the list of objects at a path within an answer; what is no object is left out.

    Raises
    ------
    DataError
        If there is no list.
    """
    found = value
    for name in path:
        found = as_object(found).get(name)
    if not isinstance(found, list):
        raise DataError(f"expected a list at {'.'.join(path) or 'the top'}, found {_kind(found)}")
    return [as_object(one) for one in cast("list[Any]", found) if isinstance(one, dict)]


def as_object(value: Any) -> Mapping[str, Any]:
    """Return a JSON object.

    Raises
    ------
    DataError
        If it is something else.
    """
    if not isinstance(value, dict):
        raise DataError(f"expected an object, found {_kind(value)}")
    return cast("dict[str, Any]", value)


def as_text(value: Any) -> str:
    """Return a text or a number as text; "" for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def as_ms(value: Any, *, per_second: bool = False) -> int | None:
    """Return a time given as a number, or as digits, in milliseconds UTC; None if it is none."""
    text = as_text(value).strip()
    try:
        number = float(text) * (1000 if per_second else 1)
    except ValueError:
        return None
    # Within what a date can be: 1970 to 9999.
    return round(number) if 0 <= number < 253_402_300_800_000 else None


def _kind(value: Any) -> str:
    return "nothing" if value is None else type(value).__name__
