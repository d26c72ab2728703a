"""An account that lives through one bar per call: what paper trading holds.

It calls the same compiled step as :func:`cryptovolt.simulate`, so the same bars and targets give
the same fills and the same equity, to the last unit.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.orders import Fill, Position
from cryptovolt.execution.grid import Grid
from cryptovolt.execution.quantise import price_ticks, room_lots
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.trading import step
from cryptovolt.trading.books import Books, outgrown

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
        self._tick_sizes = np.array([rule.tick_size for rule in rules.values()])
        self._step_sizes = np.array([rule.step_size for rule in rules.values()])
        self._books = Books.open(Grid.of(rules, settings), settings, np.ones(len(rules), np.int64))
        self._fills = np.zeros((2 * len(rules), step.N_FILL), np.int64)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols in the order of all arrays."""
        return self._books.grid.symbols

    @property
    def cash(self) -> Decimal:
        """Cash in quote currency."""
        return self._books.grid.money(int(self._books.account[step.CASH]))

    @property
    def equity(self) -> Decimal:
        """Cash and positions at the last close, quote currency."""
        return self._books.grid.money(int(self._books.account[step.EQUITY]))

    @property
    def halted(self) -> bool:
        """Whether the daily loss limit or ruin keeps it from entering."""
        account = self._books.account
        return bool(account[step.HALTED] or account[step.RUINED])

    @property
    def positions(self) -> dict[str, Position]:
        """What is held, by symbol; also the symbols that are flat."""
        grid, rows = self._books.grid, self._books.positions.tolist()
        return {
            symbol: Position(
                symbol=symbol,
                quantity=row[step.LOTS] * size,
                entry_value=grid.money(row[step.BASIS]),
            )
            for symbol, size, row in zip(grid.symbols, grid.steps, rows, strict=True)
        }

    def step(
        self,
        time: int,
        open: Values,  # noqa: A002 - the field's name
        high: Values,
        low: Values,
        close: Values,
        volume: Values,
    ) -> list[Fill]:
        """Live through one closed bar of every symbol and return what was filled in it.

        Parameters
        ----------
        time : int
            Open of the bar, milliseconds UTC.
        open, high, low, close, volume : float or ndarray of shape (n_symbols,)
            Quote currency; volume in base currency.

        Raises
        ------
        DataError
            If a number is missing, or a price does not fit the tick size.
        ConfigurationError
            If the account has outgrown what 64 bits can count.
        """
        opened, highs, lows, closes = (self._ticks(v) for v in (open, high, low, close))
        room = room_lots(self._per_symbol(volume), self._step_sizes).reshape(1, -1)
        self._bound_positions(time, highs[0])
        books = self._books
        n_fills = step.step(
            time,
            (opened, highs, lows, closes, room),
            books.account,
            books.positions,
            books.limits,
            books.settings,
            self._fills,
        )
        if books.account[step.STATUS] != step.OK:
            raise outgrown(f"the bar of {time}")
        return books.fills(self._fills[:n_fills], np.array([time]))

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
        leverage = self._books.settings[step.LEVERAGE] / step.SCALE
        if (np.abs(wanted) > leverage).any():
            raise ConfigurationError(
                f"expected targets between {-leverage:g} and {leverage:g}, found {wanted.tolist()}"
            )
        for s, aim in enumerate(wanted.tolist()):
            heard = aim == aim
            self._books.positions[s, step.AIM] = (
                round(aim * step.SCALE) if heard else step.NO_TARGET
            )

    def state(self) -> dict[str, list[int]]:
        """Return everything a restart needs as integers: one list for the account, one a symbol."""
        rows = self._books.positions.tolist()
        positions = {f"position:{name}": row for name, row in zip(self.symbols, rows, strict=True)}
        return {"account": self._books.account.tolist(), **positions}

    def restore(self, state: Mapping[str, list[int]]) -> None:
        """Go on from a state that an account with the same rules and settings has exported.

        Raises
        ------
        DataError
            If the state belongs to other symbols or has another layout.
        """
        books = self._books
        keys = [f"position:{name}" for name in self.symbols]
        if set(state) != {"account", *keys}:
            raise DataError(f"expected the state of {self.symbols}, found {sorted(state)}")
        lengths = {len(state["account"]) - step.N_ACCOUNT}
        lengths |= {len(state[key]) - step.N_POSITION for key in keys}
        if lengths != {0}:
            raise DataError(
                f"expected {step.N_ACCOUNT} integers for the account and {step.N_POSITION} for a "
                "position, found other lengths; the state is from another version"
            )
        books.account[:] = state["account"]
        books.positions[:] = [state[key] for key in keys]

    def _per_symbol(self, values: Values) -> FloatArray:
        array = np.atleast_1d(np.asarray(values, np.float64))
        if array.shape != (len(self.symbols),):
            raise DataError(
                f"expected one number for each of {self.symbols}, found shape {array.shape}"
            )
        return array

    def _ticks(self, values: Values) -> IntArray:
        return price_ticks(self._per_symbol(values), self._tick_sizes).reshape(1, -1)

    def _bound_positions(self, time: int, highs: IntArray) -> None:
        # Live prices have no known maximum, so the bound moves with the market.
        books = self._books
        books.limits[:, step.MAX_LOTS] = books.grid.largest_lots(highs)
        if (np.abs(books.positions[:, step.LOTS]) > books.limits[:, step.MAX_LOTS]).any():
            raise outgrown(f"the bar of {time}")
