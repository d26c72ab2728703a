"""The paper trader: one transaction a bar, and going on after a kill as if nothing had happened."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.models.database import Alert, Signal, Trade
from app.models.paper import EquitySnapshot, PaperSession
from app.services.markets import Market, synthetic_market
from app.services.training import training_bars
from app.workers.trader import (
    Replay,
    TraderOptions,
    begin,
    choose_market,
    finish,
    take_turn,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
N_TURNS = 60


@pytest.fixture(scope="module")
def market(database_url: str) -> Market:
    del database_url
    return synthetic_market(NOW)


def rows_of(db: Session, session_id: int) -> list[tuple[object, ...]]:
    """Everything a session has stored, without the ids that differ from session to session."""
    db.expire_all()
    signals = select(
        Signal.timestamp, Signal.signal_type, Signal.score, Signal.target, Signal.reasons
    )
    trades = select(Trade.timestamp, Trade.trade_type, Trade.price, Trade.quantity, Trade.pnl)
    equity = select(EquitySnapshot.timestamp, EquitySnapshot.equity, EquitySnapshot.cash)
    found: list[tuple[object, ...]] = []
    for query, table in ((signals, Signal), (trades, Trade), (equity, EquitySnapshot)):
        rows = db.execute(query.where(table.session_id == session_id).order_by(table.timestamp))
        found += [tuple(row) for row in rows]
    return found


def lived(replay: Replay, n_turns: int) -> Replay:
    for _ in range(n_turns):
        take_turn(replay)
    return replay


def test_without_files_or_stored_prices_the_market_is_synthetic(market: Market) -> None:
    assert choose_market(TraderOptions(), NOW).key == market.key


def test_a_killed_trader_goes_on_where_its_last_transaction_ended(
    market: Market, db: Session
) -> None:
    whole = lived(begin(market, NOW), N_TURNS)
    finish(whole, NOW)
    interrupted = lived(begin(market, NOW), 25)
    # Nothing is said to the first one: it is as if its process had been killed.
    resumed = begin(market, NOW)
    assert resumed.session_id == interrupted.session_id
    assert resumed.next_bar == training_bars(len(market.bars)) + 25
    lived(resumed, N_TURNS - 25)
    rows = rows_of(db, whole.session_id)
    assert len(rows) > 2 * N_TURNS
    assert rows_of(db, resumed.session_id) == rows
    finish(resumed, NOW)


def test_a_bar_cannot_be_booked_twice(market: Market, db: Session) -> None:
    first = begin(market, NOW)
    second = begin(market, NOW)
    lived(first, 1)
    before = rows_of(db, first.session_id)
    n_alerts = db.scalar(select(func.count()).select_from(Alert))
    late = Replay(market, first.session_id, second.session, first.next_bar - 1)
    with pytest.raises(IntegrityError):
        take_turn(late)
    assert rows_of(db, first.session_id) == before
    assert db.scalar(select(func.count()).select_from(Alert)) == n_alerts
    finish(first, NOW)


def test_the_end_of_the_stream_closes_the_session(market: Market, db: Session) -> None:
    replay = lived(begin(market, NOW), 2)
    finish(replay, NOW)
    row = db.get_one(PaperSession, replay.session_id)
    assert row.stopped_at == NOW
    assert begin(market, NOW).session_id != replay.session_id
