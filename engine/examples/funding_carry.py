"""Funding carry: be on the side of a perpetual that is paid.

Idea
    Holders of a perpetual pay one another, mostly every eight hours. When many want to be long, the
    longs pay; who is short receives. *Cash and carry* holds the coin and is short the perpetual:
    the price falls out, the payments stay.
Source
    R. S. J. Koijen, T. J. Moskowitz, L. H. Pedersen, E. B. Vrugt, "Carry", Journal of Financial
    Economics 127 (2), 2018, p. 197-225: go with the sign of the carry. M. Schmeling, A. Schrimpf,
    K. Todorov, "Crypto carry", BIS Working Paper 1087, 2023, for crypto and for both legs.
Parameters
    The mean of a week's payments (21) decides; a week and half of the equity are ours, chosen
    before anything was run.
What it costs
    Two legs cost twice: at 0.3 % a round trip each, six weeks of 5 % a year. A single leg costs
    half and is no carry trade: it takes the whole risk of the price for a few percent a year. That
    is what can be tested where only the perpetual was recorded.
Result
    One leg, BTC, first half of 2025: +6.5 %, Sharpe ratio 0.66 (95 %: -1.62 to 2.84), drawdown
    12 %; buy and hold made +13 % with one of 32 %. The payments brought 1 %, the price the rest, in
    two closed trades: too few to tell anything. No edge shown. Both legs could not be tested: spot
    was not recorded beside the perpetual. All numbers: docs/reference/examples.md.

    rates = cv.read_funding("BTCUSDT-funding.csv")
    cv.backtest(bars, FundingCarry(), funding=rates)
"""

import numpy as np

from cryptovolt import Bars, FundingRates
from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.timeframe import DAY_MS


class FundingCarry:
    """One leg: short while longs have paid, long while shorts have; decides once a day."""

    payments: int = 21  # a week of them
    size: float = 0.5
    funding: FundingRates | None = None

    settings = {"rebalance_band": 0.1}  # noqa: RUF012 - read, never written
    warmup = 0  # it looks at payments only

    def target(self, history: Bars) -> FloatArray:
        """Return the share of equity of the perpetual; NaN, which keeps, within a day."""
        carry = mean_of_payments(self.funding, history, self.payments)
        return np.where(_day_ends(history), -self.size * np.sign(carry), np.nan)


class CashAndCarry:
    """Two legs: the coin, then its perpetual; both or none, decided once a day.

    cv.backtest({"BTCUSDT": spot, "BTCUSDT-PERP": perpetual}, CashAndCarry(),
                funding={"BTCUSDT-PERP": rates})
    """

    payments: int = 21  # a week of them
    size: float = 0.5  # of each leg
    funding: dict[str, FundingRates] | None = None

    settings = {"rebalance_band": 0.1}  # noqa: RUF012 - read, never written
    warmup = 0

    def target(self, history: dict[str, Bars]) -> FloatArray:
        """Return a column for the coin and one for the perpetual."""
        coin, perpetual = history.values()
        rates = (self.funding or {}).get(perpetual.symbol)
        carry = mean_of_payments(rates, coin, self.payments)
        leg = np.where(_day_ends(coin), np.where(carry > 0.0, self.size, 0.0), np.nan)
        return np.column_stack([leg, -leg])


def mean_of_payments(funding: FundingRates | None, history: Bars, n: int) -> FloatArray:
    """Return the mean of the last `n` rates known at each close; NaN while there are fewer."""
    if funding is None:
        raise ConfigurationError(
            "expected recorded funding rates beside the bars (--funding FILE, or "
            "cv.backtest(..., funding=rates)), found none"
        )
    closes = history.timestamp + history.interval_ms
    known = np.searchsorted(funding.timestamp, closes, side="right")
    means = np.full(len(funding) + 1, np.nan)
    if len(funding) >= n:
        # Each mean of its own window: the same bits wherever the record begins.
        means[n:] = np.lib.stride_tricks.sliding_window_view(funding.rate, n).mean(axis=1)
    return means[known]


def _day_ends(history: Bars) -> BoolArray:
    return (history.timestamp + history.interval_ms) % DAY_MS == 0
