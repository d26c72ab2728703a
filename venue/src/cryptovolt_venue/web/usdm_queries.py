"""Signed requests of the USD-M market that ask about orders, trades and income."""

from cryptovolt_venue.accounts import Account, Accounts
from cryptovolt_venue.floor import Frame
from cryptovolt_venue.ledger import Pocket, Reason, Row
from cryptovolt_venue.money import plain
from cryptovolt_venue.orders import USDM
from cryptovolt_venue.requests import Parameters, text, whole
from cryptovolt_venue.usdm_reports import algo_json, order_json, trade_json
from cryptovolt_venue.web.errors import VenueError
from cryptovolt_venue.web.order_counts import OrderCounts
from cryptovolt_venue.web.reading import fills, find_order, visible, which, window

_INCOME = {
    Reason.REALIZED_PNL: "REALIZED_PNL",
    Reason.FEE: "COMMISSION",
    Reason.FUNDING_FEE: "FUNDING_FEE",
    Reason.DEPOSIT: "TRANSFER",
    Reason.WITHDRAWAL: "TRANSFER",
    Reason.LIQUIDATION_FEE: "INSURANCE_CLEAR",
    Reason.INSURANCE: "INSURANCE_CLEAR",
}


class UsdmQueries:
    """Orders, conditional orders, trades and income of an account."""

    def __init__(self, accounts: Accounts, counts: OrderCounts) -> None:
        self._accounts, self._engine = accounts, accounts.usdm
        self._algos, self._counts = accounts.algos, counts

    def order(self, account: Account, parameters: Parameters) -> Frame:
        """Return one order."""
        return order_json(find_order(self._accounts, self._engine, account, parameters))

    def open_order(self, account: Account, parameters: Parameters) -> Frame:
        """Return one order if it is open."""
        order = find_order(self._accounts, self._engine, account, parameters)
        if not order.is_open:
            raise VenueError(400, -2013, "Order does not exist.")
        return order_json(order)

    def open_orders(self, account: Account, parameters: Parameters) -> list[Frame]:
        """Return the open orders, of one symbol or of all."""
        symbol = self._symbol(parameters)
        orders = self._engine.store.open_of(account.name, symbol)
        return [order_json(order) for order in visible(self._accounts, orders, "open_orders")]

    def all_orders(self, account: Account, parameters: Parameters) -> list[Frame]:
        """Return orders in any state."""
        symbol = self._symbol(parameters)
        orders = window(self._engine.store.all_of(account.name, symbol), parameters)
        return [order_json(order) for order in visible(self._accounts, orders, "all_orders")]

    def trades(self, account: Account, parameters: Parameters) -> list[Frame]:
        """Return the account's executions."""
        symbol = self._symbol(parameters)
        found = fills(self._engine.store.all_of(account.name, symbol), parameters)
        asset_of = self._engine.margin.asset_of
        return [trade_json(fill, asset_of(fill.symbol)) for _, fill in found]

    def algo(self, account: Account, parameters: Parameters) -> Frame:
        """Return one conditional order."""
        algo = self._algos.find(account.name, *which(parameters, "algoId", "clientAlgoId"))
        if algo is None:
            raise VenueError(400, -2013, "Order does not exist.")
        return algo_json(algo)

    def open_algos(self, account: Account, parameters: Parameters) -> list[Frame]:
        """Return the waiting conditional orders."""
        found = self._algos.open_of(account.name, self._symbol(parameters))
        return [algo_json(algo) for algo in found]

    def all_algos(self, account: Account, parameters: Parameters) -> list[Frame]:
        """Return conditional orders in any state."""
        found = self._algos.all_of(account.name, self._symbol(parameters))
        return [algo_json(algo) for algo in found[-(whole(parameters, "limit") or 500) :]]

    def income(self, account: Account, parameters: Parameters) -> list[Frame]:
        """Return what changed the wallets: profit, fees, funding, transfers."""
        wallet = Pocket(account.name, USDM, "wallet")
        asked, symbol = parameters.get("incomeType"), parameters.get("symbol")
        start, stop = whole(parameters, "startTime"), whole(parameters, "endTime")
        limit = min(whole(parameters, "limit") or 100, 1000)
        found = [
            _income(row, wallet)
            for row in self._accounts.ledger.rows
            if wallet in (row.move.source, row.move.target)
            and (start is None or row.time_ms >= start)
            and (stop is None or row.time_ms <= stop)
        ]
        return [
            row
            for row in found
            if asked in (None, "", row["incomeType"]) and symbol in (None, "", row["symbol"])
        ][:limit]

    def commission(self, account: Account, parameters: Parameters) -> Frame:
        """Return what fills cost."""
        owner = self._engine.margin.of(account.name)
        return {
            "symbol": text(parameters, "symbol"),
            "makerCommissionRate": plain(owner.maker),
            "takerCommissionRate": plain(owner.taker),
        }

    def counts(self, account: Account, parameters: Parameters) -> list[Frame]:
        """Return how many orders were sent."""
        del parameters
        return self._counts.told(account.name)

    def _symbol(self, parameters: Parameters) -> str | None:
        symbol = parameters.get("symbol") or None
        if symbol is not None:
            self._engine.instrument(symbol)
        return symbol


def _income(row: Row, wallet: Pocket) -> Frame:
    sign = 1 if row.move.target == wallet else -1
    words = row.reference.split()
    trades = words[0] == "trade"
    return {
        "symbol": words[1] if words[0] in ("trade", "funding") else "",
        "incomeType": _INCOME[row.move.reason],
        "income": plain(sign * row.move.amount),
        "asset": row.move.asset,
        "info": words[2] if trades else str(_INCOME[row.move.reason]),
        "time": row.time_ms,
        "tranId": row.row + 1,
        "tradeId": words[2] if trades else "",
    }
