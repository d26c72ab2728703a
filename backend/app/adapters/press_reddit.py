"""New posts of subreddits, through asyncpraw; for who has a client of their own."""

import asyncio
import importlib
import logging
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.adapters.press_http import PressHttp
from app.adapters.press_session import BoundSession
from app.adapters.press_xml import joined
from app.core.press import FetchRequest, FetchResult, ItemKind, RawItem
from cryptovolt.domain.errors import ConfigurationError, CryptoVoltError, DataError, TransientError

_REDDIT = "https://www.reddit.com"
_OAUTH = "https://oauth.reddit.com"
_AGENT = "python:cryptovolt:0.1 (reads new posts)"
_PAGE = 100
_EVERY_S = 120.0
_GONE = frozenset({"[removed]", "[deleted]"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RedditAccess:
    """Where Reddit answers, and by which client it is asked."""

    url: str
    oauth_url: str
    client_id: str
    client_secret: str


class RedditSource:
    """The newest posts of several subreddits, one request for all of them."""

    name = "reddit"
    kind = ItemKind.SOCIAL
    needs = ("REDDIT_CLIENT_ID", "REDDIT_CLIENT_SECRET")
    pricing = None
    every_s = _EVERY_S

    def __init__(self, access: RedditAccess, subreddits: Sequence[str], http: PressHttp) -> None:
        self._access = access
        self._subreddits = "+".join(subreddits)
        self._session = BoundSession(http, {_REDDIT: access.url, _OAUTH: access.oauth_url})
        self._reddit: Any = None

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Ask for the newest posts."""
        # Importing takes a while; the other sources go on meanwhile.
        await asyncio.to_thread(importlib.import_module, "asyncpraw")
        core: Any = importlib.import_module("asyncprawcore.exceptions")
        before = self._session.n_bytes
        try:
            posts = await self._posts(min(request.limit, _PAGE))
        except core.RequestException as error:
            raise _ours(error.original_exception) from None
        except core.ResponseException as error:
            raise _refusal(error.response.status) from None
        except core.OAuthException:
            raise _refusal(401) from None
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise DataError(
                f"expected Reddit's posts, found another form: {type(error).__name__}"
            ) from None
        dropped: Counter[str] = Counter()
        items = [item for post in posts if (item := _item(post, dropped)) is not None]
        wanted = [item for item in items if (item.event_time_ms or 0) >= request.since_ms]
        dropped["old"] += len(items) - len(wanted)
        left, resets_s = self._quota()
        return FetchResult(
            items=tuple(wanted),
            n_bytes=self._session.n_bytes - before,
            quota_left=left,
            quota_resets_ms=None if resets_s is None else request.now_ms + resets_s * 1000,
            dropped=+dropped,
        )

    async def close(self) -> None:
        """Close its connections."""
        await self._session.close()
        self._reddit = None

    async def _posts(self, limit: int) -> list[Any]:
        if self._reddit is None:
            self._reddit = self._client()
        subreddit = await self._reddit.subreddit(self._subreddits)
        return [post async for post in subreddit.new(limit=limit)]

    def _client(self) -> Any:
        praw: Any = importlib.import_module("asyncpraw")
        for name in ("asyncpraw", "asyncprawcore"):
            # At DEBUG it tells what it sends.
            logging.getLogger(name).setLevel(logging.WARNING)
        # asyncpraw signs by a class that the next aiohttp will have no more.
        warnings.filterwarnings("ignore", "BasicAuth is deprecated", DeprecationWarning)
        return praw.Reddit(
            client_id=self._access.client_id,
            client_secret=self._access.client_secret,
            user_agent=_AGENT,
            reddit_url=_REDDIT,
            oauth_url=_OAUTH,
            check_for_updates=False,
            requestor_kwargs={"session": self._session},
        )

    def _quota(self) -> tuple[int | None, int | None]:
        told = self._session.last_headers
        try:
            left = int(float(told["x-ratelimit-remaining"]))
            return left, int(float(told["x-ratelimit-reset"]))
        except (KeyError, ValueError, OverflowError):
            return None, None


def _ours(error: BaseException) -> CryptoVoltError:
    if isinstance(error, CryptoVoltError):
        return error
    return TransientError(f"Reddit cannot be reached: {type(error).__name__}")


def _refusal(status: int) -> CryptoVoltError:
    if status in {401, 403}:
        return ConfigurationError(
            f"Reddit refuses the client (status {status}): check REDDIT_CLIENT_ID, "
            "REDDIT_CLIENT_SECRET and that Reddit has approved it"
        )
    return DataError(f"expected posts of Reddit, found status {status}")


def _item(post: Any, dropped: Counter[str]) -> RawItem | None:
    told: dict[str, Any] = post.__dict__
    title, body = str(told.get("title") or ""), str(told.get("selftext") or "")
    if title in _GONE or body in _GONE:
        dropped["removed"] += 1
        return None
    author = getattr(told.get("author"), "name", None)
    created = told.get("created_utc")
    link = str(told.get("permalink") or "")
    return RawItem(
        external_id=f"t3_{told['id']}",
        event_time_ms=round(float(created) * 1000) if isinstance(created, int | float) else None,
        text=joined(title, body) if body else title,
        url=f"{_REDDIT}{link}" if link.startswith("/") else None,
        author=None if author is None else str(author),
        kind=ItemKind.SOCIAL,
    )
