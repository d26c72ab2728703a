"""The matrix a model sees, per-bar sentiment, and the labels it learns."""

from cryptovolt.features.build import (
    BAR_FEATURES,
    BESIDE_FEATURES,
    FEATURE_WARMUP,
    REGISTRY,
    Features,
    build_features,
    inputs_needed,
)
from cryptovolt.features.derivatives import FUNDING_LAG_MS, FUNDING_PAYMENTS
from cryptovolt.features.higher import longer_timeframe
from cryptovolt.features.labels import Labels, triple_barrier
from cryptovolt.features.labels_fixed import DeadZoneUnit, fixed_horizon
from cryptovolt.features.labels_meta import meta_labels
from cryptovolt.features.registry import Feature, FeatureSource, Group, SentimentFeature
from cryptovolt.features.seen_sentiment import SENTIMENT_FEATURES, SENTIMENT_WINDOW_MS
from cryptovolt.features.snapshot import read_features, write_features
from cryptovolt.features.targets import Targets, forward_return
from cryptovolt.features.weights import return_attributed, time_decayed, uniqueness

__all__ = [
    "BAR_FEATURES",
    "BESIDE_FEATURES",
    "FEATURE_WARMUP",
    "FUNDING_LAG_MS",
    "FUNDING_PAYMENTS",
    "REGISTRY",
    "SENTIMENT_FEATURES",
    "SENTIMENT_WINDOW_MS",
    "DeadZoneUnit",
    "Feature",
    "FeatureSource",
    "Features",
    "Group",
    "Labels",
    "SentimentFeature",
    "Targets",
    "build_features",
    "fixed_horizon",
    "forward_return",
    "inputs_needed",
    "longer_timeframe",
    "meta_labels",
    "read_features",
    "return_attributed",
    "time_decayed",
    "triple_barrier",
    "uniqueness",
    "write_features",
]
