"""A challenger against the champion, looked at as often as one likes.

Both decide on the same bars and pay the same costs. Time is cut into blocks. Two differences count,
challenger less champion: the log loss each row saves, and the returns of each block after costs.
Against every claim ("the challenger is no better") a gambler bets on the next difference; where the
claim is true his capital is not expected to grow, so the probability that it *ever* reaches
``1 / alpha`` is at most alpha (Ville's inequality). Looking at every block costs nothing.

What keeps the bets honest:

* The capital is read at the end of blocks only. Rows decided less than a horizon before are left
  out of the log loss, so that no bet is open then.
* Overlapping labels: the rows are dealt to as many streams as the horizon has bars. In each, an
  outcome is known before the next bet; the capital is the mean of the streams.
* The loss that is saved is bounded by the words, before the outcome is known: the challenger is
  taken at the nearest probability that can lose at most `disagreement` against the champion.
* A block's difference of returns beyond `worst_return` counts as that; how often is told.
* Stakes are fixed before the first bar: equal parts of the capital each stay with one size.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np

from cryptovolt.domain.errors import DataError
from cryptovolt.research.sequential_capital import Capital
from cryptovolt.research.sequential_settings import SequentialSettings

MEASURES = ("log_loss", "returns")
"""What the two are compared by; a positive difference is in favour of the challenger."""


class Decision(StrEnum):
    """What to do with the challenger."""

    PROMOTE = "promote"
    ROLL_BACK = "roll back"
    GO_ON = "go on"


class Outcome(NamedTuple):
    """What two models said of a row, NaN for nothing, and what came of it."""

    row: int
    up: bool
    champion: float
    challenger: float


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a test stands.

    Parameters
    ----------
    decision : Decision
        What to do.
    text : str
        One sentence: why.
    better, worse : float
        Capital of the gamblers against "no better" and "no worse" (e-values); 1 at the start.
    by_measure : mapping of str to tuple of float
        Both of each of :data:`MEASURES`.
    mean : mapping of str to float
        Mean difference: log loss saved a row, return gained a block.
    n_blocks : int
        That are over.
    n_clipped : int
        Blocks whose difference of returns was beyond `worst_return`.
    """

    decision: Decision
    text: str
    better: float
    worse: float
    by_measure: Mapping[str, tuple[float, float]]
    mean: Mapping[str, float]
    n_blocks: int
    n_clipped: int


def log_loss_saved(outcome: Outcome, disagreement: float) -> float:
    """Return the champion's log loss less the challenger's on one row, 0 where one was silent.

    Parameters
    ----------
    outcome : Outcome
        What was said and what happened.
    disagreement : float
        Bound of the result on both sides. The challenger's probability is moved towards the
        champion's until neither outcome can exceed it, so that the bound is known beforehand.

    Returns
    -------
    float
        In nats, in ``[−disagreement, disagreement]``.

    Raises
    ------
    DataError
        If a probability is not in (0, 1).
    """
    said = (outcome.champion, outcome.challenger)
    if any(math.isnan(p) for p in said):
        return 0.0
    if not all(0.0 < p < 1.0 for p in said):
        raise DataError(f"expected probabilities in (0, 1), or NaN for none, found {said}")
    p, q = (outcome.champion, 1.0 - outcome.champion)
    shrink, grow = math.exp(-disagreement), math.exp(disagreement)
    low = max(p * shrink, 1.0 - q * grow)
    high = min(p * grow, 1.0 - q * shrink)
    taken = min(max(outcome.challenger, low), high)
    return math.log(taken / p) if outcome.up else math.log((1.0 - taken) / q)


class SequentialTest:
    """One challenger against the champion, bar by bar.

    Parameters
    ----------
    settings : SequentialSettings, optional
        The defaults if not given. They may not change while the test goes on.
    state : mapping, optional
        What :meth:`state` gave; a new test if not given.

    Notes
    -----
    Rolling back uses the same figures the other way round: after a promotion the old champion goes
    on in the shadow, and a new test is begun with the new champion as *challenger*.

    References
    ----------
    J. Ville, *Étude critique de la notion de collectif*, 1939. I. Waudby-Smith and A. Ramdas,
    "Estimating Means of Bounded Random Variables by Betting", *Journal of the Royal Statistical
    Society* B 86 (1), 2024, p. 1-27. Y. J. Choe and A. Ramdas, "Comparing Sequential Forecasters",
    *Operations Research* 72 (4), 2024 (score differences of dependent outcomes). S. Arnold,
    A. Henzi and J. F. Ziegel, "Sequentially Valid Tests for Forecast Calibration", *Annals of
    Applied Statistics* 17 (3), 2023 (outcomes that are known late). V. Vovk and R. Wang,
    "E-values: Calibration, Combination and Applications", *Annals of Statistics* 49 (3), 2021 (the
    mean of e-values is one, however they depend on each other).
    """

    def __init__(
        self,
        settings: SequentialSettings | None = None,
        state: Mapping[str, Any] | None = None,
    ) -> None:
        self.settings = settings or SequentialSettings()
        state = state or {}
        self._bar: int | None = state.get("bar")
        self._first: int | None = state.get("first")
        self._gained = float(state.get("gained", 0.0))
        self._saved = [(int(row), float(found)) for row, found in state.get("saved", [])]
        self._n_clipped = int(state.get("n_clipped", 0))
        words, returns = state.get("capital") or (None, None)
        self._capital = {
            "log_loss": Capital(self.settings.disagreement, self.settings.horizon, words),
            "returns": Capital(self.settings.worst_return, 1, returns),
        }

    def state(self) -> dict[str, Any]:
        """Return what the next bar needs, as JSON knows it."""
        return {
            "bar": self._bar,
            "first": self._first,
            "gained": self._gained,
            "saved": [list(pair) for pair in self._saved],
            "n_clipped": self._n_clipped,
            "capital": [self._capital[name].state() for name in MEASURES],
        }

    def observe(
        self, bar: int, champion: float, challenger: float, outcomes: Sequence[Outcome] = ()
    ) -> bool:
        """Take one bar; return whether a block is over with it.

        Parameters
        ----------
        bar : int
            Number of the bar, one more than that before.
        champion, challenger : float
            Returns of the two accounts over the bar, after costs; fractions.
        outcomes : sequence of Outcome
            Rows whose outcome became known with this bar, each once; rows decided in an earlier
            block do not count.

        Raises
        ------
        DataError
            If a bar is missing or comes twice, a return is not finite, or an outcome is of a row
            that lies ahead.
        """
        self._check(bar, champion, challenger, outcomes)
        block, horizon = self.settings.block, self.settings.horizon
        first = bar if self._first is None else self._first
        begin = bar - (bar - first) % block
        self._first, self._bar = first, bar
        self._gained += challenger - champion
        for outcome in outcomes:
            if begin <= outcome.row < begin + block - horizon:
                saved = log_loss_saved(outcome, self.settings.disagreement)
                self._saved.append((outcome.row, saved))
        if bar != begin + block - 1:
            return False
        self._settle()
        return True

    def standing(self) -> Standing:
        """Return what may be said now."""
        by_measure = {name: self._capital[name].values() for name in MEASURES}
        better, worse = (
            math.fsum(values[side] for values in by_measure.values()) / len(MEASURES)
            for side in (0, 1)
        )
        mean = {name: self._capital[name].mean for name in MEASURES}
        decision = self._decide(better, worse, mean)
        return Standing(
            decision,
            self._why(decision, better, worse, mean),
            better,
            worse,
            by_measure,
            mean,
            self._capital["returns"].n_bets,
            self._n_clipped,
        )

    def _check(
        self, bar: int, champion: float, challenger: float, outcomes: Sequence[Outcome]
    ) -> None:
        if self._bar is not None and bar != self._bar + 1:
            raise DataError(f"expected bar {self._bar + 1}, found {bar}; begin a new test")
        if not (math.isfinite(champion) and math.isfinite(challenger)):
            raise DataError(f"expected finite returns, found {champion} and {challenger}")
        if any(outcome.row >= bar for outcome in outcomes):
            raise DataError(f"expected outcomes of rows before bar {bar}, found a later one")

    def _settle(self) -> None:
        settings, worst = self.settings, self.settings.worst_return
        gained = float(np.clip(self._gained, -worst, worst))
        self._n_clipped += gained != self._gained
        for row, saved in self._saved:
            self._capital["log_loss"].bet(saved, row % settings.horizon)
        self._capital["returns"].bet(gained)
        self._gained, self._saved = 0.0, []

    def _decide(self, better: float, worse: float, mean: Mapping[str, float]) -> Decision:
        # Signs only hold a decision back, so neither error becomes more likely by them.
        if better >= self.settings.needed and all(found >= 0.0 for found in mean.values()):
            return Decision.PROMOTE
        if worse >= self.settings.needed and any(found < 0.0 for found in mean.values()):
            return Decision.ROLL_BACK
        return Decision.GO_ON

    def _why(
        self, decision: Decision, better: float, worse: float, mean: Mapping[str, float]
    ) -> str:
        n, needed = self._capital["returns"].n_bets, self.settings.needed
        seen = (
            f"in {n} blocks of {self.settings.block} bars the challenger saved "
            f"{mean['log_loss']:+.4f} of log loss a row and gained {mean['returns']:+.2%} a block"
            if n
            else f"no block of {self.settings.block} bars is over yet"
        )
        clipped = f" ({self._n_clipped} blocks count as ±{self.settings.worst_return:.0%})"
        seen += clipped if self._n_clipped else ""
        if decision is Decision.PROMOTE:
            return f"promote: {seen}; the evidence that it is better is {better:.1f} of {needed:g}"
        if decision is Decision.ROLL_BACK:
            return f"roll back: {seen}; the evidence that it is worse is {worse:.1f} of {needed:g}"
        held = "; enough, but it is behind by one measure" if better >= needed else ""
        return (
            f"go on: {seen}; the evidence is {better:.2f} for better and {worse:.2f} for worse "
            f"of {needed:g} needed{held}"
        )
