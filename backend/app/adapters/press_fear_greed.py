"""The Crypto Fear & Greed index of alternative.me: daily, from 0 (fear) to 100 (greed)."""

from collections import Counter
from math import ceil

from app.adapters.press_http import PressHttp, conditions
from app.adapters.press_json import as_ms, as_text, listed, parsed
from app.core.press import FetchRequest, FetchResult, ItemKind, RawItem

_DAY_MS = 86_400_000
_EVERY_S = 3_600.0
_MOST_DAYS = 5_000


class FearGreedSource:
    """The index, day by day."""

    name = "fear-greed"
    kind = ItemKind.INDEX
    needs: tuple[str, ...] = ()
    pricing = None
    every_s = _EVERY_S

    def __init__(self, base: str, http: PressHttp) -> None:
        self._url = base.rstrip("/") + "/fng/"
        self._http = http

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Ask for the values since a time."""
        days = min(_MOST_DAYS, max(1, ceil((request.now_ms - request.since_ms) / _DAY_MS) + 1))
        asked = conditions(request.etag, request.last_modified)
        answer = await self._http.get(self._url, params={"limit": str(days)}, headers=asked)
        if answer.not_modified:
            return FetchResult(
                not_modified=True, etag=request.etag, last_modified=request.last_modified
            )
        dropped: Counter[str] = Counter()
        items: list[RawItem] = []
        for one in listed(parsed(answer), "data"):
            value, at = (
                _value(as_text(one.get("value"))),
                as_ms(one.get("timestamp"), per_second=True),
            )
            if value is None or at is None:
                dropped["unreadable"] += 1
                continue
            # The day's value is made once; its day names it, whatever second it is stamped with.
            items.append(
                RawItem(
                    external_id=f"{at // _DAY_MS}",
                    event_time_ms=at,
                    text=f"{value:g} {as_text(one.get('value_classification'))}".strip(),
                    kind=ItemKind.INDEX,
                    value=value,
                )
            )
        return FetchResult(
            items=tuple(items),
            etag=answer.etag,
            last_modified=answer.last_modified,
            n_bytes=len(answer.body),
            dropped=dropped,
        )

    async def close(self) -> None:
        """Close its connections."""
        await self._http.close()


def _value(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= 100 else None
