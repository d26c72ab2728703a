"""Registering, logging in, staying logged in, logging out.

A login is a family of refresh tokens of which one is live. Each refresh replaces it; a replaced
token that comes again was stolen or replayed, so its whole family is closed. An unknown user, a
wrong password and a disabled account give the same answer after the same work.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.core import security
from app.core.config import settings
from app.models.database import Alert, User
from app.repositories import logins, users
from app.services.access import Actor, ConflictError, UnauthenticatedError
from app.services.throttle import Throttle
from cryptovolt.domain.errors import DataError

log = structlog.get_logger(__name__)

LINK_LIFETIME = timedelta(minutes=10)
LOCAL_NAME = "local"
LOCAL_EMAIL = "local@cryptovolt.invalid"
_RESERVED = frozenset({LOCAL_NAME, "admin", "administrator", "root", "system"})
_WRONG = "expected a known user and the right password"


@dataclass(frozen=True, slots=True)
class Login:
    """A fresh pair of tokens; `expires_at` is the end of the whole login."""

    user: User
    access_token: str
    refresh_token: str
    expires_at: datetime


def identify(db: Session, token: str) -> Actor:
    """Return whom an access token speaks for, if they may still act."""
    claims = security.read_access_token(token)
    role = logins.role_of_live_login(db, claims.user_id, claims.login, datetime.now(UTC))
    if role is None:
        raise UnauthenticatedError("this login was closed: log in again")
    return Actor(user_id=claims.user_id, role=role, login=claims.login)


def require_live(db: Session, refresh_token: str | None) -> None:
    """Refuse unless this is the live refresh token of an active user; it is not used up."""
    row = logins.find_refresh_token(db, security.token_hash(refresh_token or ""))
    now = datetime.now(UTC)
    if row is None or logins.role_of_live_login(db, row.user_id, row.family, now) is None:
        raise UnauthenticatedError("expected a login: log in first")
    if row.rotated_at is not None:
        raise UnauthenticatedError("expected a login: log in first")


def register(db: Session, username: str, email: str, password: str) -> User:
    """Create an account that reads; an administrator gives it more."""
    if username in _RESERVED:
        raise ConflictError("the user name or e-mail address is taken")
    return add_account(db, username, email, password, role="viewer")


def add_account(db: Session, username: str, email: str, password: str, role: str) -> User:
    """Create an account."""
    checked_password(password, username, email)
    # Hashing takes a tenth of a second, and a connection is not to be held that long.
    db.commit()
    password_hash = security.hash_password(password)
    if users.is_taken(db, username, email):
        raise ConflictError("the user name or e-mail address is taken")
    user = User(username=username, email=email, password_hash=password_hash, role=role)
    db.add(user)
    db.flush()
    log.info("user.registered", user_id=user.user_id, role=role)
    return user


def checked_password(password: str, *names: str) -> str:
    """Return the password, or refuse one that is easily guessed."""
    fault = security.password_fault(password, *names)
    if fault:
        raise DataError(fault)
    return password


def log_in(
    db: Session, name: str, password: str, *, address: str, known: str | None, throttle: Throttle
) -> Login:
    """Log in by password; `known` is the refresh token the browser already holds, if any."""
    user = users.find_by_name(db, name)
    user_id, stored = (user.user_id, user.password_hash) if user else (None, None)
    account = _account_key(db, name, user_id, known)
    db.commit()  # as above: no connection is held while hashing
    throttle.before_login(account, address)
    right, renewed = security.verify_password(password, stored)
    user = users.find(db, None, user_id, lock=True) if right and user_id is not None else None
    if user is None or not user.is_active or user.password_hash != stored:
        throttle.login_failed(address)
        log.warning("login.failed", user_id=user_id, address=address)
        raise UnauthenticatedError(_WRONG)
    throttle.login_succeeded(account)
    if renewed:
        user.password_hash = renewed
    return _open_login(db, user)


def log_in_by_link(db: Session, code: str, *, address: str, throttle: Throttle) -> Login:
    """Log in by a one-time link's code, and use it up."""
    throttle.before_link(address)
    user_id = logins.use_link(db, security.token_hash(code), datetime.now(UTC))
    user = users.find(db, None, user_id) if user_id is not None else None
    if user is None or not user.is_active:
        throttle.login_failed(address)
        raise UnauthenticatedError("expected a link that was not used yet: ask for a new one")
    return _open_login(db, user)


def refresh(db: Session, token: str) -> Login | None:
    """Replace a refresh token; None when it had been replaced before, and its login is closed now.

    None must be committed, so it is no error.
    """
    now = datetime.now(UTC)
    row = logins.find_refresh_token(db, security.token_hash(token), lock=True)
    if row is None or row.revoked_at is not None or row.expires_at <= now:
        raise UnauthenticatedError("this login has ended: log in again")
    if row.rotated_at is not None:
        _close_stolen(db, row.user_id, row.family, now)
        return None
    user = users.find(db, None, row.user_id)
    if user is None or not user.is_active:
        raise UnauthenticatedError("this login has ended: log in again")
    row.rotated_at = now
    return _add_token(db, user, row.family, row.expires_at)


def log_out(db: Session, actor: Actor) -> None:
    """Close the login the request came with; its access token ends at once too."""
    logins.revoke_family(db, actor.user_id, actor.login, datetime.now(UTC))


def create_login_link(db: Session, user: User) -> str:
    """Return a code that logs the user in once within ten minutes; the caller commits."""
    code = security.random_token()
    expires_at = datetime.now(UTC) + LINK_LIFETIME
    logins.add_link(db, user.user_id, security.token_hash(code), expires_at)
    return code


def ensure_local_user(db: Session) -> User:
    """Return the one person of this machine, created where missing; the caller commits.

    The account has a password nobody knows: it is entered by one-time links only, so it is of use
    to whoever runs the program, and to nobody over the network.
    """
    user = users.find_by_name(db, LOCAL_NAME)
    if user is None:
        # Several programs of this machine may ask at once, each for the same account.
        password_hash = security.hash_password(security.random_token())
        users.add_if_missing(db, LOCAL_NAME, LOCAL_EMAIL, password_hash, role="admin")
        user = users.find_by_name(db, LOCAL_NAME)
    if user is None or user.username != LOCAL_NAME:
        raise ConflictError(f"another account has the e-mail address {LOCAL_EMAIL}")
    return user


def _account_key(db: Session, name: str, user_id: int | None, known: str | None) -> str:
    if user_id is None:
        return f"name {name.lower()}"
    row = logins.find_refresh_token(db, security.token_hash(known)) if known else None
    if row is not None and row.user_id == user_id and row.revoked_at is None:
        return f"user {user_id} login {row.family}"
    return f"user {user_id}"


def _open_login(db: Session, user: User) -> Login:
    now = datetime.now(UTC)
    logins.forget_expired(db, user.user_id, now)
    # Logging in changes nothing of the account, so `updated_at` stays.
    db.execute(
        update(User)
        .where(User.user_id == user.user_id)
        .values(last_login=now, updated_at=User.updated_at)
    )
    expires_at = now + timedelta(days=settings.REFRESH_TOKEN_DAYS)
    login = _add_token(db, user, uuid4(), expires_at)
    log.info("login.opened", user_id=user.user_id)
    return login


def _add_token(db: Session, user: User, family: UUID, expires_at: datetime) -> Login:
    token = security.random_token()
    logins.add_refresh_token(db, user.user_id, family, security.token_hash(token), expires_at)
    access = security.issue_access_token(user.user_id, family)
    return Login(user=user, access_token=access, refresh_token=token, expires_at=expires_at)


def _close_stolen(db: Session, user_id: int, family: UUID, now: datetime) -> None:
    logins.revoke_family(db, user_id, family, now)
    message = (
        "A login of yours was refreshed twice with one token, so it was closed. "
        "If this was not you, change your password."
    )
    db.add(Alert(user_id=user_id, alert_type="SYSTEM", level="warning", message=message))
    log.warning("login.reused", user_id=user_id, family=str(family))
