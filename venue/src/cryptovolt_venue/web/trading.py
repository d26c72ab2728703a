"""The signed paths of both markets."""

from collections.abc import Iterator, Mapping

from cryptovolt_venue.accounts import Account, accounts_of
from cryptovolt_venue.exchange import Exchange
from cryptovolt_venue.floor import Frame
from cryptovolt_venue.requests import Parameters
from cryptovolt_venue.web.endpoints import Endpoint, Weight
from cryptovolt_venue.web.signing import Action, signed
from cryptovolt_venue.web.spot_orders import SpotOrders
from cryptovolt_venue.web.spot_queries import SpotQueries
from cryptovolt_venue.web.usdm_account import UsdmAccount
from cryptovolt_venue.web.usdm_orders import UsdmOrders
from cryptovolt_venue.web.usdm_queries import UsdmQueries

_Row = tuple[str, str, str, Action, int | Weight]


def routes(exchange: Exchange) -> Iterator[Endpoint]:
    """Return the signed endpoints of both markets."""
    accounts = accounts_of(exchange)
    spot_orders, usdm_orders = SpotOrders(accounts), UsdmOrders(accounts)
    for method, path, name, action, weight in _spot(
        spot_orders, SpotQueries(accounts, spot_orders.counts)
    ):
        yield Endpoint(method, "/api/v3" + path, "spot", name, signed(accounts, action), weight)
    for path in ("/margin/allPairs", "/margin/isolated/allPairs"):
        # Clients with a key ask what may be traded on margin: nothing.
        yield Endpoint(
            "GET", "/sapi/v1" + path, "spot", "margin_pairs", signed(accounts, _nothing), 1
        )
    queries = UsdmQueries(accounts, usdm_orders.counts)
    for method, path, name, action, weight in (
        *_usdm_orders(usdm_orders, queries),
        *_usdm_account(UsdmAccount(accounts), queries),
    ):
        yield Endpoint(method, "/fapi" + path, "usdm", name, signed(accounts, action), weight)


def _spot(orders: SpotOrders, queries: SpotQueries) -> tuple[_Row, ...]:
    return (
        ("POST", "/order", "create_order", orders.create, 1),
        ("POST", "/order/test", "test_order", orders.test, 1),
        ("DELETE", "/order", "cancel_order", orders.cancel, 1),
        ("DELETE", "/openOrders", "cancel_all_orders", orders.cancel_all, 1),
        ("POST", "/order/cancelReplace", "replace_order", orders.replace, 1),
        ("POST", "/orderList/oco", "create_list", orders.create_list, 1),
        ("POST", "/order/oco", "create_list", orders.create_old_list, 1),
        ("DELETE", "/orderList", "cancel_list", orders.cancel_list, 1),
        ("GET", "/order", "get_order", queries.order, 4),
        ("GET", "/openOrders", "open_orders", queries.open_orders, _with_symbol(6, 80)),
        ("GET", "/allOrders", "all_orders", queries.all_orders, 20),
        ("GET", "/myTrades", "my_trades", queries.trades, _my_trades_weight),
        ("GET", "/account", "account", queries.account, 20),
        ("GET", "/account/commission", "commission", queries.commission, 20),
        ("GET", "/orderList", "get_list", queries.order_list, 4),
        ("GET", "/allOrderList", "all_lists", queries.order_lists, 20),
        ("GET", "/openOrderList", "open_lists", queries.open_lists, 6),
        ("GET", "/rateLimit/order", "order_counts", queries.counts, 40),
    )


def _usdm_orders(orders: UsdmOrders, queries: UsdmQueries) -> tuple[_Row, ...]:
    return (
        ("POST", "/v1/order", "create_order", orders.create, 0),
        ("POST", "/v1/order/test", "test_order", orders.test, 0),
        ("PUT", "/v1/order", "amend_order", orders.amend, 1),
        ("DELETE", "/v1/order", "cancel_order", orders.cancel, 1),
        ("POST", "/v1/batchOrders", "create_orders", orders.create_batch, 5),
        ("DELETE", "/v1/batchOrders", "cancel_orders", orders.cancel_batch, 1),
        ("DELETE", "/v1/allOpenOrders", "cancel_all_orders", orders.cancel_all, 1),
        ("POST", "/v1/countdownCancelAll", "countdown", orders.countdown, 10),
        ("POST", "/v1/algoOrder", "create_algo", orders.create_algo, 0),
        ("DELETE", "/v1/algoOrder", "cancel_algo", orders.cancel_algo, 1),
        ("DELETE", "/v1/algoOpenOrders", "cancel_all_algos", orders.cancel_all_algos, 1),
        ("GET", "/v1/order", "get_order", queries.order, 1),
        ("GET", "/v1/openOrder", "open_order", queries.open_order, 1),
        ("GET", "/v1/openOrders", "open_orders", queries.open_orders, _with_symbol(1, 40)),
        ("GET", "/v1/allOrders", "all_orders", queries.all_orders, 5),
        ("GET", "/v1/userTrades", "my_trades", queries.trades, 5),
        ("GET", "/v1/algoOrder", "get_algo", queries.algo, 1),
        ("GET", "/v1/openAlgoOrders", "open_algos", queries.open_algos, _with_symbol(1, 40)),
        ("GET", "/v1/allAlgoOrders", "all_algos", queries.all_algos, 5),
        ("GET", "/v1/rateLimit/order", "order_counts", queries.counts, 1),
    )


def _usdm_account(account: UsdmAccount, queries: UsdmQueries) -> tuple[_Row, ...]:
    return (
        ("GET", "/v2/balance", "balance", account.balance, 5),
        ("GET", "/v3/balance", "balance", account.balance, 5),
        ("GET", "/v2/account", "account", account.account, 5),
        ("GET", "/v3/account", "account", account.account, 5),
        ("GET", "/v2/positionRisk", "position_risk", account.position_risk_old, 5),
        ("GET", "/v3/positionRisk", "position_risk", account.position_risk, 5),
        ("POST", "/v1/leverage", "set_leverage", account.set_leverage, 1),
        ("GET", "/v1/leverageBracket", "leverage_brackets", account.brackets, 1),
        ("POST", "/v1/marginType", "set_margin_type", account.set_margin_type, 1),
        ("POST", "/v1/positionSide/dual", "set_position_mode", account.set_position_mode, 1),
        ("GET", "/v1/positionSide/dual", "position_mode", account.position_mode, 30),
        ("GET", "/v1/multiAssetsMargin", "assets_mode", account.assets_mode, 30),
        ("GET", "/v1/symbolConfig", "symbol_config", account.symbol_config, 5),
        ("GET", "/v1/income", "income", queries.income, 30),
        ("GET", "/v1/commissionRate", "commission", queries.commission, 20),
    )


def _with_symbol(one: int, every: int) -> Weight:
    def weigh(query: Mapping[str, str]) -> int:
        return one if query.get("symbol") else every

    return weigh


def _my_trades_weight(query: Mapping[str, str]) -> int:
    return 5 if query.get("orderId") else 20


def _nothing(account: Account, parameters: Parameters) -> list[Frame]:
    del account, parameters
    return []
