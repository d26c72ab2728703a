"""The matrix a model sees, per-bar sentiment, and the labels it learns."""

from cryptovolt.features.build import (
    BAR_FEATURES,
    FEATURE_WARMUP,
    REGISTRY,
    Features,
    build_features,
)
from cryptovolt.features.labels import Labels, triple_barrier
from cryptovolt.features.registry import Feature, Group, SentimentFeature
from cryptovolt.features.seen_sentiment import SENTIMENT_FEATURES, SENTIMENT_WINDOW_MS

__all__ = [
    "BAR_FEATURES",
    "FEATURE_WARMUP",
    "REGISTRY",
    "SENTIMENT_FEATURES",
    "SENTIMENT_WINDOW_MS",
    "Feature",
    "Features",
    "Group",
    "Labels",
    "SentimentFeature",
    "build_features",
    "triple_barrier",
]
