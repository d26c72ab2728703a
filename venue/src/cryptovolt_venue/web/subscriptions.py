"""What clients of a stream ask for: SUBSCRIBE, UNSUBSCRIBE, lists and properties."""

import json
from typing import TYPE_CHECKING, Any, cast

from cryptovolt_venue.web.connections import Connection
from cryptovolt_venue.web.stream_names import is_stream_name

if TYPE_CHECKING:
    from cryptovolt_venue.web.market_streams import Streams

MOST_STREAMS = 1024
_METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")


def respond(streams: "Streams", connection: Connection, message: str) -> dict[str, Any]:
    """Do what a message asks for and return the answer to it."""
    try:
        request: Any = json.loads(message)
    except ValueError as error:
        return _error(3, f"Invalid JSON: {error}", None)
    if not isinstance(request, dict):
        return _error(2, "Invalid request: expected an object", None)
    asked = cast("dict[str, Any]", request)
    number, method = asked.get("id"), asked.get("method")
    if method not in _METHODS:
        expected = ", ".join(f"`{name}`" for name in _METHODS)
        return _error(
            2, f"Invalid request: unknown variant `{method}`, expected one of {expected}", number
        )
    given: Any = asked.get("params", [])
    parameters = cast("list[Any]", given) if isinstance(given, list) else [given]
    if method == "LIST_SUBSCRIPTIONS":
        return {"result": list(connection.names), "id": number}
    if method in {"SUBSCRIBE", "UNSUBSCRIBE"}:
        return _change(streams, connection, str(method), parameters, number)
    return _property(connection, str(method), parameters, number)


def _change(
    streams: "Streams", connection: Connection, method: str, names: list[Any], number: Any
) -> dict[str, Any]:
    wrong = [name for name in names if not (isinstance(name, str) and is_stream_name(name))]
    if wrong:
        return _error(2, f"Invalid request: invalid stream {wrong[0]!r}", number)
    if method == "UNSUBSCRIBE":
        for name in names:
            streams.unsubscribe(connection, name)
        return {"result": None, "id": number}
    if len({*connection.names, *names}) > MOST_STREAMS:
        return _error(2, f"Invalid request: more than {MOST_STREAMS} streams", number)
    for name in names:
        streams.subscribe(connection, name)
    return {"result": None, "id": number}


def _property(
    connection: Connection, method: str, parameters: list[Any], number: Any
) -> dict[str, Any]:
    if not parameters or not isinstance(parameters[0], str):
        return _error(2, "Invalid request: property name must be a string", number)
    if parameters[0] != "combined":
        return {"code": 0, "msg": "Unknown property", "id": number}
    if method == "GET_PROPERTY":
        return {"result": connection.combined, "id": number}
    if len(parameters) != 2 or not isinstance(parameters[1], bool):
        return {"code": 1, "msg": "Invalid value type: expected Boolean", "id": number}
    connection.combined = parameters[1]
    return {"result": None, "id": number}


def _error(code: int, message: str, number: Any) -> dict[str, Any]:
    return {"error": {"code": code, "msg": message}, "id": number}
