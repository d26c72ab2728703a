"""A paper session: one closed bar in, one explained turn out.

The same step and the same decisions as a backtest. What differs is who hands over the bars: here
they come one at a time, and nothing after the last one exists.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from cryptovolt.domain.bars import VALUE_COLUMNS, Bars
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.domain.signal import Signal
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.market.windows import anchored_windows, live_rows
from cryptovolt.portfolio.realised import Booked, Held, book
from cryptovolt.trading.account import Account
from cryptovolt.trading.hybrid import WARMUP, HybridStrategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one bar brought.

    Parameters
    ----------
    timestamp : int
        Open of the bar, milliseconds UTC.
    signal : Signal
        Decided at its close.
    booked : tuple of Booked
        Fills in this bar, from targets decided earlier and from exits, with what they realised.
    asked_at : int or None
        Open of the bar whose signal set the target that is being filled; None before the first.
    equity, cash, position : Decimal
        At its close; equity and cash in quote currency, position in base currency.
    price : float
        Its close.
    halted : bool
        Whether a loss limit keeps the account from entering.
    """

    timestamp: int
    signal: Signal
    booked: tuple[Booked, ...]
    asked_at: int | None
    equity: Decimal
    cash: Decimal
    position: Decimal
    price: float
    halted: bool


class PaperSession:
    """Trades one symbol on paper, bar by bar.

    Parameters
    ----------
    strategy : HybridStrategy
        Decides.
    rules : SymbolRules
        What the venue accepts.
    settings : TradingSettings
        Money, costs, exits.
    history : Bars
        Bars before the session, to warm up on; nothing is traded in them. May be empty.
    """

    def __init__(
        self,
        strategy: HybridStrategy,
        rules: SymbolRules,
        settings: TradingSettings,
        history: Bars,
    ) -> None:
        self._strategy = strategy
        self._account = Account({history.symbol: rules}, settings)
        self._recent = history[max(0, len(history) - live_rows(WARMUP)) :]
        self._asked_at: int | None = None
        self._entry_fees = Decimal(0)

    def on_bar(self, bar: Bars, sentiment: SentimentSeries | None = None) -> Turn:
        """Live through one closed bar.

        Parameters
        ----------
        bar : Bars
            Exactly one bar, of the session's series, newer than all before.
        sentiment : SentimentSeries, optional
            What has been seen; items not seen by the bar's close change nothing.

        Raises
        ------
        DataError
            If the bar belongs to another series or is not newer.
        """
        self._require_next(bar)
        timestamp = int(bar.timestamp[0])
        prices = [float(getattr(bar, name)[0]) for name in VALUE_COLUMNS]
        asked_at = self._asked_at
        booked = self._stepped(timestamp, prices)
        self._recent = _appended(self._recent, bar)
        *_, window = anchored_windows(self._recent, WARMUP)
        block = self._recent[window.start :]
        signal = self._strategy.decide(block, sentiment, last_only=True).signal()
        if signal.target is not None:
            self._account.decide(signal.target)
            self._asked_at = timestamp
        return Turn(
            timestamp=timestamp,
            signal=signal,
            booked=booked,
            asked_at=asked_at,
            equity=self._account.equity,
            cash=self._account.cash,
            position=self._account.positions[bar.symbol].quantity,
            price=float(bar.close[0]),
            halted=self._account.halted,
        )

    def state(self) -> dict[str, list[int]]:
        """Return what a restart needs besides the bars, as integers."""
        return {
            **self._account.state(),
            "asked_at": [] if self._asked_at is None else [self._asked_at],
            "entry_fees": list(self._entry_fees.as_integer_ratio()),
        }

    def restore(self, state: Mapping[str, list[int]]) -> None:
        """Go on from a state exported by a session with the same rules and settings.

        Raises
        ------
        DataError
            If the state is of another layout.
        """
        own = {"asked_at", "entry_fees"}
        if not own <= set(state):
            raise DataError(f"expected the state of a paper session, found {sorted(state)}")
        self._account.restore({key: row for key, row in state.items() if key not in own})
        self._asked_at = state["asked_at"][0] if state["asked_at"] else None
        numerator, denominator = state["entry_fees"]
        self._entry_fees = Decimal(numerator) / Decimal(denominator)

    def _stepped(self, timestamp: int, prices: list[float]) -> tuple[Booked, ...]:
        (symbol,) = self._account.symbols
        held = Held(self._account.positions[symbol].quantity, self._entry_fees)
        booked: list[Booked] = []
        for fill in self._account.step(timestamp, *prices):
            held, entry = book(held, fill)
            booked.append(entry)
        self._entry_fees = held.fees
        return tuple(booked)

    def _require_next(self, bar: Bars) -> None:
        series = (self._recent.symbol, self._recent.timeframe, self._recent.source)
        given = (bar.symbol, bar.timeframe, bar.source)
        if len(bar) != 1 or series != given:
            raise DataError(f"expected one bar of {series}, found {len(bar)} of {given}")
        if len(self._recent) and not bar.timestamp[0] > self._recent.timestamp[-1]:
            raise DataError(
                f"expected a bar after {int(self._recent.timestamp[-1])}, found "
                f"{int(bar.timestamp[0])}"
            )


def _appended(bars: Bars, bar: Bars) -> Bars:
    keep = bars[max(0, len(bars) + 1 - live_rows(WARMUP)) :]
    columns = {
        name: np.concatenate((getattr(keep, name), getattr(bar, name)))
        for name in ("timestamp", *VALUE_COLUMNS)
    }
    return Bars(symbol=bars.symbol, timeframe=bars.timeframe, source=bars.source, **columns)
