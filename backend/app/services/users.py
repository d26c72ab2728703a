"""Accounts."""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from app.core import security
from app.models.database import User
from app.repositories import logins, users
from app.services import auth
from app.services.access import (
    Actor,
    ConflictError,
    ForbiddenError,
    NotFoundError,
)
from app.services.throttle import Throttle


def list_all(db: Session, actor: Actor, skip: int, limit: int) -> list[User]:
    """Return a page of accounts: one's own, or all for an administrator."""
    return users.list_visible(db, actor.owner, skip, limit)


def read(db: Session, actor: Actor, user_id: int) -> User:
    """Return one account."""
    user = users.find(db, actor.owner, user_id)
    if user is None:
        raise NotFoundError(f"there is no user {user_id}")
    return user


def create(db: Session, actor: Actor, username: str, email: str, password: str, role: str) -> User:
    """Create an account, as an administrator."""
    actor.require("admin")
    return auth.add_account(db, username, email, password, role)


def update_own(
    db: Session,
    actor: Actor,
    current_password: str,
    email: str | None,
    new_password: str | None,
    throttle: Throttle,
) -> User:
    """Change the own e-mail address or password; a new password closes every login."""
    user = read(db, actor, actor.user_id)
    stored, username = user.password_hash, user.username
    db.commit()
    throttle.before_login(f"change {actor.user_id}", "own account")
    if not security.verify_password(current_password, stored)[0]:
        raise ForbiddenError("expected the current password")
    throttle.login_succeeded(f"change {actor.user_id}")
    renewed = None
    if new_password is not None:
        checked = auth.checked_password(new_password, username, email or "")
        renewed = security.hash_password(checked)
    user = _locked(db, actor, actor.user_id)
    if email is not None:
        user.email = email
    if renewed is not None:
        user.password_hash = renewed
        logins.revoke_all(db, user.user_id, datetime.now(UTC))
    db.flush()
    return user


def update_access(
    db: Session, actor: Actor, user_id: int, role: str | None, is_active: bool | None
) -> User:
    """Change what an account may do, as an administrator; its logins are closed."""
    user = _locked(db, actor, user_id)
    _as_admin_of_another(actor, user_id)
    if role is not None:
        user.role = role
    if is_active is not None:
        user.is_active = is_active
    logins.revoke_all(db, user_id, datetime.now(UTC))
    db.flush()
    return user


def delete(db: Session, actor: Actor, user_id: int) -> None:
    """Delete an account, as an administrator; its strategies stay, without an owner."""
    user = _locked(db, actor, user_id)
    _as_admin_of_another(actor, user_id)
    db.delete(user)
    db.flush()


def _locked(db: Session, actor: Actor, user_id: int) -> User:
    user = users.find(db, actor.owner, user_id, lock=True)
    if user is None:
        raise NotFoundError(f"there is no user {user_id}")
    return user


def _as_admin_of_another(actor: Actor, user_id: int) -> None:
    actor.require("admin")
    if user_id == actor.user_id:
        raise ConflictError("expected the account of another user: nobody may lock themselves out")
