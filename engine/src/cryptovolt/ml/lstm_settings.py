"""How an LSTM is trained, and what training gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.ml.sequences import N_STEPS

Weights: TypeAlias = Mapping[str, npt.NDArray[np.float32]]
"""Name to array, as PyTorch names and orders them (gates: input, forget, cell, output)."""

WEIGHT_NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "head_weight", "head_bias")
"""One layer and the straight line from its last state to the forecast, as PyTorch lists them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LSTMSettings:
    """How the network is trained.

    Parameters
    ----------
    n_steps : int
        Rows of a window.
    hidden : int
        Numbers the network remembers from step to step.
    n_epochs : int
        Most passes over the training windows.
    early_stopping : int
        Passes without improvement after which training stops; the best pass is kept.
    batch : int
        Windows per step of the optimiser.
    stride : int
        Every so manyth window is trained on: neighbours share most of their rows and outcome.
    learning_rate, weight_decay : float
        Of AdamW; above 0, at least 0.
    clip_norm : float
        Longest gradient, above 0.
    validation : float
        Share of the training set, at its end, that decides when to stop, in (0, 0.5].
    seed, n_threads : int
        Fixed, so that the same data give the same predictions.
    """

    n_steps: int = N_STEPS
    hidden: int = 32
    n_epochs: int = 20
    early_stopping: int = 4
    batch: int = 128
    stride: int = 4
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    clip_norm: float = 1.0
    validation: float = 0.2
    seed: int = 7
    n_threads: int = 1

    def __post_init__(self) -> None:
        counts = (self.n_steps, self.hidden, self.n_epochs, self.early_stopping, self.batch)
        if not all(count >= 1 for count in (*counts, self.stride, self.n_threads)):
            raise ConfigurationError(f"expected counts of at least 1, found {self}")
        above = (self.learning_rate, self.clip_norm, self.validation)
        if not (
            all(0.0 < number < float("inf") for number in above)
            and 0.0 <= self.weight_decay < float("inf")
            and self.validation <= 0.5
        ):
            raise ConfigurationError(
                "expected learning_rate and clip_norm above 0, weight_decay of at least 0 and "
                f"validation in (0, 0.5], found {self}"
            )


@dataclass(frozen=True, slots=True, eq=False)
class TrainedLSTM:
    """What training gave.

    Parameters
    ----------
    weights : mapping
        Name to float32 array.
    n_epochs : int
        The pass that was kept, counted from 1.
    losses : tuple of float
        Validation loss after each pass, in units of the scaled target.
    """

    weights: Weights
    n_epochs: int
    losses: tuple[float, ...]
