"""What a training is asked for: kind, label, seed, and what is given beside the bars."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from app.repositories.bars import SeriesKey
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.features.labels import Labels, triple_barrier
from cryptovolt.features.labels_fixed import fixed_horizon
from cryptovolt.ml.lstm_settings import LSTMSettings
from cryptovolt.ml.model import Trainer, trainer_of

LSTM = "lstm"
CLASSIFIERS = ("xgboost", "linear", "lightgbm")
KINDS = ("xgboost", LSTM, "linear", "lightgbm")

TRIPLE_BARRIER, FIXED_HORIZON, FORWARD_RETURN = "triple-barrier", "fixed-horizon", "forward-return"
LABELS = (TRIPLE_BARRIER, FIXED_HORIZON)

# What the table `models` has always called them.
LABEL_NAMES: Mapping[str, str] = {
    name: name.replace("-", " ") for name in (*LABELS, FORWARD_RETURN)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides what training makes of given data.

    Parameters
    ----------
    kind : str
        ``"xgboost"``, ``"lstm"``, ``"linear"`` or ``"lightgbm"``.
    label : str, optional
        ``"triple-barrier"`` or ``"fixed-horizon"``; a forecaster learns the forward return.
    horizon : int
        Bars ahead, from 1 to 1,000.
    seed, threads : int
        Fixed, so that the same data give the same model.
    search_s : float
        Seconds in which settings are searched for, before the first test row; 0: none are.
    settings : mapping
        Settings of the trainer other than its own; what a search found ends here.
    """

    kind: str = "xgboost"
    label: str = TRIPLE_BARRIER
    horizon: int = 12
    seed: int = 7
    threads: int = 1
    search_s: float = 0.0
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ConfigurationError(f"expected --kind {', '.join(KINDS)}, found {self.kind!r}")
        if self.kind == LSTM:
            object.__setattr__(self, "label", FORWARD_RETURN)
        elif self.label not in LABELS:
            raise ConfigurationError(f"expected --label {', '.join(LABELS)}, found {self.label!r}")
        if not 1 <= self.horizon <= 1_000 or self.seed < 0 or not 1 <= self.threads <= 64:
            raise ConfigurationError(
                "expected a horizon from 1 to 1,000 bars, a seed of 0 or more and 1 to 64 threads, "
                f"found {self.horizon}, {self.seed} and {self.threads}"
            )
        if not 0.0 <= self.search_s < float("inf"):
            raise ConfigurationError(f"expected seconds to search in, found {self.search_s}")
        if self.search_s and self.kind == LSTM:
            raise ConfigurationError(
                "expected --search with xgboost, linear or lightgbm: an LSTM is not searched, "
                "every trial of it would take as long as its training"
            )

    @property
    def label_name(self) -> str:
        """What the registry calls the label."""
        return LABEL_NAMES[self.label]

    def labels(self, bars: Bars) -> Labels:
        """Return the labels of bars."""
        maker = triple_barrier if self.label == TRIPLE_BARRIER else fixed_horizon
        return maker(bars, self.horizon)

    def trainer(self) -> Trainer:
        """Return what fits a classifier."""
        return trainer_of(self.kind, self._all_settings())

    def lstm_settings(self) -> LSTMSettings:
        """Return how an LSTM is trained."""
        try:
            return LSTMSettings(**self._all_settings())
        except TypeError as error:
            raise ConfigurationError(f"expected the settings of an LSTM, found {error}") from error

    def found(self, trainer: Trainer) -> "Recipe":
        """Return this recipe with the settings that a search found."""
        return replace(self, settings=asdict(trainer.settings))

    def to_record(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return {**asdict(self), "settings": dict(self.settings)}

    def _all_settings(self) -> dict[str, Any]:
        fixed = {"seed": self.seed, "n_threads": self.threads}
        known = _fields_of(self.kind)
        return {**dict(self.settings), **{k: v for k, v in fixed.items() if k in known}}


def recipe_of(record: Mapping[str, Any]) -> Recipe:
    """Return the recipe in a record of the registry or in the arguments of a job.

    Raises
    ------
    ConfigurationError
        If it has other fields.
    """
    try:
        return Recipe(**dict(record))
    except TypeError as error:
        raise ConfigurationError(f"expected a recipe, found another record: {error}") from error


def series_of(text: str) -> SeriesKey:
    """Return the series in a text such as ``BTCUSDT:1h:binance``.

    Raises
    ------
    ConfigurationError
        If it has not three parts.
    """
    parts = text.split(":")
    if len(parts) != 3 or not all(parts):
        raise ConfigurationError(f"expected SYMBOL:TIMEFRAME:SOURCE, found {text!r}")
    return SeriesKey(*parts)


def _fields_of(kind: str) -> set[str]:
    made = LSTMSettings() if kind == LSTM else trainer_of(kind, {}).settings
    return set(made.__dataclass_fields__)
