"""The arrays the compiled step works on, made from settings and rules."""

from dataclasses import dataclass

import numpy as np

from cryptovolt.domain.arrays import IntArray
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.orders import Fill, FillReason, Side
from cryptovolt.execution.grid import BOUND, Grid
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.trading import step


@dataclass(frozen=True, slots=True)
class Books:
    """State (`account`, `positions`) and constants (`limits`, `settings`) of one account."""

    grid: Grid
    account: IntArray
    positions: IntArray
    limits: IntArray
    settings: IntArray

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
        account = np.zeros(step.N_ACCOUNT, np.int64)
        account[[step.CASH, step.EQUITY, step.DAY_START]] = cash
        account[[step.DAY, step.FLOOR]] = -1, 1
        positions = np.zeros((len(grid.symbols), step.N_POSITION), np.int64)
        positions[:, step.WATCH_HIGH] = step.NEVER
        positions[:, step.AIM] = step.NO_TARGET
        largest = grid.largest_lots(highest_ticks).tolist()
        limits = np.array(list(zip(grid.units, grid.min_notionals, largest, strict=True)), np.int64)
        return cls(grid, account, positions, limits, _as_array(settings, most))

    def fills(self, rows: IntArray, times: IntArray) -> list[Fill]:
        """Return rows of the step's fill table as records; `times` is indexed by bar."""
        return [self._fill(row, int(times[row[step.F_BAR]])) for row in rows.tolist()]

    def _fill(self, row: list[int], time: int) -> Fill:
        s, lots = row[step.F_SYMBOL], row[step.F_LOTS]
        return Fill(
            time=time,
            symbol=self.grid.symbols[s],
            side=Side.BUY if lots > 0 else Side.SELL,
            quantity=abs(lots) * self.grid.steps[s],
            price=row[step.F_PRICE] * self.grid.ticks[s],
            notional=self.grid.money(row[step.F_NOTIONAL]),
            fee=self.grid.money(row[step.F_FEE]),
            reason=reason_of(row[step.F_REASON]),
            pnl=self.grid.money(row[step.F_PNL]),
        )


def reason_of(code: int) -> FillReason:
    """Return the reason that the step writes as this number."""
    return _REASONS[code]


_REASONS = dict(enumerate(FillReason, start=step.R_TARGET))


def outgrown(where: str) -> ConfigurationError:
    """Return the error for an account that no longer fits into exact 64-bit money."""
    return ConfigurationError(
        f"expected an account that 64 bits can count, but at {where} its next position or its "
        "equity is too large for them; use less cash, less leverage, or coarser tick and step sizes"
    )


def _as_array(settings: TradingSettings, most: int) -> IntArray:
    fractions = (
        settings.costs.fee,
        settings.costs.slippage,
        settings.leverage,
        settings.stop_loss,
        settings.take_profit,
        settings.trailing_stop,
        settings.max_daily_loss,
        settings.rebalance_band,
    )
    return np.array([*(round((f or 0.0) * step.SCALE) for f in fractions), most], np.int64)
