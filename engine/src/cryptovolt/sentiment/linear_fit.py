"""Fitting a linear scorer: logistic regressions over n-grams, calibrated out of fold.

How strongly weights are held back (`C`) is chosen by cross-validation within the texts given, and
the same out-of-fold margins calibrate the probabilities. Twins share a fold, so that nothing is
judged by a text it has as good as seen. A test set plays no part in any of it.

scikit-learn fits; it is needed here alone (extra ``learn``).
"""

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import ConfigurationError, DataError, ModelError
from cryptovolt.domain.ports import Progress
from cryptovolt.sentiment.linear import Calibration, LinearScorer, calibrated, text_keys
from cryptovolt.sentiment.linear_files import Arrays, make_manifest, pack
from cryptovolt.sentiment.linear_folds import grouped_folds
from cryptovolt.sentiment.linear_labels import LABELS, classes_of
from cryptovolt.sentiment.linear_weights import fit_weights
from cryptovolt.sentiment.linear_words import word_classes
from cryptovolt.sentiment.ngrams import GramRules, Grams, grams, prepare
from cryptovolt.sentiment.ngrams_table import Vocabulary, fit_vocabulary, make_table, vectors
from cryptovolt.sentiment.ngrams_twins import twin_groups

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MAX_TEXTS = 200_000
"""More texts than this are refused: they would need more memory than a laptop has."""

MIN_PER_CLASS = 10
"""Fewest texts of each class."""

_SLOPE_PRIOR = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearSettings:
    """How a scorer is fitted.

    Parameters
    ----------
    rules : GramRules
        Which n-grams.
    min_texts : int
        An n-gram found in fewer texts is left out.
    strengths : tuple of float
        Values of `C` to choose from, each above 0; larger ones hold weights back less.
    folds : int
        For the choice and the calibration, 2 to 20.
    """

    rules: GramRules = field(default_factory=GramRules)
    min_texts: int = 2
    strengths: tuple[float, ...] = (3.0, 10.0)
    folds: int = 5

    def __post_init__(self) -> None:
        if not (self.min_texts >= 1 and 2 <= self.folds <= 20 and self.strengths) or not all(
            c > 0.0 for c in self.strengths
        ):
            raise ConfigurationError(
                "expected at least one strength above 0, min_texts of at least 1 and 2 to 20 "
                f"folds, found {self}"
            )


@dataclass(frozen=True, slots=True, eq=False)
class LinearFit:
    """A fitted scorer, and what it says about each text without having seen it or its twins.

    `margins` and `probabilities` have shape ``(n_texts, n_classes)``; `n_groups` counts the groups
    of twins. The calibration was fitted to these margins, the choice of `C` made by them: for a
    quality that is reported use
    :func:`cryptovolt.research.sentiment_quality_folds.cross_validate`.
    """

    scorer: LinearScorer
    margins: FloatArray
    probabilities: FloatArray
    n_groups: int


def fit_linear(
    texts: Sequence[str],
    labels: Sequence[str],
    rng: np.random.Generator,
    *,
    settings: LinearSettings | None = None,
    groups: IntArray | None = None,
    progress: Progress | None = None,
) -> LinearFit:
    """Return a scorer fitted to labelled texts.

    Parameters
    ----------
    texts : sequence of str
        At most 200,000.
    labels : sequence of str
        ``"negative"``, ``"neutral"`` or ``"positive"`` for each text.
    rng : numpy.random.Generator
        Deals the folds. The same texts and generator give the same bytes.
    settings : LinearSettings, optional
    groups : ndarray of shape (n_texts,), optional
        Texts of one group share a fold; twins by default.
    progress : Progress, optional
        Told after each fit.

    Returns
    -------
    LinearFit

    Raises
    ------
    DataError
        If there are too many texts, too few of a class or of its groups, or another label.
    ModelError
        If scikit-learn is not installed.

    References
    ----------
    Chuan Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 4.2: the
    calibration is vector scaling with one slope for all classes.
    """
    _check_installed()
    settings = settings or LinearSettings()
    classes, y = _checked(texts, labels)
    groups = twin_groups(texts) if groups is None else groups
    found = grams(prepare(texts), settings.rules, word_classes())
    folds = _deal(y, groups, settings.folds, rng)
    steps = _Steps(progress, len(settings.strengths) * settings.folds + 1)
    tried = {c: _out_of_fold(found, y, folds, c, settings, steps) for c in settings.strengths}
    strength = max(tried, key=lambda c: _macro_f1(y, tried[c].argmax(axis=1)))
    margins = tried[strength]
    calibration = _calibrate(margins, y)
    vocabulary = fit_vocabulary(found, settings.min_texts)
    weights, bias = fit_weights(_matrix(found, vocabulary), y, strength)
    steps.done("all texts")
    words = word_classes()
    arrays = Arrays(*vocabulary, weights, bias, *words, np.unique(text_keys(texts)))
    about = _about(texts, y, classes, settings, strength)
    manifest = make_manifest(
        pack(arrays),
        classes=classes,
        rules=settings.rules,
        slope=calibration.slope,
        bias=calibration.bias,
        about=about,
    )
    scorer = LinearScorer(arrays, manifest)
    return LinearFit(scorer, margins, calibrated(margins, calibration), int(groups.max()) + 1)


class _Steps:
    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._count = progress, total, 0

    def done(self, message: str) -> None:
        self._count += 1
        if self._progress is not None:
            self._progress(self._count, self._total, message)


def _check_installed() -> None:
    if find_spec("sklearn") is None:
        raise ModelError(
            "expected scikit-learn to train with, found none; install it with: "
            "pip install 'cryptovolt[learn]'"
        )


def _checked(texts: Sequence[str], labels: Sequence[str]) -> tuple[tuple[str, ...], IntArray]:
    if len(texts) != len(labels):
        raise DataError(f"expected a label for each text, found {len(labels)} for {len(texts)}")
    if len(texts) > MAX_TEXTS:
        raise DataError(f"expected at most {MAX_TEXTS:,} texts to train on, found {len(texts):,}")
    unknown = set(labels) - set(LABELS)
    if unknown:
        raise DataError(f"expected labels among {', '.join(LABELS)}, found {min(unknown)[:40]!r}")
    classes = classes_of(labels)
    y = np.array([classes.index(label) for label in labels], np.int64)
    counts = np.bincount(y)
    if counts.min() < MIN_PER_CLASS:
        raise DataError(
            f"expected at least {MIN_PER_CLASS} texts of each class, found {counts.min()} of "
            f"{classes[int(counts.argmin())]}"
        )
    return classes, y


def _deal(y: IntArray, groups: IntArray, n_folds: int, rng: np.random.Generator) -> IntArray:
    fold = grouped_folds(y, groups, n_folds, rng)
    for number, missing in itertools.product(range(n_folds), np.unique(y)):
        if not ((fold != number) & (y == missing)).any():
            raise DataError(
                "expected texts of each class in several groups of twins, found one class in a "
                "single group; give more different texts"
            )
    return fold


def _out_of_fold(
    found: Grams,
    y: IntArray,
    folds: IntArray,
    strength: float,
    settings: LinearSettings,
    steps: _Steps,
) -> FloatArray:
    margins = np.empty((y.size, int(y.max()) + 1))
    for number in range(settings.folds):
        test = folds == number
        own = _rows(found, np.flatnonzero(~test))
        vocabulary = fit_vocabulary(own, settings.min_texts)
        weights, bias = fit_weights(_matrix(own, vocabulary), y[~test], strength)
        margins[test] = _matrix(_rows(found, np.flatnonzero(test)), vocabulary) @ weights + bias
        steps.done(f"C = {strength:g}, fold {number + 1}")
    return margins


def _rows(found: Grams, rows: IntArray) -> Grams:
    lengths = np.diff(found.first)[rows]
    first = np.concatenate([[0], np.cumsum(lengths)])
    taken: IntArray = np.arange(int(first[-1])) + np.repeat(found.first[rows] - first[:-1], lengths)
    return Grams(found.keys[taken], found.blocks[taken], first)


def _matrix(found: Grams, vocabulary: Vocabulary) -> "csr_matrix":
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - comes with scikit-learn

    values, columns, first = vectors(found, make_table(vocabulary), vocabulary.idf)
    shape = (first.size - 1, vocabulary.keys.size)
    matrix: Any = csr_matrix((values, columns, first), shape=shape)
    # The order of a row's columns is part of the sums' bits.
    matrix.sort_indices()
    return matrix


def _calibrate(margins: FloatArray, y: IntArray) -> Calibration:
    from scipy import optimize  # noqa: PLC0415 - comes with scikit-learn

    n, k = margins.shape
    happened = np.eye(k)[y]

    def loss(unknown: FloatArray) -> tuple[float, FloatArray]:
        slope = float(np.exp(unknown[0]))
        said = calibrated(margins, Calibration(slope, tuple(unknown[1:].tolist())))
        error = said - happened
        likelihood = -float(np.log(np.maximum((said * happened).sum(axis=1), 1e-300)).sum())
        # Few texts must not make the scorer sure of itself.
        ridge = float((unknown**2).sum()) / (2.0 * _SLOPE_PRIOR)
        slope_step = slope * float((error * margins).sum())
        step = np.concatenate([[slope_step], error.sum(axis=0)]) + unknown / _SLOPE_PRIOR
        return (likelihood + ridge) / n, step / n

    found = cast("Any", optimize.minimize(loss, np.zeros(k + 1), jac=True, method="L-BFGS-B"))
    slope, *bias = cast("list[float]", found.x.tolist())
    return Calibration(float(np.exp(slope)), tuple(bias))


def _macro_f1(y: IntArray, predicted: IntArray) -> float:
    from cryptovolt.performance.classification import class_counts, macro_f1  # noqa: PLC0415

    return macro_f1(class_counts(y, predicted, int(y.max()) + 1))


def _about(
    texts: Sequence[str],
    y: IntArray,
    classes: tuple[str, ...],
    settings: LinearSettings,
    strength: float,
) -> dict[str, Any]:
    import sklearn  # noqa: PLC0415 - fitting only

    digest = hashlib.sha256()
    for text, label in zip(texts, y.tolist(), strict=True):
        digest.update(f"{len(text)}:{label}:".encode() + text.encode("utf-8", "surrogatepass"))
    counts = np.bincount(y).tolist()
    settled = {key: value for key, value in asdict(settings).items() if key != "rules"}
    return {
        "settings": settled | {"strength": strength, "strengths": list(settings.strengths)},
        "trained_on": {
            "n_texts": len(texts),
            "classes": dict(zip(classes, counts, strict=True)),
            "sha256": digest.hexdigest(),
        },
        "scikit_learn": str(sklearn.__version__),
    }
