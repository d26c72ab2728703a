"""Who is asking, and what they may do.

A *viewer* reads what all share and keeps rows of their own; a *trader* also writes market data and
sentiment; an *admin* sees every row and writes models and accounts.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cryptovolt.domain.errors import CryptoVoltError

RANKS: Final = {"viewer": 0, "trader": 1, "admin": 2}


class NotFoundError(CryptoVoltError):
    """There is no such row, or it belongs to somebody else; nothing was changed."""


class ForbiddenError(CryptoVoltError):
    """The user's role does not allow this; nothing was changed."""


class ConflictError(CryptoVoltError):
    """The change contradicts what is stored; nothing was changed."""


class UnauthenticatedError(CryptoVoltError):
    """Nobody is logged in, or the credentials are wrong; log in."""


class TooManyAttemptsError(CryptoVoltError):
    """Too many attempts; wait as many seconds as the error says."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many attempts: try again in {retry_after} seconds")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Actor:
    """The user on whose behalf a request runs; `login` names the login the token came from."""

    user_id: int
    role: str
    login: UUID

    @property
    def owner(self) -> int | None:
        """Whose rows are visible: one user's, or None for everybody's."""
        return None if self.role == "admin" else self.user_id

    def require(self, role: str) -> None:
        """Refuse unless the user has this role or a higher one."""
        if RANKS[self.role] < RANKS[role]:
            raise ForbiddenError(f"expected the role {role} or higher, you have {self.role}")
