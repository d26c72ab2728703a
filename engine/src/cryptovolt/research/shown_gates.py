"""Gates on what is shown beside a model: trials, baselines, costs, and rows that have moved."""

import numpy as np
from numpy.random import Generator

from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulate import simulate_account
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.ports import TrialLedger
from cryptovolt.domain.trials import TrialKind, choices_of
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.features.build import Features
from cryptovolt.research.evaluation import Evaluation
from cryptovolt.research.gate import Gate
from cryptovolt.research.stress import Stress, stresses

BASELINES = ("majority", "last_direction")
MOST_DRIFT = 0.25
"""Population stability index above which a column is said to have moved."""

NEWEST = 0.1
_BINS = 10
_LEAST_SHARE = 1e-4


def trials_counted(evaluation: Evaluation, ledger: TrialLedger | None) -> Gate:
    """Check that a whole ledger counts the trials, this model among them."""
    trials = evaluation.verdict.trials
    if ledger is None or trials is None:
        text = "no trial ledger was given, so nobody knows how many models were tried before it"
        return Gate("trials_counted", passed=False, measured=0.0, threshold=1.0, text=text)
    check = ledger.verify()
    if not check.intact:
        text = f"the trial ledger is BROKEN, so its count means nothing: {check.faults[0]}"
        return Gate("trials_counted", passed=False, measured=0.0, threshold=1.0, text=text)
    labels, symbol = evaluation.labels, str(evaluation.model.manifest["provenance"]["symbol"])
    rows = ledger.trials((symbol,), int(labels.timestamp[0]), int(labels.timestamp[-1]))
    fits = [trial for trial in rows if trial.kind is TrialKind.FIT]
    own = evaluation.model.artefact_hash
    known = any(trial.parameters.get("model") == own for trial in fits)
    n_choices = len(choices_of(fits))
    counted = known and trials.n_trials <= n_choices
    return Gate(
        "trials_counted",
        counted,
        float(trials.n_trials),
        float(n_choices),
        f"the ledger is whole, holds {n_choices} models on this data, "
        f"{'this one among them' if known else 'but not this one'}, and the verdict counts "
        f"{trials.n_trials}; it must hold each of them",
    )


def baselines_shown(evaluation: Evaluation) -> Gate:
    """Check that every measure stands beside what no model at all would have reached."""
    missing = [
        f"{name} of {baseline}"
        for name, score in evaluation.scores.items()
        for baseline in BASELINES
        if baseline not in score.baselines
    ]
    said = ", ".join(missing) if missing else "none"
    return Gate(
        "baselines",
        not missing,
        float(len(missing)),
        0.0,
        f"of {len(evaluation.scores)} measures these baselines are missing: {said}; none may be",
    )


def cost_stress(bars: Bars, evaluation: Evaluation, rng: Generator) -> Gate:
    """Follow the model alone out of sample under harder costs; shown, and no reason to refuse."""
    run = followed(bars, evaluation.probability)
    harder = stresses(run, rng)
    base = run.statistics["sharpe"]
    least = min((stress.sharpe for stress in harder), default=np.nan)
    left = least / base if base > 0.0 else np.nan
    told = "; ".join(_told(stress) for stress in harder)
    return Gate(
        "cost_stress",
        passed=True,
        measured=float(left),
        threshold=0.5,
        text=f"followed alone it returns {run.statistics['total_return']:+.1%} after costs; "
        f"{told}; shown, and no reason to refuse",
    )


def _told(stress: Stress) -> str:
    halved = ", LESS THAN HALF of the Sharpe ratio left" if stress.halves_sharpe else ""
    return f"{stress.name}: {stress.total_return:+.1%}{halved}"


def feature_drift(features: Features, evaluation: Evaluation) -> Gate:
    """Compare the newest tenth of the rows with those before: most columns must not have moved."""
    rows = evaluation.labels.row
    cut = rows.size - max(1, round(NEWEST * rows.size))
    values = features.values[rows]
    index = np.array([stability(column[:cut], column[cut:]) for column in values.T])
    worst = int(np.argmax(index))
    middle = float(np.median(index))
    n_moved = int((index > MOST_DRIFT).sum())
    return Gate(
        "feature_drift",
        middle <= MOST_DRIFT,
        middle,
        MOST_DRIFT,
        f"between the newest tenth of the rows and those before, {n_moved} of {index.size} columns "
        f"have a population stability index above {MOST_DRIFT}, {features.names[worst]} the "
        f"highest with {index[worst]:.2f}; the middle one may not",
    )


def stability(before: FloatArray, now: FloatArray) -> float:
    """Return the population stability index of two samples of a column, at least 0.

    Ten bins hold equal shares of the older sample. Below 0.1 is called stable, above 0.25 moved;
    samples whose neighbours resemble each other lie higher by chance.

    Parameters
    ----------
    before, now : ndarray of shape (n_before,) and (n_now,)
        Finite.

    References
    ----------
    N. Siddiqi, *Credit Risk Scorecards*, 2006, p. 136.
    """
    edges = np.unique(np.quantile(before, np.arange(1, _BINS) / _BINS))
    shares: list[FloatArray] = []
    for sample in (before, now):
        counts = np.bincount(np.searchsorted(edges, sample), minlength=edges.size + 1)
        shares.append(np.maximum(counts / sample.size, _LEAST_SHARE))
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


def followed(bars: Bars, probability: FloatArray) -> Run:
    """Return the account that is long while a model says that a rise is the likelier.

    Parameters
    ----------
    bars : Bars
        That the model spoke about.
    probability : ndarray of shape (n_bars,)
        Out-of-sample P(up), NaN where nothing was said: what is held is then kept.
    """
    known = np.flatnonzero(np.isfinite(probability))
    part = slice(int(known[0]), int(known[-1]) + 1)
    said = probability[part]
    target = np.where(np.isnan(said), np.nan, (said > 0.5).astype(np.float64))
    return simulate_account(bars[part], target, TradingSettings())
