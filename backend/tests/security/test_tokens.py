"""Access tokens: one form is accepted, every other is refused."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest

from app.core import security
from app.core.config import settings
from app.core.security import TokenError, issue_access_token, read_access_token, signing_key
from cryptovolt.domain.errors import ConfigurationError

LOGIN = UUID("00000000-0000-4000-8000-000000000001")
RIGHT_HEADER = {"alg": "HS256", "typ": "at+jwt"}


def part(content: object) -> str:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def claims(**changes: object) -> dict[str, Any]:
    now = int(datetime.now(UTC).timestamp())
    right: dict[str, Any] = {
        "iss": "cryptovolt",
        "aud": "cryptovolt-api",
        "sub": "7",
        "sid": str(LOGIN),
        "iat": now,
        "exp": now + 300,
        "jti": "one",
    }
    return {k: v for k, v in (right | changes).items() if v is not None}


def signed(
    content: dict[str, Any] | None = None,
    header: dict[str, Any] | None = None,
    key: bytes | None = None,
) -> str:
    """Sign by hand, so that headers a library would refuse to write can be written."""
    head = RIGHT_HEADER if header is None else header
    body = f"{part(head)}.{part(claims() if content is None else content)}"
    algorithm = jwt.get_algorithm_by_name(
        head["alg"] if head.get("alg") in {"HS384", "HS512"} else "HS256"
    )
    mark = algorithm.sign(body.encode(), signing_key() if key is None else key)
    return f"{body}.{part(mark)}"


def now(seconds: int) -> int:
    return int(datetime.now(UTC).timestamp()) + seconds


def flipped(token: str) -> str:
    head, body, mark = token.split(".")
    return f"{head}.{body}.{'A' if mark[0] != 'A' else 'B'}{mark[1:]}"


def another_user(token: str) -> str:
    head, _, mark = token.split(".")
    return f"{head}.{part(claims(sub='1'))}.{mark}"


PUBLIC_KEY = b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n"

FORGERIES = {
    "alg none, no mark": lambda: f"{part({'alg': 'none', 'typ': 'at+jwt'})}.{part(claims())}.",
    "alg None, no mark": lambda: f"{part({'alg': 'None', 'typ': 'at+jwt'})}.{part(claims())}.",
    "alg none, marked": lambda: signed(header={"alg": "none", "typ": "at+jwt"}),
    "alg HS384": lambda: signed(header={"alg": "HS384", "typ": "at+jwt"}),
    "alg HS512": lambda: signed(header={"alg": "HS512", "typ": "at+jwt"}),
    "alg RS256": lambda: signed(header={"alg": "RS256", "typ": "at+jwt"}),
    "alg hs256": lambda: signed(header={"alg": "hs256", "typ": "at+jwt"}),
    "no alg": lambda: signed(header={"typ": "at+jwt"}),
    "no typ": lambda: signed(header={"alg": "HS256"}),
    "typ JWT": lambda: signed(header={"alg": "HS256", "typ": "JWT"}),
    "typ refresh": lambda: signed(header={"alg": "HS256", "typ": "rt+jwt"}),
    "kid of a file": lambda: signed(header=RIGHT_HEADER | {"kid": "../../../../dev/null"}),
    "kid with SQL": lambda: signed(header=RIGHT_HEADER | {"kid": "x' UNION SELECT 'k"}),
    "jku elsewhere": lambda: signed(header=RIGHT_HEADER | {"jku": "https://evil.example/k"}),
    "jwk inside": lambda: signed(header=RIGHT_HEADER | {"jwk": {"kty": "oct", "k": "AA"}}),
    "x5u elsewhere": lambda: signed(header=RIGHT_HEADER | {"x5u": "https://evil.example/c"}),
    "crit": lambda: signed(header=RIGHT_HEADER | {"crit": ["exp"]}),
    "detached payload": lambda: signed(header=RIGHT_HEADER | {"b64": False}),
    "empty key": lambda: signed(key=b""),
    "another key": lambda: signed(key=b"x" * 32),
    "the secret itself as key": lambda: signed(key=b"secret"),
    "a public key as key": lambda: signed(key=PUBLIC_KEY),
    "mark changed": lambda: flipped(signed()),
    "mark of another token": lambda: another_user(signed()),
    "no mark": lambda: signed().rpartition(".")[0] + ".",
    "two parts": lambda: signed().rpartition(".")[0],
    "four parts": lambda: signed() + ".AA",
    "expired a second ago": lambda: signed(claims(exp=now(-1))),
    "expired long ago": lambda: signed(claims(iat=0, exp=300)),
    "lives an hour": lambda: signed(claims(exp=now(3600))),
    "issued in the future": lambda: signed(claims(iat=now(600), exp=now(900))),
    "not yet valid": lambda: signed(claims(nbf=now(600))),
    "exp a text": lambda: signed(claims(exp="never")),
    "no exp": lambda: signed(claims(exp=None)),
    "no iat": lambda: signed(claims(iat=None)),
    "no iss": lambda: signed(claims(iss=None)),
    "another iss": lambda: signed(claims(iss="evil")),
    "no aud": lambda: signed(claims(aud=None)),
    "another aud": lambda: signed(claims(aud="cryptovolt-page")),
    "a list of aud": lambda: signed(claims(aud=["cryptovolt-api", "evil"])),
    "no sub": lambda: signed(claims(sub=None)),
    "sub a number": lambda: signed(claims(sub=7)),
    "sub a name": lambda: signed(claims(sub="admin")),
    "sub with SQL": lambda: signed(claims(sub="7 OR 1=1")),
    "no sid": lambda: signed(claims(sid=None)),
    "sid no UUID": lambda: signed(claims(sid="mine")),
    "sid a list": lambda: signed(claims(sid=[str(LOGIN)])),
    "no jti": lambda: signed(claims(jti=None)),
    "claims a list": lambda: f"{part(RIGHT_HEADER)}.{part([1])}.{part(b'x')}",
    "no token": lambda: "",
    "dots": lambda: "..",
    "no base64": lambda: "ä.ö.ü",
    "very long": lambda: "A" * 100_000,
}


def test_what_is_issued_is_read() -> None:
    found = read_access_token(issue_access_token(7, LOGIN))
    assert (found.user_id, found.login) == (7, LOGIN)


def test_a_token_made_by_hand_in_the_right_form_is_read() -> None:
    assert read_access_token(signed()).user_id == 7


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_refused(name: str) -> None:
    with pytest.raises(TokenError):
        read_access_token(FORGERIES[name]())


def test_two_tokens_are_never_the_same() -> None:
    assert issue_access_token(7, LOGIN) != issue_access_token(7, LOGIN)


def test_a_token_lives_as_long_as_configured() -> None:
    found = jwt.decode(issue_access_token(7, uuid4()), options={"verify_signature": False})
    assert timedelta(seconds=found["exp"] - found["iat"]) == timedelta(minutes=10)


SECRETS = [
    # secret, accepted in production
    ("", False),
    ("short", False),
    ("changethis" * 4, False),
    ("super-secret-" * 4, False),
    ("your-secret-key-here-please-change-it", False),
    ("9f86d081884c7d659a2feaa0c55ad015", True),
    ("9f86d081884c7d659a2feaa0c55ad01", False),
]


@pytest.mark.parametrize(("secret", "accepted"), SECRETS)
def test_production_needs_a_long_secret_nobody_knows(
    monkeypatch: pytest.MonkeyPatch, secret: str, accepted: bool
) -> None:
    changed = settings.model_copy(
        update={"ENVIRONMENT": "production", "SECRET_KEY": type(settings.SECRET_KEY)(secret)}
    )
    monkeypatch.setattr(security, "settings", changed)
    if accepted:
        security.check_secret()
        return
    with pytest.raises(ConfigurationError, match="openssl rand -hex 32"):
        security.check_secret()


def test_in_development_the_secret_is_made_once_and_only_its_owner_reads_it() -> None:
    signing_key()
    path = settings.home / "secret.key"
    assert len(path.read_text()) == 64
    assert path.stat().st_mode & 0o777 == 0o600
    assert security.stored_secret(path) == path.read_text()
    assert [p.name for p in path.parent.glob(".secret.key*")] == []
