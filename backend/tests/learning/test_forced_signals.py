"""A signal in which a forced model voted says so; one before, or without its vote, does not."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from app.models.database import Model, Signal
from app.schemas.signals import SignalOut

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ML, RULES = {"source": "ml", "score": 0.4}, {"source": "rules", "score": 0.1}


def test_who_voted_after_it_was_forced_is_marked(db: Session) -> None:
    forced = Model(name="a", forced_by="bob", forced_at=NOON, forced_reason="to see it trade")
    clean = Model(name="b")
    db.add_all([forced, clean])
    db.flush()
    cases = [
        (forced, [ML, RULES], NOON + timedelta(hours=1), "to see it trade"),
        (forced, [RULES], NOON + timedelta(hours=1), None),
        (forced, None, NOON + timedelta(hours=1), None),
        (forced, [ML], NOON - timedelta(hours=1), None),
        (clean, [ML], NOON + timedelta(hours=1), None),
    ]
    made = [
        Signal(model_id=model.model_id, votes=votes, created_at=at) for model, votes, at, _ in cases
    ]
    db.add_all(made)
    db.flush()
    for signal, (*_, said) in zip(made, cases, strict=True):
        db.refresh(signal)
        assert SignalOut.model_validate(signal).forced_reason == said
