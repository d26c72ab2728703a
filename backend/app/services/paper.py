"""Recording a paper session: everything a bar brought becomes durable in one transaction.

Nothing here commits; whoever hands over the bars does, once per bar or once per replay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.core.times import moment_of
from app.models.paper import PaperSession
from app.repositories import paper
from cryptovolt.domain.orders import FillReason, Side
from cryptovolt.portfolio.realised import Booked
from cryptovolt.trading.session import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a paper session starts with; its series is that of the bars it will see."""

    user_id: int
    strategy_id: int
    model_id: int | None
    symbol: str
    timeframe: str
    source: str
    kind: str
    synthetic: bool
    cash: Decimal
    started_at: datetime
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])


def open_session(db: Session, opening: Opening) -> PaperSession:
    """Store a new session and tell its user."""
    row = PaperSession(
        user_id=opening.user_id,
        strategy_id=opening.strategy_id,
        model_id=opening.model_id,
        symbol=opening.symbol,
        timeframe=opening.timeframe,
        source=opening.source,
        kind=opening.kind,
        synthetic=opening.synthetic,
        cash=opening.cash,
        started_at=opening.started_at,
        settings=dict(opening.settings),
    )
    paper.add_session(db, row)
    what = "SYNTHETIC prices" if opening.synthetic else opening.source
    note = f"Paper trading of {row.symbol} {row.timeframe} started on {what}."
    alerts = [_alert("SYSTEM", note, opening.started_at)]
    funding = opening.settings.get("funding")
    if funding is not None and not funding["charged"]:
        alerts.append(_alert("SYSTEM", funding["text"], opening.started_at, "warning"))
    paper.add_alerts(db, row, alerts)
    return row


def record(
    db: Session,
    session: PaperSession,
    turns: Sequence[Turn],
    state: Mapping[str, list[int]],
    funding_paid: Decimal = Decimal(0),
) -> None:
    """Store the turns, their alerts, the funding they paid, and what a restart needs."""
    if not turns:
        return
    paper.add_turns(db, session, turns)
    halted_before = bool((session.statistics or {}).get("halted"))
    paper.add_alerts(db, session, _alerts(turns, halted_before))
    session.as_of = moment_of(turns[-1].signal.as_of)
    session.state = dict(state)
    session.statistics = {**(session.statistics or {}), "halted": turns[-1].halted}
    if (session.settings or {}).get("funding"):
        before = Decimal(str(session.statistics.get("funding_paid", 0)))
        session.statistics["funding_paid"] = float(before + funding_paid)


def close_session(
    db: Session, session: PaperSession, statistics: Mapping[str, Any], now: datetime
) -> None:
    """Mark a session as ended, with what it came to."""
    session.stopped_at = now
    session.statistics = {**(session.statistics or {}), **statistics}
    note = f"Paper trading of {session.symbol} {session.timeframe} ended: the stream is over."
    paper.add_alerts(db, session, [_alert("SYSTEM", note, now)])


def _alerts(turns: Sequence[Turn], halted: bool) -> list[dict[str, Any]]:
    alerts: list[dict[str, Any]] = []
    for turn in turns:
        close = moment_of(turn.signal.as_of)
        alerts += [_trade_alert(booked) for booked in turn.booked]
        if turn.signal.vetoes:
            note = f"BUY {turn.signal.symbol} vetoed: {', '.join(turn.signal.vetoes)}."
            alerts.append(_alert("SIGNAL", note, close, "warning"))
        if turn.halted and not halted:
            note = f"Loss limit reached: {turn.signal.symbol} is not entered again today."
            alerts.append(_alert("SYSTEM", note, close, "warning"))
        halted = turn.halted
    return alerts


def _trade_alert(booked: Booked) -> dict[str, Any]:
    fill = booked.fill
    verb = "Bought" if fill.side is Side.BUY else "Sold"
    result = "" if booked.pnl is None else f", P&L {booked.pnl:+,.2f} after fees"
    reason = fill.reason.value.replace("_", " ")
    note = f"{verb} {fill.quantity:f} {fill.symbol} at {fill.price:,f} ({reason}){result}."
    level = "info" if fill.reason in {FillReason.TARGET, FillReason.TAKE_PROFIT} else "warning"
    return _alert("TRADE", note, moment_of(fill.time), level)


def _alert(kind: str, message: str, time: datetime, level: str = "info") -> dict[str, Any]:
    return {"alert_type": kind, "message": message, "timestamp": time, "level": level}
