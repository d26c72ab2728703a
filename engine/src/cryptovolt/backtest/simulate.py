"""Simulation of target positions over history."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from cryptovolt.backtest.run import Run
from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.execution.grid import BOUND, Grid
from cryptovolt.execution.inference import infer_rules
from cryptovolt.execution.quantise import TickBars, tick_bars
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.market.checking import require_clean
from cryptovolt.trading import step
from cryptovolt.trading.books import Books, outgrown

# A target that was computed as 1/3 + 2/3 is still within a leverage of 1.
_ROUNDING = 0.5 / step.SCALE


def simulate(
    bars: Bars | Mapping[str, Bars],
    target: npt.ArrayLike,
    costs: Costs | None = None,
    cash: float = 10_000.0,
    leverage: float = 1.0,
    rules: SymbolRules | Mapping[str, SymbolRules] | None = None,
    stop_loss: float | None = None,
    take_profit: float | None = None,
    trailing_stop: float | None = None,
    max_daily_loss: float | None = None,
    rebalance_band: float | None = None,
) -> Run:
    """Return what an account would have done that follows a target share of its equity.

    A target is decided at the close of its bar and filled from the open of the next one. The fill
    rules are in ``docs/reference/fills.md``.

    Parameters
    ----------
    bars : Bars or mapping of str to Bars
        One symbol, or several with the same timestamps on one pool of cash.
    target : array-like of shape (n_bars,) or (n_bars, n_symbols)
        Share of equity in [−leverage, leverage], negative for a short; NaN keeps what is held.
        Columns in the order of the mapping.
    costs : Costs, optional
        Fee and slippage; on by default.
    cash : float, default=10_000.0
        Quote currency at the start.
    leverage : float, default=1.0
        Largest gross exposure as a multiple of equity, in (0, 125].
    rules : SymbolRules or mapping of str to SymbolRules, optional
        Tick, step and minimum notional; inferred from the bars where they are not given.
    stop_loss, take_profit : float, optional
        Distance from the average entry price, as a fraction.
    trailing_stop : float, optional
        Distance from the best price since entry, as a fraction.
    max_daily_loss : float, optional
        Loss since the start of the UTC day, as a fraction, that ends trading for the day.
    rebalance_band : float, optional
        Share of equity by which a position that stays open must at least change to be adjusted.

    Returns
    -------
    Run

    Raises
    ------
    DataError
        If bars are empty, wrong, of different times, or the target has another length.
    ConfigurationError
        If a setting or a target is outside its range, or the numbers do not fit into 64 bits.
    """
    trading = TradingSettings(
        cash=cash,
        costs=costs or Costs(),
        leverage=leverage,
        stop_loss=stop_loss,
        take_profit=take_profit,
        trailing_stop=trailing_stop,
        max_daily_loss=max_daily_loss,
        rebalance_band=rebalance_band,
    )
    return simulate_account(bars, target, trading, rules)


def simulate_account(
    bars: Bars | Mapping[str, Bars],
    target: npt.ArrayLike,
    trading: TradingSettings,
    rules: SymbolRules | Mapping[str, SymbolRules] | None = None,
) -> Run:
    """Return what an account with these settings would have done; see :func:`simulate`."""
    markets = {bars.symbol: bars} if isinstance(bars, Bars) else dict(bars)
    _check_markets(markets)
    wanted = _check_target(target, markets, trading.leverage)
    return _loop(markets, wanted, trading, _rules_of(markets, rules, trading.cash))


def _loop(
    markets: Mapping[str, Bars],
    target: FloatArray,
    settings: TradingSettings,
    rules: Mapping[str, SymbolRules],
) -> Run:
    grid = Grid.of(rules, settings)
    ticks = [tick_bars(markets[s], rule.tick_size, rule.step_size) for s, rule in rules.items()]
    books = Books.open(grid, settings, np.array([t.highest for t in ticks], np.int64))
    _check_bounds(books, ticks, settings)
    time = next(iter(markets.values())).timestamp
    columns = (
        _side_by_side([t.open for t in ticks]),
        _side_by_side([t.high for t in ticks]),
        _side_by_side([t.low for t in ticks]),
        _side_by_side([t.close for t in ticks]),
        _side_by_side([t.room for t in ticks]),
    )
    equity = np.empty(time.size, np.int64)
    fills = np.empty((1024 + 2 * len(rules), step.N_FILL), np.int64)
    done = 0
    while True:
        done = step.run(
            done,
            time,
            columns,
            target,
            books.account,
            books.positions,
            books.limits,
            books.settings,
            fills,
            equity,
        )
        if books.account[step.STATUS] != step.OK:
            raise outgrown(f"row {done}")
        if done == time.size:
            break
        fills = np.concatenate([fills, np.empty_like(fills)])
    fills = fills[: books.account[step.N_FILLS]].copy()
    return Run(
        bars=markets, target=target, trading=settings, rules=rules, books=books,
        fill_rows=fills, equity_units=equity,
    )  # fmt: skip


def _side_by_side(columns: list[IntArray]) -> IntArray:
    return columns[0].reshape(-1, 1) if len(columns) == 1 else np.column_stack(columns)


def _check_markets(markets: Mapping[str, Bars]) -> None:
    if not markets:
        raise DataError("expected bars of at least one symbol, found none")
    first_symbol, first = next(iter(markets.items()))
    for symbol, bars in markets.items():
        if not len(bars):
            raise DataError(f"expected at least one bar of {symbol}, found none")
        require_clean(bars)
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


def _check_target(
    target: npt.ArrayLike, markets: Mapping[str, Bars], leverage: float
) -> FloatArray:
    wanted = np.asarray(target)
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
    beyond = np.abs(wanted) > leverage + _ROUNDING
    if beyond.any():
        row, column = np.argwhere(beyond)[0].tolist()
        raise ConfigurationError(
            f"expected targets between {-leverage:g} and {leverage:g} (the leverage), found "
            f"{wanted[row, column]:g} for {list(markets)[column]} in row {row}"
        )
    return wanted


def _rules_of(
    markets: Mapping[str, Bars],
    rules: SymbolRules | Mapping[str, SymbolRules] | None,
    cash: float,
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
    budget = int(books.account[step.CASH] * settings.leverage)
    for symbol, bars, unit in zip(books.grid.symbols, ticks, books.grid.units, strict=True):
        if budget // (bars.lowest * unit) * bars.highest * unit * len(ticks) >= BOUND:
            raise ConfigurationError(
                f"expected cash × leverage of {symbol} to be countable in 64 bits from its lowest "
                f"to its highest price, found {settings.cash:g} × {settings.leverage:g} and prices "
                f"that rise {bars.highest / bars.lowest:.3g} times in units of "
                f"{books.grid.quote_unit}; use less cash or coarser tick and step sizes"
            )
