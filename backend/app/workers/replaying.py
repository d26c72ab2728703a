"""A paper session under way: begun or gone on with, and lived through bar by bar.

One bar is one transaction: signal, trades, alerts, equity and the state that a restart needs become
durable together or not at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog
from sqlalchemy.orm import Session

from app.core.config import settings
from app.core.database import SessionLocal
from app.core.times import milliseconds
from app.models.paper import PaperSession as SessionRow
from app.repositories.paper import find_unfinished, stop_unfinished
from app.services import paper
from app.services.auth import ensure_local_user
from app.services.bars import take_snapshot
from app.services.corridor import WalkOptions, opening
from app.services.feed_state import entry_refusal
from app.services.funding import (
    FundingSource,
    StoredFunding,
    due_at,
    is_charged,
    total_paid,
)
from app.services.live_news import LiveNews
from app.services.markets import Market, keep_news
from app.services.training import champion, keep_model, train, training_bars
from app.wiring import trial_ledger
from cryptovolt.domain.bars import Bars, concatenated
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.execution.inference import infer_rules
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.trading.hybrid import HybridStrategy
from cryptovolt.trading.session import PaperSession

log = structlog.get_logger(__name__)

KIND = "up"
HEAD_START_BARS = 120
"""Bars of a new session that are replayed at once, so that the page has something to show."""
_FORGET_BARS = 10_000


@dataclass(slots=True)
class Replay:
    """A session over a market that is under way."""

    market: Market
    session_id: int
    session: PaperSession
    next_bar: int
    hurry_until: int = 0
    funding: FundingRates | None = None
    live_from: int | None = None
    """The first bar that is traded as it closes; None where stored bars are replayed."""
    live_news: LiveNews | None = None
    """Where such a bar's news is read; without it, none after the session began is heard."""

    @property
    def finished(self) -> bool:
        """Whether there is no bar left to live through."""
        return self.next_bar >= len(self.market.bars)

    @property
    def is_live(self) -> bool:
        """Whether the next bar is traded as it closes."""
        return self.live_from is not None and self.next_bar >= self.live_from

    def extend(self, bars: Bars) -> None:
        """Take newer bars of the series in, and forget the oldest from time to time."""
        joined = concatenated((self.market.bars, bars))
        gone = _FORGET_BARS if self.next_bar > 2 * _FORGET_BARS else 0
        self.market = replace(self.market, bars=joined[gone:])
        self.next_bar -= gone
        if self.live_from is not None:
            self.live_from = max(self.live_from - gone, 0)


def begin(
    market: Market,
    now: datetime,
    funding: FundingSource | None = None,
    rules: SymbolRules | None = None,
) -> Replay:
    """Return the session to go on with, or a new one over the held-out bars.

    A perpetual pays the funding that the source knows (what is stored if none is given); where
    none is known, the session says so. Without `rules` they are inferred from the bars.
    """
    rates = (funding or StoredFunding()).rates(market.key)
    model_id, strategy = _strategy(market)
    options = WalkOptions(now=now, funding=rates)
    first = training_bars(len(market.bars))
    rules = rules or infer_rules(market.bars, options.cash)
    chosen = strategy.trading_settings(options.cash)
    session: PaperSession | None = None
    with SessionLocal.begin() as db:
        user = ensure_local_user(db)
        db.flush()
        row = find_unfinished(db, user.user_id, KIND, _series(market))
        start = opening(market, user.user_id, model_id, strategy, options, db, KIND, first)
        next_bar = first if row is None else _rows_closed_by(market, row.as_of or now)
        # Another model, other limits or other funding would not go on with what the session holds.
        if row is not None and row.state and _goes_on(row, start):
            session = _restored(strategy, rules, chosen, market.bars[:next_bar], row.state)
            row.settings = {**(row.settings or {}), **start.settings}
        if row is None or session is None:
            stop_unfinished(db, user.user_id, KIND, now)
            row = paper.open_session(db, start)
        session_id = row.session_id
    if session is not None:
        log.info("session.goes_on", session_id=session_id, next_bar=next_bar)
        return Replay(market, session_id, session, next_bar, 0, rates)
    log.info("session.began", session_id=session_id, next_bar=first)
    session = PaperSession(strategy, rules, chosen, market.bars[:first])
    return Replay(market, session_id, session, first, first + HEAD_START_BARS, rates)


def _restored(
    strategy: HybridStrategy,
    rules: SymbolRules,
    chosen: TradingSettings,
    history: Bars,
    state: Mapping[str, list[int]],
) -> PaperSession | None:
    session = PaperSession(strategy, rules, chosen, history)
    try:
        session.restore(state)
    except DataError as error:
        # Written by another version: what it did stays recorded, and another session begins.
        log.warning("session.not_restored", reason=str(error))
        return None
    return session


def take_turn(replay: Replay) -> None:
    """Live through the next bar and record it, in one transaction."""
    market, rates = replay.market, replay.funding
    bar = market.bars[replay.next_bar : replay.next_bar + 1]
    due = due_at(market.bars, replay.next_bar, rates)
    news = _news(replay, int(bar.timestamp[0]) + bar.interval_ms)
    with SessionLocal.begin() as db:
        turn = replay.session.on_bar(bar, news, due, rates, _refusal(db, replay))
        paid = total_paid(replay.session.account.payments)
        row = db.get_one(SessionRow, replay.session_id)
        paper.record(db, row, [turn], replay.session.state(), paid)
    replay.next_bar += 1


def _news(replay: Replay, close_ms: int) -> SentimentSeries | None:
    if replay.live_news is None or not replay.is_live:
        return replay.market.news
    return replay.live_news.at(close_ms)


def finish(replay: Replay, now: datetime) -> None:
    """Close the session of a stream that is over."""
    with SessionLocal.begin() as db:
        paper.close_session(db, db.get_one(SessionRow, replay.session_id), {}, now)


def _refusal(db: Session, replay: Replay) -> str | None:
    # What has long closed was not refused by anybody when it did; it is lived through as it was.
    if not replay.is_live:
        return None
    return entry_refusal(db, *_feed_series(replay.market), datetime.now(UTC))


def _goes_on(row: SessionRow, start: paper.Opening) -> bool:
    same = (row.model_id, row.strategy_id) == (start.model_id, start.strategy_id)
    return same and is_charged(row.settings or {}) == is_charged(start.settings)


def _strategy(market: Market) -> tuple[int, HybridStrategy]:
    with SessionLocal() as db:
        found = champion(db, market.key)
        if found is not None:
            row, model = found
            return row.model_id, HybridStrategy(models=(model,))
        user = ensure_local_user(db)
        db.flush()
        session = find_unfinished(db, user.user_id, KIND, _series(market))
        if session is not None and session.state and session.model_id is not None:
            # Its model is a candidate that does not vote; more bars are no reason for another one.
            return session.model_id, HybridStrategy()
    snapshot = take_snapshot(market.key)
    keep_news(market)
    seed = WalkOptions(now=datetime.now(UTC)).seed
    trained = train(market, seed, ledger=trial_ledger())
    with SessionLocal.begin() as db:
        model_id = keep_model(db, trained, market, snapshot.hash, settings.home / "models")
    return model_id, HybridStrategy(models=trained.promoted)


def _series(market: Market) -> tuple[str, str, str]:
    return market.key.symbol, market.key.timeframe, market.key.source


def _feed_series(market: Market) -> tuple[str, str, str]:
    return market.key.source, market.key.symbol, market.key.timeframe


def _rows_closed_by(market: Market, moment: datetime) -> int:
    closes = market.bars.timestamp + market.bars.interval_ms
    return int((closes <= milliseconds(moment)).sum())
