"""The whole corridor on the generated market: what is stored is what was decided and done."""

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.adapters.trial_ledger import DatabaseLedger
from app.core.database import SessionLocal
from app.models.database import (
    Alert,
    MarketData,
    Model,
    SentimentData,
    Signal,
    Trade,
    TradingStrategy,
    User,
)
from app.models.paper import EquitySnapshot, PaperSession
from app.services.auth import ensure_local_user
from app.services.corridor import Walk, WalkOptions, walk
from app.services.markets import SYNTHETIC_BARS, synthetic_market
from app.services.training import champion, training_bars
from cryptovolt.domain.signal import Source
from cryptovolt.domain.trials import TrialKind
from cryptovolt.research.robustness import assess

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
EIGHT_TABLES = (User, TradingStrategy, MarketData, SentimentData, Signal, Trade, Model, Alert)


def unheard(done: int, total: int, message: str) -> None:
    """Progress that nobody watches."""


def walked_once() -> Walk:
    with SessionLocal.begin() as db:
        user = ensure_local_user(db)
        db.flush()
        db.expunge(user)
    return walk(synthetic_market(NOW), user, WalkOptions(now=NOW), unheard, DatabaseLedger())


@pytest.fixture(scope="module")
def walked(database_url: str) -> Walk:
    del database_url
    return walked_once()


def test_every_documented_table_has_rows(walked: Walk, db: Session) -> None:
    assert walked.session_id > 0
    for table in EIGHT_TABLES:
        assert db.scalar(select(func.count()).select_from(table)), f"{table.__tablename__} is empty"


def test_the_paper_replay_is_the_backtest_to_the_last_unit(walked: Walk) -> None:
    assert walked.differences == 0
    assert len(walked.turns) == SYNTHETIC_BARS - training_bars(SYNTHETIC_BARS)
    assert len(walked.held_out.fills) > 5


def test_fit_and_backtest_are_trials_and_judged_with_all_of_them(walked: Walk) -> None:
    run = walked.backtest
    first, last = run.timestamp[[0, -1]].tolist()
    rows = DatabaseLedger().trials(["SYNTHETIC-USDT"], first, last)[:12]
    kinds = [TrialKind.FIT] * 6 + [TrialKind.CHECK] * 5 + [TrialKind.BACKTEST]
    assert [row.kind for row in rows] == kinds
    assert [row.parameters["fold"] for row in rows[:6]] == [0, 1, 2, 3, 4, None]
    fit, trial = rows[5], rows[-1]
    assert fit.parameters["model"] == trial.parameters["model"]
    assert fit.n_observations > 0
    assert trial.study == "Hybrid"
    assert trial.parameters["weight_ml"] == walked.strategy.policy.weights[Source.ML]
    assert trial.parameters["model"] == walked.trained.model.artefact_hash
    assert trial.result["total_return"] == run.statistics["total_return"]
    assert walked.assessment.run is run
    # Folds are rows of one fit, and the gates' trainings are checks.
    counted = walked.assessment.selection.trials
    assert counted is not None
    assert counted.n_trials == 2
    assert walked.assessment.verdict == "no edge shown"
    same = assess(run, ledger=DatabaseLedger(), rng=np.random.default_rng(7))
    assert same.random is not None
    assert walked.assessment.random is not None
    assert same.random.percentile == walked.assessment.random.percentile


def test_a_signal_is_stored_for_every_replayed_bar(walked: Walk, db: Session) -> None:
    query = select(Signal).filter_by(session_id=walked.session_id).order_by(Signal.timestamp)
    stored = list(db.scalars(query))
    assert [row.signal_type for row in stored] == [
        turn.signal.action.value for turn in walked.turns
    ]
    assert all(row.reasons and row.weights for row in stored)
    assert all(row.as_of is not None and row.as_of > row.timestamp for row in stored)


def test_trades_name_the_signal_that_asked_for_them(walked: Walk, db: Session) -> None:
    query = select(Trade, Signal).join(Signal, Trade.signal_id == Signal.signal_id)
    pairs = db.execute(query.where(Trade.session_id == walked.session_id)).all()
    assert len(pairs) == sum(len(turn.booked) for turn in walked.turns)
    for trade, signal in pairs:
        assert signal.timestamp < trade.timestamp
        assert signal.target is not None
        assert trade.status == "EXECUTED"
        assert trade.is_paper_trade
        assert trade.fee_asset == "USDT"


def test_money_in_the_tables_adds_up_exactly(walked: Walk, db: Session) -> None:
    cash = Decimal(10_000)
    trades = db.scalars(select(Trade).filter_by(session_id=walked.session_id)).all()
    for trade in trades:
        assert trade.price is not None
        assert trade.quantity is not None
        assert trade.fee is not None
        value = trade.price * trade.quantity
        cash += (value if trade.trade_type == "SELL" else -value) - trade.fee
    last = db.scalar(
        select(EquitySnapshot)
        .filter_by(session_id=walked.session_id)
        .order_by(EquitySnapshot.timestamp.desc())
        .limit(1)
    )
    assert last is not None
    assert last.cash == cash
    assert float(last.equity) == walked.held_out.equity[-1]


def test_the_session_says_synthetic_and_what_it_came_to(walked: Walk, db: Session) -> None:
    row = db.get_one(PaperSession, walked.session_id)
    assert row.synthetic
    assert row.symbol == "SYNTHETIC-USDT"
    assert row.stopped_at == NOW
    assert (row.statistics or {})["n_trades"] == walked.held_out.statistics["n_trades"]
    first = db.scalar(select(Alert).order_by(Alert.alert_id).limit(1))
    assert first is not None
    assert "SYNTHETIC" in (first.message or "")


def test_the_model_is_stored_with_its_interval_baselines_and_gates(
    walked: Walk, db: Session
) -> None:
    row = db.get_one(Model, walked.model_id)
    score = walked.trained.evaluation.scores["auc"]
    assert row.auc == score.value
    evaluation = (row.extra_data or {})["evaluation"]
    assert evaluation["scores"]["auc"]["low"] == score.interval.low
    assert evaluation["verdict"]["standing"] == "no edge shown"
    assert evaluation["verdict"]["trials"]["n_trials"] == 1
    assert set(evaluation["scores"]["auc"]["baselines"]) == {"majority", "last_direction"}
    assert row.data_hash == walked.data_hash
    gates = row.gates or {}
    assert len(gates) >= 10
    assert all(gate["passed"] and gate["detail"] for gate in gates.values())
    found = champion(db, walked.market.key)
    assert found is not None
    assert found[0].model_id == walked.model_id
    assert found[1].artefact_hash == row.artefact_hash


def test_walking_again_trains_the_same_model_and_opens_another_session(walked: Walk) -> None:
    again = walked_once()
    assert again.model_id == walked.model_id
    assert again.session_id != walked.session_id
    assert again.held_out.fills == walked.held_out.fills
