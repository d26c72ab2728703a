"""Bars, settings and rules made ready once, to be simulated with many targets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from weakref import WeakKeyDictionary, ref

import numpy as np
import numpy.typing as npt

from cryptovolt.backtest.detail import Detail
from cryptovolt.backtest.room import Room
from cryptovolt.backtest.run import Run
from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.execution.grid import BOUND, Grid
from cryptovolt.execution.inference import infer_rules
from cryptovolt.execution.payments import payments_due
from cryptovolt.execution.quantise import TickBars, tick_bars
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.market.checking import require_clean
from cryptovolt.trading import step
from cryptovolt.trading.books import Books, outgrown
from cryptovolt.trading.step import layout as at
from cryptovolt.trading.step.loop import FILLS_PER_SYMBOL

Markets = Mapping[str, Bars]
PerSymbol = Mapping[str, SymbolRules]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the compiled loop leaves: exact integers, nothing else."""

    books: Books
    fills: IntArray
    equity: IntArray
    payments: IntArray


@dataclass(slots=True)
class Simulation:
    """One account over one history, ready to follow any target.

    Everything that does not depend on the target is checked and converted once. :meth:`run` and
    :meth:`play` may be called from several threads at a time; they release the GIL.

    Parameters
    ----------
    bars : Bars or mapping of str to Bars
        One symbol, or several with the same timestamps on one pool of cash.
    trading : TradingSettings
        Money, costs and protections.
    rules : SymbolRules or mapping of str to SymbolRules, optional
        Inferred from the bars where not given.
    funding : FundingRates or mapping of str to FundingRates, optional
        Recorded rates of perpetuals.
    detail_bars : Bars or mapping of str to Bars, optional
        Bars of a smaller time frame that say what happened inside each bar.

    Raises
    ------
    DataError
        If bars are empty, wrong, or of different times.
    ConfigurationError
        If the numbers do not fit into 64 bits.
    """

    bars: Bars | Markets
    trading: TradingSettings
    rules: SymbolRules | PerSymbol | None = None
    funding: FundingRates | Mapping[str, FundingRates] | None = None
    detail_bars: Bars | Markets | None = None
    markets: dict[str, Bars] = field(init=False)
    symbol_rules: dict[str, SymbolRules] = field(init=False)
    _detail: Detail | None = field(init=False)
    _books: Books = field(init=False)
    _time: IntArray = field(init=False)
    _cells: IntArray = field(init=False)
    _payments: IntArray = field(init=False)

    def __post_init__(self) -> None:
        self.markets = _markets(self.bars)
        _check_markets(self.markets)
        self.symbol_rules = _rules_of(self.markets, self.rules, self.trading.cash)
        played = self.markets
        self._detail = None
        if self.detail_bars is not None:
            played = _markets(self.detail_bars)
            _check_markets(played)
            self._detail = Detail.of(self.markets, played)
        grid = Grid.of(self.symbol_rules, self.trading)
        ticks = [
            tick_bars(played[symbol], rule.tick_size, rule.step_size)
            for symbol, rule in self.symbol_rules.items()
        ]
        self._books = Books.open(grid, self.trading, np.array([t.highest for t in ticks], np.int64))
        _check_bounds(self._books, ticks, self.trading)
        self._cells = _side_by_side(ticks)
        first = next(iter(played.values()))
        self._time = first.timestamp
        self._payments = payments_due(self.funding, tuple(self.markets), first)

    def run(self, target: npt.ArrayLike, room: Room | None = None) -> Run:
        """Return what the account does when it follows this target.

        Parameters
        ----------
        target : array-like of shape (n_bars,) or (n_bars, n_symbols)
            Share of equity in [−leverage, leverage], NaN keeps what is held.
        room : Room, optional
            Of this thread; what is found is then valid until its next run.

        Raises
        ------
        DataError
            If the target has another shape or holds no numbers.
        ConfigurationError
            If a target is beyond the leverage, or the account outgrows 64 bits.
        """
        wanted = as_target(target, self.markets)
        outcome = self.play(wanted, room)
        fills, equity, times = outcome.fills, outcome.equity, None
        if self._detail is not None:
            times = self._time[fills[:, at.F_BAR]]
            fills, equity = self._detail.coarse(fills, equity)
        return Run(
            bars=self.markets, target=wanted, trading=self.trading, rules=self.symbol_rules,
            books=outcome.books, fill_rows=fills, equity_units=equity,
            payment_rows=outcome.payments, exact_times=times, funding=self.funding,
            detail_bars=self.detail_bars,
        )  # fmt: skip

    def play(self, target: FloatArray, room: Room | None = None) -> Outcome:
        """Return the bare numbers for a target of shape (n_bars, n_symbols)."""
        delay = self.trading.costs.delay
        if self._detail is not None:
            self._require_within(target, 0)
            target, delay = self._detail.fine(target, delay)
        books, payments = self._books.copy(), self._payments.copy()
        used = room or Room()
        equity = used.equity(self._time.size)
        fills = used.fills(FILLS_PER_SYMBOL * len(self.markets))
        done = 0
        while True:
            done = step.run(
                done, delay, self._time, self._cells, target, books.numbers, payments,
                fills, equity,
            )  # fmt: skip
            status = books.numbers[at.STATUS]
            if status == at.BEYOND_LEVERAGE:
                raise self._beyond(target, done - 1 - delay)
            if status != at.OK:
                raise outgrown(f"row {done}")
            if done == self._time.size:
                break
            fills = used.more_fills()
        # The last targets are never filled, but they may be as wrong.
        self._require_within(target, max(0, len(target) - 1 - delay))
        fills = fills[: books.numbers[at.N_FILLS]]
        return Outcome(books, fills.copy() if room is None else fills, equity, payments)

    def _require_within(self, target: FloatArray, first: int) -> None:
        most = int(self._books.numbers[at.LEVERAGE]) + 0.5
        beyond = (np.abs(target[first:]) * at.SCALE > most).any(axis=1)
        if beyond.any():
            raise self._beyond(target, first + int(np.argmax(beyond)))

    def _beyond(self, target: FloatArray, row: int) -> ConfigurationError:
        leverage = self.trading.leverage
        beyond = ~(np.abs(target[row]) <= leverage) & ~np.isnan(target[row])
        column = int(np.argmax(beyond))
        return ConfigurationError(
            f"expected targets between {-leverage:g} and {leverage:g} (the leverage), found "
            f"{target[row, column]:g} for {list(self.markets)[column]} in row {row}"
        )


def as_target(target: npt.ArrayLike, markets: Markets) -> FloatArray:
    """Return a target as floats of shape (n_bars, n_symbols).

    Raises
    ------
    DataError
        If it has another shape or holds no numbers.
    """
    try:
        wanted = np.asarray(target)
    except ValueError as error:
        raise DataError(f"expected target as an array of numbers, found {error}") from error
    if wanted.dtype.kind not in "iufb":
        raise DataError(f"expected target as numbers, found {wanted.dtype}")
    wanted = np.ascontiguousarray(wanted, np.float64)
    n_bars = len(next(iter(markets.values())))
    if wanted.ndim == 1 and len(markets) == 1:
        wanted = wanted.reshape(-1, 1)
    if wanted.shape != (n_bars, len(markets)):
        raise DataError(
            f"expected a target of shape ({n_bars}, {len(markets)}), one row a bar and one column "
            f"a symbol, found {np.shape(target)}"
        )
    return wanted


def _markets(bars: Bars | Markets) -> dict[str, Bars]:
    return {bars.symbol: bars} if isinstance(bars, Bars) else dict(bars)


# The newest set of several symbols stays side by side for as long as its first one lives.
_Set: TypeAlias = tuple[list["ref[TickBars]"], IntArray]
_SIDE_BY_SIDE: WeakKeyDictionary[TickBars, _Set] = WeakKeyDictionary()


def _side_by_side(ticks: list[TickBars]) -> IntArray:
    # Shape (n_bars, n_symbols, 5).
    if len(ticks) == 1:
        return ticks[0].cells.reshape(-1, 1, at.WIDTH)
    if ticks[0] in _SIDE_BY_SIDE:
        known, cells = _SIDE_BY_SIDE[ticks[0]]
        if [other() for other in known] == ticks:
            return cells
    cells = np.stack([t.cells for t in ticks], axis=1)
    _SIDE_BY_SIDE[ticks[0]] = ([ref(t) for t in ticks], cells)
    return cells


def _check_markets(markets: Markets) -> None:
    if not markets:
        raise DataError("expected bars of at least one symbol, found none")
    first_symbol, first = next(iter(markets.items()))
    for symbol, bars in markets.items():
        if not len(bars):
            raise DataError(f"expected at least one bar of {symbol}, found none")
        require_clean(bars)
        if bars.timestamp is first.timestamp:
            continue
        if len(bars) != len(first):
            raise DataError(
                f"expected bars of equal times, found {len(first)} of {first_symbol} and "
                f"{len(bars)} of {symbol}; keep the rows they share"
            )
        if not np.array_equal(bars.timestamp, first.timestamp):
            row = int(np.argmax(bars.timestamp != first.timestamp))
            raise DataError(
                f"expected bars of equal times, found {first.timestamp[row]} of {first_symbol} and "
                f"{bars.timestamp[row]} of {symbol} in row {row}; keep the rows they share"
            )


def _rules_of(
    markets: Markets, rules: SymbolRules | PerSymbol | None, cash: float
) -> dict[str, SymbolRules]:
    if rules is None:
        return {symbol: infer_rules(bars, cash) for symbol, bars in markets.items()}
    if isinstance(rules, SymbolRules):
        return dict.fromkeys(markets, rules)
    missing = [symbol for symbol in markets if symbol not in rules]
    if missing:
        raise ConfigurationError(
            f"expected rules for every symbol, found none for {', '.join(missing)}"
        )
    return {symbol: rules[symbol] for symbol in markets}


def _check_bounds(books: Books, ticks: list[TickBars], settings: TradingSettings) -> None:
    # What the whole cash buys at the lowest price must still be countable at the highest one.
    budget = int(int(books.numbers[at.CASH]) * settings.leverage)
    for symbol, bars, unit in zip(books.grid.symbols, ticks, books.grid.units, strict=True):
        if budget // (bars.lowest * unit) * bars.highest * unit * len(ticks) >= BOUND:
            raise ConfigurationError(
                f"expected cash × leverage of {symbol} to be countable in 64 bits from its lowest "
                f"to its highest price, found {settings.cash:g} × {settings.leverage:g} and prices "
                f"that rise {bars.highest / bars.lowest:.3g} times in units of "
                f"{books.grid.quote_unit}; use less cash or coarser tick and step sizes"
            )
