"""Learning: splits that respect time, training, calibration, and serving that equals training."""

from cryptovolt.ml.conformal import (
    Conformal,
    ConformalInterval,
    fit_conformal,
    fit_conformal_interval,
)
from cryptovolt.ml.conformal_adaptive import AdaptiveConformal, AdaptiveSettings, adaptive_bounds
from cryptovolt.ml.conformal_coverage import CoverageReport, measure_coverage
from cryptovolt.ml.sampling import sequential_bootstrap
from cryptovolt.ml.split import Fold, WalkForward
from cryptovolt.ml.voting import ModelVotes, cast_votes, vote_scores
from cryptovolt.ml.xgboost_classifier import (
    BoosterSettings,
    XGBoostClassifier,
    load_classifier,
)

__all__ = [
    "AdaptiveConformal",
    "AdaptiveSettings",
    "BoosterSettings",
    "Conformal",
    "ConformalInterval",
    "CoverageReport",
    "Fold",
    "ModelVotes",
    "WalkForward",
    "XGBoostClassifier",
    "adaptive_bounds",
    "cast_votes",
    "fit_conformal",
    "fit_conformal_interval",
    "load_classifier",
    "measure_coverage",
    "sequential_bootstrap",
    "vote_scores",
]
