"""What a walk-forward evaluation of a forecaster found."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.features.labels import Labels
from cryptovolt.features.targets import Targets
from cryptovolt.ml.lstm_forecaster import LSTMForecaster
from cryptovolt.ml.lstm_settings import LSTMSettings
from cryptovolt.ml.split import Fold, WalkForward
from cryptovolt.performance.bootstrap import Interval
from cryptovolt.research.forecast_scores import against_last_price, beats_last_price
from cryptovolt.research.scores import Score


@dataclass(frozen=True, slots=True, eq=False)
class ForecastFold:
    """What one fold gave.

    Parameters
    ----------
    fold : Fold
        Training and test positions in the targets.
    measures : mapping
        Measure name to its value on the test rows.
    fitted_until : mapping
        Each fitted step to the last bar of any target it was fitted to.
    shrinkage : float
        What the network's log returns were multiplied by.
    n_epochs : int
        The pass that was kept.
    losses : tuple of float
        Validation loss after each pass.
    """

    fold: Fold
    measures: Mapping[str, float]
    fitted_until: Mapping[str, int]
    shrinkage: float
    n_epochs: int
    losses: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ForecastEvaluation:
    """A walk-forward evaluation and the model trained on everything afterwards.

    Parameters
    ----------
    forecast : ndarray of shape (n_bars,)
        Out-of-sample log return of every test row, NaN elsewhere.
    scores : mapping
        Measure name to its pooled value, interval and baselines.
    gain : Interval
        Share of the last price's mean squared error that is gone, paired by rows.
    folds : tuple of ForecastFold
        In order of time.
    model : LSTMForecaster
        For rows after the last target; it knows whether it may vote.
    targets : Targets
        The rows that had a whole window.
    walk : WalkForward
        How they were split.
    settings : LSTMSettings
        How networks were trained.
    """

    forecast: FloatArray
    scores: Mapping[str, Score]
    gain: Interval
    folds: tuple[ForecastFold, ...]
    model: LSTMForecaster
    targets: Targets
    walk: WalkForward
    settings: LSTMSettings

    @property
    def beats_last_price(self) -> bool:
        """Whether the whole interval of the gain lies above 0."""
        return beats_last_price(self.gain)

    @property
    def labels(self) -> Labels:
        """The same rows as labels of the sign, for gates on splits."""
        return self.targets.directions

    @property
    def text(self) -> str:
        """How it did against the last price, in one sentence."""
        return against_last_price(self.gain)

    def to_record(self) -> dict[str, Any]:
        """Return everything but the arrays, as JSON knows it; undefined numbers are None."""
        return {
            "beats_last_price": self.beats_last_price,
            "text": self.text,
            "gain": _numbers(self.gain._asdict()),
            "scores": {
                name: {
                    "value": _defined(entry.value),
                    "low": _defined(entry.interval.low),
                    "high": _defined(entry.interval.high),
                    "baselines": _numbers(entry.baselines),
                }
                for name, entry in self.scores.items()
            },
            "folds": [
                {
                    "n_train": int(result.fold.train.size),
                    "n_test": int(result.fold.test.size),
                    "shrinkage": result.shrinkage,
                    "n_epochs": result.n_epochs,
                    "losses": list(result.losses),
                    "measures": _numbers(result.measures),
                }
                for result in self.folds
            ],
            "settings": asdict(self.settings),
            "n_targets": len(self.targets),
            "horizon": self.targets.horizon,
            "n_steps": self.settings.n_steps,
            "artefact_hash": self.model.artefact_hash,
        }


def _numbers(found: Mapping[str, float]) -> dict[str, float | None]:
    return {key: _defined(value) for key, value in found.items()}


def _defined(number: float) -> float | None:
    return number if isfinite(number) else None
