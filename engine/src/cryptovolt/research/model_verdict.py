"""What can be said of a model in one word, in the words of :mod:`cryptovolt.research.verdict`.

One evaluation is *weak* at most: only a ledger knows how many models were tried before this one was
looked at. With a ledger the AUC is deflated by their number, and the choice among them is asked how
far it is overfitted.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from cryptovolt.domain.arrays import BoolArray
from cryptovolt.performance.selection import expected_maximum_sharpe
from cryptovolt.research.scores import LESS_IS_BETTER, Score
from cryptovolt.research.verdict import (
    MAX_OVERFITTING,
    MIN_PROBABILITY,
    WEAK_PROBABILITY,
    Standing,
)

RULE = (
    "Holds up: out of sample the 95 % interval of the AUC lies above 0.5, accuracy and log loss "
    "are better than those of both baselines, and by a ledger with other models the AUC lies above "
    "what the best of them reaches by luck with a probability of at least "
    f"{MIN_PROBABILITY} and the probability of backtest overfitting is at most {MAX_OVERFITTING}. "
    "Weak: interval and baselines are so, and that probability is at least "
    f"{WEAK_PROBABILITY} where there is a ledger. No edge shown: anything else"
)

_NORMAL = NormalDist()
_TWO_SIDED = _NORMAL.inv_cdf(0.975)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTrials:
    """What was tried beside a model, by a trial ledger.

    Parameters
    ----------
    n_trials : int
        Models fitted on overlapping data, this one among them; folds of one count once.
    best_by_luck : float
        AUC that the best of so many reaches when none has any skill.
    deflated : float
        Probability that the model's AUC is above that, in [0, 1].
    overfitting : float or None
        Probability of backtest overfitting of following it alone; None where it is not known.
    """

    n_trials: int
    best_by_luck: float
    deflated: float
    overfitting: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What can be said of a model in one word, why, and the rule that says so."""

    standing: Standing
    text: str
    trials: ModelTrials | None = None
    rule: str = RULE


def model_trials(
    area: Score,
    up: BoolArray,
    horizon: int,
    others: Sequence[float],
    overfitting: float | None,
) -> ModelTrials:
    """Return what an AUC is worth given the models that were tried.

    As the deflated Sharpe ratio does, it asks whether the AUC lies above the one that the best of
    so many models without skill reaches. Their AUCs vary at least as much as luck alone makes a
    single one vary: variants of one idea rise and fall together.

    Parameters
    ----------
    area : Score
        The model's AUC with its interval.
    up : ndarray of shape (n_rows,)
        What happened on the test rows, both classes.
    horizon : int
        Bars over which labels overlap.
    others : sequence of float
        AUC of every model tried, this one among them; NaN where it is not defined.
    overfitting : float or None
        Probability of backtest overfitting.

    References
    ----------
    J. A. Hanley and B. J. McNeil, "The Meaning and Use of the Area under a ROC Curve", Radiology
    143 (1), 1982, p. 29-36 (standard error without skill; widened by the square root of the
    horizon).
    D. H. Bailey and M. López de Prado, "The Deflated Sharpe Ratio", Journal of Portfolio
    Management 40 (5), 2014, p. 94-107 (the best of many trials).
    """
    n_up = float(up.sum())
    n_down = up.size - n_up
    if not min(n_up, n_down) > 0.0:
        nowhere = math.nan
        return ModelTrials(
            n_trials=len(others), best_by_luck=nowhere, deflated=nowhere, overfitting=overfitting
        )
    luck = (up.size + 1) / (12.0 * n_up * n_down) * horizon
    known = np.asarray(others, np.float64)
    known = known[np.isfinite(known)]
    found = float(np.var(known, ddof=1)) if known.size > 1 else 0.0
    best = 0.5 + expected_maximum_sharpe(len(others), max(luck, found))
    # Half of a 95 % interval is 1.96 standard errors.
    spread = max(math.sqrt(luck), (area.interval.high - area.interval.low) / (2.0 * _TWO_SIDED))
    return ModelTrials(
        n_trials=len(others),
        best_by_luck=best,
        deflated=_NORMAL.cdf((area.value - best) / spread),
        overfitting=overfitting,
    )


def judge(scores: Mapping[str, Score], trials: ModelTrials | None = None) -> Verdict:
    """Return the verdict on a model's pooled scores; see `RULE`.

    Parameters
    ----------
    scores : mapping
        Measure name to its pooled value, interval and baselines.
    trials : ModelTrials, optional
        What was tried beside it; without, nothing holds up.
    """
    basic = _missing_in_scores(scores)
    # Written so that NaN shows nothing.
    if trials is not None and not trials.deflated >= WEAK_PROBABILITY:
        basic.append(_said_of(trials))
    if basic:
        text = f"{Standing.NO_EDGE}: " + "; ".join(basic)
        return Verdict(standing=Standing.NO_EDGE, text=text, trials=trials)
    missing = _missing_in_trials(trials)
    standing = Standing.WEAK if missing else Standing.HOLDS_UP
    said = [f"AUC {scores['auc'].value:.3f}, both baselines beaten", *missing]
    if trials is not None and not missing:
        said.append(_said_of(trials))
    text = f"{standing}: " + "; ".join([*said, "whether it pays is not tested"])
    return Verdict(standing=standing, text=text, trials=trials)


def _missing_in_scores(scores: Mapping[str, Score]) -> list[str]:
    area = scores["auc"]
    missing: list[str] = []
    # Written so that NaN shows nothing.
    if not area.interval.low > 0.5:
        low, high = area.interval.low, area.interval.high
        missing.append(f"AUC {area.value:.3f} has the interval {low:.3f} to {high:.3f}")
    for name in ("accuracy", "log_loss"):
        sign = -1.0 if name in LESS_IS_BETTER else 1.0
        for baseline, value in scores[name].baselines.items():
            # Written so that NaN is not better.
            if not sign * scores[name].value > sign * value:
                missing.append(
                    f"{name} {scores[name].value:.4f} is no better than {baseline} {value:.4f}"
                )
    return missing


def _missing_in_trials(trials: ModelTrials | None) -> list[str]:
    if trials is None:
        return ["no trial ledger was given, so nobody knows how many models were tried"]
    missing: list[str] = []
    if trials.n_trials < 2:
        missing.append("the ledger holds no other model, so the best of many was not looked for")
    if not trials.deflated >= MIN_PROBABILITY:
        missing.append(_said_of(trials))
    if trials.overfitting is None:
        missing.append("the probability of backtest overfitting is not known")
    elif not trials.overfitting <= MAX_OVERFITTING:
        missing.append(f"the probability of backtest overfitting is {trials.overfitting:.2f}")
    return missing


def _said_of(trials: ModelTrials) -> str:
    models = "1 model" if trials.n_trials == 1 else f"{trials.n_trials:,} models"
    return (
        f"by luck the best of {models} reaches an AUC of {trials.best_by_luck:.3f}, and this one "
        f"is above it with a probability of {trials.deflated:.2f}"
    )
