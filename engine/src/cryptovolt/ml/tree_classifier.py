"""What every classifier of trees shares: serving, explaining and storing; only training differs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.ports import Contributions
from cryptovolt.ml.calibration import Calibration
from cryptovolt.ml.contributions import tree_contributions
from cryptovolt.ml.model import write_model
from cryptovolt.ml.trees import FlatTrees


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TreeClassifier:
    """Trees that were trained and calibrated, with the file they are stored in."""

    KIND: ClassVar[str]
    FILE: ClassVar[str]

    model: bytes
    manifest: dict[str, Any]
    trees: FlatTrees
    calibration: Calibration

    def __repr__(self) -> str:
        n_trees, n_features = self.trees.root.size, len(self.feature_names)
        return (
            f"{type(self).__name__}({n_trees} trees, {n_features} features, "
            f"{self.artefact_hash[:16]})"
        )

    @property
    def kind(self) -> str:
        """How the trees were grown."""
        return self.KIND

    @property
    def feature_names(self) -> Sequence[str]:
        """Columns it was trained on, in order."""
        return tuple(self.manifest["feature_names"])

    @property
    def artefact_hash(self) -> str:
        """SHA-256 of the manifest, which holds that of the trees; 64 hex digits."""
        return self.manifest["artefact_hash"]

    def margins(self, values: FloatArray) -> FloatArray:
        """Return the log odds before calibration, shape ``(n_rows,)``; NaN as below."""
        return self.trees.margins(values)

    def probability_up(self, values: FloatArray) -> FloatArray:
        """Return the calibrated P(up).

        Parameters
        ----------
        values : ndarray of shape (n_rows, n_features)
            Columns as in `feature_names`.

        Returns
        -------
        ndarray of shape (n_rows,)
            In [0, 1]; NaN where a feature is not finite. A row has the same bits alone and in a
            batch.

        Raises
        ------
        ModelError
            If the rows have another number of columns.
        """
        return self.trees.said(values, self.calibration)[1]

    def contributions(self, values: FloatArray) -> Contributions:
        """Return what each column adds to the log odds: exact Shapley values of the trees."""
        return tree_contributions(self.trees, values)

    def save(self, folder: Path) -> Path:
        """Write the model into a folder of its own, named by its hash, and return that folder."""
        return write_model(folder, self.manifest, {self.FILE: self.model})


@dataclass(frozen=True, slots=True, eq=False)
class GrownTrees:
    """Trees of one fit, not yet calibrated, and the file they are stored in."""

    content: bytes
    trees: FlatTrees

    @property
    def n_trees(self) -> int:
        """Trees grown before validation stopped it."""
        return self.trees.root.size

    def calibrated(
        self, values: FloatArray, calibration: Calibration | None
    ) -> tuple[FloatArray, FloatArray]:
        """Return log odds and P(up) of rows; without a calibration the odds are believed."""
        return self.trees.said(values, calibration)
