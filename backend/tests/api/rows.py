"""Rows of one user in every table that belongs to users."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from app.models.database import Alert, Signal, Trade, TradingStrategy
from app.models.paper import EquitySnapshot, PaperSession
from app.services import jobs
from app.services.jobs import JobRequest

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Owned:
    """The ids of one user's rows."""

    strategy: int
    session: int
    signal: int
    session_signal: int
    trade: int
    session_trade: int
    alert: int
    job: int


def add_rows(db: Session, user_id: int) -> Owned:
    """Store a strategy, a session, and a signal, a trade and an alert of each, and commit."""
    strategy = TradingStrategy(user_id=user_id, name="mine", parameters={"threshold": 0.2})
    session = PaperSession(
        user_id=user_id, symbol="BTCUSDT", timeframe="1h", source="binance", kind="demo",
        cash=Decimal(10_000),
    )  # fmt: skip
    alert = Alert(user_id=user_id, alert_type="SYSTEM", message="hello", timestamp=NOON)
    db.add_all([strategy, session, alert])
    db.flush()
    signal = _signal(strategy_id=strategy.strategy_id)
    session_signal = _signal(session_id=session.session_id)
    db.add_all([signal, session_signal])
    db.flush()
    trade = _trade(signal_id=signal.signal_id)
    session_trade = _trade(session_id=session.session_id)
    session_trade.pnl = Decimal("12.34")
    db.add_all([trade, session_trade, *curve(session.session_id)])
    job = jobs.add(db, JobRequest(kind="verify", title="verify model 1"), user_id)
    db.commit()
    return Owned(
        strategy=strategy.strategy_id,
        session=session.session_id,
        signal=signal.signal_id,
        session_signal=session_signal.signal_id,
        trade=trade.trade_id,
        session_trade=session_trade.trade_id,
        alert=alert.alert_id,
        job=job,
    )


def curve(session_id: int) -> list[EquitySnapshot]:
    """Ten hours of a session that began with 10,000: up to 11,000, down to 9,900, up to 10,450."""
    equities = (10_000, 10_500, 11_000, 10_000, 9_900, 10_000, 10_100, 10_200, 10_300, 10_450)
    return [
        EquitySnapshot(
            session_id=session_id,
            timestamp=NOON + timedelta(hours=hour),
            equity=Decimal(equity),
            cash=Decimal(5_000),
            position=Decimal("0.1"),
            price=50_000.0 + hour,
        )
        for hour, equity in enumerate(equities)
    ]


def _signal(*, strategy_id: int | None = None, session_id: int | None = None) -> Signal:
    return Signal(
        strategy_id=strategy_id,
        session_id=session_id,
        symbol="BTCUSDT",
        signal_type="BUY",
        confidence=0.7,
        timestamp=NOON,
        votes=[{"source": "ml", "score": 0.8}],
    )


def _trade(*, signal_id: int | None = None, session_id: int | None = None) -> Trade:
    return Trade(
        signal_id=signal_id,
        session_id=session_id,
        symbol="BTCUSDT",
        trade_type="BUY",
        price=Decimal("50000.10"),
        quantity=Decimal("0.10000000"),
        status="EXECUTED",
        timestamp=NOON,
    )
