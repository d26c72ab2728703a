"""Refresh tokens and one-time links, found by their hashes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.models.auth import LoginLink, RefreshToken
from app.models.database import User


def role_of_live_login(db: Session, user_id: int, family: UUID, now: datetime) -> str | None:
    """Return the role of an active user whose login is still open, or None."""
    query = (
        select(User.role)
        .join(RefreshToken, RefreshToken.user_id == User.user_id)
        .where(
            User.user_id == user_id,
            User.is_active,
            RefreshToken.family == family,
            RefreshToken.rotated_at.is_(None),
            RefreshToken.revoked_at.is_(None),
            RefreshToken.expires_at > now,
        )
        .limit(1)
    )
    return db.scalar(query)


def add_refresh_token(
    db: Session, user_id: int, family: UUID, token_hash: str, expires_at: datetime
) -> None:
    """Store a refresh token's hash."""
    db.add(
        RefreshToken(user_id=user_id, family=family, token_hash=token_hash, expires_at=expires_at)
    )
    db.flush()


def find_refresh_token(db: Session, token_hash: str, *, lock: bool = False) -> RefreshToken | None:
    """Return a refresh token's row; locked, so that of two rotations one comes second."""
    query = select(RefreshToken).where(RefreshToken.token_hash == token_hash)
    return db.scalar(query.with_for_update() if lock else query)


def revoke_family(db: Session, user_id: int, family: UUID, now: datetime) -> None:
    """Close one login."""
    db.execute(
        update(RefreshToken)
        .where(
            RefreshToken.user_id == user_id,
            RefreshToken.family == family,
            RefreshToken.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )


def revoke_all(db: Session, user_id: int, now: datetime) -> None:
    """Close every login of a user."""
    db.execute(
        update(RefreshToken)
        .where(RefreshToken.user_id == user_id, RefreshToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def forget_expired(db: Session, user_id: int, now: datetime) -> None:
    """Delete what can no longer be used of a user's tokens and links."""
    db.execute(
        delete(RefreshToken).where(RefreshToken.user_id == user_id, RefreshToken.expires_at <= now)
    )
    db.execute(delete(LoginLink).where(LoginLink.user_id == user_id, LoginLink.expires_at <= now))


def add_link(db: Session, user_id: int, token_hash: str, expires_at: datetime) -> None:
    """Store a one-time link's hash."""
    db.add(LoginLink(user_id=user_id, token_hash=token_hash, expires_at=expires_at))
    db.flush()


def use_link(db: Session, token_hash: str, now: datetime) -> int | None:
    """Use a link up and return its user; None where it is unknown, used or expired."""
    return db.scalar(
        update(LoginLink)
        .where(
            LoginLink.token_hash == token_hash,
            LoginLink.used_at.is_(None),
            LoginLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(LoginLink.user_id)
    )
