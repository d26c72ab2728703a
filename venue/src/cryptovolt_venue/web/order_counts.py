"""Counts of orders per account: told in headers and by request, and refused when too many."""

from cryptovolt_venue.accounts import Accounts
from cryptovolt_venue.floor import Frame
from cryptovolt_venue.limits import ORDERS_LONG, ORDERS_PER_10_S
from cryptovolt_venue.tape import Market
from cryptovolt_venue.web.errors import VenueError


class OrderCounts:
    """The order counts of one market."""

    def __init__(self, accounts: Accounts, market: Market) -> None:
        self._limits = accounts.exchange.limits
        self._market: Market = market
        self._last: dict[str, dict[str, int]] = {}

    def take(self, account: str, n_orders: int = 1) -> dict[str, str]:
        """Count orders and return the headers that tell it, or refuse them."""
        counts: dict[str, int] = {}
        for _ in range(n_orders):
            counts = self._limits.count_order(self._market, account)
        self._last[account] = counts
        if self._limits.too_many_orders(self._market, counts):
            raise VenueError(
                429,
                -1015,
                "Too many new orders; current limit is "
                f"{ORDERS_PER_10_S[self._market]} orders per 10 SECOND.",
                {"Retry-After": "10"},
            )
        return {f"X-MBX-ORDER-COUNT-{name}": str(count) for name, count in counts.items()}

    def told(self, account: str) -> list[Frame]:
        """Return the counts as a query tells them."""
        counts = self._last.get(account, {})
        long = ("DAY", "1D") if self._market == "spot" else ("MINUTE", "1M")
        rows = (
            ("SECOND", 10, ORDERS_PER_10_S[self._market], counts.get("10S", 0)),
            (long[0], 1, ORDERS_LONG[self._market], counts.get(long[1], 0)),
        )
        return [
            {
                "rateLimitType": "ORDERS",
                "interval": interval,
                "intervalNum": number,
                "limit": limit,
                "count": count,
            }
            for interval, number, limit, count in rows
        ]
