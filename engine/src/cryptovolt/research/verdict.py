"""One plain word about a run, and the rule behind it.

The word *edge* belongs to this rule alone. A run *holds up* only if every condition is met; it is
*weak* if only the conditions called basic are; anything else is *no edge shown*. What could not be
computed is not met: silence never speaks for a run.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cryptovolt.performance.bootstrap import Interval
from cryptovolt.research.overfitting import Overfitting
from cryptovolt.research.random_entries import RandomEntries
from cryptovolt.research.stress import Stress
from cryptovolt.research.trials import Selection

MIN_TRADES = 30
MIN_DAYS = 180
MIN_PROBABILITY = 0.95
WEAK_PROBABILITY = 0.8
MAX_OVERFITTING = 0.2
MAX_P_VALUE = 0.05

RULE = (
    "Holds up: every condition is met. Weak: every basic one is, but not every other. No edge "
    "shown: a basic one is not. What could not be computed is not met."
)


class Standing(StrEnum):
    """What can be said of a run."""

    NO_EDGE = "no edge shown"
    WEAK = "weak"
    HOLDS_UP = "holds up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of the verdict.

    Parameters
    ----------
    name : str
        What is asked, with its threshold.
    met : bool
        Whether it is so.
    basic : bool
        Whether without it no edge is shown at all.
    found : str
        What was found, in words and numbers.
    """

    name: str
    met: bool
    basic: bool
    found: str

    def __str__(self) -> str:
        basic = " (basic)" if self.basic else ""
        return f"{'met' if self.met else 'NOT met':8} {self.name}{basic}: {self.found}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict on a run with the conditions that led to it."""

    standing: Standing
    conditions: tuple[Condition, ...]
    rule: str = RULE

    @property
    def text(self) -> str:
        """One sentence: the word, and what kept it from a better one."""
        missing = [c for c in self.conditions if not c.met]
        if not missing:
            return f"{self.standing}: every condition is met"
        first = [c for c in missing if c.basic] or missing
        return f"{self.standing}: " + "; ".join(c.found for c in first)

    def __str__(self) -> str:
        return "\n".join([self.text, self.rule, *(str(c) for c in self.conditions)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything the rule looks at; None and NaN where something could not be computed.

    Parameters
    ----------
    stamps : tuple of str
        Of the run.
    n_trades : int
        Closed round trips.
    n_days : float
        Length of the history in days.
    total_return : float
        After costs, as a fraction.
    selection : Selection
        Probabilistic and deflated Sharpe ratio and the number of trials.
    overfitting : Overfitting
        Probability of backtest overfitting.
    random : RandomEntries or None
        The same account at random times.
    sharpe : Interval or None
        Annualised, with its 95 % interval.
    alpha : Interval or None
        Return per year that holding the market does not explain, with its 95 % interval.
    stresses : sequence of Stress
        Results under hardship.
    sampling : str, default="daily"
        What both intervals come from: ``"daily"`` returns, or ``"per bar"`` of a day or longer.
    """

    stamps: tuple[str, ...]
    n_trades: int
    n_days: float
    total_return: float
    selection: Selection
    overfitting: Overfitting
    random: RandomEntries | None
    sharpe: Interval | None
    alpha: Interval | None
    stresses: Sequence[Stress]
    sampling: str = "daily"


def judge_run(evidence: Evidence) -> Judgement:
    """Return the verdict; the rule is in ``docs/reference/verdict.md``.

    Parameters
    ----------
    evidence : Evidence
        From :func:`cryptovolt.assess`.
    """
    conditions = (*_basic(evidence), *_further(evidence))
    if not all(condition.met for condition in conditions if condition.basic):
        standing = Standing.NO_EDGE
    elif all(condition.met for condition in conditions):
        standing = Standing.HOLDS_UP
    else:
        standing = Standing.WEAK
    return Judgement(standing=standing, conditions=conditions)


def tried(selection: Selection) -> str:
    """Return in words how much was tried."""
    trials = selection.trials
    if trials is None:
        return "no trials are known"
    return "1 trial" if trials.n_trials == 1 else str(trials)


def _basic(found: Evidence) -> tuple[Condition, ...]:
    # Comparisons are written so that NaN is not met.
    gained, rank = found.total_return, found.random
    psr, known = found.selection.probabilistic, found.selection.trials is not None
    enough = found.n_trades >= MIN_TRADES and found.n_days >= MIN_DAYS
    few = "" if enough else "too few to tell: "
    return (
        _basically("no stamp", not found.stamps, "; ".join(found.stamps) or "none"),
        _basically(
            f"at least {MIN_TRADES} closed trades and {MIN_DAYS} days",
            enough,
            f"{few}{found.n_trades:,} closed trades in {found.n_days:,.0f} days",
        ),
        _basically("a gain after costs", gained > 0, f"total return {_percent(gained)}"),
        _basically(
            f"probabilistic Sharpe ratio ≥ {MIN_PROBABILITY:g}",
            _reaches(psr, MIN_PROBABILITY),
            f"probabilistic Sharpe ratio (per bar) {_number(psr)}",
        ),
        Condition(
            name=f"deflated Sharpe ratio ≥ {WEAK_PROBABILITY:g}",
            met=_deflated_reaches(found.selection, WEAK_PROBABILITY),
            # Who keeps no ledger can still be weak, with this condition not met.
            basic=known,
            found=f"deflated Sharpe ratio (per bar) {_number(found.selection.strictest)}"
            if known
            else tried(found.selection),
        ),
        _basically(
            f"p ≤ {MAX_P_VALUE:g} among random entries",
            rank is not None and rank.p_value <= MAX_P_VALUE,
            "no random entries: the run took no position"
            if rank is None
            else f"p = {_small(rank.p_value)} among {rank.sharpe.size:,} random entries",
        ),
    )


def _further(found: Evidence) -> tuple[Condition, ...]:
    chosen, overfitted = found.selection, found.overfitting
    return (
        _also(
            "the 95 % interval of the Sharpe ratio lies above 0 (cash)",
            found.sharpe is not None and found.sharpe.low > 0,
            f"Sharpe ratio per year ({found.sampling}) {_interval(found.sharpe, _number)}",
        ),
        _also(
            "the 95 % interval of alpha lies above 0 (buy and hold)",
            found.alpha is not None and found.alpha.low > 0,
            f"alpha per year ({found.sampling}) {_interval(found.alpha, _percent)}",
        ),
        _also(
            f"deflated Sharpe ratio ≥ {MIN_PROBABILITY:g}",
            _deflated_reaches(chosen, MIN_PROBABILITY),
            f"deflated Sharpe ratio (per bar) {_number(chosen.strictest)} "
            f"({chosen.reason or tried(chosen)})",
        ),
        _also(
            f"probability of backtest overfitting ≤ {MAX_OVERFITTING:g}, "
            "with more than one trial in the ledger",
            _not_overfitted(chosen, overfitted),
            f"probability of backtest overfitting {_number(overfitted.probability)} "
            f"({overfitted.reason}{_alone(chosen)})",
        ),
        _also(
            "a gain under every stress",
            bool(found.stresses) and all(stress.survived for stress in found.stresses),
            _stressed(found.stresses),
        ),
    )


def _not_overfitted(chosen: Selection, overfitted: Overfitting) -> bool:
    # A ledger with a single trial is as likely one that was kept for the winner only.
    several = chosen.trials is not None and chosen.trials.n_trials > 1
    probability = overfitted.probability
    return several and probability is not None and probability <= MAX_OVERFITTING


def _alone(chosen: Selection) -> str:
    alone = chosen.trials is not None and chosen.trials.n_trials == 1
    return "; the ledger holds a single trial" if alone else ""


def _deflated_reaches(chosen: Selection, least: float) -> bool:
    return _reaches(chosen.deflated, least) and _reaches(chosen.deflated_by_all, least)


def _stressed(stresses: Sequence[Stress]) -> str:
    if not stresses:
        return "no stress was simulated"
    failed = [stress.name for stress in stresses if not stress.survived]
    return f"a loss with {', '.join(failed)}" if failed else "a gain under all of them"


def _reaches(value: float | None, least: float) -> bool:
    return value is not None and value >= least


def _basically(name: str, met: bool, found: str) -> Condition:
    return Condition(name=name, met=bool(met), basic=True, found=found)


def _also(name: str, met: bool, found: str) -> Condition:
    return Condition(name=name, met=bool(met), basic=False, found=found)


def _number(value: float | None) -> str:
    return "undefined" if value is None or math.isnan(value) else f"{value:.2f}".replace("-", "−")


def _small(value: float) -> str:
    return f"{value:.4f}" if value < 0.1 else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return (
        "undefined"
        if value is None or math.isnan(value)
        else f"{100 * value:+.1f} %".replace("-", "−")
    )


def _interval(found: Interval | None, form: Callable[[float], str]) -> str:
    if found is None:
        return "undefined"
    return f"{form(found.estimate)}, {form(found.low)} to {form(found.high)}"
