"""Why a stored model says what it says at one bar, and what would make it say something else."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

import numpy as np

from app.core.times import milliseconds, moment_of
from app.models.database import Model
from app.repositories.bars import SeriesKey
from app.services.markets import stored_market
from app.services.model_inputs import beside_stored, given_of
from app.services.model_recipe import LSTM
from app.services.model_store import read_artefact
from cryptovolt.domain.errors import DataError, ModelError
from cryptovolt.domain.ports import Model as StoredModel
from cryptovolt.features.build import FEATURE_WARMUP, build_features
from cryptovolt.market.windows import live_rows
from cryptovolt.ml.counterfactual import smallest_flip


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What a model says at one bar: P(up), what each column adds to its log odds, and the flip.

    `parts` are (column, value, contribution), the largest contribution first.
    """

    model_id: int
    bar: str
    probability_up: float
    bias: float
    parts: tuple[tuple[str, float, float], ...]
    flip: dict[str, Any]

    def to_record(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        names = ("feature", "value", "log_odds")
        return {**asdict(self), "parts": [dict(zip(names, p, strict=True)) for p in self.parts]}


def explain(row: Model, at: datetime | None = None) -> Explained:
    """Explain what a classifier says at the newest stored bar, or at the last one closed by a time.

    Raises
    ------
    ModelError
        If it is a forecaster, or its files were changed.
    DataError
        If no bar of its series had closed by then, or a feature is missing there.
    """
    if row.kind == LSTM:
        raise ModelError(
            f"model {row.model_id} is an LSTM, whose forecast has no exact contributions; explain "
            "a classifier"
        )
    model = cast("StoredModel", read_artefact(row))
    key = SeriesKey(str(row.symbol), str(row.timeframe), str(row.source))
    market = stored_market(key)
    closes = market.bars.timestamp + market.bars.interval_ms
    last = len(closes) if at is None else int((closes <= milliseconds(at)).sum())
    if not last:
        raise DataError(f"expected a bar of {key} closed by {at}, found none")
    bars = market.bars[max(0, last - live_rows(FEATURE_WARMUP)) : last]
    given = given_of(row.inputs)
    beside = beside_stored(key, given.kinds, given.series or {})
    features = build_features(bars, market.news, **beside.of(bars))
    values = features.select(model.feature_names).values[-1:]
    when = f"{moment_of(int(bars.timestamp[-1])):%Y-%m-%d %H:%M} UTC"
    if not np.isfinite(values).all():
        raise DataError(
            f"expected every feature at the bar of {when}, found one undefined; the model is silent"
        )
    found = model.contributions(values)
    order: list[int] = np.argsort(-np.abs(found.matrix[0]), kind="stable").tolist()
    names = tuple(model.feature_names)
    return Explained(
        model_id=row.model_id,
        bar=when,
        probability_up=float(model.probability_up(values)[0]),
        bias=float(found.bias),
        parts=tuple((names[i], float(values[0, i]), float(found.matrix[0, i])) for i in order),
        flip=asdict(smallest_flip(model, values[0])),
    )
