"""The use case behind `model train`: a stored market, trained on, judged, and kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.core.config import settings
from app.core.database import SessionLocal
from app.repositories.bars import SeriesKey, read_range
from app.services import jobs, model_registry
from app.services.bars import take_snapshot
from app.services.funding import StoredFunding
from app.services.jobs import JobRequest
from app.services.markets import Market, stored_market
from app.services.model_inputs import keep_given
from app.services.model_recipe import Recipe, recipe_of, series_of
from app.services.model_trained import AnyTrained
from app.services.model_verification import Verified, keep_verified, verify
from app.services.training import keep_model, train_recipe
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.ports import Progress, TrialLedger
from cryptovolt.trading.hybrid import Beside

TRAIN, VERIFY = "model.train", "model.verify"
"""Kinds of jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRequest:
    """A training on a stored series.

    Parameters
    ----------
    key : SeriesKey
        The series.
    recipe : Recipe
        What is made of it.
    leader : str, optional
        A stored series that leads it, as SYMBOL:TIMEFRAME:SOURCE.
    funding : bool, default=False
        Give the stored funding rates of a perpetual to the model.
    promote : bool, default=False
        Make it champion where it passes every gate.
    thorough : bool, default=True
        Spend on the gates that train what a model that is kept deserves.
    """

    key: SeriesKey
    recipe: Recipe = field(default_factory=Recipe)
    leader: str | None = None
    funding: bool = False
    promote: bool = False
    thorough: bool = True

    @property
    def title(self) -> str:
        """What people read."""
        return f"Train {self.recipe.kind} on {self.key}"

    def to_record(self) -> dict[str, Any]:
        """Return it as the arguments of a job."""
        return {
            "series": f"{self.key.symbol}:{self.key.timeframe}:{self.key.source}",
            "recipe": self.recipe.to_record(),
            "leader": self.leader,
            "funding": self.funding,
            "promote": self.promote,
            "thorough": self.thorough,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kept:
    """A model that was trained, judged and stored."""

    model_id: int
    status: str
    trained: AnyTrained
    market: Market
    path: str

    def to_record(self) -> dict[str, Any]:
        """Return it as the result of a job."""
        return {
            "model_id": self.model_id,
            "status": self.status,
            "kind": self.trained.recipe.kind,
            "measures": {k: v if v - v == 0.0 else None for k, v in self.trained.measures.items()},
            "failed_gates": [gate.name for gate in self.trained.gates if not gate.passed],
        }


def request_of(record: Mapping[str, Any]) -> TrainRequest:
    """Return the request in the arguments of a job.

    Raises
    ------
    ConfigurationError
        If it is none.
    """
    try:
        return TrainRequest(
            key=series_of(record["series"]),
            recipe=recipe_of(record["recipe"]),
            leader=record["leader"],
            funding=record["funding"],
            promote=record["promote"],
            thorough=record["thorough"],
        )
    except KeyError as error:
        raise ConfigurationError(f"expected {error} in the arguments of a training") from None


def train_stored(
    request: TrainRequest, actor: str, ledger: TrialLedger, progress: Progress | None = None
) -> Kept:
    """Train on a stored series, judge, and keep the model with everything it was made from.

    Raises
    ------
    DataError
        If the series, its leader or its funding rates are not stored.
    ModelError
        If there is too little to learn from, or a library is missing.
    """
    return keep_trained(stored_market(request.key), request, actor, ledger, progress)


def keep_trained(
    market: Market,
    request: TrainRequest,
    actor: str,
    ledger: TrialLedger,
    progress: Progress | None = None,
    rates: FundingRates | None = None,
) -> Kept:
    """Train on a market that was read from the database; rates of a file go before stored ones."""
    beside = _beside(market.key, request, rates)
    snapshot = take_snapshot(market.key)
    given = keep_given(market, beside)
    trained = train_recipe(
        market, request.recipe, beside, progress, ledger, thorough=request.thorough
    )
    with SessionLocal.begin() as db:
        model_id = keep_model(
            db, trained, market, snapshot.hash, settings.home / "models",
            given=given, promote=request.promote, actor=actor,
        )  # fmt: skip
        row = model_registry.read(db, model_id)
        return Kept(
            model_id=model_id,
            status=row.status,
            trained=trained,
            market=market,
            path=str(row.artefact_path),
        )


def verify_stored(model_id: int, actor: str, progress: Progress | None = None) -> Verified:
    """Train a stored model again, compare, and store what was found.

    Raises
    ------
    NotFoundError, ModelError, DataError
        If it, its files or its snapshots are not there.
    """
    with SessionLocal() as db:
        row = model_registry.read(db, model_id)
        db.expunge(row)
    found = verify(row, progress)
    with SessionLocal.begin() as db:
        row = model_registry.read(db, model_id, lock=True)
        keep_verified(db, row, found, datetime.now(UTC), actor)
    return found


def train_later(db: Session, request: TrainRequest, actor: str, user_id: int | None) -> int:
    """Add a training to the queue in the session's transaction, and return the job's id.

    Raises
    ------
    DataError
        If there are no bars of the series.
    """
    if not len(read_range(request.key)):
        raise DataError(
            f"there are no bars of {request.key}: `cryptovolt bars list` shows what there is"
        )
    arguments = {"request": request.to_record(), "actor": actor}
    return jobs.add(db, JobRequest(kind=TRAIN, title=request.title, arguments=arguments), user_id)


def verify_later(db: Session, model_id: int, actor: str, user_id: int | None) -> int:
    """Add a verification to the queue in the session's transaction, and return the job's id."""
    model_registry.read(db, model_id)
    arguments = {"model_id": model_id, "actor": actor}
    request = JobRequest(kind=VERIFY, title=f"Verify model {model_id}", arguments=arguments)
    return jobs.add(db, request, user_id)


def _beside(key: SeriesKey, request: TrainRequest, rates: FundingRates | None) -> Beside:
    leader = None
    if request.leader is not None:
        leader = read_range(series_of(request.leader))
        if not len(leader):
            raise DataError(f"there are no bars of the leader {request.leader}")
    if request.funding and rates is None:
        rates = StoredFunding().rates(key)
        if rates is None:
            raise DataError(f"there are no stored funding rates of {key}: fetch some, or leave out")
    return Beside(funding=rates, leader=leader)
