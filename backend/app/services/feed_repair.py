"""Asks REST for the bars a series misses or has not had confirmed, a few questions at a time."""

import asyncio
import time
from collections.abc import Callable, Sequence
from random import Random

import structlog

from app.repositories.live_bars import BarRow
from app.services.feed_ports import FedMarket
from app.services.feed_series import CHECK_EVERY_S, REST_MARGIN_S, FedSeries
from cryptovolt.domain.errors import CryptoVoltError

log = structlog.get_logger(__name__)

AT_ONCE = 8
"""Questions under way at the same time, for each market."""
FIRST_WAIT_S = 0.25
LONGEST_WAIT_S = 30.0


class Repairer:
    """Asks for missing bars first, then for those of the stream that are not confirmed."""

    def __init__(
        self,
        market: FedMarket,
        store: Callable[[FedSeries, Sequence[BarRow]], None],
        random: Random,
    ) -> None:
        self.questions = 0
        self._market = market
        self._store = store
        self._random = random
        self._under_way = 0

    def start(self, group: asyncio.TaskGroup, series: Sequence[FedSeries], at_s: float) -> None:
        """Begin the questions that are due, as many as there is room for."""
        if self._under_way >= AT_ONCE:
            return
        due = [(one, asked) for one in series if (asked := one.question(at_s)) is not None]
        due.sort(key=lambda item: item[0].line.wanted is None)
        for one, asked in due[: AT_ONCE - self._under_way]:
            one.asking = True
            self._under_way += 1
            group.create_task(self._ask(one, asked))

    async def _ask(self, series: FedSeries, asked: tuple[int, int]) -> None:
        clock = self._market.clock
        try:
            # Taken before the question: what closes while it travels does not count.
            margin_ms = round(REST_MARGIN_S * 1000 * clock.speed)
            closed_before = clock.market_ms() - margin_ms
            self.questions += 1
            bars = await self._market.rest.read_bars(series.symbol, series.timeframe, *asked)
        except CryptoVoltError as error:
            self._wait(series)
            log.warning("bars.unanswered", series=series.key, reason=str(error))
        else:
            before = series.line.expected_ms
            was_missing = series.line.wanted is not None
            rows = series.rows(series.line.on_rest(asked[0], bars, closed_before))
            if rows:
                self._store(series, rows)
            if was_missing and series.line.expected_ms == before:
                self._wait(series)
            else:
                self._go_on(series)
        finally:
            series.asking = False
            self._under_way -= 1

    def _wait(self, series: FedSeries) -> None:
        series.failures += 1
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(series.failures, 10))
        # Never at once: a venue that lags behind needs a moment.
        wait_s = self._random.uniform(longest / 2, longest)
        series.next_question_s = time.monotonic() + wait_s

    def _go_on(self, series: FedSeries) -> None:
        series.failures = 0
        series.next_question_s = 0.0
        series.wanted_since_s = None
        jitter_s = self._random.uniform(0.0, CHECK_EVERY_S / 4)
        series.next_check_s = time.monotonic() + CHECK_EVERY_S + jitter_s
