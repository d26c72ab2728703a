"""The tables of the page on features, as the registry has them."""

from collections.abc import Sequence
from itertools import groupby

from cryptovolt.features.build import REGISTRY
from cryptovolt.features.registry import Feature, SentimentFeature


def reference_tables() -> str:
    """Return every feature with formula, warm-up, lag and what it needs, as Markdown by group."""
    ordered = sorted(REGISTRY, key=lambda feature: list(type(feature.group)).index(feature.group))
    parts = [
        _table(group, list(members))
        for group, members in groupby(ordered, key=lambda feature: str(feature.group))
    ]
    return "\n".join(parts)


def _table(group: str, members: Sequence[Feature | SentimentFeature]) -> str:
    rows = "".join(_row(one) for one in members)
    head = "| feature | formula | warm-up | lag | computed from |\n|---|---|---|---|---|\n"
    return f"### {group.capitalize()}\n\n{head}{rows}"


def _row(one: Feature | SentimentFeature) -> str:
    formula, lag = one.formula.replace("|", "&#124;"), _lag(one.lag_ms)
    needs = ", ".join(("bars", *one.needs))
    return f"| `{one.name}` | {formula} | {one.warmup} | {lag} | {needs} |\n"


def _lag(lag_ms: int) -> str:
    return f"{lag_ms // 1000} s" if lag_ms else "–"
