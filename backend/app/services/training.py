"""Training a model on a market, judging it, and keeping it with what it was made from."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core.times import moment_of
from app.models.database import Model
from app.repositories.bars import SeriesKey
from app.services.markets import Market
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ModelError
from cryptovolt.domain.ports import Progress, TrialLedger
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.features.build import Features, build_features
from cryptovolt.features.labels import Labels, triple_barrier
from cryptovolt.ml.xgboost_classifier import XGBoostClassifier, load_classifier
from cryptovolt.research.gate import Gate
from cryptovolt.research.gates import promotable, run_gates
from cryptovolt.research.walkforward import Evaluation, evaluate_classifier

log = structlog.get_logger(__name__)

HOLDOUT = 0.1
MAX_HOLDOUT_BARS = 5_000
CHAMPION, CANDIDATE = "champion", "candidate"
_NAME_PARTS = ("hybrid", "xgboost")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trained:
    """A judged model, and the out-of-sample P(up) of every bar of its market.

    `probability_up` is the walk-forward's within the training bars and the final model's after
    them; NaN before the first test row.
    """

    n_train: int
    features: Features
    evaluation: Evaluation
    gates: tuple[Gate, ...]
    probability_up: FloatArray

    @property
    def model(self) -> XGBoostClassifier:
        """The model trained on all training bars."""
        return self.evaluation.model

    @property
    def status(self) -> str:
        """Champion when every gate was passed, else candidate."""
        return CHAMPION if promotable(self.gates) else CANDIDATE

    @property
    def promoted(self) -> tuple[XGBoostClassifier, ...]:
        """The models that may vote: a candidate is shown, but casts no vote."""
        return (self.model,) if self.status == CHAMPION else ()

    @property
    def votes(self) -> FloatArray:
        """P(up) of the models that may vote, shape (n_bars,); NaN where there is none."""
        silent = np.full_like(self.probability_up, np.nan)
        return self.probability_up if self.promoted else silent

    @property
    def first_out_of_sample(self) -> int:
        """The first bar with an out-of-sample probability."""
        return int(np.argmax(~np.isnan(self.probability_up)))


def training_bars(n_bars: int) -> int:
    """Return how many of the oldest bars may be trained on; the rest is held out."""
    return n_bars - min(int(n_bars * HOLDOUT), MAX_HOLDOUT_BARS)


def train(
    market: Market,
    seed: int,
    progress: Progress | None = None,
    ledger: TrialLedger | None = None,
) -> Trained:
    """Train and judge a model on the oldest bars of a market.

    With a ledger every fit is a row there, also where something fails after it.

    Raises
    ------
    ModelError
        If there are too few bars, or nothing to learn from.
    """
    n_train = training_bars(len(market.bars))
    bars = market.bars[:n_train]
    rng = np.random.default_rng(seed)
    labels = triple_barrier(bars)
    features = _varying(build_features(bars, market.news), labels)

    def build(some: Bars, news: SentimentSeries | None) -> Features:
        return build_features(some, news).select(features.names)

    evaluation = evaluate_classifier(
        features, labels, rng=rng, progress=progress, ledger=ledger, bars=bars
    )
    gates = run_gates(
        bars, features, evaluation, rng=rng, sentiment=market.news, build=build,
        progress=progress, ledger=ledger,
    )  # fmt: skip
    every = build_features(market.bars, market.news).select(evaluation.model.feature_names)
    held_out = evaluation.model.probability_up(every.values[n_train:])
    log.info("model.trained", artefact_hash=evaluation.model.artefact_hash, n_train=n_train)
    return Trained(
        n_train=n_train,
        features=features,
        evaluation=evaluation,
        gates=gates,
        probability_up=np.concatenate((evaluation.probability, held_out)),
    )


def _varying(features: Features, labels: Labels) -> Features:
    # A week without a weekend, or news that has just begun, is no reason not to learn: such columns
    # are left out, and the model's record names those it has.
    rows = labels.row[features.usable[labels.row]]
    varying = features.varying(rows) if rows.size else features
    return varying if varying.names else features


def keep_model(db: Session, trained: Trained, market: Market, data_hash: str, folder: Path) -> int:
    """Write the model's files, store its row, and return its id; the same model keeps its row.

    A champion retires the champions before it on the same series.
    """
    # The files come first: a row must never name files that are not there.
    path = trained.model.save(folder)
    known = db.scalar(
        select(Model.model_id).where(Model.artefact_hash == trained.model.artefact_hash).limit(1)
    )
    if known is not None:
        return known
    row = _row(trained, market, data_hash, path)
    if row.status == CHAMPION:
        db.execute(
            update(Model)
            .where(Model.name == row.name, Model.status == CHAMPION)
            .values(status="retired")
        )
    db.add(row)
    db.flush()
    return row.model_id


def champion(db: Session, key: SeriesKey) -> tuple[Model, XGBoostClassifier] | None:
    """Return the champion of a series with its files read and checked, or None.

    Raises
    ------
    ModelError
        If the files are missing or were changed.
    """
    query = select(Model).where(Model.name == model_name(key), Model.status == CHAMPION)
    row = db.scalar(query.order_by(Model.model_id.desc()).limit(1))
    if row is None:
        return None
    if row.artefact_path is None:
        raise ModelError(f"model {row.model_id} has no files; train it again")
    return row, load_classifier(Path(row.artefact_path))


def model_name(key: SeriesKey) -> str:
    """Return the name that models of a series share."""
    return " ".join((*_NAME_PARTS, key.symbol, key.timeframe, key.source))


def _row(trained: Trained, market: Market, data_hash: str, path: Path) -> Model:
    scores = trained.evaluation.scores
    last = int(market.bars.timestamp[trained.n_train - 1]) + market.bars.interval_ms
    return Model(
        name=model_name(market.key),
        model_type="xgboost",
        version=trained.model.artefact_hash[:12],
        accuracy=scores["accuracy"].value,
        precision=scores["precision"].value,
        recall=scores["recall"].value,
        auc=scores["auc"].value,
        trained_on=moment_of(last),
        label_kind="triple barrier",
        features=list(trained.features.names),
        data_hash=data_hash,
        code_version=version("cryptovolt"),
        artefact_hash=trained.model.artefact_hash,
        artefact_path=str(path),
        gates={gate.name: {**gate.to_record(), "detail": gate.text} for gate in trained.gates},
        status=trained.status,
        extra_data=_card(trained, market),
    )


def _card(trained: Trained, market: Market) -> dict[str, Any]:
    return {
        "evaluation": trained.evaluation.to_record(),
        "synthetic": market.synthetic,
        "first_bar": int(market.bars.timestamp[0]),
        "n_train": trained.n_train,
        "sentiment_hash": market.news_hash,
    }
