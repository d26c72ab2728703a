"""What can be wrong with an answer of the press, and for how many answers.

Faults of items (``future``, ``empty``, ``markup``, ``control``, ``identical``) change what is
served in the layout of the service; faults of the answer (``latin1``, ``truncated``, ``huge``,
``bomb``, ``html``, ``slow``) change its bytes; the others (``down``, ``hang``, ``429``, ``500``)
give none. `bomb` is an XML document whose entities grow to gigabytes, or JSON nested 100,000 deep.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt_venue.press.items import ALIASES, SOURCES, PressItem

OF_ITEMS = ("future", "empty", "markup", "control", "identical")
OF_ANSWERS = ("latin1", "truncated", "huge", "bomb", "html", "slow")
INSTEAD = ("down", "hang", "429", "500")
KINDS = (*INSTEAD, *OF_ANSWERS, *OF_ITEMS)

MARKUP = (
    '<script>alert("loopback press")</script><img src=x onerror="alert(1)">'
    '<a href="javascript:alert(2)">Bitcoin</a> <b>surges</b> &amp; &lt;i&gt;soars&lt;/i&gt;'
)
# A bell, an escape sequence, a direction override, a zero-width space and a byte-order mark.
CONTROL = "Bit\x07coin \x1b[31mup\x1b[0m \u202egnp.exe\u202c sur\u200bges\ufeff\x00"
_AHEAD_MS = 3 * 86_400_000
_FIELDS = {"source", "kind", "n"}


@dataclass(slots=True)
class PressFault:
    """One fault: at which source, how often, and its numbers.

    Parameters
    ----------
    source : str
        One of ``SOURCES``, a feed such as ``"rss:wire"``, or ``"*"``.
    kind : str
        One of ``KINDS``.
    n : int, optional
        How many answers it hits; None: until it is taken back.
    values : mapping
        ``seconds`` (of slow, hang and Retry-After), ``megabytes`` (of huge), ``count`` (of
        identical).
    """

    source: str
    kind: str
    n: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    hit: int = 0

    def __post_init__(self) -> None:
        self.source = ALIASES.get(self.source, self.source)
        known = self.source.partition(":")[0]
        if self.source != "*" and known not in SOURCES:
            raise ConfigurationError(
                f"expected a source among {', '.join(SOURCES)} or *, found {self.source!r}"
            )
        if self.kind not in KINDS:
            raise ConfigurationError(
                f"expected a kind among {', '.join(KINDS)}, found {self.kind!r}"
            )
        if self.n is not None and self.n < 1:
            raise ConfigurationError(f"expected n at least 1, found {self.n}")

    def number(self, name: str, default: float) -> float:
        """Return one of its numbers."""
        return float(self.values.get(name, default))

    def concerns(self, channel: str) -> bool:
        """Return whether it hits answers of a channel now."""
        spent = self.n is not None and self.hit >= self.n
        return not spent and self.source in {"*", channel, channel.partition(":")[0]}


def parse_fault(entry: Mapping[str, Any]) -> PressFault:
    """Return a fault from its JSON form; fields it does not know are its numbers."""
    if not {"source", "kind"} <= set(entry):
        raise ConfigurationError(f"expected a fault with source and kind, found {dict(entry)}")
    n = entry.get("n")
    values = {name: value for name, value in entry.items() if name not in _FIELDS}
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e6:
            raise ConfigurationError(f"expected a number in [0, 1e6] as {name}, found {value!r}")
    return PressFault(
        source=str(entry["source"]),
        kind=str(entry["kind"]),
        n=None if n is None else int(n),
        values=values,
    )


class PressFaults:
    """The faults in force, oldest first; at most one hits an answer."""

    def __init__(self) -> None:
        self._faults: list[PressFault] = []

    def add(self, fault: PressFault) -> None:
        """Put a fault in force."""
        self._faults = [one for one in self._faults if one.n is None or one.hit < one.n]
        if len(self._faults) >= 1000:
            raise ConfigurationError("expected at most 1,000 faults in force; take some back")
        self._faults.append(fault)

    def remove(self, source: str | None = None) -> None:
        """Take back the faults of a source, or all."""
        named = ALIASES.get(source, source) if source is not None else None
        self._faults = [one for one in self._faults if named not in {None, one.source}]

    def take(self, channel: str, *, texts: bool = True) -> PressFault | None:
        """Return what is wrong with this answer, and count it; one without texts is not spoilt."""
        for fault in self._faults:
            if fault.concerns(channel) and (texts or fault.kind in INSTEAD):
                fault.hit += 1
                return fault
        return None

    def describe(self) -> list[dict[str, object]]:
        """Return the faults with how often they hit."""
        return [
            {"source": one.source, "kind": one.kind, "n": one.n, "hit": one.hit, **one.values}
            for one in self._faults
        ]


def altered(fault: PressFault | None, items: Sequence[PressItem]) -> list[PressItem]:
    """Return the items as a fault of items leaves them."""
    if fault is None or fault.kind not in {*OF_ITEMS, "latin1"}:
        return list(items)
    if fault.kind == "latin1":
        return [replace(item, title=f"Café Zürich: {item.title}") for item in items]
    if fault.kind == "future":
        return [replace(item, time_ms=item.time_ms + _AHEAD_MS) for item in items]
    if fault.kind == "identical":
        count = int(min(fault.number("count", 10_000), 100_000))
        return [replace(item, number=item.number + k) for item in items[:1] for k in range(count)]
    title = {"empty": "", "markup": MARKUP, "control": CONTROL}[fault.kind]
    return [replace(item, title=title, body="") for item in items]
