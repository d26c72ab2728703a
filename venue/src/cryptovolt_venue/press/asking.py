"""What a layout is asked and what it answers."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from cryptovolt_venue.press.board import Press
from cryptovolt_venue.press.faults import PressFault, altered
from cryptovolt_venue.press.items import PressItem

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Ask:
    """A request for texts.

    Parameters
    ----------
    press : Press
    channel : str
        Whose items are asked for, for example ``"rss:wire"``.
    path : str
        What follows the name of the source.
    query : mapping of str to str
        Of the address, or of the body of a form.
    headers : mapping of str to str
    fault : PressFault, optional
        What is wrong with this answer.
    """

    press: Press
    channel: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    fault: PressFault | None = None

    def newest(
        self,
        *,
        days: float,
        limit: int,
        since_ms: int | None = None,
        until_ms: int | None = None,
        keep: Callable[[PressItem], bool] | None = None,
    ) -> list[PressItem]:
        """Return the newest items of the last days, spoilt where the fault says so."""
        oldest = self.press.now_ms() - int(days * DAY_MS)
        since = oldest if since_ms is None else max(oldest, since_ms)
        found = self.press.newest(
            self.channel, since_ms=since, until_ms=until_ms, keep=keep, limit=limit
        )
        return altered(self.fault, found)

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """Return a whole number of the query; what is none or out of range is moved into it."""
        given = self.query.get(name, "")
        number = int(given) if given.isascii() and given.isdigit() and len(given) < 20 else default
        return max(least, min(most, number))


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer before it leaves; `modified_ms` lets clients ask only for changes."""

    body: str
    content_type: str = "application/json"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    modified_ms: int | None = None


Layout: TypeAlias = Callable[[Ask], Answer]


def answer_json(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    """Return content as JSON, with signs beyond ASCII as they are."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Answer(text, status=status, headers=headers or {})
