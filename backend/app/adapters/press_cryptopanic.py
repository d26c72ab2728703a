"""Posts of CryptoPanic, for who has a token of their own."""

from datetime import UTC, datetime

from app.adapters.press_http import PressHttp
from app.adapters.press_json import as_object, as_text, listed, parsed
from app.adapters.press_xml import joined
from app.core.press import FetchRequest, FetchResult, ItemKind, RawItem
from cryptovolt.domain.errors import ConfigurationError

_EVERY_S = 900.0


class CryptoPanicSource:
    """The newest posts.

    Parameters
    ----------
    plan : str
        The plan of the token; it is part of the address.
    """

    name = "cryptopanic"
    kind = ItemKind.NEWS
    needs = ("CRYPTOPANIC_TOKEN",)
    pricing = None
    every_s = _EVERY_S

    def __init__(self, base: str, token: str, plan: str, http: PressHttp) -> None:
        self._url = f"{base.rstrip('/')}/api/{plan}/v2/posts/"
        self._token = token
        self._http = http

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Ask for the newest page."""
        parameters = {"auth_token": self._token, "public": "true", "kind": "news"}
        answer = await self._http.request("GET", self._url, params=parameters)
        if answer.status in {401, 402, 403}:
            raise ConfigurationError(
                f"CryptoPanic refuses the token (status {answer.status}): check CRYPTOPANIC_TOKEN "
                "and CRYPTOPANIC_PLAN"
            )
        if answer.status == 404:
            raise ConfigurationError(
                "CryptoPanic has no such plan (status 404): check CRYPTOPANIC_PLAN"
            )
        items: list[RawItem] = []
        for post in listed(parsed(answer), "results"):
            title, about = as_text(post.get("title")), as_text(post.get("description"))
            named = "instruments" if post.get("instruments") else "currencies"
            coins = listed(post, named) if post.get(named) else ()
            codes = [as_text(one.get("code")) for one in coins]
            source = post.get("source")
            items.append(
                RawItem(
                    external_id=as_text(post.get("id")) or as_text(post.get("url")) or title,
                    event_time_ms=_time(as_text(post.get("published_at"))),
                    text=joined(title, about) if about and about != title else title,
                    url=as_text(post.get("original_url") or post.get("url")) or None,
                    author=as_text(as_object(source).get("domain")) if source else None,
                    assets=tuple(code for code in codes if code),
                )
            )
        return FetchResult(items=tuple(items[: request.limit]), n_bytes=len(answer.body))

    async def close(self) -> None:
        """Close its connections."""
        await self._http.close()


def _time(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
