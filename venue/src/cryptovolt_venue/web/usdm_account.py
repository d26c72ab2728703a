"""Signed requests about a USD-M account: balances, positions, leverage and modes."""

from decimal import Decimal

from cryptovolt_venue.accounts import Account, Accounts
from cryptovolt_venue.floor import Frame
from cryptovolt_venue.margin import order_notionals
from cryptovolt_venue.money import ZERO, plain, subtract
from cryptovolt_venue.orders import USDM
from cryptovolt_venue.positions import BRACKETS, Position, highest_notional, maintenance_margin
from cryptovolt_venue.requests import Parameters, text, whole
from cryptovolt_venue.web.errors import VenueError, missing


class UsdmAccount:
    """Balances, positions, leverage and modes of an account."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts, self._engine = accounts, accounts.usdm
        self._margin = accounts.usdm.margin

    def balance(self, account: Account, parameters: Parameters) -> list[Frame]:
        """Return the wallets."""
        del parameters
        return [
            {
                "accountAlias": account.name,
                "asset": asset,
                "balance": plain(self._margin.wallet(account.name, asset)),
                "crossWalletBalance": plain(self._margin.wallet(account.name, asset)),
                "crossUnPnl": plain(self._margin.unrealized(account.name, asset)),
                "availableBalance": plain(self._margin.available(account.name, asset)),
                "maxWithdrawAmount": plain(self._margin.available(account.name, asset)),
                "marginAvailable": True,
                "updateTime": self._margin.of(account.name).wallet_ms.get(asset, 0),
            }
            for asset in self._margin.assets(account.name)
        ]

    def account(self, account: Account, parameters: Parameters) -> Frame:
        """Return the account: totals, assets and positions."""
        del parameters
        assets = [self._asset(account, asset) for asset in self._margin.assets(account.name)]
        names = {
            "totalInitialMargin": "initialMargin",
            "totalMaintMargin": "maintMargin",
            "totalWalletBalance": "walletBalance",
            "totalUnrealizedProfit": "unrealizedProfit",
            "totalMarginBalance": "marginBalance",
            "totalPositionInitialMargin": "positionInitialMargin",
            "totalOpenOrderInitialMargin": "openOrderInitialMargin",
            "totalCrossWalletBalance": "crossWalletBalance",
            "totalCrossUnPnl": "crossUnPnl",
            "availableBalance": "availableBalance",
            "maxWithdrawAmount": "maxWithdrawAmount",
        }
        totals = {
            total: plain(sum((Decimal(str(asset[name])) for asset in assets), ZERO))
            for total, name in names.items()
        }
        return {
            "feeTier": 0,
            "canTrade": True,
            "canDeposit": True,
            "canWithdraw": True,
            "updateTime": 0,
            "multiAssetsMargin": False,
            "tradeGroupId": -1,
            **totals,
            "assets": assets,
            "positions": [self._held(account, position) for position in self._positions(account)],
        }

    def position_risk(self, account: Account, parameters: Parameters) -> list[Frame]:
        """Return positions, as version 3 tells them: those that are not flat."""
        symbol = parameters.get("symbol") or None
        if symbol is not None:
            self._engine.instrument(symbol)
        return [
            self._risk(account, position)
            for position in self._positions(account)
            if symbol in (None, position.symbol)
        ]

    def position_risk_old(self, account: Account, parameters: Parameters) -> list[Frame]:
        """Return positions, as version 2 tells them: of every symbol, also flat ones."""
        symbol = parameters.get("symbol") or None
        if symbol is not None:
            self._engine.instrument(symbol)
        listed = self._accounts.exchange.instruments.of(USDM)
        owner = self._margin.of(account.name)
        return [
            self._risk(account, owner.positions.get(found.symbol) or Position(found.symbol))
            for found in listed
            if symbol in (None, found.symbol)
        ]

    def set_leverage(self, account: Account, parameters: Parameters) -> Frame:
        """Change the leverage of a symbol."""
        symbol, leverage = text(parameters, "symbol"), whole(parameters, "leverage")
        if leverage is None:
            raise missing("leverage")
        self._engine.set_leverage(account.name, symbol, leverage)
        return {
            "leverage": leverage,
            "maxNotionalValue": plain(highest_notional(leverage)),
            "symbol": symbol,
        }

    def brackets(self, account: Account, parameters: Parameters) -> list[Frame]:
        """Return the brackets of leverage and maintenance margin."""
        del account
        asked = parameters.get("symbol") or None
        rows = [
            {
                "bracket": found.number,
                "initialLeverage": found.leverage,
                "notionalCap": float(found.cap),
                "notionalFloor": float(found.floor),
                "maintMarginRatio": float(found.rate),
                "cum": float(found.deduction),
            }
            for found in BRACKETS
        ]
        return [
            {"symbol": instrument.symbol, "brackets": rows}
            for instrument in self._accounts.exchange.instruments.of(USDM)
            if asked in (None, instrument.symbol)
        ]

    def set_margin_type(self, account: Account, parameters: Parameters) -> Frame:
        """Refuse a change: margin is crossed here."""
        del account
        self._engine.instrument(text(parameters, "symbol"))
        if text(parameters, "marginType") == "CROSSED":
            raise VenueError(400, -4046, "No need to change margin type.")
        raise VenueError(400, -1020, "This operation is not supported.")

    def set_position_mode(self, account: Account, parameters: Parameters) -> Frame:
        """Refuse a change: there is one position per symbol here."""
        del account
        if text(parameters, "dualSidePosition").lower() == "false":
            raise VenueError(400, -4059, "No need to change position side.")
        raise VenueError(400, -1020, "This operation is not supported.")

    def position_mode(self, account: Account, parameters: Parameters) -> Frame:
        """Return the position mode."""
        del account, parameters
        return {"dualSidePosition": False}

    def assets_mode(self, account: Account, parameters: Parameters) -> Frame:
        """Return the mode of margin assets."""
        del account, parameters
        return {"multiAssetsMargin": False}

    def symbol_config(self, account: Account, parameters: Parameters) -> list[Frame]:
        """Return leverage and margin type of symbols."""
        asked = parameters.get("symbol") or None
        owner = self._margin.of(account.name)
        return [
            {
                "symbol": found.symbol,
                "marginType": "CROSSED",
                "isAutoAddMargin": False,
                "leverage": owner.leverage_of(found.symbol),
                "maxNotionalValue": plain(highest_notional(owner.leverage_of(found.symbol))),
            }
            for found in self._accounts.exchange.instruments.of(USDM)
            if asked in (None, found.symbol)
        ]

    def _positions(self, account: Account) -> list[Position]:
        return self._margin.of(account.name).open_positions()

    def _asset(self, account: Account, asset: str) -> Frame:
        margin, name = self._margin, account.name
        held = sum((margin.position_margin(name, p) for p in margin.positions(name, asset)), ZERO)
        initial = margin.initial(name, asset)
        return {
            "asset": asset,
            "walletBalance": plain(margin.wallet(name, asset)),
            "unrealizedProfit": plain(margin.unrealized(name, asset)),
            "marginBalance": plain(margin.balance(name, asset)),
            "maintMargin": plain(margin.maintenance(name, asset)),
            "initialMargin": plain(initial),
            "positionInitialMargin": plain(held),
            "openOrderInitialMargin": plain(max(ZERO, subtract(initial, held))),
            "crossWalletBalance": plain(margin.wallet(name, asset)),
            "crossUnPnl": plain(margin.unrealized(name, asset)),
            "availableBalance": plain(margin.available(name, asset)),
            "maxWithdrawAmount": plain(margin.available(name, asset)),
            "marginAvailable": True,
            "updateTime": margin.of(name).wallet_ms.get(asset, 0),
        }

    def _held(self, account: Account, position: Position) -> Frame:
        mark = self._margin.mark(position)
        orders = self._engine.store.open_of(account.name, position.symbol)
        bids, asks = order_notionals(orders)
        leverage = self._margin.of(account.name).leverage_of(position.symbol)
        initial = self._margin.position_margin(account.name, position)
        return {
            "symbol": position.symbol,
            "initialMargin": plain(initial),
            "maintMargin": plain(maintenance_margin(position.notional(mark))),
            "unrealizedProfit": plain(position.unrealized(mark)),
            "positionInitialMargin": plain(initial),
            "openOrderInitialMargin": "0",
            "leverage": str(leverage),
            "isolated": False,
            "entryPrice": plain(position.entry_price),
            "breakEvenPrice": plain(position.break_even_price),
            "maxNotional": plain(highest_notional(leverage)),
            "bidNotional": plain(bids),
            "askNotional": plain(asks),
            "positionSide": "BOTH",
            "positionAmt": plain(position.amount),
            "notional": plain(position.notional(mark)),
            "isolatedMargin": "0",
            "isolatedWallet": "0",
            "updateTime": position.updated_ms,
        }

    def _risk(self, account: Account, position: Position) -> Frame:
        mark, owner = self._margin.mark(position), self._margin.of(account.name)
        notional = position.notional(mark)
        initial = self._margin.position_margin(account.name, position)
        orders = self._engine.store.open_of(account.name, position.symbol)
        bids, asks = order_notionals(orders)
        return {
            "symbol": position.symbol,
            "positionSide": "BOTH",
            "positionAmt": plain(position.amount),
            "entryPrice": plain(position.entry_price),
            "breakEvenPrice": plain(position.break_even_price),
            "markPrice": plain(mark),
            "unRealizedProfit": plain(position.unrealized(mark)),
            "liquidationPrice": plain(self._margin.liquidation(account.name, position)),
            "isolatedMargin": "0",
            "notional": plain(notional),
            "marginAsset": self._margin.asset_of(position.symbol),
            "isolatedWallet": "0",
            "initialMargin": plain(initial),
            "maintMargin": plain(maintenance_margin(notional)),
            "positionInitialMargin": plain(initial),
            "openOrderInitialMargin": "0",
            "adl": 0,
            "bidNotional": plain(bids),
            "askNotional": plain(asks),
            "leverage": str(owner.leverage_of(position.symbol)),
            "marginType": "cross",
            "maxNotionalValue": plain(highest_notional(owner.leverage_of(position.symbol))),
            "isAutoAddMargin": "false",
            "updateTime": position.updated_ms,
        }
