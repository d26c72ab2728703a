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
from cryptovolt.features.registry import Feature, FeatureSource, Group, SentimentFeature
from cryptovolt.features.seen_sentiment import SENTIMENT_FEATURES, SENTIMENT_WINDOW_MS
from cryptovolt.features.snapshot import read_features, write_features

__all__ = [
    "BAR_FEATURES",
    "BESIDE_FEATURES",
    "FEATURE_WARMUP",
    "FUNDING_LAG_MS",
    "FUNDING_PAYMENTS",
    "REGISTRY",
    "SENTIMENT_FEATURES",
    "SENTIMENT_WINDOW_MS",
    "Feature",
    "FeatureSource",
    "Features",
    "Group",
    "Labels",
    "SentimentFeature",
    "build_features",
    "inputs_needed",
    "longer_timeframe",
    "read_features",
    "triple_barrier",
    "write_features",
]
