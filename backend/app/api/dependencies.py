"""What requests depend on: the unit of work, the user, pages of a list."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from fastapi import Depends, Path, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session

from app.core.database import get_db
from app.core.errors import advice
from app.schemas.common import MAX_ID
from app.services import auth
from app.services.access import Actor, UnauthenticatedError
from app.services.throttle import Throttle
from cryptovolt.domain.errors import CryptoVoltError, TransientError

bearer = HTTPBearer(auto_error=False, description="The access token of /api/v1/auth/login")


def unit_of_work(db: Annotated[Session, Depends(get_db)]) -> Iterator[Session]:
    """Give the request one transaction, committed before the answer is sent."""
    try:
        db.connection()
    except CryptoVoltError as error:
        # A setting that cannot be used, or an embedded server that does not start: not the
        # client's fault, and it will not be there for the next request either.
        raise TransientError(f"the database cannot be reached: {advice(error)}") from error
    yield db
    db.commit()


# Scope "function": a commit that fails must still become an error's answer.
Unit: TypeAlias = Annotated[Session, Depends(unit_of_work, scope="function")]


def current_actor(
    db: Unit, given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Actor:
    """Return who is asking; the database is asked each time whether they still may."""
    if given is None:
        raise UnauthenticatedError("expected an access token: log in first")
    return auth.identify(db, given.credentials)


def throttle(request: Request) -> Throttle:
    """Return the counts of failed logins that this application keeps."""
    counts: Throttle = request.app.state.throttle
    return counts


def address(request: Request) -> str:
    """Return the address the request came from."""
    return request.client.host if request.client else "unknown"


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a list are wanted."""

    skip: Annotated[int, Query(ge=0, le=MAX_ID)] = 0
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100


CurrentActor: TypeAlias = Annotated[Actor, Depends(current_actor)]
CurrentThrottle: TypeAlias = Annotated[Throttle, Depends(throttle)]
Address: TypeAlias = Annotated[str, Depends(address)]
Paging: TypeAlias = Annotated[Page, Depends()]
RowId: TypeAlias = Annotated[int, Path(ge=1, le=MAX_ID)]
