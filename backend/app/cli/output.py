"""How commands print: tables for people, one JSON document with ``--json``, one-line errors."""

import json
import sys
from typing import Any, NoReturn

import typer


def print_json(document: Any) -> None:
    """Print one JSON document to standard output; NaN becomes null."""
    typer.echo(json.dumps(_without_nan(document), indent=2, default=_plain, allow_nan=False))


def _plain(value: Any) -> Any:
    # NumPy's numbers know their Python value; times, paths and exact money are texts.
    return value.item() if hasattr(value, "item") else str(value)


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if value - value == 0.0 else None
    if isinstance(value, dict):
        return {str(key): _without_nan(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def sentence(error: Exception) -> str:
    """Return what an error says to a person, with advice where the database is the cause."""
    from cryptovolt.domain.errors import CryptoVoltError

    if isinstance(error, CryptoVoltError):
        return str(error)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}"
    from app.core.errors import advice

    return advice(error)


def fail(error: Exception) -> NoReturn:
    """Print the error as one sentence and exit with status 1."""
    typer.echo(f"error: {sentence(error)}", err=True)
    sys.exit(1)
