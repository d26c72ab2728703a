"""The linear scorer: n-grams, each with a weight per class, and calibrated probabilities.

A stored scorer is a folder with ``weights.safetensors`` and ``manifest.json`` (classes, rules,
calibration, where it comes from, and the SHA-256 of the other file and of itself). Loading checks
the hashes before anything is parsed; nothing that is read can execute. Scoring needs NumPy and
Numba alone; fitting is :func:`cryptovolt.sentiment.linear_fit.fit_linear`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt.sentiment.linear_files import Arrays, pack, read_folder, write_folder
from cryptovolt.sentiment.ngrams import (
    GramRules,
    WordClasses,
    new_scratch,
    numbers_of,
    prepare,
)
from cryptovolt.sentiment.ngrams_kernel import Classes, KeyArray, PointArray, Scratch, text_grams
from cryptovolt.sentiment.ngrams_table import Table, Vocabulary, make_table, text_vector
from cryptovolt.sentiment.text import text_hash

_BATCH = 4_096


class Calibration(NamedTuple):
    """``P(class) = softmax(slope × margin + bias)``, with a slope above 0."""

    slope: float
    bias: tuple[float, ...]


class LinearScorer:
    """A trained scorer of texts; the port :class:`cryptovolt.domain.ports.TextScorer`.

    Made by :func:`cryptovolt.sentiment.linear_fit.fit_linear` or :meth:`load`.
    """

    __slots__ = ("_arrays", "_manifest", "_packed", "_rules", "_table")

    def __init__(self, arrays: Arrays, manifest: dict[str, Any]) -> None:
        self._arrays = arrays
        self._packed = pack(arrays)
        self._manifest = manifest
        self._rules = GramRules(**manifest["rules"])
        self._table: Table = make_table(Vocabulary(arrays.keys, arrays.idf))

    def __repr__(self) -> str:
        return (
            f"LinearScorer({' / '.join(self.classes)}, {self._arrays.keys.size:,} n-grams, "
            f"{self.hash[:16]})"
        )

    @property
    def name(self) -> str:
        """``"linear"``."""
        return "linear"

    @property
    def hash(self) -> str:
        """SHA-256 of the manifest, which holds that of the weights; 64 hex digits."""
        return self._manifest["hash"]

    @property
    def classes(self) -> tuple[str, ...]:
        """Two or three of negative, neutral and positive, in that order."""
        return tuple(self._manifest["classes"])

    @property
    def manifest(self) -> dict[str, Any]:
        """Everything that is known about the scorer beside its weights."""
        return dict(self._manifest)

    def score(self, texts: Sequence[str]) -> FloatArray:
        """Return P(positive) − P(negative) of each text.

        Parameters
        ----------
        texts : sequence of str
            Only the first 5,000 characters of each are read.

        Returns
        -------
        ndarray of shape (n_texts,)
            In [−1, 1]; 0 where no n-gram is known. A text has the same bits alone and in a batch.

        Raises
        ------
        DataError
            If a single text is given, or an element is not a text.
        """
        margins, known = self._margins(texts)
        said = self._probabilities(margins)
        difference = said[:, -1] - said[:, 0]
        return np.where(known, difference, 0.0)

    def probabilities(self, texts: Sequence[str]) -> FloatArray:
        """Return the calibrated probability of each class.

        Returns
        -------
        ndarray of shape (n_texts, n_classes)
            Columns as in `classes`; rows sum to 1. A text of which no n-gram is known gets what the
            bias alone says.

        Raises
        ------
        DataError
            If a single text is given, or an element is not a text.
        """
        return self._probabilities(self._margins(texts)[0])

    def classify(self, texts: Sequence[str]) -> list[str]:
        """Return the class of each text, as if all classes were equally frequent.

        That is what the macro-F1 asks for; the likeliest class by `probabilities` is neutral more
        often where most of the training texts were.
        """
        return [self.classes[i] for i in self._margins(texts)[0].argmax(axis=1)]

    def trained_on(self, texts: Sequence[str]) -> BoolArray:
        """Return which texts it was trained on, up to case, spaces and punctuation."""
        return np.isin(text_keys(texts), self._arrays.texts)

    def save(self, folder: str | Path) -> Path:
        """Write the scorer into a folder, which is made if it is missing, and return it.

        Raises
        ------
        ModelError
            If the folder holds something else.
        """
        return write_folder(Path(folder), self._packed, self._manifest)

    @classmethod
    def load(cls, folder: str | Path) -> "LinearScorer":
        """Read a stored scorer and check that nothing in it has changed.

        Raises
        ------
        ModelError
            If a file is missing, is not of this kind, or differs from its SHA-256.
        """
        return cls(*read_folder(Path(folder)))

    def _probabilities(self, margins: FloatArray) -> FloatArray:
        found = self._manifest["calibration"]
        return calibrated(margins, Calibration(found["slope"], tuple(found["bias"])))

    def _margins(self, texts: Sequence[str]) -> tuple[FloatArray, BoolArray]:
        if isinstance(texts, str):
            prepare(texts)  # refuses it
        margins = np.empty((len(texts), len(self.classes)))
        known = np.empty(len(texts), np.bool_)
        for start in range(0, len(texts), _BATCH):
            rows = slice(start, start + _BATCH)
            self._batch(texts[rows], margins[rows], known[rows])
        return margins, known

    def _batch(self, texts: Sequence[str], margins: FloatArray, known: BoolArray) -> None:
        points = prepare(texts)
        scratch = new_scratch(points, self._rules)
        a = self._arrays
        _score(
            points.points, points.first, numbers_of(self._rules),
            WordClasses(a.class_words, a.class_of, a.topic_of), scratch,
            self._table, a.idf, a.weights, a.bias, margins, known,
        )  # fmt: skip


def text_keys(texts: Sequence[str]) -> KeyArray:
    """Return 64 bits of the hash of each text, up to case, spaces and punctuation."""
    return np.array([int(text_hash(text)[:16], 16) for text in texts], np.uint64)


def calibrated(margins: FloatArray, calibration: Calibration) -> FloatArray:
    """Return the probabilities of margins of shape ``(n_texts, n_classes)``."""
    raised = calibration.slope * margins + np.array(calibration.bias)
    raised -= raised.max(axis=1, keepdims=True)
    likely = np.exp(raised)
    return likely / likely.sum(axis=1, keepdims=True)


@njit(cache=True, nogil=True)
def _score(
    points: PointArray,
    first: IntArray,
    rules: IntArray,
    classes: Classes,
    scratch: Scratch,
    table: tuple[KeyArray, Any],
    idf: FloatArray,
    weights: FloatArray,
    bias: FloatArray,
    margins: FloatArray,
    known: BoolArray,
) -> None:
    keys, blocks = scratch[4], scratch[5]
    counts = np.zeros(idf.size, np.int64)
    values = np.empty(keys.size)
    columns = np.empty(keys.size, np.int64)
    for i in range(first.size - 1):
        n = text_grams(points, first[i], first[i + 1], rules, classes, scratch)
        n = text_vector(keys[:n], blocks[:n], table[0], table[1], idf, counts, values, columns)
        known[i] = n > 0
        for c in range(bias.size):
            margins[i, c] = bias[c]
        for j in range(n):
            for c in range(bias.size):
                margins[i, c] += values[j] * weights[columns[j], c]
