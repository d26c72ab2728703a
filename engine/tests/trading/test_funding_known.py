"""Funding reaches a strategy as far as it was paid, the same in a backtest and on paper."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from cryptovolt.backtest.strategy import backtest
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import LookAheadError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.orders import Order, OrderKind, Side
from cryptovolt.execution.payments import payments_due
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.trading.account import Account, FundingDue
from cryptovolt.trading.portfolio_session import PortfolioSession
from cryptovolt.trading.session import PaperSession

HOUR = 3_600_000


def bars_of(symbol: str, seed: int, n_bars: int = 900) -> Bars:
    made = synthetic_bars(n_bars, end=1_700_000_000_000, rng=np.random.default_rng(seed))
    columns = {name: getattr(made, name) for name in ("open", "high", "low", "close", "volume")}
    return Bars(symbol=symbol, timeframe=made.timeframe, timestamp=made.timestamp, **columns)


@pytest.fixture(scope="module")
def bars() -> Bars:
    return bars_of("X", 3)


def rates_of(bars: Bars, seed: int = 5) -> FundingRates:
    """Every eight hours, at an open; every third one half an hour later, inside its bar."""
    times = bars.timestamp[::8] + np.where(np.arange(len(bars.timestamp[::8])) % 3 == 2, 1, 0) * (
        HOUR // 2
    )
    drawn = np.random.default_rng(seed).normal(0.0, 1e-4, times.size)
    return FundingRates(timestamp=times, rate=np.round(drawn, 8))


def due_by_bar(rates: dict[str, FundingRates], bars: Bars) -> list[list[FundingDue]]:
    due: list[list[FundingDue]] = [[] for _ in range(len(bars))]
    symbols = tuple(rates)
    for bar, symbol, rate, inside in payments_due(rates, symbols, bars)[:, :4].tolist():
        due[bar].append((symbols[symbol], rate / 1e8, bool(inside)))
    return due


def last_known(rates: FundingRates, history: Bars) -> FloatArray:
    closes = history.timestamp + history.interval_ms
    known = np.searchsorted(rates.timestamp, closes, side="right")
    return np.append(np.nan, rates.rate)[known]


class Against:
    """Short while the last payment was made by longs."""

    warmup = 10
    funding: FundingRates | None = None

    def target(self, history: Bars) -> FloatArray:
        assert self.funding is not None
        return -0.5 * np.sign(last_known(self.funding, history))


class Peeks(Against):
    """Decides every bar by the newest payment it was handed."""

    def target(self, history: Bars) -> FloatArray:
        assert self.funding is not None
        rate = self.funding.rate
        return np.full(len(history), 0.5 if rate.size and rate[-1] > 0.0 else -0.5)


class AgainstAll:
    """Several symbols, each against its own last payment."""

    warmup = 10
    funding: dict[str, FundingRates] | None = None

    def target(self, history: dict[str, Bars]) -> FloatArray:
        assert self.funding is not None
        signs = [np.sign(last_known(self.funding[name], one)) for name, one in history.items()]
        return -0.3 * np.column_stack(signs)


class Trades:
    """Orders: holds one unit while the last payment was made by shorts."""

    warmup = 10
    funding: FundingRates | None = None

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def orders(self, history: Bars, account: Account) -> Sequence[Order]:
        assert self.funding is not None
        close = int(history.timestamp[-1]) + history.interval_ms
        self.seen.append((close, len(self.funding)))
        held = float(account.positions[history.symbol].quantity)
        wanted = 0.1 if len(self.funding) and self.funding.rate[-1] < 0.0 else 0.0
        if held == wanted:
            return []
        side = Side.BUY if wanted > held else Side.SELL
        return [
            Order(symbol=history.symbol, side=side, quantity=0.1, kind=OrderKind.MARKET),
        ]

    def __deepcopy__(self, memo: dict[int, Any]) -> "Trades":
        copied = Trades()
        copied.seen = self.seen
        return copied


def test_a_payment_at_the_close_is_known_and_a_later_one_is_not() -> None:
    times = np.array([10, 20, 30])
    rates = FundingRates(timestamp=times, rate=np.array([0.1, 0.2, 0.3]))
    for time, n_paid in ((9, 0), (10, 1), (19, 1), (20, 2), (29, 2), (30, 3), (99, 3)):
        assert rates.paid_until(time).rate.tolist() == [0.1, 0.2, 0.3][:n_paid]


def test_orders_are_asked_for_with_what_was_paid_at_or_before_the_close(bars: Bars) -> None:
    rates, strategy = rates_of(bars), Trades()
    assert len(backtest(bars, strategy, funding=rates).fills) > 10
    assert len(strategy.seen) == len(bars) - strategy.warmup
    for close, n_known in strategy.seen:
        assert n_known == int((rates.timestamp <= close).sum())


def test_later_payments_change_no_earlier_target(bars: Bars) -> None:
    rates = rates_of(bars)
    cut = int(bars.timestamp[500]) + HOUR
    altered = FundingRates(
        timestamp=rates.timestamp, rate=np.where(rates.timestamp > cut, -rates.rate, rates.rate)
    )
    told, other = (backtest(bars, Against(), funding=one) for one in (rates, altered))
    assert told.stamps == other.stamps == ()
    np.testing.assert_array_equal(told.target[:501], other.target[:501])
    assert (told.target[501:] != other.target[501:]).any()


def test_what_decides_by_later_payments_is_stamped_and_does_not_trade(bars: Bars) -> None:
    rates = rates_of(bars)
    run = backtest(bars, Peeks(), funding=rates)
    assert len(run.stamps) == 1
    assert run.stamps[0].startswith("LOOK-AHEAD")
    session = PaperSession(Peeks(), run.rules["X"], run.trading, bars[:0])
    with pytest.raises(LookAheadError, match="expected Peeks to stand by what it decided"):
        _ = [session.on_bar(bars[row : row + 1], rates=rates) for row in range(len(bars))]


@pytest.mark.parametrize("strategy", [Against, Trades])
@pytest.mark.parametrize("by_symbol", [False, True])
def test_on_paper_it_decides_and_pays_as_in_its_backtest(
    strategy: type[Any], by_symbol: bool, bars: Bars
) -> None:
    rates = rates_of(bars)
    funding = {"X": rates} if by_symbol else rates
    run = backtest(bars, strategy(), funding=funding)
    assert run.statistics["funding_paid"] != 0.0
    session = PaperSession(strategy(), run.rules["X"], run.trading, bars[:0])
    due = due_by_bar({"X": rates}, bars)
    turns = [
        session.on_bar(bars[row : row + 1], funding=due[row], rates=funding)
        for row in range(len(bars))
    ]
    assert [one.fill for turn in turns for one in turn.booked] == run.fills
    assert [float(turn.equity) for turn in turns] == run.equity.tolist()


def test_several_symbols_have_their_funding_by_symbol_in_both() -> None:
    markets = {"A": bars_of("A", 1, 400), "B": bars_of("B", 2, 400)}
    rates = {name: rates_of(one, seed) for seed, (name, one) in enumerate(markets.items())}
    run = backtest(markets, AgainstAll(), funding=rates)
    assert run.stamps == ()
    session = PortfolioSession(
        AgainstAll(), run.rules, run.trading, {name: one[:0] for name, one in markets.items()}
    )
    due = due_by_bar(rates, markets["A"])
    turns = [
        session.on_bars(
            {name: one[row : row + 1] for name, one in markets.items()},
            funding=due[row],
            rates=rates,
        )
        for row in range(400)
    ]
    assert [float(turn.equity) for turn in turns] == run.equity.tolist()


def test_a_strategy_that_does_not_look_at_funding_pays_it_all_the_same(bars: Bars) -> None:
    class Holds:
        warmup = 0

        def target(self, history: Bars) -> FloatArray:
            return np.full(len(history), 0.5)

    assert backtest(bars, Holds(), funding=rates_of(bars)).statistics["funding_paid"] != 0.0
