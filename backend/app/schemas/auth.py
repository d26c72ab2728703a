"""Logging in and out."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from app.schemas.common import Given, Returned, Text
from app.schemas.users import MAX_PASSWORD, Email, NewPassword, Username, UserOut


class RegisterIn(Given):
    """A new account."""

    username: Username
    email: Email
    password: NewPassword


class LoginIn(Given):
    """Either a user name (or e-mail address) and a password, or a one-time link's code."""

    username: Annotated[Text, Field(min_length=1, max_length=100)] | None = None
    password: Annotated[SecretStr, Field(min_length=1, max_length=MAX_PASSWORD)] | None = None
    link: Annotated[SecretStr, Field(min_length=1, max_length=200)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "LoginIn":
        by_password = self.username is not None and self.password is not None
        by_link = self.link is not None and self.username is None and self.password is None
        if by_link or (by_password and self.link is None):
            return self
        raise ValueError("expected username and password, or link alone")


class TokenOut(Returned):
    """A short access token; the refresh token travels in an HttpOnly cookie."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 (the name of a scheme)
    expires_in: int
    user: UserOut
