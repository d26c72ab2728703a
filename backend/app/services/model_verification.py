"""Training a stored model again from its record, and comparing: the same bytes, or the same words.

A tree or a line must come out with the same bytes, an LSTM with the same forecasts within 1e-6.
"""

from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from typing import Any, cast

import numpy as np
from sqlalchemy.orm import Session

from app.models.database import Model
from app.repositories.bars import SeriesKey
from app.services.markets import Market
from app.services.model_inputs import given_again, given_of
from app.services.model_recipe import LSTM, recipe_of
from app.services.model_store import add_event, read_artefact
from app.services.training import fit_again
from cryptovolt.domain.errors import ModelError
from cryptovolt.domain.ports import Forecaster, Progress
from cryptovolt.domain.ports import Model as StoredModel
from cryptovolt.features.build import build_features
from cryptovolt.ml.forecaster_vote import forecast_rows
from cryptovolt.trading.hybrid import Beside

TOLERANCE = 1e-6
_LAST_ROWS = 2_000
"""Forecasts of so many of the newest bars are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What training again gave; `same` says whether it is the same model.

    `largest` is the largest difference of what both say of the newest bars.
    """

    model_id: int
    same: bool
    same_bytes: bool
    largest: float
    libraries: tuple[str, ...]
    text: str

    def to_record(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return {
            "same": self.same,
            "same_bytes": self.same_bytes,
            "largest_difference": self.largest if np.isfinite(self.largest) else None,
            "libraries": list(self.libraries),
            "text": self.text,
        }


def verify(row: Model, progress: Progress | None = None) -> Verified:
    """Train a stored model again from what the registry says of it, and compare.

    Raises
    ------
    ModelError
        If its files are gone or were changed, its record is too old, or a library is missing.
    DataError
        If a snapshot that it was trained on is missing or was changed.
    """
    stored = read_artefact(row)
    given = given_of(row.inputs)
    if row.parameters is None or not given.bars or row.symbol is None:
        raise ModelError(
            f"model {row.model_id} was stored before records said how to train it again; train it "
            "anew"
        )
    recipe = recipe_of(row.parameters)
    bars, news, beside = given_again(given)
    key = SeriesKey(row.symbol, str(row.timeframe), str(row.source))
    market = Market(key=key, bars=bars, news=news)
    again = fit_again(market, recipe, beside, progress)
    largest = _largest(stored, again, market, beside, is_forecaster=recipe.kind == LSTM)
    same_bytes = _files(stored) == _files(again)
    other = other_libraries(row)
    same = largest <= TOLERANCE if recipe.kind == LSTM else same_bytes
    return Verified(
        model_id=row.model_id,
        same=same,
        same_bytes=same_bytes,
        largest=largest,
        libraries=other,
        text=_text(row, recipe.kind, same, same_bytes, largest, other, _files(stored)),
    )


def keep_verified(db: Session, row: Model, found: Verified, now: datetime, actor: str) -> None:
    """Store what a verification found."""
    row.verified_at, row.verified_result = now, found.to_record()
    db.flush()
    add_event(
        db, row, "verified", actor, old_status=row.status, reason=found.text,
        detail=found.to_record(),
    )  # fmt: skip


def other_libraries(row: Model) -> tuple[str, ...]:
    """Return the libraries whose version is another than in training, each as a clause."""
    found: list[str] = []
    for name, known in sorted((row.libraries or {}).items()):
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            installed = "not installed"
        if installed != known:
            found.append(f"{name} {installed} instead of {known}")
    return tuple(found)


def _text(
    row: Model,
    kind: str,
    same: bool,
    same_bytes: bool,
    largest: float,
    other: tuple[str, ...],
    files: dict[str, str],
) -> str:
    versions = f"; other library versions: {', '.join(other)}" if other else ""
    name = f"model {row.model_id}"
    if same and same_bytes:
        return f"{name}: trained again to the same bytes of {', '.join(files)}{versions}"
    if same:
        return f"{name}: trained again to the same forecasts within {largest:.1e}{versions}"
    what = "forecasts" if kind == LSTM else "bytes; what both say of the newest bars"
    return f"{name}: trained again to other {what} differ by up to {largest:.1e}{versions}"


def _files(model: StoredModel | Forecaster) -> dict[str, str]:
    manifest = cast("Any", model).manifest
    if "files" in manifest:
        return dict(manifest["files"])
    return {"model.json": str(manifest["model_sha256"])}


def _largest(
    stored: StoredModel | Forecaster,
    again: StoredModel | Forecaster,
    market: Market,
    beside: Beside,
    *,
    is_forecaster: bool,
) -> float:
    if tuple(stored.feature_names) != tuple(again.feature_names):
        return float("inf")
    features = build_features(market.bars, market.news, **beside.of(market.bars))
    first = max(0, len(features) - _LAST_ROWS)
    if is_forecaster:
        said, other = (
            forecast_rows(cast("Forecaster", one), features, first) for one in (stored, again)
        )
    else:
        values = features.select(stored.feature_names).values[first:]
        said, other = (cast("StoredModel", one).probability_up(values) for one in (stored, again))
    if not np.array_equal(np.isnan(said), np.isnan(other)):
        return float("inf")
    both = np.abs(said - other)
    return float(np.nanmax(both)) if np.isfinite(both).any() else 0.0
