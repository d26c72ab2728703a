"""Models in the table ``models`` and in files: stored once, found again, checked when read."""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.config import CHECKOUT
from app.core.times import moment_of
from app.models.database import Model
from app.models.learning import ModelEvent
from app.repositories import models as rows
from app.repositories.bars import SeriesKey
from app.services.markets import Market
from app.services.model_inputs import Given, given_of
from app.services.model_recipe import LSTM
from app.services.model_trained import CANDIDATE, CHAMPION, RETIRED, AnyTrained
from cryptovolt.domain.errors import ModelError
from cryptovolt.domain.ports import Forecaster
from cryptovolt.domain.ports import Model as StoredModel
from cryptovolt.ml.model import load_model
from cryptovolt.research.gates import promotable

SYSTEM = "system"
"""Who did it where no person did."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Champion:
    """A promoted model with its files read and checked, and what it was given in training."""

    row: Model
    model: StoredModel | Forecaster
    given: Given


def keep_model(
    db: Session,
    trained: AnyTrained,
    market: Market,
    data_hash: str,
    folder: Path,
    *,
    given: Given | None = None,
    promote: bool = True,
    actor: str = SYSTEM,
    card: Mapping[str, Any] | None = None,
) -> int:
    """Write the model's files, store its row, and return its id; the same model keeps its row.

    Parameters
    ----------
    given : Given, optional
        What it was trained on; the bars and what was seen of the news if not given.
    promote : bool, default=True
        Make it champion where it passed every gate; the champion before it retires.
    actor : str, optional
        Who trained it.
    card : mapping, optional
        Its model card, as JSON knows it.
    """
    # The files come first: a row must never name files that are not there.
    path = trained.model.save(folder)
    known = db.scalar(
        select(Model.model_id).where(Model.artefact_hash == trained.model.artefact_hash).limit(1)
    )
    if known is not None:
        return known
    row = _row(trained, market, data_hash, path)
    row.inputs = (given or Given(bars=data_hash, sentiment=market.news_hash)).to_record()
    row.card = None if card is None else dict(card)
    former = rows.champion_of(db, row, lock=True)
    row.parent_id = None if former is None else former.model_id
    db.add(row)
    db.flush()
    add_event(db, row, "stored", actor, old_status=None)
    if promote and promotable(trained.gates):
        change_champion(db, row, former, "promoted", actor, "every gate was passed")
    return row.model_id


def change_champion(
    db: Session, row: Model, former: Model | None, event: str, actor: str, reason: str
) -> None:
    """Make a model the champion of its series, kind and label; the one before it retires."""
    if former is not None:
        retire(db, former, actor, f"model {row.model_id} took its place")
    old, row.status = row.status, CHAMPION
    db.flush()
    add_event(db, row, event, actor, old_status=old, reason=reason)


def retire(db: Session, row: Model, actor: str, reason: str) -> None:
    """Take a model out of trading."""
    old, row.status = row.status, RETIRED
    db.flush()
    add_event(db, row, "retired", actor, old_status=old, reason=reason)


def add_event(
    db: Session,
    row: Model,
    event: str,
    actor: str,
    *,
    old_status: str | None,
    reason: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add what happened to a model to its history."""
    db.add(
        ModelEvent(
            model_id=row.model_id,
            event=event,
            old_status=old_status,
            new_status=row.status,
            actor=actor,
            reason=reason,
            detail=None if detail is None else dict(detail),
        )
    )
    db.flush()


def champion(db: Session, key: SeriesKey) -> tuple[Model, StoredModel] | None:
    """Return the newest champion of a series that is a classifier, or None.

    Raises
    ------
    ModelError
        If its files are missing or were changed.
    """
    for row in rows.champions_of_series(db, key):
        if row.kind != LSTM:
            return row, cast("StoredModel", read_artefact(row))
    return None


def champions(db: Session, key: SeriesKey) -> tuple[Champion, ...]:
    """Return every champion of a series, of whatever kind, newest first.

    Raises
    ------
    ModelError
        If files of one are missing or were changed.
    """
    return tuple(
        Champion(row=row, model=read_artefact(row), given=given_of(row.inputs))
        for row in rows.champions_of_series(db, key)
    )


def read_artefact(row: Model) -> StoredModel | Forecaster:
    """Return a stored model after checking its files, and that they are those of the row.

    Raises
    ------
    ModelError
        If they are missing, were changed, or are of another model.
    """
    if row.artefact_path is None:
        raise ModelError(f"model {row.model_id} has no files; train it again")
    model = load_model(Path(row.artefact_path))
    if model.artefact_hash != row.artefact_hash:
        raise ModelError(
            f"expected model {row.model_id} in {row.artefact_path}, found the files of another; "
            "train it again"
        )
    return model


def model_name(key: SeriesKey, kind: str = "xgboost") -> str:
    """Return the name that models of a series and kind share."""
    return " ".join(("hybrid", kind, key.symbol, key.timeframe, key.source))


def code_commit() -> str | None:
    """Return the git commit of the checkout, ``-dirty`` where files differ; None without one."""
    git = shutil.which("git")
    if git is None or CHECKOUT is None or not (CHECKOUT / ".git").exists():
        return None

    def ask(*words: str) -> str:
        done = subprocess.run(  # noqa: S603 - our own arguments
            [git, "-C", str(CHECKOUT), *words], capture_output=True, text=True, check=False
        )
        return done.stdout.strip() if done.returncode == 0 else ""

    commit = ask("rev-parse", "HEAD")
    if not commit:
        # Another user's checkout, which git does not read.
        return None
    return f"{commit}-dirty" if ask("status", "--porcelain", "--untracked-files=no") else commit


def _row(trained: AnyTrained, market: Market, data_hash: str, path: Path) -> Model:
    measures, manifest, recipe = trained.measures, trained.model.manifest, trained.recipe
    last = int(market.bars.timestamp[trained.n_train - 1]) + market.bars.interval_ms
    return Model(
        name=model_name(market.key, recipe.kind),
        model_type=recipe.kind,
        version=trained.model.artefact_hash[:12],
        accuracy=measures.get("accuracy"),
        precision=measures.get("precision"),
        recall=measures.get("recall"),
        auc=measures.get("auc"),
        trained_on=moment_of(last),
        label_kind=recipe.label_name,
        features=list(trained.features.names),
        data_hash=data_hash,
        code_version=version("cryptovolt"),
        artefact_hash=trained.model.artefact_hash,
        artefact_path=str(path),
        gates={gate.name: {**gate.to_record(), "detail": gate.text} for gate in trained.gates},
        status=CANDIDATE,
        extra_data=_facts(trained, market),
        symbol=market.key.symbol,
        timeframe=market.key.timeframe,
        source=market.key.source,
        kind=recipe.kind,
        parameters=recipe.to_record(),
        seed=recipe.seed,
        n_threads=recipe.threads,
        feature_hash=trained.features.content_hash(),
        sentiment_hash=market.news_hash,
        code_commit=code_commit(),
        libraries=dict(manifest.get("libraries", {})),
    )


def _facts(trained: AnyTrained, market: Market) -> dict[str, Any]:
    return {
        "evaluation": trained.evaluation_record(),
        "synthetic": market.synthetic,
        "first_bar": int(market.bars.timestamp[0]),
        "n_train": trained.n_train,
        "sentiment_hash": market.news_hash,
    }
