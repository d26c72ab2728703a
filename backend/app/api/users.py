"""Accounts: a user sees their own, an administrator all."""

from fastapi import APIRouter

from app.api.dependencies import CurrentActor, CurrentThrottle, Paging, RowId, Unit
from app.models.database import User
from app.schemas.users import UserAccess, UserIn, UserOut, UserUpdate
from app.services import users

router = APIRouter(prefix="/users", tags=["users"])


@router.get("", response_model=list[UserOut])
def list_users(db: Unit, actor: CurrentActor, page: Paging) -> list[User]:
    """List accounts, oldest first."""
    return users.list_all(db, actor, page.skip, page.limit)


@router.post("", response_model=UserOut, status_code=201)
def create_user(db: Unit, actor: CurrentActor, given: UserIn) -> User:
    """Create an account, as an administrator."""
    password = given.password.get_secret_value()
    return users.create(db, actor, given.username, given.email, password, given.role)


@router.patch("/me", response_model=UserOut)
def update_own_user(
    db: Unit, actor: CurrentActor, throttle: CurrentThrottle, given: UserUpdate
) -> User:
    """Change the own e-mail address or password; a new password closes every login."""
    return users.update_own(
        db,
        actor,
        given.current_password.get_secret_value(),
        given.email,
        given.new_password.get_secret_value() if given.new_password else None,
        throttle,
    )


@router.get("/{user_id}", response_model=UserOut)
def read_user(db: Unit, actor: CurrentActor, user_id: RowId) -> User:
    """Return one account."""
    return users.read(db, actor, user_id)


@router.patch("/{user_id}", response_model=UserOut)
def update_access(db: Unit, actor: CurrentActor, user_id: RowId, given: UserAccess) -> User:
    """Change an account's role, or disable it, as an administrator."""
    return users.update_access(db, actor, user_id, given.role, given.is_active)


@router.delete("/{user_id}", status_code=204)
def delete_user(db: Unit, actor: CurrentActor, user_id: RowId) -> None:
    """Delete an account, as an administrator."""
    users.delete(db, actor, user_id)
