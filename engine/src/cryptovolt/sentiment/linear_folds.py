"""Folds for texts: groups of twins stay together, classes are spread evenly."""

import numpy as np

from cryptovolt.domain.arrays import IntArray


def grouped_folds(
    y: IntArray, groups: IntArray, n_folds: int, rng: np.random.Generator
) -> IntArray:
    """Return the fold of each text: groups stay together, classes are spread evenly.

    Groups are dealt out from the largest, equals in random order, each into the fold that lacks
    most of what the group has.
    """
    n_groups, n_classes = int(groups.max()) + 1, int(y.max()) + 1
    has = np.zeros((n_groups, n_classes))
    np.add.at(has, (groups, y), 1.0)
    share = has.sum(axis=0)
    filled = np.zeros((n_folds, n_classes))
    fold = np.zeros(n_groups, np.int64)
    shuffled = rng.permutation(n_groups)
    for group in shuffled[np.argsort(-has[shuffled].sum(axis=1), kind="stable")]:
        # Of folds that lack equally much, the emptiest.
        need = (filled / share) @ has[group]
        fold[group] = np.lexsort((filled.sum(axis=1), need))[0]
        filled[fold[group]] += has[group]
    return fold[groups]
