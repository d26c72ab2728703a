"""A paper session of one symbol: one closed bar in, one explained turn out.

The session is that of :mod:`cryptovolt.trading.portfolio_session` with one symbol.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.funding import Funding
from cryptovolt.domain.orders import OrderState
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.domain.signal import Signal
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.portfolio.realised import Booked
from cryptovolt.risk.limits import RiskLimits
from cryptovolt.trading.account import Account, FundingDue
from cryptovolt.trading.hybrid import Beside
from cryptovolt.trading.portfolio_session import PortfolioSession
from cryptovolt.trading.strategy import Strategy


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
        Fills in this bar, from what was asked for earlier and from exits, with what they realised.
    asked_at : int or None
        Open of the bar after which was last asked for what is being filled; None before the first.
    equity, cash, position : Decimal
        At its close; equity and cash in quote currency, position in base currency.
    price : float
        Its close.
    halted : bool
        Whether a loss limit keeps the account from entering.
    sent : tuple of int
        Orders given after this bar, by id.
    ended : tuple of OrderState
        Orders that ended in this bar, or were taken back after it.
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
    sent: tuple[int, ...] = ()
    ended: tuple[OrderState, ...] = ()


class PaperSession:
    """Trades one symbol on paper, bar by bar.

    Parameters
    ----------
    strategy : HybridStrategy or object
        Decides; see :mod:`cryptovolt.trading.strategy`. One that is found to read ahead in the
        history is refused, and one that changes its mind about a past bar is stopped.
    rules : SymbolRules
        What the venue accepts.
    settings : TradingSettings
        Money, costs, exits.
    history : Bars
        Bars before the session, to warm up on; nothing is traded in them. May be empty.
    limits : RiskLimits, optional
        Cut the targets of a strategy written as code; the hybrid strategy has its own.

    Raises
    ------
    LookAheadError
        If the strategy reads ahead.
    """

    def __init__(
        self,
        strategy: Strategy,
        rules: SymbolRules,
        settings: TradingSettings,
        history: Bars,
        limits: RiskLimits | None = None,
    ) -> None:
        symbol = history.symbol
        self._session = PortfolioSession(
            strategy, {symbol: rules}, settings, {symbol: history}, limits, several=False
        )
        self._symbol = symbol

    @property
    def account(self) -> Account:
        """Cash, position and orders."""
        return self._session.account

    def on_bar(
        self,
        bar: Bars,
        sentiment: SentimentSeries | None = None,
        funding: Sequence[FundingDue] = (),
        rates: Funding | None = None,
        refusal: str | None = None,
        beside: Beside | None = None,
    ) -> Turn:
        """Live through one closed bar.

        Parameters
        ----------
        bar : Bars
            Exactly one bar, of the session's series, newer than all before.
        sentiment : SentimentSeries, optional
            What has been seen; items not seen by the bar's close change nothing.
        funding : sequence of (symbol, rate, inside), optional
            Funding due in this bar.
        rates : FundingRates or mapping of str to FundingRates, optional
            What has been paid so far, for a strategy that looks at it; payments after the bar's
            close change nothing.
        beside : Beside, optional
            Mark price, index and leader as known at the bar's close, for models that look at them;
            ``live_rows(WARMUP)`` bars of each suffice. `rates` stand for its funding.
        refusal : str, optional
            Why no position may be opened or enlarged now, one clause; it becomes a veto of every
            signal that asked for one. What makes a position smaller passes.

        Raises
        ------
        DataError
            If the bar belongs to another series or is not newer.
        LookAheadError
            If the strategy now says something else about a past bar.
        """
        turn = self._session.on_bars(
            {self._symbol: bar}, sentiment, funding, rates, refusal, beside
        )
        return Turn(
            timestamp=turn.timestamp,
            signal=turn.signals[self._symbol],
            booked=turn.booked,
            asked_at=turn.asked_at,
            equity=turn.equity,
            cash=turn.cash,
            position=turn.positions[self._symbol],
            price=turn.prices[self._symbol],
            halted=turn.halted,
            sent=turn.sent,
            ended=turn.ended,
        )

    def state(self) -> dict[str, list[int]]:
        """Return what a restart needs besides the bars, as integers."""
        return self._session.state()

    def restore(self, state: Mapping[str, list[int]]) -> None:
        """Go on from a state exported by a session with the same rules and settings.

        Raises
        ------
        DataError
            If the state is of another layout.
        """
        self._session.restore(state)
