"""Signed requests of the spot market that ask."""

from cryptovolt_venue.accounts import Account, Accounts
from cryptovolt_venue.floor import Frame
from cryptovolt_venue.money import eight
from cryptovolt_venue.orders import SPOT
from cryptovolt_venue.requests import Parameters, text, whole
from cryptovolt_venue.spot_reports import list_json, order_json, trade_json
from cryptovolt_venue.web.errors import VenueError
from cryptovolt_venue.web.order_counts import OrderCounts
from cryptovolt_venue.web.reading import fills, find_order, visible, which, window


class SpotQueries:
    """Orders, trades, balances and rates of an account."""

    def __init__(self, accounts: Accounts, counts: OrderCounts) -> None:
        self._accounts, self._engine, self._counts = accounts, accounts.spot, counts

    def order(self, account: Account, parameters: Parameters) -> Frame:
        """Return one order."""
        return order_json(find_order(self._accounts, self._engine, account, parameters))

    def open_orders(self, account: Account, parameters: Parameters) -> list[Frame]:
        """Return the open orders, of one symbol or of all."""
        symbol = parameters.get("symbol") or None
        if symbol is not None:
            self._engine.instrument(symbol)
        orders = self._engine.store.open_of(account.name, symbol)
        return [order_json(order) for order in visible(self._accounts, orders, "open_orders")]

    def all_orders(self, account: Account, parameters: Parameters) -> list[Frame]:
        """Return orders in any state."""
        symbol = text(parameters, "symbol")
        self._engine.instrument(symbol)
        orders = window(self._engine.store.all_of(account.name, symbol), parameters)
        return [order_json(order) for order in visible(self._accounts, orders, "all_orders")]

    def trades(self, account: Account, parameters: Parameters) -> list[Frame]:
        """Return the account's executions of a symbol."""
        symbol = text(parameters, "symbol")
        self._engine.instrument(symbol)
        orders = self._engine.store.all_of(account.name, symbol)
        return [trade_json(order, fill) for order, fill in fills(orders, parameters)]

    def account(self, account: Account, parameters: Parameters) -> Frame:
        """Return balances and rights."""
        terms = self._engine.terms_of(account.name)
        ledger = self._accounts.ledger
        balances = self._engine.balances(account.name, ledger.assets(account.name, SPOT))
        if parameters.get("omitZeroBalances", "").lower() == "true":
            zero = eight(terms.maker * 0)
            balances = [found for found in balances if found[1:] != (zero, zero)]
        names = list(self._accounts.by_name)
        return {
            "makerCommission": int(terms.maker * 10_000),
            "takerCommission": int(terms.taker * 10_000),
            "buyerCommission": 0,
            "sellerCommission": 0,
            "commissionRates": {
                "maker": eight(terms.maker),
                "taker": eight(terms.taker),
                "buyer": "0.00000000",
                "seller": "0.00000000",
            },
            "canTrade": True,
            "canWithdraw": True,
            "canDeposit": True,
            "brokered": False,
            "requireSelfTradePrevention": False,
            "preventSor": False,
            "updateTime": self._engine.now(),
            "accountType": "SPOT",
            "balances": [
                {"asset": asset, "free": free, "locked": locked} for asset, free, locked in balances
            ],
            "permissions": ["SPOT"],
            "uid": names.index(account.name) + 1,
        }

    def commission(self, account: Account, parameters: Parameters) -> Frame:
        """Return what fills cost."""
        symbol = text(parameters, "symbol")
        self._engine.instrument(symbol)
        terms = self._engine.terms_of(account.name)
        nothing = dict.fromkeys(("maker", "taker", "buyer", "seller"), "0.00000000")
        return {
            "symbol": symbol,
            "standardCommission": nothing
            | {"maker": eight(terms.maker), "taker": eight(terms.taker)},
            "specialCommission": nothing,
            "taxCommission": nothing,
            "discount": {
                "enabledForAccount": terms.pay_with is not None,
                "enabledForSymbol": True,
                "discountAsset": terms.pay_with or "BNB",
                "discount": eight(terms.discount),
            },
        }

    def order_list(self, account: Account, parameters: Parameters) -> Frame:
        """Return one order list."""
        list_id, name = which(parameters, "orderListId", "origClientOrderId")
        found = self._engine.lists.find(account.name, list_id, name)
        if found is None:
            raise VenueError(400, -2018, "Order list does not exist.")
        return list_json(found)

    def order_lists(self, account: Account, parameters: Parameters) -> list[Frame]:
        """Return all order lists."""
        found = self._engine.lists.of_account(account.name)
        return [list_json(each) for each in found[-(whole(parameters, "limit") or 500) :]]

    def open_lists(self, account: Account, parameters: Parameters) -> list[Frame]:
        """Return the open order lists."""
        del parameters
        found = self._engine.lists.of_account(account.name)
        return [list_json(each) for each in found if not each.done]

    def counts(self, account: Account, parameters: Parameters) -> list[Frame]:
        """Return how many orders were sent."""
        del parameters
        return self._counts.told(account.name)
