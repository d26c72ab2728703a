"""A model that was just trained and judged, before it is stored."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from app.services.model_recipe import Recipe
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.ports import Model
from cryptovolt.features.build import Features
from cryptovolt.ml.lstm_forecaster import LSTMForecaster
from cryptovolt.research.forecast_evaluation import ForecastEvaluation
from cryptovolt.research.gate import Gate
from cryptovolt.research.gates import promotable
from cryptovolt.research.walkforward import Evaluation

CHAMPION, CHALLENGER, CANDIDATE, RETIRED = "champion", "challenger", "candidate", "retired"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trained:
    """A judged classifier, and the out-of-sample P(up) of every bar of its market.

    `probability_up` is the walk-forward's within the training bars and the final model's after
    them; NaN before the first test row.
    """

    n_train: int
    features: Features
    evaluation: Evaluation
    gates: tuple[Gate, ...]
    probability_up: FloatArray
    recipe: Recipe = field(default_factory=Recipe)

    @property
    def model(self) -> Model:
        """The model trained on all training bars."""
        return self.evaluation.model

    @property
    def status(self) -> str:
        """Champion when every gate was passed, else candidate."""
        return CHAMPION if promotable(self.gates) else CANDIDATE

    @property
    def promoted(self) -> tuple[Model, ...]:
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

    @property
    def measures(self) -> dict[str, float]:
        """Out-of-sample measures by name."""
        return {name: one.value for name, one in self.evaluation.scores.items()}

    def evaluation_record(self) -> dict[str, Any]:
        """Return what the evaluation found, as JSON knows it."""
        return self.evaluation.to_record()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainedForecaster:
    """A judged forecaster; whether it may vote depends on the last price too (see `silence`)."""

    n_train: int
    features: Features
    evaluation: ForecastEvaluation
    gates: tuple[Gate, ...]
    recipe: Recipe

    @property
    def model(self) -> LSTMForecaster:
        """The model trained on all training bars."""
        return self.evaluation.model

    @property
    def status(self) -> str:
        """Champion when every gate was passed, else candidate."""
        return CHAMPION if promotable(self.gates) else CANDIDATE

    @property
    def measures(self) -> dict[str, float]:
        """Out-of-sample measures by name."""
        return {name: one.value for name, one in self.evaluation.scores.items()}

    def evaluation_record(self) -> dict[str, Any]:
        """Return what the evaluation found, as JSON knows it."""
        return self.evaluation.to_record()


AnyTrained: TypeAlias = Trained | TrainedForecaster
