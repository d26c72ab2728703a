"""A paper session of several symbols on one cash: one closed bar of each in, one turn out.

The same step and the same decisions as a backtest. What differs is who hands over the bars: here
they come one at a time, and nothing after the last one exists.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from cryptovolt.domain.bars import VALUE_COLUMNS, Bars, concatenated
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.funding import Funding
from cryptovolt.domain.orders import OrderState
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.domain.signal import Signal
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.market.windows import anchored_windows, live_rows
from cryptovolt.portfolio.realised import Booked, Held, book
from cryptovolt.risk.limits import RiskLimits
from cryptovolt.trading.account import Account, FundingDue
from cryptovolt.trading.hybrid import Beside
from cryptovolt.trading.refusal import refuse_entries
from cryptovolt.trading.strategy import Strategy
from cryptovolt.trading.target_strategy import Markets, cut
from cryptovolt.trading.voices import Known, voice_of

_OWN = {"asked_at", "entry_fees"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioTurn:
    """What one bar of every symbol brought.

    Parameters
    ----------
    timestamp : int
        Open of the bars, milliseconds UTC.
    signals : mapping of str to Signal
        Decided at their close.
    booked : tuple of Booked
        Fills in this bar, with what they realised.
    asked_at : int or None
        Open of the bar after which was last asked for what is being filled; None before the first.
    equity, cash : Decimal
        At the close, quote currency.
    positions : mapping of str to Decimal
        Base currency.
    prices : mapping of str to float
        Closes.
    halted : bool
        Whether a loss limit keeps the account from entering.
    sent : tuple of int
        Orders given after this bar, by id.
    ended : tuple of OrderState
        Orders that ended in this bar, or were taken back after it.
    """

    timestamp: int
    signals: Mapping[str, Signal]
    booked: tuple[Booked, ...]
    asked_at: int | None
    equity: Decimal
    cash: Decimal
    positions: Mapping[str, Decimal]
    prices: Mapping[str, float]
    halted: bool
    sent: tuple[int, ...]
    ended: tuple[OrderState, ...]


class PortfolioSession:
    """Trades on paper, bar by bar.

    Parameters
    ----------
    strategy : HybridStrategy or object
        Decides; see :mod:`cryptovolt.trading.strategy`. One that is found to read ahead in the
        history is refused, and one that changes its mind about a past bar is stopped.
    rules : mapping of str to SymbolRules
        What the venue accepts.
    settings : TradingSettings
        Money, costs, exits.
    history : mapping of str to Bars
        Bars before the session, to warm up on; nothing is traded in them. May be empty.
    limits : RiskLimits, optional
        Cut the targets of a strategy written as code.
    several : bool, default=True
        Whether the strategy is handed a dict.

    Raises
    ------
    LookAheadError
        If the strategy reads ahead.
    ConfigurationError
        If a symbol has no rules.
    """

    def __init__(
        self,
        strategy: Strategy,
        rules: Mapping[str, SymbolRules],
        settings: TradingSettings,
        history: Markets,
        limits: RiskLimits | None = None,
        *,
        several: bool = True,
    ) -> None:
        if set(rules) != set(history):
            raise ConfigurationError(
                f"expected rules for {', '.join(history)}, found them for {', '.join(rules)}"
            )
        self._voice = voice_of(strategy, settings.leverage, limits, several=several)
        self._account = Account({symbol: rules[symbol] for symbol in history}, settings)
        n_bars = len(next(iter(history.values())))
        self._recent = cut(history, max(0, n_bars - live_rows(self._voice.warmup)), n_bars)
        self._voice.hear(self._recent)
        self._asked_at: int | None = None
        self._entry_fees = dict.fromkeys(history, Decimal(0))

    @property
    def account(self) -> Account:
        """Cash, positions and orders."""
        return self._account

    def on_bars(
        self,
        bars: Markets,
        sentiment: SentimentSeries | None = None,
        funding: Sequence[FundingDue] = (),
        rates: Funding | None = None,
        refusal: str | None = None,
        beside: Beside | None = None,
    ) -> PortfolioTurn:
        """Live through one closed bar of every symbol.

        Parameters
        ----------
        bars : mapping of str to Bars
            Exactly one bar of each of the session's series, of one time, newer than all before.
        sentiment : SentimentSeries, optional
            What has been seen; items not seen by the bar's close change nothing.
        funding : sequence of (symbol, rate, inside), optional
            Funding due in these bars.
        rates : FundingRates or mapping of str to FundingRates, optional
            What has been paid so far, for a strategy that looks at it; payments after the bar's
            close change nothing.
        beside : Beside, optional
            Mark price, index and leader as known at the bar's close, for models that look at them;
            ``live_rows(WARMUP)`` bars of each suffice. `rates` stand for its funding.
        refusal : str, optional
            Why no position may be opened or enlarged now, one clause; it becomes a veto.

        Raises
        ------
        DataError
            If a bar belongs to another series or is not newer.
        LookAheadError
            If the strategy now says something else about a past bar.
        """
        self._require_next(bars)
        timestamp = int(next(iter(bars.values())).timestamp[0])
        asked_at = self._asked_at
        booked = self._stepped(timestamp, bars, funding)
        warmup = self._voice.warmup
        most = live_rows(warmup)
        self._recent = {s: _appended(recent, bars[s], most) for s, recent in self._recent.items()}
        first = next(iter(self._recent.values()))
        *_, window = anchored_windows(first, warmup)
        block = cut(self._recent, window.start, window.stop)
        ready = len(first) > warmup
        prices = {symbol: float(bars[symbol].close[0]) for symbol in self._recent}
        answer = self._voice.speak(
            block, self._account, Known(sentiment, rates, beside), ready=ready
        )
        if refusal is not None:
            answer = refuse_entries(self._account, answer, prices, refusal)
        if answer.asked:
            self._asked_at = timestamp
        held = self._account.positions
        return PortfolioTurn(
            timestamp=timestamp,
            signals=answer.signals,
            booked=booked,
            asked_at=asked_at,
            equity=self._account.equity,
            cash=self._account.cash,
            positions={symbol: held[symbol].quantity for symbol in self._recent},
            prices=prices,
            halted=self._account.halted,
            sent=answer.sent,
            ended=tuple(self._account.ended_orders),
        )

    def state(self) -> dict[str, list[int]]:
        """Return what a restart needs besides the bars, as integers."""
        fees = [fee.as_integer_ratio() for fee in self._entry_fees.values()]
        return {
            **self._account.state(),
            "asked_at": [] if self._asked_at is None else [self._asked_at],
            "entry_fees": [part for ratio in fees for part in ratio],
        }

    def restore(self, state: Mapping[str, list[int]]) -> None:
        """Go on from a state exported by a session with the same rules and settings.

        What a strategy keeps for itself between bars is not in it.

        Raises
        ------
        DataError
            If the state is of another layout.
        """
        fees = state.get("entry_fees", [])
        if not set(state) >= _OWN or len(fees) != 2 * len(self._entry_fees):
            raise DataError(f"expected the state of a paper session, found {sorted(state)}")
        self._account.restore({key: row for key, row in state.items() if key not in _OWN})
        self._asked_at = state["asked_at"][0] if state["asked_at"] else None
        pairs = zip(fees[::2], fees[1::2], strict=True)
        for symbol, (numerator, denominator) in zip(self._entry_fees, pairs, strict=True):
            self._entry_fees[symbol] = Decimal(numerator) / Decimal(denominator)

    def _stepped(
        self, timestamp: int, bars: Markets, funding: Sequence[FundingDue]
    ) -> tuple[Booked, ...]:
        held = {
            symbol: Held(position.quantity, self._entry_fees[symbol])
            for symbol, position in self._account.positions.items()
        }
        o, h, lo, c, v = (
            np.array([getattr(bars[symbol], name)[0] for symbol in self._recent])
            for name in VALUE_COLUMNS
        )
        booked: list[Booked] = []
        for fill in self._account.step(timestamp, o, h, lo, c, v, funding):
            held[fill.symbol], entry = book(held[fill.symbol], fill)
            booked.append(entry)
        self._entry_fees = {symbol: one.fees for symbol, one in held.items()}
        return tuple(booked)

    def _require_next(self, bars: Markets) -> None:
        if set(bars) != set(self._recent):
            raise DataError(
                f"expected one bar of each of {', '.join(self._recent)}, found {', '.join(bars)}"
            )
        times = {symbol: int(bar.timestamp[0]) for symbol, bar in bars.items() if len(bar)}
        for symbol, recent in self._recent.items():
            _require_follows(recent, bars[symbol])
        if len(set(times.values())) != 1:
            raise DataError(f"expected bars of one time, found {times}")


def _require_follows(recent: Bars, bar: Bars) -> None:
    series = (recent.symbol, recent.timeframe, recent.source)
    given = (bar.symbol, bar.timeframe, bar.source)
    if len(bar) != 1 or series != given:
        raise DataError(f"expected one bar of {series}, found {len(bar)} of {given}")
    if len(recent) and not bar.timestamp[0] > recent.timestamp[-1]:
        raise DataError(
            f"expected a bar after {int(recent.timestamp[-1])}, found {int(bar.timestamp[0])}"
        )


def _appended(bars: Bars, bar: Bars, most: int) -> Bars:
    return concatenated((bars[max(0, len(bars) + 1 - most) :], bar))
