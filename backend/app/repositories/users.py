"""Accounts; `owner` None means everybody's."""

from sqlalchemy import Select, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.models.database import User


def visible(owner: int | None) -> Select[User]:
    """Return the query of the accounts that an owner sees."""
    query = select(User)
    return query if owner is None else query.where(User.user_id == owner)


def list_visible(db: Session, owner: int | None, skip: int, limit: int) -> list[User]:
    """Return a page of accounts, oldest first."""
    return list(db.scalars(visible(owner).order_by(User.user_id).offset(skip).limit(limit)))


def find(db: Session, owner: int | None, user_id: int, *, lock: bool = False) -> User | None:
    """Return one account, or None where it does not exist for this owner."""
    query = visible(owner).where(User.user_id == user_id)
    return db.scalar(query.with_for_update() if lock else query)


def find_by_name(db: Session, name: str) -> User | None:
    """Return the account with this user name or, where there is none, this e-mail address."""
    lowered = name.lower()
    query = (
        select(User)
        .where(or_(User.username.in_([name, lowered]), User.email.in_([name, lowered])))
        .order_by((User.username == name).desc(), (User.username == lowered).desc(), User.user_id)
        .limit(1)
    )
    return db.scalar(query)


def add_if_missing(db: Session, username: str, email: str, password_hash: str, role: str) -> None:
    """Store an account unless one of its names is taken; of two at once, one waits."""
    values = {"username": username, "email": email, "password_hash": password_hash, "role": role}
    db.execute(insert(User).values(values).on_conflict_do_nothing())


def is_taken(db: Session, username: str, email: str) -> bool:
    """Return whether an account has this user name or e-mail address."""
    query = select(User.user_id).where(or_(User.username == username, User.email == email))
    return db.scalar(query.limit(1)) is not None
