"""An account that lives through one bar per call: what paper trading holds.

It calls the same compiled step as :func:`cryptovolt.simulate`, so the same bars and targets give
the same fills and the same equity, to the last unit.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import PRICE_COLUMNS
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.errors import ConfigurationError, CryptoVoltError, DataError
from cryptovolt.domain.funding import FundingPayment
from cryptovolt.domain.orders import Fill, Order, OrderState, Position
from cryptovolt.execution.grid import Grid
from cryptovolt.execution.quantise import price_ticks, volume_lots
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.trading import step
from cryptovolt.trading.books import Books, outgrown
from cryptovolt.trading.order_book import OrderBook
from cryptovolt.trading.step import layout as at
from cryptovolt.trading.step.loop import FILLS_PER_SYMBOL

_NOTHING_DUE = np.zeros((0, at.N_PAYMENT), np.int64)

FundingDue: TypeAlias = tuple[str, float, bool]
"""Symbol, rate, and whether it is due inside the bar rather than at its open."""

Values: TypeAlias = float | npt.NDArray[np.float64]
"""One number, or one per symbol in the order of the rules."""


class Account:
    """Cash, positions and waiting orders of one account.

    The order of calls at every closed bar: :meth:`step` with the bar, then :meth:`decide` with the
    target for the next one.

    Parameters
    ----------
    rules : mapping of str to SymbolRules
        Every symbol that will be traded; their order is the order of all arrays.
    settings : TradingSettings
        Money, costs and protections.

    Raises
    ------
    ConfigurationError
        If there is no symbol, or the numbers do not fit into 64 bits.
    """

    def __init__(self, rules: Mapping[str, SymbolRules], settings: TradingSettings) -> None:
        if not rules:
            raise ConfigurationError("expected rules for at least one symbol, found none")
        n_symbols = len(rules)
        self._sizes = np.array([(rule.tick_size, rule.step_size) for rule in rules.values()])
        grid = Grid.of(rules, settings)
        self._books = Books.open(grid, settings, np.ones(n_symbols, np.int64))
        self._numbers = self._books.numbers
        self._order_book = OrderBook(grid)
        self._delay = settings.costs.delay
        self._late: deque[list[int]] = deque([[at.NO_TARGET] * n_symbols] * self._delay)
        self._values = np.empty((n_symbols, at.WIDTH))
        # One number set at a time is several times faster than a column.
        self._row = self._values[0] if n_symbols == 1 else None
        self._ticks = np.zeros((n_symbols, at.WIDTH), np.int64)
        self._fills = np.zeros((FILLS_PER_SYMBOL * n_symbols, at.N_FILL), np.int64)
        self._due = _NOTHING_DUE
        self._time = 0

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols in the order of all arrays."""
        return self._books.grid.symbols

    @property
    def cash(self) -> Decimal:
        """Cash in quote currency."""
        return self._books.grid.money(int(self._numbers[at.CASH]))

    @property
    def equity(self) -> Decimal:
        """Cash and positions at the last close, quote currency."""
        return self._books.grid.money(int(self._numbers[at.EQUITY]))

    @property
    def halted(self) -> bool:
        """Whether the daily loss limit or ruin keeps it from entering."""
        return bool(self._numbers[at.HALTED] or self._numbers[at.RUINED])

    @property
    def positions(self) -> dict[str, Position]:
        """What is held, by symbol; also the symbols that are flat."""
        grid, rows = self._books.grid, self._books.symbols.tolist()
        return {
            symbol: Position(
                symbol=symbol,
                quantity=row[at.LOTS] * size,
                entry_value=grid.money(row[at.BASIS]),
            )
            for symbol, size, row in zip(grid.symbols, grid.steps, rows, strict=True)
        }

    @property
    def open_orders(self) -> list[OrderState]:
        """Orders of the strategy that still work, oldest first."""
        return self._order_book.open

    @property
    def ended_orders(self) -> list[OrderState]:
        """Orders that ended in the last bar or were taken back since, in the order they ended."""
        return list(self._order_book.ended)

    @property
    def payments(self) -> list[FundingPayment]:
        """Funding that was paid or received in the last bar."""
        return self._books.payments(self._due, np.array([self._time]))

    def step(
        self,
        time: int,
        open: Values,  # noqa: A002 - the field's name
        high: Values,
        low: Values,
        close: Values,
        volume: Values,
        funding: Sequence[FundingDue] = (),
    ) -> list[Fill]:
        """Live through one closed bar of every symbol and return what was filled in it.

        Parameters
        ----------
        time : int
            Open of the bar, milliseconds UTC.
        open, high, low, close, volume : float or ndarray of shape (n_symbols,)
            Quote currency; volume in base currency.
        funding : sequence of (symbol, rate, inside), optional
            Funding due at the open of this bar, or, where `inside` is true, later in it.

        Raises
        ------
        DataError
            If a number is missing, or a price does not fit the tick size.
        ConfigurationError
            If the account has outgrown what 64 bits can count.
        """
        orders = self._order_book
        self._read(open, high, low, close, volume)
        if funding or self._due.size:
            self._due = self._payments(funding)
        if orders.ended or len(orders.rows):
            self._make_room(len(orders.rows))
        if self._delay:
            self._hear_late()
        done = step.step(
            time, self._values, self._sizes, self._ticks, self._numbers, self._due, orders.rows,
            self._fills,
        )  # fmt: skip
        self._time = time
        if len(orders.rows):
            orders.sweep()
        if done < 0:
            raise self._refused(done, time)
        return self._books.fills(self._fills[:done], np.array([time])) if done else []

    def decide(self, target: Values) -> None:
        """Ask for a share of equity, filled at the next bar's open; NaN keeps what is held.

        Parameters
        ----------
        target : float or ndarray of shape (n_symbols,)
            Share of equity, between minus and plus the leverage.

        Raises
        ------
        ConfigurationError
            If a target is beyond the leverage.
        """
        wanted = self._per_symbol(target)
        most = float(self._numbers[at.LEVERAGE])
        if (np.abs(wanted) * at.SCALE > most + 0.5).any():
            raise ConfigurationError(
                f"expected targets between {-most / at.SCALE:g} and {most / at.SCALE:g}, found "
                f"{wanted.tolist()}"
            )
        aims = [round(aim * at.SCALE) if aim == aim else at.NO_TARGET for aim in wanted.tolist()]
        self._books.symbols[:, at.AIM] = aims

    def submit(self, orders: Iterable[Order]) -> list[int]:
        """Give orders that work from the next bar's open on; return their ids.

        An order of less than one lot ends at once as too small.

        Raises
        ------
        ConfigurationError
            If an order is in another symbol, or its price is below one tick.
        """
        given = self._order_book.add(orders, self._ticks[:, at.CLOSE])
        self._order_book.sweep()
        return given

    def cancel(self, order_id: int) -> None:
        """Take an order back.

        Raises
        ------
        ConfigurationError
            If no such order works.
        """
        self._order_book.cancel(order_id)

    def state(self) -> dict[str, list[int]]:
        """Return everything a restart needs as integers: one list for the account, one a symbol."""
        rows = self._books.symbols.tolist()
        positions = {f"position:{name}": row for name, row in zip(self.symbols, rows, strict=True)}
        return {
            "account": self._numbers[: at.N_ACCOUNT].tolist(),
            "orders": self._order_book.state(),
            "closes": self._ticks[:, at.CLOSE].tolist(),
            "late": [aim for row in self._late for aim in row],
            **positions,
        }

    def restore(self, state: Mapping[str, list[int]]) -> None:
        """Go on from a state that an account with the same rules and settings has exported.

        Raises
        ------
        DataError
            If the state belongs to other symbols or has another layout.
        """
        keys = [f"position:{name}" for name in self.symbols]
        if set(state) != {"account", "orders", "closes", "late", *keys}:
            raise DataError(f"expected the state of {self.symbols}, found {sorted(state)}")
        n_symbols = len(self.symbols)
        lengths = {len(state["account"]) - at.N_ACCOUNT, len(state["closes"]) - n_symbols}
        lengths |= {len(state[key]) - at.N_SYMBOL for key in keys}
        lengths |= {(len(state["orders"]) - 1) % at.N_ORDER}
        lengths |= {len(state["late"]) - self._delay * n_symbols}
        if lengths != {0}:
            raise DataError(
                f"expected {at.N_ACCOUNT} integers for the account and {at.N_SYMBOL} for a "
                "position, found other lengths; the state is from another version or of other "
                "settings"
            )
        self._numbers[: at.N_ACCOUNT] = state["account"]
        self._books.symbols[:] = [state[key] for key in keys]
        self._order_book.restore(state["orders"])
        self._ticks[:, at.CLOSE] = state["closes"]
        late = state["late"]
        rows = [late[k : k + n_symbols] for k in range(0, len(late), n_symbols)]
        self._late = deque(rows)

    def _read(self, *columns: Values) -> None:
        row = self._row
        try:
            if row is not None and isinstance(columns[3], float):
                row[0], row[1], row[2], row[3], row[4] = columns
            else:
                for column, values in enumerate(columns):
                    self._values[:, column] = values
        except (ValueError, TypeError):
            raise self._wrong_shape(*columns) from None

    def _per_symbol(self, values: Values) -> FloatArray:
        array = np.atleast_1d(np.asarray(values, np.float64))
        if array.shape != (len(self.symbols),):
            raise self._wrong_shape(values)
        return array

    def _wrong_shape(self, *columns: Values) -> DataError:
        expected = {(), (1,)} if len(self.symbols) == 1 else {(len(self.symbols),)}
        found = next(np.shape(c) for c in columns if np.shape(c) not in expected)
        return DataError(f"expected one number for each of {self.symbols}, found shape {found}")

    def _hear_late(self) -> None:
        # What was decided before this bar waits; what has waited long enough is heard.
        aims = self._books.symbols[:, at.AIM]
        self._late.append(aims.tolist())
        self._books.symbols[:, at.AIM] = self._late.popleft()

    def _make_room(self, n_orders: int) -> None:
        # An order may fill at the open and inside, and have its fees taken in kind each time.
        self._order_book.ended = []
        wanted = FILLS_PER_SYMBOL * len(self.symbols) + 4 * n_orders
        if len(self._fills) < wanted:
            self._fills = np.zeros((2 * wanted, at.N_FILL), np.int64)

    def _payments(self, funding: Sequence[FundingDue]) -> IntArray:
        rows = np.zeros((len(funding), at.N_PAYMENT), np.int64)
        for row, (symbol, rate, inside) in enumerate(sorted(funding, key=lambda due: due[2])):
            rows[row, at.P_SYMBOL] = self.symbols.index(symbol)
            rows[row, at.P_RATE] = round(rate * at.SCALE)
            rows[row, at.P_INSIDE] = inside
        return rows

    def _refused(self, code: int, time: int) -> CryptoVoltError:
        if code != -at.UNREADABLE:
            return outgrown(f"the bar of {time}")
        for column, name in enumerate(PRICE_COLUMNS):
            price_ticks(self._values[:, column], self._sizes[:, 0], name)
        volume_lots(self._values[:, 4], self._sizes[:, 1])
        return DataError(f"expected a readable bar, found {self._values.tolist()}")
