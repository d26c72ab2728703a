"""Posts of X, through tweepy; for who has a token of their own and states what may be spent.

X takes a price for every post that is read. How many a request may ask for is decided before it is
sent, from what is left of the month's cap.
"""

import asyncio
import importlib
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.adapters.press_http import PressHttp
from app.adapters.press_json import as_object, as_text, listed
from app.adapters.press_session import BoundSession
from app.core.press import FetchRequest, FetchResult, ItemKind, Pricing, RawItem
from cryptovolt.domain.errors import ConfigurationError, DataError, TransientError

_TWEEPY = "https://api.twitter.com"
_LEAST = 10
_MOST = 100
_LONGEST_QUERY = 512
_ALWAYS = ("bitcoin", "ethereum", "crypto")
_EVERY_S = 900.0


class XSource:
    """The newest posts about coins.

    Parameters
    ----------
    price : float
        US dollars for one post that is read.
    cap : float
        US dollars a month.
    """

    name = "x"
    kind = ItemKind.SOCIAL
    needs = ("X_BEARER_TOKEN", "X_MONTHLY_CAP")
    every_s = _EVERY_S

    def __init__(self, base: str, token: str, price: float, cap: float, http: PressHttp) -> None:
        self.pricing = Pricing(per_item=price, cap=cap, least_items=_LEAST, most_items=_MOST)
        self._token = token
        self._session = BoundSession(http, {_TWEEPY: base})
        self._client: Any = None

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Ask for the newest posts, no more than the budget pays."""
        n_items = min(_MOST, int(((request.budget or 0.0) + 5e-5) / self.pricing.per_item))
        if n_items < _LEAST:
            raise ConfigurationError(
                f"a request to X costs up to ${_LEAST * self.pricing.per_item:.2f}, found "
                f"${request.budget or 0.0:.2f} to spend; it is not sent"
            )
        # Importing takes a while; the other sources go on meanwhile.
        await asyncio.to_thread(importlib.import_module, "tweepy.asynchronous")
        before = self._session.n_bytes
        answer = await self._search(request, n_items, request.cursor.get("since_id"))
        posts = listed(answer, "data") if answer.get("data") else ()
        dropped: Counter[str] = Counter()
        items = [item for post in posts if (item := _item(post, dropped)) is not None]
        newest = max((int(item.external_id) for item in items), default=None)
        left, resets_s = self._quota()
        return FetchResult(
            items=tuple(items),
            cursor=dict(request.cursor) if newest is None else {"since_id": str(newest)},
            cost=len(posts) * self.pricing.per_item,
            quota_left=left,
            quota_resets_ms=None if resets_s is None else resets_s * 1000,
            n_bytes=self._session.n_bytes - before,
            dropped=+dropped,
        )

    async def close(self) -> None:
        """Close its connections."""
        await self._session.close()
        self._client = None

    async def _search(
        self, request: FetchRequest, n_items: int, since_id: str | None
    ) -> Mapping[str, Any]:
        tweepy: Any = importlib.import_module("tweepy")
        since = {} if since_id is None else {"since_id": str(since_id)}
        try:
            answer: Any = await self._connected().search_recent_tweets(
                query(request.assets),
                max_results=n_items,
                tweet_fields=["created_at", "lang", "author_id"],
                **since,
            )
        except (tweepy.Unauthorized, tweepy.Forbidden) as error:
            raise ConfigurationError(
                f"X refuses the token (status {error.response.status}): check X_BEARER_TOKEN"
            ) from None
        except tweepy.BadRequest:
            if since:
                # What it should go on from may be older than the days it searches.
                return await self._search(request, n_items, None)
            raise DataError("expected posts of X, found status 400") from None
        except tweepy.HTTPException as error:
            raise DataError(f"expected posts of X, found status {error.response.status}") from None
        except tweepy.TweepyException as error:
            raise TransientError(f"X cannot be asked: {type(error).__name__}") from None
        return as_object(answer)

    def _connected(self) -> Any:
        if self._client is None:
            module: Any = importlib.import_module("tweepy.asynchronous")
            # At DEBUG it tells what it sends, the token among it.
            logging.getLogger("tweepy").setLevel(logging.WARNING)
            self._client = module.AsyncClient(bearer_token=self._token, return_type=dict)
            self._client.session = self._session
        return self._client

    def _quota(self) -> tuple[int | None, int | None]:
        told = self._session.last_headers
        left, reset = told.get("x-rate-limit-remaining", ""), told.get("x-rate-limit-reset", "")
        if not (left.isdigit() and reset.isdigit() and len(reset) <= 11):
            return None, None
        return int(left), int(reset)


def query(assets: Sequence[str]) -> str:
    """Return a search for posts about coins, no repeats, as long as X allows."""
    words: list[str] = list(_ALWAYS)
    for asset in assets:
        longer = _search(*words, f"#{asset}")
        if asset.isalnum() and len(longer) <= _LONGEST_QUERY:
            words.append(f"#{asset}")
    return _search(*words)


def _search(*words: str) -> str:
    return f"({' OR '.join(words)}) lang:en -is:retweet"


def _item(post: Mapping[str, Any], dropped: Counter[str]) -> RawItem | None:
    number = as_text(post.get("id"))
    if not number.isdigit() or len(number) > 30:
        dropped["without_id"] += 1
        return None
    author = as_text(post.get("author_id"))
    return RawItem(
        external_id=number,
        event_time_ms=_time(as_text(post.get("created_at"))),
        text=as_text(post.get("text")),
        url=f"https://x.com/i/web/status/{number}",
        author=author or None,
        language=as_text(post.get("lang")) or None,
        kind=ItemKind.SOCIAL,
    )


def _time(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return round(moment.timestamp() * 1000) if moment.tzinfo else None
