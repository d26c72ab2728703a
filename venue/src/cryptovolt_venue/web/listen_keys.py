"""Listen keys of the USD-M market: valid for an hour, extended by asking again."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from cryptovolt_venue.accounts import Account
from cryptovolt_venue.floor import Frame
from cryptovolt_venue.requests import Parameters
from cryptovolt_venue.web.errors import VenueError

VALID_MS = 3_600_000.0


@dataclass(slots=True)
class ListenKey:
    """A key, whose it is, and until when (real time) it holds."""

    text: str
    account: str
    until_ms: float


class ListenKeys:
    """The listen keys of all accounts."""

    def __init__(self, real_ms: Callable[[], float]) -> None:
        self._real_ms = real_ms
        self._by_account: dict[str, ListenKey] = {}
        self.valid_ms = VALID_MS

    def create(self, account: Account, parameters: Parameters) -> Frame:
        """Return the account's key, extended, or a new one."""
        del parameters
        found = self._valid(account.name)
        if found is None:
            found = ListenKey(secrets.token_hex(32), account.name, 0.0)
            self._by_account[account.name] = found
        found.until_ms = self._real_ms() + self.valid_ms
        return {"listenKey": found.text}

    def extend(self, account: Account, parameters: Parameters) -> Frame:
        """Let the account's key hold another hour."""
        del parameters
        found = self._valid(account.name)
        if found is None:
            raise VenueError(400, -1125, "This listenKey does not exist.")
        found.until_ms = self._real_ms() + self.valid_ms
        return {"listenKey": found.text}

    def close(self, account: Account, parameters: Parameters) -> Frame:
        """End the account's key."""
        del parameters
        self.expire(account.name)
        return {}

    def expire(self, account: str) -> None:
        """Let an account's key hold no longer."""
        found = self._by_account.get(account)
        if found is not None:
            found.until_ms = 0.0

    def find(self, text: str) -> ListenKey | None:
        """Return a valid key by its text."""
        for found in self._by_account.values():
            if found.text == text and found.until_ms > self._real_ms():
                return found
        return None

    def left_s(self, key: ListenKey) -> float:
        """Return how many seconds of real time a key holds yet."""
        return (key.until_ms - self._real_ms()) / 1000.0

    def _valid(self, account: str) -> ListenKey | None:
        found = self._by_account.get(account)
        return found if found is not None and found.until_ms > self._real_ms() else None
