"""Learning: splits that respect time, training, calibration, and serving that equals training."""

from cryptovolt.ml.split import Fold, WalkForward
from cryptovolt.ml.voting import vote_scores
from cryptovolt.ml.xgboost_classifier import (
    BoosterSettings,
    XGBoostClassifier,
    load_classifier,
)

__all__ = [
    "BoosterSettings",
    "Fold",
    "WalkForward",
    "XGBoostClassifier",
    "load_classifier",
    "vote_scores",
]
