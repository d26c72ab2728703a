"""Registering, logging in and out, and the account that is logged in.

The refresh token never reaches a script: it travels in an HttpOnly cookie that only these routes
receive. Over https its name carries the prefix that lets no other host or path set it.
"""

from datetime import UTC, datetime
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response

from app.api.dependencies import Address, CurrentActor, CurrentThrottle, Unit
from app.core.config import settings
from app.models.database import User
from app.schemas.auth import LoginIn, RegisterIn, TokenOut
from app.schemas.common import Message
from app.schemas.users import UserOut
from app.services import auth, users
from app.services.access import ForbiddenError, UnauthenticatedError

PREFIX: Final = "/auth"
COOKIE_PATH: Final = "/api/v1/auth"
COOKIE: Final = "cryptovolt_refresh"
SECURE_COOKIE: Final = "__Host-cryptovolt_refresh"


def same_origin(request: Request) -> None:
    """Refuse a page of another origin: what the cookie opens is for our own page."""
    origin = request.headers.get("origin")
    if origin is None or origin in settings.ALLOWED_ORIGINS:
        return
    if urlsplit(origin).netloc != request.headers.get("host"):
        raise ForbiddenError("expected a request of this server's own page")


open_router = APIRouter(prefix=PREFIX, tags=["auth"], dependencies=[Depends(same_origin)])
router = APIRouter(prefix=PREFIX, tags=["auth"])


def refresh_cookie(request: Request) -> str | None:
    """Return the refresh token the browser holds, if any."""
    return request.cookies.get(_cookie_name(request))


RefreshCookie = Annotated[str | None, Depends(refresh_cookie)]


@open_router.post("/register", response_model=UserOut, status_code=201)
def register(db: Unit, given: RegisterIn, address: Address, throttle: CurrentThrottle) -> User:
    """Create an account that reads; an administrator may give it more."""
    throttle.before_registration(address)
    return auth.register(db, given.username, given.email, given.password.get_secret_value())


@open_router.post("/login", response_model=TokenOut)
def log_in(
    db: Unit,
    given: LoginIn,
    request: Request,
    response: Response,
    address: Address,
    throttle: CurrentThrottle,
    known: RefreshCookie,
) -> TokenOut:
    """Log in by user name (or e-mail address) and password, or by a one-time link's code."""
    if given.link is not None:
        code = given.link.get_secret_value()
        login = auth.log_in_by_link(db, code, address=address, throttle=throttle)
    else:
        assert given.username is not None
        assert given.password is not None
        login = auth.log_in(
            db,
            given.username,
            given.password.get_secret_value(),
            address=address,
            known=known,
            throttle=throttle,
        )
    return _answer(request, response, login)


@open_router.post("/refresh", response_model=TokenOut, responses={401: {"model": Message}})
def refresh(
    db: Unit, request: Request, response: Response, token: RefreshCookie
) -> TokenOut | Response:
    """Replace the refresh token in the cookie and return a new access token."""
    if not token:
        raise UnauthenticatedError("expected the cookie of a login: log in first")
    login = auth.refresh(db, token)
    if login is None:
        # An answer and no error, so that closing the login is committed.
        closed = Response(
            b'{"detail":"this login was used twice and is closed: log in again"}',
            status_code=401,
            media_type="application/json",
        )
        _forget(request, closed)
        return closed
    return _answer(request, response, login)


@router.post("/logout", status_code=204)
def log_out(db: Unit, actor: CurrentActor, request: Request, response: Response) -> None:
    """Close this login; its access token ends at once."""
    auth.log_out(db, actor)
    _forget(request, response)


@router.get("/me", response_model=UserOut)
def me(db: Unit, actor: CurrentActor) -> User:
    """Return the account that is logged in."""
    return users.read(db, actor, actor.user_id)


def _answer(request: Request, response: Response, login: auth.Login) -> TokenOut:
    secure = request.url.scheme == "https"
    response.set_cookie(
        _cookie_name(request),
        login.refresh_token,
        max_age=int((login.expires_at - datetime.now(UTC)).total_seconds()),
        path=_cookie_path(request),
        secure=secure,
        httponly=True,
        samesite="strict",
    )
    return TokenOut(
        access_token=login.access_token,
        expires_in=settings.ACCESS_TOKEN_MINUTES * 60,
        user=UserOut.model_validate(login.user),
    )


def _forget(request: Request, response: Response) -> None:
    response.delete_cookie(
        _cookie_name(request),
        path=_cookie_path(request),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def _cookie_name(request: Request) -> str:
    return SECURE_COOKIE if request.url.scheme == "https" else COOKIE


def _cookie_path(request: Request) -> str:
    # The prefix __Host- asks for the path "/".
    return "/" if request.url.scheme == "https" else COOKIE_PATH
