"""Accounts."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, StringConstraints

from app.schemas.common import Given, Returned, Role

MIN_PASSWORD = 12
MAX_PASSWORD = 128

# A rule on the form alone: also names of a local network are addresses here.
Email = Annotated[
    str,
    StringConstraints(pattern=r"^[!-?A-~]+@[!-?A-~]+\.[!-?A-~]+$", max_length=100),
    AfterValidator(str.lower),
]
Username = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-]*$", min_length=3, max_length=50),
    AfterValidator(str.lower),
]
NewPassword = Annotated[SecretStr, Field(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD)]


class UserOut(Returned):
    """An account, without its secrets."""

    user_id: int
    username: str
    email: str
    role: Role
    is_active: bool
    created_at: datetime
    updated_at: datetime


class UserUpdate(Given):
    """What a user changes about their own account; it takes the current password."""

    current_password: Annotated[SecretStr, Field(min_length=1, max_length=MAX_PASSWORD)]
    email: Email | None = None
    new_password: NewPassword | None = None


class UserAccess(Given):
    """What an administrator changes about an account."""

    role: Role | None = None
    is_active: bool | None = None


class UserIn(Given):
    """An account that an administrator creates."""

    username: Username
    email: Email
    password: NewPassword
    role: Role = "viewer"
