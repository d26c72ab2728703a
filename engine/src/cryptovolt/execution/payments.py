"""Funding as rows the step can work off."""

from collections.abc import Mapping

import numpy as np

from cryptovolt.domain.arrays import IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.funding import FundingRates

SCALE = 100_000_000
"""Rates count in steps of 1e-8."""

N_COLUMNS = 7


def payments_due(
    funding: FundingRates | Mapping[str, FundingRates] | None, symbols: tuple[str, ...], bars: Bars
) -> IntArray:
    """Return one row per payment: bar, symbol, rate, whether inside the bar, room for the result.

    One at the open of a bar is due on what was held before; one later in the bar is due on what is
    held after the fills at its open. Both are valued at the open.

    Raises
    ------
    ConfigurationError
        If rates are given for a symbol that is not traded, or for one of several without its name.
    """
    if not funding:
        return np.zeros((0, N_COLUMNS), np.int64)
    if isinstance(funding, FundingRates):
        if len(symbols) != 1:
            raise ConfigurationError(
                f"expected funding by symbol for {', '.join(symbols)}, found one series without a "
                "name"
            )
        funding = {symbols[0]: funding}
    strangers = [symbol for symbol in funding if symbol not in symbols]
    if strangers:
        raise ConfigurationError(
            f"expected funding of {', '.join(symbols)}, found it for {', '.join(strangers)}"
        )
    parts = [_rows(rates, symbols.index(symbol), bars) for symbol, rates in funding.items()]
    rows = np.concatenate(parts)
    return rows[np.lexsort((rows[:, 1], rows[:, 3], rows[:, 0]))]


def _rows(rates: FundingRates, symbol: int, bars: Bars) -> IntArray:
    row = np.searchsorted(bars.timestamp, rates.timestamp, side="right") - 1
    inside = rates.timestamp - bars.timestamp[np.maximum(row, 0)]
    # One due while bars are missing is paid at the open of the next bar.
    late = inside >= bars.interval_ms
    row, inside = row + late, np.where(late, 0, inside)
    known = (row >= 0) & (row < len(bars))
    rows = np.zeros((int(known.sum()), N_COLUMNS), np.int64)
    rows[:, 0], rows[:, 1], rows[:, 3] = row[known], symbol, inside[known] > 0
    rows[:, 2] = np.rint(rates.rate[known] * SCALE)
    return rows
