"""Bars, funding rates, symbols and the time of one market, page by page over REST.

Raw answers are asked for through ccxt, which signs, throttles and explains errors; their texts are
turned into numbers here, so that a bar has every digit the venue wrote.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

import httpx
import numpy as np

from app.adapters.exchange import ExchangeOptions, host_of, rest_host, sync_exchange, venue_errors
from app.core.venue import Instrument, InstrumentList, Kind, Market, VenueTime, source_name
from cryptovolt.domain.bars import VALUE_COLUMNS, Bars
from cryptovolt.domain.errors import DataError, TransientError
from cryptovolt.domain.funding import FundingRates

PAGE = 1000
"""Rows of one answer."""

_ATTEMPTS = 4
_FIRST_PAUSE_S = 0.5
# 2100-12-25: the venue's way of saying that a perpetual is never delivered.
_NEVER_MS = 4_133_404_800_000
_ENDED = frozenset({"SETTLING", "CLOSE", "DELIVERED", "PRE_DELIVERING"})

Answer = TypeVar("Answer")


class MarketRest:
    """One market over REST; any number of threads may use it, each has an exchange of its own.

    `learn_limit` is told the weight per minute of the host, where the venue says so.
    """

    def __init__(
        self, options: ExchangeOptions, learn_limit: Callable[[str, int], None] | None = None
    ) -> None:
        self.market = options.market
        self._learn_limit = learn_limit
        self._options = options
        self._own = threading.local()
        self._made: list[Any] = []

    def __enter__(self) -> "MarketRest":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        while self._made:
            self._made.pop().session.close()
        self._own = threading.local()

    @property
    def host(self) -> str:
        """Host and port that answer, under which the budget is kept."""
        rest = self._options.addresses.rest
        return host_of(rest) if rest else rest_host(self._exchange(), self.market)

    def now(self) -> VenueTime:
        """Return the venue's time.

        Raises
        ------
        TransientError
            If it does not answer.
        """
        before = time.time_ns()
        answer = self._ask(lambda one: one.fetch_time())
        middle = (before + time.time_ns()) // 2 // 1_000_000
        if not isinstance(answer, int):
            raise DataError(f"expected the time of the {self.market} market, found {answer!r}")
        return VenueTime(self._replayed_ms() or answer, answer - middle)

    def instruments(self) -> InstrumentList:
        """Return every symbol of the market."""
        spot = self.market is Market.SPOT
        answer = self._ask(
            lambda one: one.publicGetExchangeInfo() if spot else one.fapiPublicGetExchangeInfo()
        )
        try:
            limits = {
                (one["rateLimitType"], one["interval"]): int(one["limit"])
                for one in answer.get("rateLimits", [])
                if int(one.get("intervalNum", 1)) == 1
            }
            told: list[Mapping[str, Any]] = list(answer["symbols"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(
                f"the {self.market} market's list of symbols has another form than expected: "
                f"{type(error).__name__} {error}"
            ) from error
        found: list[Instrument] = []
        unreadable: list[str] = []
        for one in told:
            try:
                found.append(_instrument(one))
            except (KeyError, TypeError, ValueError, ArithmeticError):
                unreadable.append(str(one.get("symbol")))
        limit = limits.get(("REQUEST_WEIGHT", "MINUTE"))
        if limit is not None and self._learn_limit is not None:
            self._learn_limit(self.host, limit)
        return InstrumentList(tuple(found), limit, tuple(unreadable))

    def bars(self, kind: Kind, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> Bars:
        """Return at most `PAGE` bars that open in [start, end), oldest first.

        The last one may not be closed yet.
        """
        name = "pair" if kind is Kind.INDEX else "symbol"
        request = {
            name: symbol,
            "interval": timeframe,
            "startTime": start_ms,
            "endTime": end_ms - 1,
            "limit": PAGE,
        }
        rows = self._ask(lambda one: getattr(one, self._klines(kind))(request))
        return self._as_bars(rows, kind, symbol, timeframe)

    def newest_open(self, symbol: str, timeframe: str) -> int | None:
        """Return when the newest bar of a symbol opened, or None where there is none."""
        request = {"symbol": symbol, "interval": timeframe, "limit": 1}
        rows = self._ask(lambda one: getattr(one, self._klines(Kind.BARS))(request))
        bars = self._as_bars(rows, Kind.BARS, symbol, timeframe)
        return int(bars.timestamp[-1]) if len(bars) else None

    def oldest_open(self, kind: Kind, symbol: str, timeframe: str) -> int | None:
        """Return when the oldest bar of a symbol opened, or None where there is none."""
        name = "pair" if kind is Kind.INDEX else "symbol"
        request = {name: symbol, "interval": timeframe, "startTime": 0, "limit": 1}
        rows = self._ask(lambda one: getattr(one, self._klines(kind))(request))
        bars = self._as_bars(rows, kind, symbol, timeframe)
        return int(bars.timestamp[0]) if len(bars) else None

    def funding(self, symbol: str, start_ms: int, end_ms: int) -> FundingRates:
        """Return at most `PAGE` funding payments in [start, end), oldest first."""
        request = {"symbol": symbol, "startTime": start_ms, "endTime": end_ms - 1, "limit": PAGE}
        rows = self._ask(lambda one: one.fapiPublicGetFundingRate(request))
        try:
            times = np.array([int(row["fundingTime"]) for row in rows], dtype=np.int64)
            rates = np.array([float(row["fundingRate"]) for row in rows], dtype=np.float64)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"expected funding rates of {symbol}, found {str(rows)[:80]!r}"
            ) from error
        return FundingRates(timestamp=times, rate=rates)

    def _klines(self, kind: Kind) -> str:
        if self.market is Market.SPOT:
            return "publicGetKlines"
        return {
            Kind.BARS: "fapiPublicGetKlines",
            Kind.MARK: "fapiPublicGetMarkPriceKlines",
            Kind.INDEX: "fapiPublicGetIndexPriceKlines",
        }[kind]

    def _replayed_ms(self) -> int | None:
        # A loopback venue may replay an earlier time; the real one has no such address.
        if not self._options.addresses.overridden:
            return None
        try:
            answer = httpx.get(
                f"{self._options.addresses.rest}/venue/clock", timeout=5.0, trust_env=False
            )
            return int(answer.json()["market_ms"]) if answer.is_success else None
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise TransientError(
                f"expected the clock of the venue at {self.host}, found {error}"
            ) from error

    def _as_bars(self, rows: Any, kind: Kind, symbol: str, timeframe: str) -> Bars:
        try:
            times = np.array([int(row[0]) for row in rows], dtype=np.int64)
            values = np.array([[float(cell) for cell in row[1:6]] for row in rows], np.float64)
            columns = dict(zip(VALUE_COLUMNS, values.reshape(len(times), 5).T, strict=True))
        except (TypeError, ValueError, IndexError, KeyError) as error:
            raise DataError(
                f"expected {timeframe} bars of {symbol}, found {str(rows)[:80]!r}"
            ) from error
        return Bars(
            symbol=symbol,
            timeframe=timeframe,
            source=source_name(self.market, kind),
            timestamp=times,
            **columns,
        )

    def _ask(self, call: Callable[[Any], Answer]) -> Answer:
        pause_s = _FIRST_PAUSE_S
        for attempt in range(_ATTEMPTS):
            try:
                with venue_errors(self.market):
                    return call(self._exchange())
            except TransientError:
                if attempt == _ATTEMPTS - 1:
                    raise
            time.sleep(pause_s)
            pause_s *= 2
        raise AssertionError("not reached")

    def _exchange(self) -> Any:
        if not hasattr(self._own, "exchange"):
            self._own.exchange = sync_exchange(self._options)
            self._made.append(self._own.exchange)
        return self._own.exchange


def _instrument(told: Mapping[str, Any]) -> Instrument:
    filters: dict[str, Mapping[str, Any]] = {one["filterType"]: one for one in told["filters"]}
    lot = filters["LOT_SIZE"]
    status = str(told.get("status") or told["contractStatus"])
    delivered = int(told.get("deliveryDate", _NEVER_MS))
    return Instrument(
        symbol=told["symbol"],
        base=told["baseAsset"],
        quote=told["quoteAsset"],
        status=status,
        contract=told.get("contractType") or None,
        tick=_step(filters["PRICE_FILTER"]["tickSize"]),
        step=_step(lot["stepSize"]),
        min_quantity=_exact(lot["minQty"]),
        max_quantity=_exact(lot["maxQty"]),
        min_notional=_min_notional([*filters.values()]),
        listed_ms=int(told["onboardDate"]) if "onboardDate" in told else None,
        delisted_ms=delivered if status in _ENDED and delivered != _NEVER_MS else None,
    )


def _min_notional(filters: Sequence[Mapping[str, Any]]) -> Decimal:
    # Spot says NOTIONAL/minNotional, formerly MIN_NOTIONAL; USD-M says MIN_NOTIONAL/notional.
    for one in filters:
        if one["filterType"] in {"NOTIONAL", "MIN_NOTIONAL"}:
            return _exact(one.get("minNotional", one.get("notional")))
    return Decimal(0)


def _step(text: Any) -> Decimal:
    value = _exact(text)
    if not value > 0:
        raise ValueError(f"expected a step above 0, found {value}")
    return value


def _exact(text: Any) -> Decimal:
    value = Decimal(str(text)).normalize()
    # Normalising 100 gives 1E+2, which reads badly.
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value
