"""The cross-check: what REST says of an account, as complete as it can be asked.

Balances and open orders are asked every time. A symbol is read on from where it was read last when
the stream spoke of it, or when assets moved that its trades would move; from time to time all known
symbols are. An order that was open and is not among the open ones any more is asked for by
its id, and so are fills that the venue counts and nobody told.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from app.core.account_frames import BalanceReport, Listed
from app.repositories.account_rows import Cursor
from app.services.account_ports import RestPort
from cryptovolt.execution.order_evidence import Evidence, OrderKey


@dataclass(slots=True)
class Answers:
    """What REST said in one check."""

    balances: list[BalanceReport]
    evidence: list[Evidence] = field(default_factory=list[Evidence])
    cursors: dict[str, Cursor] = field(default_factory=dict[str, Cursor])
    told: set[OrderKey] = field(default_factory=set[OrderKey])
    """Orders of which the venue told the state."""


class Checker:
    """Asks REST, and remembers what needs not be asked again."""

    def __init__(self, rest: RestPort, symbols: Iterable[str]) -> None:
        self.cursors: dict[str, Cursor] = {}
        self._rest = rest
        self._symbols = frozenset(symbols)
        self._listed: Listed | None = None
        self._owned: dict[str, tuple[Decimal, Decimal | None]] = {}
        self._moved_ms = 0

    def begin(
        self,
        cursors: dict[str, Cursor],
        owned: dict[str, tuple[Decimal, Decimal | None]],
    ) -> None:
        """Go on from what was stored before."""
        self.cursors, self._owned = dict(cursors), dict(owned)

    async def ask(self, touched: set[str], *, wide: bool) -> Answers:
        """Return what REST says now of the account and of the symbols that may have changed.

        Raises
        ------
        TransientError
            If the venue does not answer. Nothing is remembered then.
        """
        await self._rest.set_clock()
        found = Answers(await self._rest.read_balances())
        opened = await self._rest.read_open_orders()
        found.evidence.extend(opened)
        found.told.update(report.key for report in opened)
        symbols = touched | await self._moved(found.balances, wide=wide)
        if wide:
            symbols |= self._symbols | self.cursors.keys()
            symbols |= {report.key.symbol for report in opened}
        for symbol in sorted(symbols):
            await self._read_symbol(symbol, found)
        return found

    def remember(self, answers: Answers) -> None:
        """Take over what was stored of answers."""
        self.cursors |= answers.cursors
        self._owned = {one.asset: (one.total, one.locked) for one in answers.balances}
        self._moved_ms = max((one.time_ms for one in answers.balances), default=0)

    async def ask_for(
        self, unfinished: set[OrderKey], incomplete: set[OrderKey], told: set[OrderKey]
    ) -> list[Evidence]:
        """Return what REST says of orders that were not told of, and of fills that are missing."""
        found: list[Evidence] = []
        for key in sorted((unfinished | incomplete) - told):
            report = await self._rest.read_order(key)
            if report is not None:
                found.append(report)
        for key in sorted(incomplete | (unfinished - told)):
            found.extend(await self._rest.read_fills_of(key))
        return found

    async def _moved(self, balances: list[BalanceReport], *, wide: bool) -> set[str]:
        now = {one.asset: (one.total, one.locked) for one in balances}
        changed = {
            asset
            for asset in now.keys() | self._owned.keys()
            if _amounts(now.get(asset)) != _amounts(self._owned.get(asset))
        }
        if not changed and not wide:
            return set()
        if self._listed is None or changed - self._listed.known:
            self._listed = await self._rest.read_listed()
        traded = await self._rest.read_traded_symbols(self._moved_ms)
        known = traded & self._listed.assets.keys()
        return known | self._listed.traded_with(changed)

    async def _read_symbol(self, symbol: str, found: Answers) -> None:
        order_id, trade_id = self.cursors.get(symbol, Cursor())
        while True:
            orders = await self._rest.read_orders(symbol, order_id)
            found.evidence.extend(orders)
            found.told.update(report.key for report in orders)
            order_id = orders[-1].key.order_id + 1 if orders else order_id
            if len(orders) < self._rest.page:
                break
        while True:
            fills = await self._rest.read_fills(symbol, trade_id)
            found.evidence.extend(fills)
            trade_id = fills[-1].key.trade_id + 1 if fills else trade_id
            if len(fills) < self._rest.page:
                break
        found.cursors[symbol] = Cursor(order_id, trade_id)


def _amounts(owned: tuple[Decimal, Decimal | None] | None) -> tuple[Decimal, Decimal]:
    total, locked = owned or (Decimal(0), None)
    return total, locked or Decimal(0)
