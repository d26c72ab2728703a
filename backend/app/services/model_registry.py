"""The registry: which models trade, who said so, and whether they are what they say they are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.orm import Session

from app.models.database import Alert, Model
from app.models.learning import ModelEvent
from app.repositories import models as rows
from app.services.access import ConflictError, NotFoundError
from app.services.model_store import add_event, change_champion, read_artefact, retire
from app.services.model_trained import CHALLENGER, CHAMPION, RETIRED
from cryptovolt.domain.errors import ModelError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two models side by side: measures by name, and whether they were tested on the same data."""

    first: Model
    second: Model
    measures: Mapping[str, tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]]
    differences: Sequence[str]


def read(db: Session, model_id: int, *, lock: bool = False) -> Model:
    """Return one model.

    Raises
    ------
    NotFoundError
        If there is none of this id.
    """
    model = rows.find(db, model_id, lock=lock)
    if model is None:
        raise NotFoundError(f"there is no model {model_id}: `cryptovolt model list` shows all")
    return model


def failed_gates(model: Model) -> dict[str, str]:
    """Return the gates that a model did not pass, with what each said."""
    return {
        name: str(gate.get("detail") or gate.get("text") or "failed")
        for name, gate in (model.gates or {}).items()
        if not gate.get("passed")
    }


def refusal(model: Model) -> str | None:
    """Return why a model may not be promoted, or None where it may."""
    failed = failed_gates(model)
    if failed:
        reasons = "; ".join(f"{name}: {text}" for name, text in failed.items())
        return f"it failed {len(failed)} of {len(model.gates or {})} gates: {reasons}"
    return None if model.gates else "it was never put to the gates"


def promote(
    db: Session,
    model_id: int,
    actor: str,
    now: datetime,
    *,
    force: bool = False,
    reason: str | None = None,
    user_id: int | None = None,
) -> Model:
    """Make a model the champion of its series, kind and label, in the session's transaction.

    The champion before it retires. Against its gates only by force, which is recorded for ever.

    Raises
    ------
    NotFoundError
        If there is no such model.
    ModelError
        If it failed a gate, has no files, or its files were changed.
    ConflictError
        If it is champion already, or force is asked for without a reason.
    """
    row = read(db, model_id, lock=True)
    if row.status == CHAMPION:
        raise ConflictError(f"model {model_id} is the champion of its series already")
    refused = refusal(row)
    if refused is not None and not force:
        raise ModelError(f"model {model_id} is not promoted: {refused}")
    given = (reason or "").strip()
    if refused is not None and not given:
        raise ConflictError(
            f"expected a reason (--reason) beside --force: model {model_id} {refused}"
        )
    if None in (row.symbol, row.timeframe, row.source, row.kind):
        raise ModelError(f"model {model_id} belongs to no series; train it again")
    read_artefact(row)
    if refused is None:
        change_champion(db, row, _former(db, row), "promoted", actor, given or "by hand")
        _tell(db, f"Model {model_id} is champion of {row.name}.", "info", user_id)
        return row
    if row.forced_at is None:
        row.forced_by, row.forced_at, row.forced_reason = actor, now, given
    change_champion(db, row, _former(db, row), "forced", actor, f"{given} (although {refused})")
    note = f"Model {model_id} was promoted by {actor} although {refused}. Reason: {given}"
    _tell(db, note, "critical", user_id)
    log.warning("model.forced", model_id=model_id, actor=actor)
    return row


def retire_model(db: Session, model_id: int, actor: str, reason: str | None) -> Model:
    """Take a model out of trading.

    Raises
    ------
    NotFoundError
        If there is no such model.
    ConflictError
        If it is retired already.
    """
    row = read(db, model_id, lock=True)
    if row.status == RETIRED:
        raise ConflictError(f"model {model_id} is retired already")
    retire(db, row, actor, (reason or "").strip() or "by hand")
    return row


def challenge(db: Session, model_id: int, actor: str, reason: str) -> Model:
    """Let a candidate that passed every gate trade on paper beside the champion.

    Raises
    ------
    NotFoundError
        If there is no such model.
    ModelError
        If it failed a gate.
    ConflictError
        If it is no candidate.
    """
    row = read(db, model_id, lock=True)
    refused = refusal(row)
    if refused is not None:
        raise ModelError(f"model {model_id} does not become a challenger: {refused}")
    if row.status in {CHAMPION, CHALLENGER}:
        raise ConflictError(f"model {model_id} is {row.status} already")
    old, row.status = row.status, CHALLENGER
    db.flush()
    add_event(db, row, "challenger", actor, old_status=old, reason=reason)
    return row


def history(db: Session, model_id: int) -> Sequence[ModelEvent]:
    """Return what happened to a model, oldest first."""
    return rows.history(db, model_id)


def compare(db: Session, first: int, second: int) -> Compared:
    """Return two models side by side, and what else differs between them."""
    one, two = read(db, first), read(db, second)
    mine, other = _scores(one), _scores(two)
    names = [*mine, *(name for name in other if name not in mine)]
    return Compared(
        first=one,
        second=two,
        measures={name: (mine.get(name), other.get(name)) for name in names},
        differences=_differences(one, two),
    )


def _differences(one: Model, two: Model) -> list[str]:
    told: dict[str, Callable[[Model], object]] = {
        "series": lambda m: f"{m.symbol} {m.timeframe} {m.source}",
        "kind": lambda m: m.kind,
        "label": lambda m: m.label_kind,
        "bars": lambda m: m.data_hash,
        "sentiment": lambda m: m.sentiment_hash,
        "features": lambda m: m.feature_hash,
        "parameters": lambda m: m.parameters,
        "code": lambda m: m.code_commit,
        "libraries": lambda m: m.libraries,
    }
    return [name for name, value in told.items() if value(one) != value(two)]


def _scores(model: Model) -> dict[str, Mapping[str, Any]]:
    evaluation: dict[str, Any] | None = (model.extra_data or {}).get("evaluation")
    scores: dict[str, Mapping[str, Any]] | None = (evaluation or {}).get("scores")
    return dict(scores or {})


def _former(db: Session, row: Model) -> Model | None:
    return rows.champion_of(db, row, lock=True)


def _tell(db: Session, note: str, level: str, user_id: int | None) -> None:
    db.add(Alert(user_id=user_id, alert_type="SYSTEM", message=note, level=level))
