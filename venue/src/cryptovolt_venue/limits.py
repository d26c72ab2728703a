"""Limits of requests: weight per address and minute, then 429, then 418.

Each market has its own budget, counted from full minute to full minute of real time, as the real
venue does. A client that goes on after a 429 is banned, at first for two minutes, each time twice
as long, at most three days.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from cryptovolt_venue.tape import Market

WEIGHT_PER_MINUTE: dict[Market, int] = {"spot": 6000, "usdm": 2400}
ORDERS_PER_10_S: dict[Market, int] = {"spot": 100, "usdm": 300}
ORDERS_LONG: dict[Market, int] = {"spot": 200_000, "usdm": 1200}
"""Orders per day on spot, per minute on USD-M."""

_MINUTE_MS = 60_000
_DAY_MS = 86_400_000
_FIRST_BAN_MS = 120_000
_LONGEST_BAN_MS = 3 * _DAY_MS
_STRIKES = 10
"""Requests after a 429 that the real venue suffers before it bans; it does not tell how many."""


@dataclass(slots=True)
class Refusal:
    """A request over the limit: 429, or 418 for a banned address."""

    status: int
    retry_after_s: int
    until_ms: int


@dataclass(slots=True)
class _Budget:
    minute: int = -1
    used: int = 0
    strikes: int = 0
    banned_until_ms: float = 0.0
    ban_ms: float = float(_FIRST_BAN_MS)
    forced_until_ms: float = 0.0


@dataclass(slots=True)
class _Orders:
    window: dict[int, tuple[int, int]] = field(default_factory=dict[int, tuple[int, int]])


class Limits:
    """What every address has used.

    Parameters
    ----------
    real_ms : callable
        Real time in milliseconds.
    weight : dict, optional
        Weight per minute of each market.
    """

    def __init__(
        self, real_ms: Callable[[], float], weight: dict[Market, int] | None = None
    ) -> None:
        self._real_ms = real_ms
        self.weight = dict(weight or WEIGHT_PER_MINUTE)
        self._lifted = False
        self._budgets: dict[tuple[Market, str], _Budget] = {}
        self._orders: dict[tuple[Market, str], _Orders] = {}
        self.messages_per_second: dict[Market, int] = {"spot": 5, "usdm": 10}
        """Messages that a client of a stream may send before its connection is closed."""
        self.connections_per_5_minutes = 300
        self.refused = {429: 0, 418: 0}

    def take(self, market: Market, address: str, weight: int) -> Refusal | None:
        """Use weight; return why the request is refused, if it is."""
        budget, now = self._budget(market, address), self._real_ms()
        if now < budget.banned_until_ms:
            return self._refuse(418, budget.banned_until_ms, now)
        minute = int(now // _MINUTE_MS)
        if minute != budget.minute:
            budget.minute, budget.used, budget.strikes = minute, 0, 0
        budget.used += weight
        ends = max((minute + 1) * _MINUTE_MS if budget.used > self.weight[market] else 0.0,
                   budget.forced_until_ms)  # fmt: skip
        if ends <= now:
            return None
        budget.strikes += 1
        if budget.strikes <= _STRIKES:
            return self._refuse(429, ends, now)
        self._ban(budget, now)
        return self._refuse(418, budget.banned_until_ms, now)

    def used(self, market: Market, address: str) -> int:
        """Return the weight used in this minute, for the header ``X-MBX-USED-WEIGHT-1M``."""
        budget = self._budget(market, address)
        return budget.used if budget.minute == int(self._real_ms() // _MINUTE_MS) else 0

    def force(self, market: Market, address: str, status: int, for_ms: float) -> Refusal:
        """Refuse everything from an address for a while, as a fault."""
        budget, now = self._budget(market, address), self._real_ms()
        if status == 418:
            budget.banned_until_ms = now + for_ms
        else:
            budget.forced_until_ms = now + for_ms
        return self._refuse(status, now + for_ms, now)

    def lift(self) -> None:
        """Limit nothing any more, except what a fault forces."""
        self._lifted = True
        self.weight = dict.fromkeys(self.weight, 2**60)
        self.messages_per_second = dict.fromkeys(self.messages_per_second, 2**60)
        self.connections_per_5_minutes = 2**60

    def forgive(self) -> None:
        """Forget what everybody used, and lift every ban."""
        self._budgets.clear()

    def count_order(self, market: Market, account: str) -> dict[str, int]:
        """Count an order; return the counts by window, named as the headers name them."""
        now, orders = self._real_ms(), self._orders.setdefault((market, account), _Orders())
        long_name, long_ms = ("1D", _DAY_MS) if market == "spot" else ("1M", _MINUTE_MS)
        counts: dict[str, int] = {}
        for name, length in (("10S", 10_000), (long_name, long_ms)):
            window = int(now // length)
            since, used = orders.window.get(length, (window, 0))
            used = used + 1 if since == window else 1
            orders.window[length] = (window, used)
            counts[name] = used
        return counts

    def too_many_orders(self, market: Market, counts: dict[str, int]) -> bool:
        """Return whether the counts of :meth:`count_order` are over a limit."""
        if self._lifted:
            return False
        long_name = "1D" if market == "spot" else "1M"
        return counts["10S"] > ORDERS_PER_10_S[market] or counts[long_name] > ORDERS_LONG[market]

    def _budget(self, market: Market, address: str) -> _Budget:
        return self._budgets.setdefault((market, address), _Budget())

    def _refuse(self, status: int, until_ms: float, now: float) -> Refusal:
        self.refused[status] += 1
        return Refusal(status, max(1, -int(-(until_ms - now) // 1000)), int(until_ms))

    def _ban(self, budget: _Budget, now: float) -> None:
        budget.banned_until_ms = now + budget.ban_ms
        budget.ban_ms = min(budget.ban_ms * 2, _LONGEST_BAN_MS)
