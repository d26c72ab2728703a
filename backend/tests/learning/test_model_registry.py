"""Models as they are stored, promoted, forced, retired, verified and explained."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.config import settings
from app.core.database import SessionLocal
from app.models.database import Alert, Model
from app.repositories.bars import SeriesKey
from app.services import model_registry
from app.services.access import ConflictError, NotFoundError
from app.services.model_explanation import explain
from app.services.model_inputs import beside_stored, given_of
from app.services.model_recipe import Recipe
from app.services.model_store import champion, champions, keep_model
from app.services.model_training import Kept, verify_stored
from cryptovolt.domain.errors import ConfigurationError, DataError, ModelError

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PASSED: dict[str, object] = {"split_audit": {"passed": True, "detail": "nothing overlaps"}}
FAILED: dict[str, object] = {
    **PASSED,
    "plausible_auc": {"passed": False, "detail": "the AUC 0.91 is above 0.75"},
}


def copies(db: Session, kept: Kept, *gates: dict[str, object] | None) -> list[Model]:
    """Store the same model again under other gates, of a series of its own; nothing is kept."""
    row = model_registry.read(db, kept.model_id)
    columns = {c.key: getattr(row, c.key) for c in Model.__table__.columns}
    made: list[Model] = []
    for given in gates:
        own = {**columns, "model_id": None, "gates": given, "status": "candidate", "source": "copy"}
        made.append(Model(**own))
    db.add_all(made)
    db.flush()
    return made


def test_a_record_names_everything_it_was_made_from(kept: Kept, db: Session) -> None:
    row = model_registry.read(db, kept.model_id)
    assert (row.symbol, row.timeframe, row.source) == ("TESTUSDT", "1h", "here")
    assert (row.kind, row.label_kind, row.seed, row.n_threads) == (
        "xgboost",
        "triple barrier",
        7,
        1,
    )
    assert row.status == "candidate"
    given = given_of(row.inputs)
    assert given.bars == row.data_hash == kept.market.bars.content_hash()
    assert given.kinds == {"leader"}
    assert given.series == {"leader": "LEADUSDT:1h:here"}
    assert row.feature_hash == kept.trained.features.content_hash()
    assert any("lead" in name for name in row.features or [])
    assert row.libraries is not None
    assert "numpy" in row.libraries
    assert Path(str(row.artefact_path)).is_dir()
    events = [
        (e.event, e.old_status, e.new_status, e.actor)
        for e in model_registry.history(db, row.model_id)
    ]
    assert events == [("stored", None, "candidate", "alice")]


def test_the_same_model_keeps_its_row(kept: Kept, db: Session) -> None:
    data_hash = kept.market.bars.content_hash()
    again = keep_model(db, kept.trained, kept.market, data_hash, Path(kept.path).parent)
    assert again == kept.model_id


def test_a_model_that_failed_a_gate_is_refused_with_the_reason(kept: Kept, db: Session) -> None:
    failed, never = copies(db, kept, FAILED, None)
    with pytest.raises(ModelError, match=r"failed 1 of 2 gates: plausible_auc: the AUC 0\.91"):
        model_registry.promote(db, failed.model_id, "bob", NOW)
    with pytest.raises(ModelError, match="never put to the gates"):
        model_registry.promote(db, never.model_id, "bob", NOW)
    with pytest.raises(ConflictError, match="expected a reason"):
        model_registry.promote(db, failed.model_id, "bob", NOW, force=True, reason=" ")
    assert failed.status == "candidate"


def test_force_is_recorded_with_who_when_and_why(kept: Kept, db: Session) -> None:
    (row,) = copies(db, kept, FAILED)
    model_registry.promote(db, row.model_id, "bob", NOW, force=True, reason="a demonstration")
    assert (row.status, row.forced_by, row.forced_at) == ("champion", "bob", NOW)
    assert row.forced_reason == "a demonstration"
    event = model_registry.history(db, row.model_id)[-1]
    assert (event.event, event.new_status) == ("forced", "champion")
    assert "although it failed 1 of 2 gates" in str(event.reason)
    alert = db.scalars(select(Alert).order_by(Alert.alert_id.desc())).first()
    assert alert is not None
    assert alert.level == "critical"
    # Retired and promoted again, it stays what it was.
    model_registry.retire_model(db, row.model_id, "bob", None)
    model_registry.promote(db, row.model_id, "carol", NOW, force=True, reason="again")
    assert (row.forced_by, row.forced_reason) == ("bob", "a demonstration")


def test_one_promotion_retires_the_champion_before(kept: Kept, db: Session) -> None:
    first, second = copies(db, kept, PASSED, PASSED)
    model_registry.promote(db, first.model_id, "bob", NOW)
    model_registry.promote(db, second.model_id, "bob", NOW)
    assert (first.status, second.status) == ("retired", "champion")
    assert "took its place" in str(model_registry.history(db, first.model_id)[-1].reason)
    assert second.forced_at is None
    with pytest.raises(ConflictError, match="champion of its series already"):
        model_registry.promote(db, second.model_id, "bob", NOW)
    found = champions(db, SeriesKey("TESTUSDT", "1h", "copy"))
    assert [one.row.model_id for one in found] == [second.model_id]
    assert found[0].given.kinds == {"leader"}
    beside = beside_stored(
        SeriesKey("TESTUSDT", "1h", "here"), found[0].given.kinds, found[0].given.series or {}
    )
    assert beside.leader is not None
    assert beside.leader.symbol == "LEADUSDT"
    single = champion(db, SeriesKey("TESTUSDT", "1h", "copy"))
    assert single is not None
    assert single[1].artefact_hash == second.artefact_hash


def test_an_unknown_model_is_said_to_be_unknown(db: Session) -> None:
    with pytest.raises(NotFoundError, match="there is no model 9999"):
        model_registry.read(db, 9999)
    with pytest.raises(NotFoundError, match="there is no model 9999"):
        model_registry.promote(db, 9999, "bob", NOW)


def test_training_again_gives_the_same_bytes_and_says_so(kept: Kept, db: Session) -> None:
    found = verify_stored(kept.model_id, "carol")
    assert (found.same, found.same_bytes, found.largest, found.libraries) == (True, True, 0.0, ())
    assert "the same bytes" in found.text
    row = model_registry.read(db, kept.model_id)
    assert row.verified_at is not None
    assert (row.verified_result or {})["same"] is True
    assert model_registry.history(db, kept.model_id)[-1].actor == "carol"


def test_other_parameters_and_other_libraries_are_named(kept: Kept) -> None:
    with SessionLocal() as db:
        row = model_registry.read(db, kept.model_id)
        before = (row.parameters, row.libraries)
        row.parameters = {**(row.parameters or {}), "horizon": 6}
        row.libraries = {**(row.libraries or {}), "numpy": "1.0", "gone": "2"}
        db.commit()
        try:
            found = verify_stored(kept.model_id, "carol")
        finally:
            row.parameters, row.libraries = before
            db.commit()
    assert not found.same
    assert found.largest > 0.0
    assert "other bytes" in found.text
    assert found.libraries[0] == "gone not installed instead of 2"
    assert found.libraries[1].endswith("instead of 1.0")


def test_a_missing_snapshot_and_a_changed_file_are_one_sentence(kept: Kept) -> None:
    snapshot = settings.home / "snapshots" / f"{kept.market.bars.content_hash()}.parquet"
    away = snapshot.rename(snapshot.with_suffix(".away"))
    with pytest.raises(DataError, match="no such snapshot"):
        verify_stored(kept.model_id, "carol")
    away.rename(snapshot)
    (file,) = [one for one in Path(kept.path).iterdir() if one.name != "manifest.json"]
    content = file.read_bytes()
    file.write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])
    with pytest.raises(ModelError, match="found it changed"):
        verify_stored(kept.model_id, "carol")
    file.write_bytes(content)


def test_an_explanation_adds_up_and_its_flip_flips(kept: Kept, db: Session) -> None:
    row = model_registry.read(db, kept.model_id)
    found = explain(row)
    again = explain(row, datetime.fromtimestamp(1_700_006_400, UTC))
    assert found == again
    assert len(found.parts) == len(row.features or [])
    sizes = [abs(part[2]) for part in found.parts]
    assert sizes == sorted(sizes, reverse=True)
    assert 0.0 < found.probability_up < 1.0
    with pytest.raises(DataError, match="found none"):
        explain(row, datetime(2001, 1, 1, tzinfo=UTC))


def test_two_models_are_compared_measure_by_measure(kept: Kept, db: Session) -> None:
    (other,) = copies(db, kept, PASSED)
    other.parameters = {"horizon": 6}
    found = model_registry.compare(db, kept.model_id, other.model_id)
    assert found.differences == ["series", "parameters"]
    assert {"accuracy", "auc", "brier", "log_loss"} <= set(found.measures)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "forest"}, "expected --kind xgboost, lstm, linear, lightgbm, found 'forest'"),
        ({"label": "tomorrow"}, "expected --label triple-barrier, fixed-horizon"),
        ({"horizon": 0}, "expected a horizon from 1"),
        ({"seed": -1}, "a seed of 0 or more"),
        ({"search_s": float("nan")}, "expected seconds to search in"),
        ({"kind": "lstm", "search_s": 5.0}, "an LSTM is not searched"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        replace(Recipe(), **wrong)  # pyright: ignore[reportArgumentType]
