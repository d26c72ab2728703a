"""What REST says of an account: orders, fills and balances, read exactly.

ccxt signs, throttles and explains errors; its answers are taken raw. The exchange is the one that
keeps the connection, so requests share its budget and addresses.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, TypeVar, cast

from app.adapters.account_frames import (
    Row,
    read_fill,
    read_order,
    read_spot_balances,
    read_wallets,
)
from app.adapters.exchange import venue_errors
from app.core.account_frames import BalanceReport, Listed
from app.core.venue import Market
from cryptovolt.domain.errors import DataError
from cryptovolt.execution.order_evidence import FillReport, OrderKey, OrderReport

T = TypeVar("T")

PAGE = 1_000
"""Rows of one answer."""
_CALLS = {
    Market.SPOT: {
        "symbols": "public_get_exchangeinfo",
        "open": "private_get_openorders",
        "orders": "private_get_allorders",
        "order": "private_get_order",
        "fills": "private_get_mytrades",
        "balances": "private_get_account",
    },
    Market.USDM: {
        "symbols": "fapipublic_get_exchangeinfo",
        "open": "fapiprivate_get_openorders",
        "orders": "fapiprivate_get_allorders",
        "order": "fapiprivate_get_order",
        "fills": "fapiprivate_get_usertrades",
        "balances": "fapiprivatev2_get_balance",
        "income": "fapiprivate_get_income",
    },
}


@dataclass(frozen=True, slots=True)
class AccountRest:
    """The REST side of an account in one market; `exchange` is ccxt's, with the account's key."""

    exchange: Any
    market: Market
    source: str
    unreadable: dict[str, str] = field(default_factory=dict[str, str])
    """Rows that could not be read, and why; the others stand."""

    @property
    def page(self) -> int:
        """A page of fewer rows is the last."""
        return PAGE

    async def set_clock(self) -> None:
        """Measure the venue's clock, which signed requests must carry."""
        with venue_errors(self.market):
            await self.exchange.load_time_difference()

    async def read_listed(self) -> Listed:
        """Return the symbols of the market and their assets."""
        answer = await self._ask("symbols")
        try:
            rows = cast("list[Row]", answer["symbols"])
            return Listed({r["symbol"]: (r["baseAsset"], r["quoteAsset"]) for r in rows})
        except (KeyError, TypeError) as error:
            raise DataError(f"the symbols of {self.source} cannot be read: {error}") from error

    async def read_open_orders(self) -> list[OrderReport]:
        """Return every order that is open now."""
        return self._orders(await self._ask("open"))

    async def read_orders(self, symbol: str, first_id: int) -> list[OrderReport]:
        """Return orders of a symbol from an id on, oldest first, at most `PAGE`."""
        asked = {"symbol": symbol, "orderId": first_id, "limit": PAGE}
        return self._orders(await self._ask("orders", asked))

    async def read_order(self, key: OrderKey) -> OrderReport | None:
        """Return one order, None where the venue does not show it: that proves nothing."""
        not_found = import_module("ccxt").OrderNotFound
        try:
            answer = await self._call("order", {"symbol": key.symbol, "orderId": key.order_id})
        except not_found:
            return None
        except import_module("ccxt").BaseError as error:
            with venue_errors(self.market):
                raise error from None
        return read_order(self.source, answer)

    async def read_fills(self, symbol: str, first_id: int) -> list[FillReport]:
        """Return executions of a symbol from a trade id on, oldest first, at most `PAGE`."""
        asked = {"symbol": symbol, "fromId": first_id, "limit": PAGE}
        return self._fills(await self._ask("fills", asked))

    async def read_fills_of(self, key: OrderKey) -> list[FillReport]:
        """Return the executions of one order."""
        asked = {"symbol": key.symbol, "orderId": key.order_id, "limit": PAGE}
        return self._fills(await self._ask("fills", asked))

    async def read_balances(self) -> list[BalanceReport]:
        """Return everything the account owns."""
        if self.market is Market.SPOT:
            return read_spot_balances(await self._ask("balances", {"omitZeroBalances": "true"}))
        return read_wallets(_list(await self._ask("balances")))

    async def read_traded_symbols(self, since_ms: int) -> set[str]:
        """Return the symbols whose trades moved the wallet since a time; USD-M only."""
        if self.market is Market.SPOT:
            return set()
        asked = {"limit": PAGE} | ({"startTime": since_ms} if since_ms else {})
        rows = _list(await self._ask("income", asked))
        return {str(row.get("symbol", "")) for row in rows} - {""}

    def _orders(self, answer: object) -> list[OrderReport]:
        rows = self._readable(read_order, answer, "orderId")
        return sorted(rows, key=lambda report: report.key.order_id)

    def _fills(self, answer: object) -> list[FillReport]:
        rows = self._readable(read_fill, answer, "id")
        return sorted(rows, key=lambda fill: fill.key.trade_id)

    def _readable(self, read: Callable[[str, Row], T], answer: object, name: str) -> list[T]:
        found: list[T] = []
        for row in _list(answer):
            try:
                found.append(read(self.source, row))
            except DataError as error:
                self.unreadable[f"{row.get('symbol')} {name} {row.get(name)}"[:60]] = str(error)
        return found

    async def _ask(self, name: str, asked: dict[str, Any] | None = None) -> Any:
        with venue_errors(self.market):
            return await self._call(name, asked)

    async def _call(self, name: str, asked: dict[str, Any] | None = None) -> Any:
        return await getattr(self.exchange, _CALLS[self.market][name])(asked or {})


def _list(answer: object) -> list[Row]:
    if not isinstance(answer, list):
        raise DataError(f"expected a list from the venue, found {str(answer)[:80]!r}")
    return cast("list[Row]", answer)
