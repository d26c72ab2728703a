"""The flat array the compiled step works on, made from settings and rules."""

from dataclasses import dataclass

import numpy as np

from cryptovolt.domain.arrays import IntArray
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.funding import FundingPayment
from cryptovolt.domain.orders import Fill, FillReason, Side
from cryptovolt.execution.grid import BOUND, Grid
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.trading.step import layout as at


@dataclass(frozen=True, slots=True)
class Books:
    """State and constants of one account: `numbers`, laid out as in :mod:`.step.layout`."""

    grid: Grid
    numbers: IntArray

    @classmethod
    def open(cls, grid: Grid, settings: TradingSettings, highest_ticks: IntArray) -> "Books":
        """Return the books of a new account.

        Parameters
        ----------
        grid : Grid
            What a tick, a lot and a unit of money are.
        settings : TradingSettings
            Money, costs and protections.
        highest_ticks : ndarray of shape (n_symbols,)
            No price may ever be higher.

        Raises
        ------
        ConfigurationError
            If the cash cannot be counted within 64 bits on this grid.
        """
        cash = grid.units_of(settings.cash)
        most = int(BOUND // settings.leverage)
        if not 0 < cash < most:
            raise ConfigurationError(
                f"expected cash × leverage between {grid.quote_unit} and "
                f"{float(BOUND * grid.quote_unit):.3g} (what 64 bits can count in units of "
                f"{grid.quote_unit}), found {settings.cash:g} × {settings.leverage:g}; use other "
                "cash or coarser tick and step sizes"
            )
        numbers = np.zeros(at.HEADER + len(grid.symbols) * at.N_SYMBOL, np.int64)
        numbers[[at.CASH, at.EQUITY, at.DAY_START, at.TOP]] = cash
        numbers[[at.DAY, at.BAR, at.LOCKED]] = -1
        _set_settings(numbers, settings, grid, most)
        fraction = int(numbers[at.DRAWDOWN])
        numbers[at.FLOOR] = max(1, cash - cash * fraction // at.SCALE if fraction else 1)
        books = cls(grid, numbers)
        books.symbols[:, [at.UNIT, at.MIN_NOTIONAL]] = np.column_stack(
            [grid.units, grid.min_notionals]
        )
        books.symbols[:, at.MAX_LOTS] = grid.largest_lots(highest_ticks)
        books.symbols[:, [at.WATCH_HIGH, at.AIM, at.LOCK]] = at.NEVER, at.NO_TARGET, -1
        return books

    @property
    def symbols(self) -> IntArray:
        """One record per symbol, a view of shape (n_symbols, N_SYMBOL)."""
        return self.numbers[at.HEADER :].reshape(-1, at.N_SYMBOL)

    def copy(self) -> "Books":
        """Return books that can be written without changing these."""
        return Books(self.grid, self.numbers.copy())

    def fills(self, rows: IntArray, times: IntArray) -> list[Fill]:
        """Return rows of the step's fill table as records; `times` is indexed by bar."""
        return [self._fill(row, int(times[row[at.F_BAR]])) for row in rows.tolist()]

    def payments(self, rows: IntArray, times: IntArray) -> list[FundingPayment]:
        """Return funding rows of the step as records; `times` is indexed by bar."""
        grid = self.grid
        numbers: list[list[int]] = rows.tolist()
        return [
            FundingPayment(
                time=int(times[row[at.P_BAR]]),
                symbol=grid.symbols[row[at.P_SYMBOL]],
                rate=row[at.P_RATE] / at.SCALE,
                quantity=row[at.P_LOTS] * grid.steps[row[at.P_SYMBOL]],
                price=row[at.P_PRICE] * grid.ticks[row[at.P_SYMBOL]],
                paid=grid.money(row[at.P_PAID]),
            )
            for row in numbers
            if row[at.P_LOTS] != 0
        ]

    def _fill(self, row: list[int], time: int) -> Fill:
        s, lots = row[at.F_SYMBOL], row[at.F_LOTS]
        return Fill(
            time=time,
            symbol=self.grid.symbols[s],
            side=Side.BUY if lots > 0 else Side.SELL,
            quantity=abs(lots) * self.grid.steps[s],
            price=row[at.F_PRICE] * self.grid.ticks[s],
            notional=self.grid.money(row[at.F_NOTIONAL]),
            fee=self.grid.money(row[at.F_FEE]),
            reason=reason_of(row[at.F_REASON]),
            pnl=self.grid.money(row[at.F_PNL]),
            order_id=row[at.F_ORDER],
        )


def reason_of(code: int) -> FillReason:
    """Return the reason that the step writes as this number."""
    return _REASONS[code]


_REASONS = dict(enumerate(FillReason, start=at.R_TARGET))


def outgrown(where: str) -> ConfigurationError:
    """Return the error for an account that no longer fits into exact 64-bit money."""
    return ConfigurationError(
        f"expected an account that 64 bits can count, but at {where} its next position or its "
        "equity is too large for them; use less cash, less leverage, or coarser tick and step sizes"
    )


def _set_settings(numbers: IntArray, settings: TradingSettings, grid: Grid, most: int) -> None:
    costs, protections = settings.costs, settings.protections
    maker = costs.fee if costs.maker_fee is None else costs.maker_fee
    fractions = {
        at.FEE: costs.fee,
        at.MAKER_FEE: maker,
        at.SLIPPAGE: costs.slippage + costs.spread / 2,
        at.IMPACT: costs.impact,
        at.VOLATILITY: costs.volatility,
        at.LEVERAGE: settings.leverage,
        at.MAINTENANCE: settings.maintenance_margin,
        at.LIQUIDATION_FEE: settings.liquidation_fee,
        at.STOP_LOSS: settings.stop_loss,
        at.TAKE_PROFIT: settings.take_profit,
        at.TRAILING: settings.trailing_stop,
        at.DAILY_LOSS: settings.max_daily_loss,
        at.BAND: settings.rebalance_band,
        at.DRAWDOWN: protections.max_drawdown,
        at.MAX_ORDER: protections.max_order,
    }
    for place, fraction in fractions.items():
        numbers[place] = round((fraction or 0.0) * at.SCALE)
    if settings.maintenance_margin is None:
        numbers[at.MAINTENANCE] = at.NO_MARGIN_CALL
    numbers[at.MAX_EQUITY] = most
    numbers[at.FEE_SYMBOL] = _fee_symbol(costs.fee_asset, grid.symbols)
    pause = protections.drawdown_pause
    numbers[at.DRAWDOWN_PAUSE] = at.NEVER if pause is None else pause
    numbers[at.COOLDOWN] = protections.cooldown
    guard, low = protections.stop_guard, protections.low_profit
    if guard is not None:
        numbers[[at.GUARD_STOPS, at.GUARD_WITHIN, at.GUARD_PAUSE]] = (
            guard.stops, guard.within, guard.pause,
        )  # fmt: skip
        numbers[at.GUARD_EACH] = guard.per_symbol
    if low is not None:
        numbers[[at.LOW_TRADES, at.LOW_WITHIN, at.LOW_PAUSE]] = low.trades, low.within, low.pause
        numbers[at.LOW_RETURN] = round(low.least * at.SCALE)
    numbers[at.PROTECTED] = protections.cooldown > 0 or guard is not None or low is not None


def _fee_symbol(asset: str | None, symbols: tuple[str, ...]) -> int:
    if asset is None:
        return at.IN_QUOTE
    if asset == "base":
        return at.IN_BASE
    if asset not in symbols:
        raise ConfigurationError(
            f'expected fee_asset as "base" or one of {", ".join(symbols)}, found {asset}; add its '
            "bars to the account"
        )
    return symbols.index(asset)
