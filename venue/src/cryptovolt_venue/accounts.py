"""The accounts of the venue: who may trade, with what, and how they hang on the market.

An :class:`Accounts` listens to the exchange: trades of the symbols in which something waits,
funding, and instruments that leave. Everything it books is in one ledger.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt_venue.algos import AlgoBook
from cryptovolt_venue.exchange import Exchange
from cryptovolt_venue.floor import Floor, Ids
from cryptovolt_venue.funding_fees import pay_funding
from cryptovolt_venue.instruments import DELISTED, Instrument
from cryptovolt_venue.ledger import OUTSIDE, Ledger, Move, Pocket, Reason
from cryptovolt_venue.liquidation import Liquidator
from cryptovolt_venue.liquidity import Book, Piece
from cryptovolt_venue.orders import SPOT, USDM
from cryptovolt_venue.spot import SpotEngine
from cryptovolt_venue.spot_reports import balance_update
from cryptovolt_venue.tape import Market, Trade
from cryptovolt_venue.usdm import UsdmEngine
from cryptovolt_venue.user_feeds import UserFeeds

DEFAULT_KEY = "loopback-key"
DEFAULT_SECRET = "loopback-secret"  # noqa: S105
DEFAULT_FUNDS: Mapping[str, Decimal] = {"USDT": Decimal(10_000)}


@dataclass(frozen=True, slots=True)
class Account:
    """Who holds an API key."""

    name: str
    key: str
    secret: str


class ExchangeView:
    """The exchange as the engines see it."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.market_ms = exchange.market_ms
        self.wall_ms = exchange.wall_ms
        self.instrument = exchange.instrument
        self.last = exchange.last
        self.average = exchange.average
        self.mark = exchange.mark

    def book(self, market: Market, symbol: str) -> Book | None:
        """Return the order book, None before the first trade."""
        top = self._exchange.best(market, symbol)
        if top is None:
            return None
        bids, asks = self._exchange.depth(market, symbol)
        return Book(
            symbol,
            top.update_id,
            tuple(Piece(*level) for level in bids),
            tuple(Piece(*level) for level in asks),
        )


class Accounts:
    """All accounts, their engines and their ledger."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.ledger = Ledger()
        self.feeds = UserFeeds()
        self.floor = Floor(
            ExchangeView(exchange),
            self.ledger,
            Ids(exchange.first_id),
            exchange.faults,
            self.feeds.publish,
            self._follow,
        )
        self.spot = SpotEngine(self.floor)
        self.usdm = UsdmEngine(self.floor)
        self.algos = AlgoBook(self.usdm)
        self.liquidator = Liquidator(self.usdm)
        self.by_name: dict[str, Account] = {}
        self.by_key: dict[str, Account] = {}
        self._followed: dict[tuple[Market, str], Callable[[], None]] = {}
        exchange.on_funding(partial(pay_funding, self.usdm))
        exchange.on_instrument(self._instrument_changed)
        exchange.replay.every(1_000, self._each_second)

    def open(self, name: str, key: str, secret: str) -> Account:
        """Open an account without funds."""
        if name in self.by_name or key in self.by_key or name == "venue" or not name:
            raise ConfigurationError(
                f"expected a new account with a key of its own, found {name!r} with key {key!r}"
            )
        account = Account(name, key, secret)
        self.by_name[name] = self.by_key[key] = account
        return account

    def deposit(self, name: str, market: Market, asset: str, amount: Decimal) -> None:
        """Bring funds in from outside, or take free funds out with a negative amount."""
        pocket = Pocket(name, market, "free" if market == SPOT else "wallet")
        source, target, reason = OUTSIDE, pocket, Reason.DEPOSIT
        if amount < 0:
            source, target, reason = pocket, OUTSIDE, Reason.WITHDRAWAL
        now = self.exchange.now_ms
        self.ledger.book(
            now, str(reason).lower(), [Move(source, target, asset, abs(amount), reason)]
        )
        if market == SPOT:
            self.feeds.publish(name, SPOT, balance_update(now, asset, amount))
        else:
            self.usdm.margin.of(name).wallet_ms[asset] = now
            self.usdm.tell_wallet(name, asset, str(reason), amount)

    def status(self) -> Mapping[str, object]:
        """Return what to show of the accounts in the status."""
        return {
            "accounts": sorted(self.by_name),
            "ledger_rows": len(self.ledger.rows),
            "open_orders": sum(
                len(engine.store.open_of(name))
                for engine in (self.spot, self.usdm)
                for name in self.by_name
            ),
            "followed": len(self._followed),
        }

    def _follow(self, market: Market, symbol: str) -> None:
        if (market, symbol) not in self._followed:
            on_trade = self._spot_trade if market == SPOT else self._usdm_trade
            self._followed[market, symbol] = self.exchange.on_trade(on_trade, market, symbol)

    def _spot_trade(self, trade: Trade) -> None:
        self.spot.on_trade(trade)

    def _usdm_trade(self, trade: Trade) -> None:
        self.usdm.on_trade(trade)
        self.algos.on_trade(trade)
        self.liquidator.check(trade.symbol)

    def _each_second(self, time_ms: int) -> None:
        del time_ms
        self.spot.run_due()
        self.usdm.run_due()
        for market, symbol in list(self._followed):
            if not self._waits(market, symbol):
                self._followed.pop((market, symbol))()

    def _waits(self, market: Market, symbol: str) -> bool:
        if market == SPOT:
            return bool(self.spot.store.working(symbol))
        held = any(
            symbol in owner.positions and owner.positions[symbol].amount
            for owner in self.usdm.margin.accounts.values()
        )
        return held or bool(self.usdm.store.working(symbol)) or self.algos.waits_for(symbol)

    def _instrument_changed(self, instrument: Instrument) -> None:
        if instrument.status != DELISTED:
            return
        if instrument.market == USDM:
            self.usdm.expire_all(instrument.symbol)
            self.algos.expire_all(instrument.symbol)
            self.liquidator.settle(instrument.symbol)
        else:
            self.spot.expire_all(instrument.symbol)


def accounts_of(exchange: Exchange) -> Accounts:
    """Return the accounts of an exchange; the first call opens one with default funds."""
    if isinstance(exchange.accounts, Accounts):
        return exchange.accounts
    accounts = Accounts(exchange)
    exchange.accounts = accounts
    accounts.open("main", DEFAULT_KEY, DEFAULT_SECRET)
    for asset, amount in DEFAULT_FUNDS.items():
        accounts.deposit("main", SPOT, asset, amount)
        accounts.deposit("main", USDM, asset, amount)
    return accounts
