"""How far a source is believed: the table ``sources.tsv`` with a reason for every weight.

The weights are judgement, stated and open to change in one place; they are fitted to no price. An
aggregator is believed as far as the outlet it links to. A crowd is not: whoever posts a link to a
newsroom has not been edited by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from cryptovolt.domain.errors import ConfigurationError

DEFAULT_WEIGHT = 0.4
"""Weight of a source nobody has judged yet: between a crowd and a chosen feed."""

SourceKind: TypeAlias = Literal["publisher", "aggregator", "crowd"]
_KINDS: Mapping[str, SourceKind] = MappingProxyType(
    {"publisher": "publisher", "aggregator": "aggregator", "crowd": "crowd"}
)


@dataclass(frozen=True, slots=True)
class Credibility:
    """A weight in [0, 1], the entry of the table it comes from ("" for none), and why."""

    weight: float
    entry: str
    kind: SourceKind
    reason: str


UNKNOWN = Credibility(DEFAULT_WEIGHT, "", "aggregator", "not in the table of sources")


def credibility(source: str, url: str | None = None) -> float:
    """Return how far an item is believed.

    Parameters
    ----------
    source : str
        Name of the source that delivered it, e.g. ``"gdelt"``, or a domain.
    url : str, optional
        Where the item stands; only its host is read.

    Returns
    -------
    float
        In [0, 1]; 0.4 where neither is known.
    """
    return judge_source(source, url).weight


def judge_source(source: str, url: str | None = None) -> Credibility:
    """Return how far an item is believed, with the reason.

    A crowd keeps its own weight whatever it links to. Else the listed domain decides, the
    longest that fits; then the source's name.
    """
    table = source_table()
    name = source.strip().lower()
    by_name = table.get(name) or _of_host(name, table)
    if by_name is not None and by_name.kind == "crowd":
        return by_name
    return _of_host(_host(url or ""), table) or by_name or UNKNOWN


@cache
def source_table() -> Mapping[str, Credibility]:
    """Return every judged source and domain."""
    text = files("cryptovolt.sentiment").joinpath("sources.tsv").read_text("utf-8")
    return MappingProxyType(parse_sources(text))


def parse_sources(text: str) -> dict[str, Credibility]:
    """Return the entries of a table of sources.

    Raises
    ------
    ConfigurationError
        If a line has not four columns, its kind is unknown, its weight is outside 0 to 1, or an
        entry appears twice.
    """
    entries: dict[str, Credibility] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        entry = _parse_line(line, number)
        if entry.entry in entries:
            raise ConfigurationError(f"line {number}: the source {entry.entry!r} appears twice")
        entries[entry.entry] = entry
    return entries


def _parse_line(line: str, number: int) -> Credibility:
    columns = line.split("\t")
    if len(columns) != 4 or columns[1] not in _KINDS or not columns[3].strip():
        raise ConfigurationError(
            f"line {number}: expected source, kind ({', '.join(_KINDS)}), weight and reason "
            f"separated by tabs, found {line!r}"
        )
    source, kind, text, reason = columns
    try:
        weight = float(text)
    except ValueError:
        raise ConfigurationError(f"line {number}: expected a number, found {text!r}") from None
    if not 0.0 <= weight <= 1.0:
        raise ConfigurationError(f"line {number}: expected a weight in [0, 1], found {weight}")
    return Credibility(weight, source.lower(), _KINDS[kind], reason)


def _host(url: str) -> str:
    try:
        return (urlsplit(url if "//" in url else f"//{url}").hostname or "").rstrip(".")
    except ValueError:  # such as an unclosed bracket: an address that names no host
        return ""


def _of_host(host: str, table: Mapping[str, Credibility]) -> Credibility | None:
    labels = host.split(".")
    for start in range(len(labels) - 1):
        found = table.get(".".join(labels[start:]))
        if found is not None:
            return found
    return None
