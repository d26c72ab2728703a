"""A market told by hand: books, trades and marks are what the caller says.

The engines of both markets run on it without replay and without network, for tests of trading rules
and for examples that are worked out on paper.
"""

from collections.abc import Sequence
from decimal import Decimal

from cryptovolt_venue.algos import AlgoBook
from cryptovolt_venue.faults import FaultSchedule, parse_rule
from cryptovolt_venue.floor import Floor, Frame, Ids
from cryptovolt_venue.funding_fees import pay_funding
from cryptovolt_venue.instruments import Instrument
from cryptovolt_venue.ledger import OUTSIDE, Ledger, Move, Pocket, Reason
from cryptovolt_venue.liquidation import Liquidator
from cryptovolt_venue.liquidity import Book, Piece
from cryptovolt_venue.orders import SPOT, USDM
from cryptovolt_venue.spot import SpotEngine
from cryptovolt_venue.tape import FundingDue, Market, Trade
from cryptovolt_venue.usdm import UsdmEngine


class ScriptedMarket:
    """Prices that stay what they were last said to be."""

    def __init__(self, *instruments: Instrument) -> None:
        self.time_ms = 1_700_000_000_000
        self._instruments = {(found.market, found.symbol): found for found in instruments}
        self._books: dict[tuple[Market, str], Book] = {}
        self._last: dict[tuple[Market, str], Decimal] = {}
        self._marks: dict[str, Decimal] = {}

    def market_ms(self) -> int:
        """Return market time."""
        return self.time_ms

    def wall_ms(self) -> int:
        """Return market time: here they are one."""
        return self.time_ms

    def instrument(self, market: Market, symbol: str) -> Instrument | None:
        """Return an instrument."""
        return self._instruments.get((market, symbol))

    def book(self, market: Market, symbol: str) -> Book | None:
        """Return the book as it was last said."""
        return self._books.get((market, symbol))

    def last(self, market: Market, symbol: str) -> Decimal | None:
        """Return the price of the last trade."""
        return self._last.get((market, symbol))

    def average(self, market: Market, symbol: str) -> Decimal | None:
        """Return the price of the last trade."""
        return self._last.get((market, symbol))

    def mark(self, symbol: str) -> Decimal | None:
        """Return the mark price: as it was said, else the last trade."""
        return self._marks.get(symbol, self._last.get((USDM, symbol)))

    def set_book(
        self,
        market: Market,
        symbol: str,
        bids: Sequence[tuple[str, str]],
        asks: Sequence[tuple[str, str]],
    ) -> None:
        """Say the book: pairs of price and quantity, best first."""
        before = self._books.get((market, symbol))
        update = 1 if before is None else before.update_id + 1
        self._books[market, symbol] = Book(symbol, update, _pieces(bids), _pieces(asks))

    def set_last(self, market: Market, symbol: str, price: Decimal) -> None:
        """Say the price of the last trade."""
        self._last[market, symbol] = price

    def set_mark(self, symbol: str, price: str) -> None:
        """Say the mark price."""
        self._marks[symbol] = Decimal(price)


class ScriptedVenue:
    """Both engines and a ledger on a scripted market, and everything that was told."""

    def __init__(self, *instruments: Instrument, seed: int = 0) -> None:
        self.market = ScriptedMarket(*instruments)
        self.ledger = Ledger()
        self.frames: list[tuple[str, Market, Frame]] = []
        self.faults = FaultSchedule(seed)
        self.floor = Floor(self.market, self.ledger, Ids(), self.faults, self._publish)
        self.spot = SpotEngine(self.floor)
        self.usdm = UsdmEngine(self.floor)
        self.algos = AlgoBook(self.usdm)
        self.liquidator = Liquidator(self.usdm)

    def deposit(self, account: str, market: Market, asset: str, amount: str) -> None:
        """Bring funds in."""
        pocket = Pocket(account, market, "free" if market == SPOT else "wallet")
        move = Move(OUTSIDE, pocket, asset, Decimal(amount), Reason.DEPOSIT)
        self.ledger.book(self.market.time_ms, "deposit", [move])

    def fault(self, **rule: object) -> None:
        """Put a fault in force, in its JSON form."""
        self.faults.add(parse_rule(rule))

    def trade(self, market: Market, symbol: str, price: str, quantity: str = "1") -> None:
        """Let the tape trade, one millisecond later."""
        self.market.time_ms += 1
        self.market.set_last(market, symbol, Decimal(price))
        event = Trade(
            market, symbol, 0, self.market.time_ms, Decimal(price), Decimal(quantity), False
        )
        if market == SPOT:
            self.spot.on_trade(event)
            return
        self.usdm.on_trade(event)
        self.algos.on_trade(event)
        self.liquidator.check(symbol)

    def pay_funding(self, symbol: str, rate: str) -> None:
        """Let funding be paid at the mark price."""
        mark = self.market.mark(symbol) or Decimal(0)
        pay_funding(self.usdm, FundingDue(symbol, self.market.time_ms, Decimal(rate), mark))

    def pass_time(self, milliseconds: int) -> None:
        """Let time pass and do what becomes due."""
        self.market.time_ms += milliseconds
        self.spot.run_due()
        self.usdm.run_due()

    def free(self, account: str, asset: str) -> Decimal:
        """Return an account's free funds."""
        return self.ledger.balance(Pocket(account, SPOT, "free"), asset)

    def locked(self, account: str, asset: str) -> Decimal:
        """Return an account's locked funds."""
        return self.ledger.balance(Pocket(account, SPOT, "locked"), asset)

    def wallet(self, account: str, asset: str = "USDT") -> Decimal:
        """Return an account's margin wallet."""
        return self.ledger.balance(Pocket(account, USDM, "wallet"), asset)

    def told(self, event: str) -> list[Frame]:
        """Return the frames of a kind, oldest first."""
        return [frame for _, _, frame in self.frames if frame["e"] == event]

    def _publish(self, account: str, market: Market, frame: Frame) -> None:
        self.frames.append((account, market, frame))


def _pieces(levels: Sequence[tuple[str, str]]) -> tuple[Piece, ...]:
    return tuple(Piece(Decimal(price), Decimal(quantity)) for price, quantity in levels)
