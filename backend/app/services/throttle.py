"""How often logging in and registering may fail.

Failures are counted per account and per address in windows of growing length, so each further
series of wrong guesses waits longer, and nobody is locked out for good. A browser that holds a
valid login of the account is counted apart: an attacker cannot keep its owner out.
"""

import ipaddress
import time

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.services.access import TooManyAttemptsError

_PER_ACCOUNT = (
    RateLimitItemPerMinute(5, 1),
    RateLimitItemPerMinute(10, 15),
    RateLimitItemPerHour(30, 6),
)
_PER_ADDRESS = (RateLimitItemPerMinute(30, 1), RateLimitItemPerMinute(100, 15))
_REGISTRATIONS = (RateLimitItemPerHour(20, 1),)


class Throttle:
    """Counts attempts in the memory of this process."""

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)

    def before_login(self, account: str, address: str) -> None:
        """Count an attempt on the account; refuse it when there were too many."""
        self._test(_PER_ADDRESS, "address", network(address))
        self._hit(_PER_ACCOUNT, "account", account)

    def login_failed(self, address: str) -> None:
        """Count a failure from an address."""
        for item in _PER_ADDRESS:
            self._limiter.hit(item, "address", network(address))

    def login_succeeded(self, account: str) -> None:
        """Forget the attempts on the account."""
        for item in _PER_ACCOUNT:
            self._limiter.clear(item, "account", account)

    def before_link(self, address: str) -> None:
        """Refuse when too many codes or passwords from this address were wrong."""
        self._test(_PER_ADDRESS, "address", network(address))

    def before_registration(self, address: str) -> None:
        """Count a registration from an address; refuse it when there were too many."""
        self._hit(_REGISTRATIONS, "register", network(address))

    def _test(self, items: tuple[RateLimitItem, ...], *key: str) -> None:
        for item in items:
            if not self._limiter.test(item, *key):
                raise self._refusal(item, *key)

    def _hit(self, items: tuple[RateLimitItem, ...], *key: str) -> None:
        self._test(items, *key)
        for item in items:
            if not self._limiter.hit(item, *key):
                raise self._refusal(item, *key)

    def _refusal(self, item: RateLimitItem, *key: str) -> TooManyAttemptsError:
        stats = self._limiter.get_window_stats(item, *key)
        return TooManyAttemptsError(max(0, int(stats.reset_time - time.time())) + 1)


def network(address: str) -> str:
    """Return what one client controls of an address: an IPv4 address, an IPv6 /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
