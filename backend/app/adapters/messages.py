"""Messages of a stream as they come from the socket."""

from typing import Any, cast

import orjson

from cryptovolt.domain.errors import DataError


def parsed(data: bytes | str) -> dict[str, Any]:
    """Return the JSON object of a message.

    Raises
    ------
    ValueError
        If it is no JSON.
    DataError
        If it is something else than an object.
    """
    message = orjson.loads(data)
    if not isinstance(message, dict):
        raise DataError(f"expected a JSON object, found {str(data)[:40]!r}")
    return cast("dict[str, Any]", message)
