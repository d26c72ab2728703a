"""The weights of a linear scorer: one logistic regression per class, led by naive Bayes.

The regression of a class against the others sees each feature as often as the two differ in it::

    x′ = x · (1 − share + share · |ln ratio|)

where the ratio is the feature's share of all values in texts of the class, over its share in the
others; one is added to each feature's sum. A feature that says much by itself is held back less.
What comes out is one weight per feature and class: a scorer serves it like any other linear model.

References
----------
S. Wang and C. D. Manning, "Baselines and Bigrams: Simple, Good Sentiment and Topic Classification",
ACL 2012, section 2 (there with the sign of the ratio, and mixed with its mean).
"""

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

SHARE = 0.4
"""How far features are led by naive Bayes; 0 is plain logistic regression."""


def fit_weights(
    matrix: "csr_matrix", y: IntArray, strength: float
) -> tuple[FloatArray, FloatArray]:
    """Return the weights ``(n_features, n_classes)`` and the bias of each class.

    Parameters
    ----------
    matrix : sparse matrix of shape (n_texts, n_features)
        Values of at least 0.
    y : ndarray of shape (n_texts,)
        Classes from 0. All weigh the same, however many texts they have.
    strength : float
        `C` of the regression, above 0.
    """
    n_classes = int(y.max()) + 1
    if n_classes == 2:
        weights, bias = _one(matrix, y == 1, strength)
        # Half the log odds for one, half against the other.
        return np.column_stack([-weights, weights]) / 2.0, np.array([-bias, bias]) / 2.0
    fits = [_one(matrix, y == c, strength) for c in range(n_classes)]
    weights = np.column_stack([weight for weight, _ in fits])
    return np.ascontiguousarray(weights), np.array([bias for _, bias in fits])


def ratio_scale(matrix: "csr_matrix", member: BoolArray) -> FloatArray:
    """Return what each feature is multiplied by in the regression of one class.

    Parameters
    ----------
    matrix : sparse matrix of shape (n_texts, n_features)
    member : ndarray of shape (n_texts,)
        Which texts are of the class.
    """
    inside = 1.0 + np.asarray(matrix[member].sum(axis=0), np.float64).ravel()
    outside = 1.0 + np.asarray(matrix[~member].sum(axis=0), np.float64).ravel()
    ratio = np.log((inside / inside.sum()) / (outside / outside.sum()))
    return 1.0 - SHARE + SHARE * np.abs(ratio)


def _one(matrix: "csr_matrix", member: BoolArray, strength: float) -> tuple[FloatArray, float]:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - fitting only

    scale = ratio_scale(matrix, member)
    scaled: Any = cast("Any", matrix).copy()
    scaled.data *= scale[scaled.indices]
    model: Any = LogisticRegression(
        C=strength, class_weight="balanced", solver="liblinear", max_iter=300, tol=1e-3
    )
    model.fit(scaled, member)
    return np.asarray(model.coef_, np.float64)[0] * scale, float(model.intercept_[0])
