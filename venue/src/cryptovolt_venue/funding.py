"""Mark prices and funding of perpetual contracts.

The index is the price of the tape; the mark price lies a premium above or below it that is the same
for a whole funding period. Rates come from a file where one is given, else from the seed: around
0.01 per cent each eight hours, as on the real venue.
"""

from decimal import Decimal

import numpy as np

from cryptovolt.domain.arrays import IntArray
from cryptovolt.domain.funding import FundingRates
from cryptovolt_venue.history import PriceMap
from cryptovolt_venue.paths import uniform
from cryptovolt_venue.series import Series

PERIOD_MS = 8 * 3_600_000
_MOST_PPM = 400
_RATE = Decimal("0.0001")


class Funding:
    """Funding and premium of one perpetual contract.

    Parameters
    ----------
    series : Series
    recorded : FundingRates, optional
        Rates as they were paid; they replace the made-up ones.
    shift_ms : int, default=0
        Added to the recorded times.
    """

    def __init__(
        self, series: Series, recorded: FundingRates | None = None, shift_ms: int = 0
    ) -> None:
        self._key = series.key
        self._listed_ms = series.instrument.listed_ms
        self._times: IntArray | None = None
        self._rates: list[Decimal] = []
        if recorded is not None:
            self._times = recorded.timestamp + shift_ms
            self._rates = [Decimal(repr(rate)) for rate in recorded.rate.tolist()]

    def paid(self, start_ms: int, stop_ms: int) -> list[tuple[int, Decimal]]:
        """Return times and rates of the payments from `start_ms` to before `stop_ms`."""
        start_ms = max(start_ms, self._listed_ms)
        if self._times is not None:
            first, stop = np.searchsorted(self._times, [start_ms, stop_ms]).tolist()
            return list(zip(self._times[first:stop].tolist(), self._rates[first:stop], strict=True))
        periods = range(-(-start_ms // PERIOD_MS), -(-stop_ms // PERIOD_MS))
        return [(period * PERIOD_MS, self._made_up(period)) for period in periods]

    def next(self, now_ms: int) -> tuple[int, Decimal]:
        """Return time and expected rate of the next payment after `now_ms`."""
        if self._times is not None:
            place = int(np.searchsorted(self._times, now_ms, side="right"))
            if place < len(self._rates):
                return int(self._times[place]), self._rates[place]
        period = now_ms // PERIOD_MS + 1
        return period * PERIOD_MS, Decimal(0) if self._rates else self._made_up(period)

    def mark_map(self) -> PriceMap:
        """Return how mark prices follow from prices of the tape."""
        return self._mark

    def mark(self, price: int, time_ms: int) -> int:
        """Return the mark price for one price of the tape."""
        return price + round(price * self._premium_ppm(time_ms // PERIOD_MS) / 1_000_000)

    def _mark(self, price: IntArray, time_ms: IntArray) -> IntArray:
        period = time_ms // PERIOD_MS
        premium = np.array([self._premium_ppm(int(p)) for p in np.unique(period)])
        each = premium[np.searchsorted(np.unique(period), period)]
        return price + np.round(price * each / 1_000_000).astype(np.int64)

    def _premium_ppm(self, period: int) -> int:
        share = float(uniform(self._key, np.array([period]), 0, 20)[0])
        return round((2 * share - 1) * _MOST_PPM)

    def _made_up(self, period: int) -> Decimal:
        share = float(uniform(self._key, np.array([period]), 0, 21)[0])
        return (_RATE * Decimal(round(4 * share - 1, 4))).quantize(Decimal("0.00000001"))
