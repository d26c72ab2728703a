"""Paper sessions, bar by bar: signals, trades, equity and alerts of a turn, in one transaction.

A trade's ``order_id`` is made of session, bar and number, and the database keeps it unique: booking
a bar twice is refused as a whole.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.core.times import milliseconds, moment_of
from app.models.database import Alert, Signal, Trade
from app.models.paper import EquitySnapshot, PaperSession
from cryptovolt.market.naming import base_asset, venue_symbol
from cryptovolt.portfolio.realised import Booked
from cryptovolt.trading.session import Turn


def add_session(db: Session, row: PaperSession) -> int:
    """Store a new session and return its id."""
    db.add(row)
    db.flush()
    return row.session_id


def find_unfinished(
    db: Session, user_id: int, kind: str, series: tuple[str, str, str]
) -> PaperSession | None:
    """Return the newest session over a series that was not stopped, or None."""
    symbol, timeframe, source = series
    return db.scalar(
        select(PaperSession)
        .where(
            PaperSession.user_id == user_id,
            PaperSession.kind == kind,
            PaperSession.symbol == symbol,
            PaperSession.timeframe == timeframe,
            PaperSession.source == source,
            PaperSession.stopped_at.is_(None),
        )
        .order_by(PaperSession.session_id.desc())
        .limit(1)
    )


def stop_unfinished(db: Session, user_id: int, kind: str, now: datetime) -> None:
    """Mark sessions that nobody will continue as stopped."""
    db.execute(
        update(PaperSession)
        .where(
            PaperSession.user_id == user_id,
            PaperSession.kind == kind,
            PaperSession.stopped_at.is_(None),
        )
        .values(stopped_at=now)
    )


def add_turns(db: Session, session: PaperSession, turns: Sequence[Turn]) -> None:
    """Store what bars brought to a session."""
    if not turns:
        return
    ids = _add_signals(db, session, turns)
    ids |= _older_signals(db, session, {turn.asked_at for turn in turns} - set(ids))
    trades = [
        _trade_row(session, turn, number, booked, ids)
        for turn in turns
        for number, booked in enumerate(turn.booked)
    ]
    if trades:
        db.execute(insert(Trade), trades)
    db.execute(insert(EquitySnapshot), [_equity_row(session, turn) for turn in turns])


def add_alerts(db: Session, session: PaperSession, alerts: Sequence[Mapping[str, Any]]) -> None:
    """Store alerts of a session for its user."""
    if alerts:
        owner = {"user_id": session.user_id, "session_id": session.session_id}
        db.execute(insert(Alert), [{**owner, **alert} for alert in alerts])


def _add_signals(db: Session, session: PaperSession, turns: Sequence[Turn]) -> dict[int, int]:
    returned = db.scalars(
        insert(Signal).returning(Signal.signal_id, sort_by_parameter_order=True),
        [_signal_row(session, turn) for turn in turns],
    )
    return {turn.timestamp: signal_id for turn, signal_id in zip(turns, returned, strict=True)}


def _signal_row(session: PaperSession, turn: Turn) -> dict[str, Any]:
    signal = turn.signal
    return {
        "strategy_id": session.strategy_id,
        "model_id": session.model_id,
        "session_id": session.session_id,
        "symbol": signal.symbol,
        "timeframe": session.timeframe,
        "signal_type": signal.action.value,
        "confidence": signal.confidence,
        "score": signal.score,
        "target": signal.target,
        "timestamp": moment_of(signal.timestamp),
        "as_of": moment_of(signal.as_of),
        "votes": [
            {"source": vote.source.value, "score": vote.score, "reason": vote.reason}
            for vote in signal.votes
        ],
        "weights": {source.value: weight for source, weight in signal.weights.items()},
        "vetoes": list(signal.vetoes),
        "reasons": list(signal.reasons),
    }


def _trade_row(
    session: PaperSession, turn: Turn, number: int, booked: Booked, ids: Mapping[int, int]
) -> dict[str, Any]:
    fill = booked.fill
    return {
        "signal_id": None if turn.asked_at is None else ids[turn.asked_at],
        "session_id": session.session_id,
        "symbol": fill.symbol,
        "trade_type": fill.side.value,
        "price": fill.price,
        "quantity": fill.quantity,
        "status": "EXECUTED",
        "is_paper_trade": True,
        "pnl": booked.pnl,
        "fee": fill.fee,
        "fee_asset": _quote_asset(fill.symbol),
        "reason": fill.reason.value,
        "order_id": f"{session.session_id}-{fill.time}-{number}",
        "timestamp": moment_of(fill.time),
    }


def _older_signals(db: Session, session: PaperSession, times: set[int | None]) -> dict[int, int]:
    wanted = [moment_of(time) for time in times if time is not None]
    if not wanted:
        return {}
    found = db.execute(
        select(Signal.timestamp, Signal.signal_id).where(
            Signal.session_id == session.session_id, Signal.timestamp.in_(wanted)
        )
    )
    return {milliseconds(time): signal_id for time, signal_id in found}


def _equity_row(session: PaperSession, turn: Turn) -> dict[str, Any]:
    return {
        "session_id": session.session_id,
        "timestamp": moment_of(turn.timestamp),
        "equity": turn.equity,
        "cash": turn.cash,
        "position": turn.position,
        "price": turn.price,
    }


def _quote_asset(symbol: str) -> str | None:
    return venue_symbol(symbol).removeprefix(base_asset(symbol)).lstrip("-") or None
