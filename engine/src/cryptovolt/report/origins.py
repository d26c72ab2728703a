"""Where a result comes from: settings, hashes, seed, and the model behind it."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from cryptovolt.report.tables import cell, table
from cryptovolt.report.text import UNDEFINED, number


def model_section(card: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a model's measures with their intervals and baselines."""
    names = sorted({name for entry in card.values() for name in entry.get("baselines", {})})
    head = ["Measure", "Value", "95 % interval", *(escape(name) for name in names)]
    rows = [
        [
            cell(escape(measure)),
            cell(_optional(entry.get("value"))),
            cell(f"{_optional(entry.get('low'))} to {_optional(entry.get('high'))}"),
            *(cell(_optional(entry.get("baselines", {}).get(name))) for name in names),
        ]
        for measure, entry in card.items()
    ]
    note = '<p class="soft">Out of sample. The last columns are baselines without a model.</p>'
    return f"<h2>Model</h2>{note}{table(head, rows)}"


def settings_section(settings: Mapping[str, object]) -> str:
    """Return everything that decides the result, hashes of the data included."""
    rows = [[cell(escape(name)), cell(_setting(value), "free")] for name, value in settings.items()]
    return f"<h2>Settings</h2>{table(['Setting', 'Value'], rows, 'settings')}"


def _optional(value: float | None) -> str:
    return UNDEFINED if value is None else number(value, 4)


def _setting(value: object) -> str:
    if value is None:
        return "off"
    if isinstance(value, str):
        return escape(value)
    return escape(json.dumps(value, ensure_ascii=False, default=str))
