"""How much each label counts in training: labels that overlap tell the same story.

The calibration of a model takes the sum of its weights for the number of independent rows. Every
weight here keeps that meaning: attributing returns only moves weight between labels, and decay
only takes some away.
"""

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.features.inputs import log_return


def uniqueness(row: IntArray, end: IntArray) -> FloatArray:
    """Return how little each label shares its interval with others.

    Parameters
    ----------
    row, end : ndarray of shape (n_labels,)
        Each label was read from bars ``row + 1 .. end``.

    Returns
    -------
    ndarray of shape (n_labels,)
        Mean over the interval of one over the number of labels that are open, in (0, 1].

    References
    ----------
    Marcos López de Prado, *Advances in Financial Machine Learning*, 2018, section 4.4.
    """
    if row.size == 0:
        return np.empty(0)
    share = _share_of_bars(row, end)
    total = np.concatenate([[0.0], np.cumsum(share)])
    return (total[end + 1] - total[row + 1]) / (end - row)


def return_attributed(bars: Bars, row: IntArray, end: IntArray) -> FloatArray:
    """Return weights by how much the price moved in the part of an interval a label has to itself.

    Each bar's log return is divided by the number of labels open in it; a label's weight is the
    absolute sum of its shares. The first bar of an interval counts from its open, where the trade
    begins, so that what happened before the decision plays no part.

    Parameters
    ----------
    bars : Bars
        That were labelled.
    row, end : ndarray of shape (n_labels,)
        Each label was read from bars ``row + 1 .. end``.

    Returns
    -------
    ndarray of shape (n_labels,)
        At least 0, scaled so that the sum is that of :func:`uniqueness`. A label's share of the
        sum depends on all labels: weigh training rows alone.

    Raises
    ------
    DataError
        If no label moved at all.

    References
    ----------
    Marcos López de Prado, *Advances in Financial Machine Learning*, 2018, section 4.6.
    """
    if row.size == 0:
        return np.empty(0)
    share = _share_of_bars(row, end)
    change = log_return(bars.close)
    change[0] = 0.0
    total = np.concatenate([[0.0], np.cumsum(change[: share.size] * share)])
    first = row + 1
    entry = np.log(bars.close[first] / bars.open[first]) * share[first]
    moved = np.abs(entry + total[end + 1] - total[first + 1])
    if not float(moved.sum()) > 0.0:
        raise DataError("expected labels of bars that move, found no change in any interval")
    return moved * (float(uniqueness(row, end).sum()) / float(moved.sum()))


def time_decayed(weight: FloatArray, oldest: float) -> FloatArray:
    """Return weights that fall in a straight line from the newest label to the oldest.

    Time is counted in weight, not in bars: a stretch of labels that overlap is short.

    Parameters
    ----------
    weight : ndarray of shape (n_labels,)
        Above 0, oldest first, e.g. of :func:`uniqueness`.
    oldest : float
        What is left of the oldest label's weight, in [0, 1]; 1 leaves all as they are.

    Returns
    -------
    ndarray of shape (n_labels,)
        The newest keeps its weight.

    Raises
    ------
    ConfigurationError
        If `oldest` is out of range.

    References
    ----------
    Marcos López de Prado, *Advances in Financial Machine Learning*, 2018, section 4.7.
    """
    if not 0.0 <= oldest <= 1.0:
        raise ConfigurationError(f"expected oldest in [0, 1], found {oldest}")
    if weight.size == 0:
        return np.empty(0)
    age = np.cumsum(weight)
    return weight * (1.0 - (1.0 - oldest) * (1.0 - age / age[-1]))


def _share_of_bars(row: IntArray, end: IntArray) -> FloatArray:
    change = np.zeros(int(end.max()) + 2)
    np.add.at(change, row + 1, 1.0)
    np.add.at(change, end + 1, -1.0)
    n_open = np.cumsum(change)[:-1]
    return np.divide(1.0, n_open, out=np.zeros_like(n_open), where=n_open > 0)
