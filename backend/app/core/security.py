"""Passwords, access tokens and the secret they are signed with.

A password is stored as argon2id with 64 MiB and 3 passes; at most two are computed at a time, so a
flood of logins cannot take the machine's memory. An access token is a JWT that lives ten minutes at
most;
whether its user may still act is asked of the database at each request.
"""

import hashlib
import hmac
import os
import secrets
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

import jwt
from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher

from app.core.config import settings
from cryptovolt.domain.errors import ConfigurationError, CryptoVoltError, TransientError

LONGEST_ACCESS = 10
MIN_SECRET = 32
MIN_DISTINCT = 5
_ALGORITHM = "HS256"
_TYPE = "at+jwt"
_ISSUER = "cryptovolt"
_AUDIENCE = "cryptovolt-api"
_HEADER = {"alg": _ALGORITHM, "typ": _TYPE}
_CLAIMS = ["iss", "aud", "sub", "iat", "exp", "jti", "sid"]

_hasher = PasswordHash((Argon2Hasher(time_cost=3, memory_cost=64 * 1024, parallelism=1),))
_slots = threading.BoundedSemaphore(2)
_places = threading.BoundedSemaphore(12)

# Secrets that stand in examples and tutorials, so everybody knows them.
_KNOWN_SECRETS = ("changeme", "changethis", "secret", "password", "example", "your-", "insecure")
# Long enough for the rule on length, and among the first that are guessed.
_KNOWN_PASSWORDS = """
password1234 password12345 password123456 passwordpassword passw0rd1234 123456789012
1234567890123 12345678901234 123456789012345 1234567890123456 qwertyuiop12 qwertyuiop123
qwertyuiop[] qwertyqwerty qwerty123456 qwerty1234567 1q2w3e4r5t6y 1q2w3e4r5t6y7u 1qaz2wsx3edc
1qaz2wsx3edc4rfv iloveyou1234 iloveyouforever administrator administrator1 adminadminadmin
admin1234567 letmeinletmein welcome12345 welcome123456 abcdefghijkl abcdefghijklm abc123abc123
asdfghjkl123 asdfghjklzxc asdfasdfasdf zxcvbnm12345 trustno1trustno1 monkeymonkey dragondragon
footballfootball baseballbaseball superman1234 michaeljordan changeme1234 changemechangeme
default12345 temporary123 thisisapassword mypassword123 mypassword1234 correcthorsebatterystaple
cryptovolt123 cryptovolt1234 bitcoinbitcoin bitcoin12345 contrasena123 motdepasse123
passwort1234
"""


class TokenError(CryptoVoltError):
    """The token is not one of ours, or no longer valid; log in again."""


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """Whom an access token speaks for, and in which login it was issued."""

    user_id: int
    login: UUID


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, in PHC form."""
    with _turn():
        return _hasher.hash(password)


def verify_password(password: str, stored: str | None) -> tuple[bool, str | None]:
    """Return whether the password is right and, if its stored hash is outdated, a new one.

    Without a stored hash the same work is done, so that an unknown user takes as long as a known.
    """
    with _turn():
        try:
            right, renewed = _hasher.verify_and_update(password, stored or _decoy())
        except PwdlibError:
            # Not an argon2 hash: the documented calls may store any text.
            _hasher.verify(password, _decoy())
            return False, None
    return (right, renewed) if stored else (False, None)


def password_fault(password: str, *names: str) -> str | None:
    """Return why the password is too easily guessed, or None."""
    lowered = password.casefold()
    if lowered in _KNOWN_PASSWORDS.split():
        return "expected a password that is not on the lists of common ones"
    if len(set(lowered)) < MIN_DISTINCT:
        return f"expected a password of at least {MIN_DISTINCT} different characters"
    parts = {part.casefold() for name in names for part in (name, name.split("@")[0])}
    if any(len(part) >= MIN_DISTINCT and part in lowered for part in parts):
        return "expected a password that does not contain the user name or e-mail address"
    return None


def random_token() -> str:
    """Return 256 random bits as text that fits into a URL."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return what is stored of a random token: its SHA-256, 64 hex digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def issue_access_token(user_id: int, login: UUID) -> str:
    """Return a signed token that lives for a few minutes."""
    now = datetime.now(UTC)
    claims = {
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "sub": str(user_id),
        "sid": str(login),
        "iat": now,
        "exp": now + timedelta(minutes=settings.ACCESS_TOKEN_MINUTES),
        "jti": secrets.token_hex(16),
    }
    return jwt.encode(claims, signing_key(), algorithm=_ALGORITHM, headers={"typ": _TYPE})


def read_access_token(token: str) -> AccessClaims:
    """Return what a valid token says; raise TokenError for every other."""
    try:
        header = jwt.get_unverified_header(token)
        if header != _HEADER:
            raise TokenError("expected an access token of this server")
        claims = jwt.decode(
            token,
            signing_key(),
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            issuer=_ISSUER,
            options={"require": _CLAIMS, "strict_aud": True},
        )
    except jwt.PyJWTError as error:
        raise TokenError("expected a valid access token: log in again") from error
    if claims["exp"] - claims["iat"] > LONGEST_ACCESS * 60:
        raise TokenError("expected an access token that lives shorter: log in again")
    try:
        return AccessClaims(user_id=int(claims["sub"]), login=UUID(claims["sid"]))
    except (ValueError, TypeError, AttributeError) as error:
        raise TokenError("expected a valid access token: log in again") from error


def check_secret() -> None:
    """Refuse to start with long-lived tokens or, in production, a weak or known secret."""
    if not 1 <= settings.ACCESS_TOKEN_MINUTES <= LONGEST_ACCESS:
        raise ConfigurationError(
            f"expected ACCESS_TOKEN_MINUTES to be 1 to {LONGEST_ACCESS}, "
            f"found {settings.ACCESS_TOKEN_MINUTES}"
        )
    if not settings.in_production:
        return
    secret = settings.SECRET_KEY.get_secret_value()
    lowered = secret.casefold()
    if len(secret) < MIN_SECRET or any(known in lowered for known in _KNOWN_SECRETS):
        raise ConfigurationError(
            f"expected SECRET_KEY to be at least {MIN_SECRET} random characters in production, "
            "found none, a short or a known one: set it to the output of `openssl rand -hex 32`"
        )


@contextmanager
def _turn() -> Generator[None]:
    # Who waits for a turn holds a thread, and the threads serve all other requests too.
    if not _places.acquire(blocking=False):
        raise TransientError("too many logins at once: try again in a few seconds")
    try:
        with _slots:
            yield
    finally:
        _places.release()


@cache
def _decoy() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


@cache
def signing_key() -> bytes:
    """Return the key of access tokens: derived, so that the secret can serve other ends too."""
    check_secret()
    secret = settings.SECRET_KEY.get_secret_value() or stored_secret(settings.home / "secret.key")
    return hmac.digest(secret.encode(), b"cryptovolt access token 1", "sha256")


def stored_secret(path: Path) -> str:
    """Return the secret in a file that only its owner reads, made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32))
    try:
        # Linking is atomic and never replaces: of two processes that start at once, one wins.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text()
