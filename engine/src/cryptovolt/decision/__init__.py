"""Votes become one signal."""

from cryptovolt.decision.fusion import (
    DEFAULT_WEIGHTS,
    FusionPolicy,
    actions,
    fuse,
    fuse_scores,
    influence,
)
from cryptovolt.decision.targets import targets

__all__ = [
    "DEFAULT_WEIGHTS",
    "FusionPolicy",
    "actions",
    "fuse",
    "fuse_scores",
    "influence",
    "targets",
]
