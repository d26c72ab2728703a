"""Everything that is asked of a run before anybody believes it, in one call."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

from cryptovolt.backtest.baseline import buy_and_hold_of
from cryptovolt.backtest.run import Run
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.ports import TrialLedger
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.research.certainty import Certainty, certainty_of
from cryptovolt.research.monte_carlo import Bands, block_bands, trade_bands
from cryptovolt.research.overfitting import Overfitting, overfitting_of
from cryptovolt.research.random_entries import RandomEntries, random_entries
from cryptovolt.research.replay import Replay, by_day
from cryptovolt.research.stress import Stress, stresses
from cryptovolt.research.trials import Selection, judge_selection
from cryptovolt.research.verdict import Evidence, Judgement, judge_run

BY_FILLS = (
    "The run was steered by orders. Random entries and hardships reach its positions with market "
    "orders at the next open instead, so they are approximate."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What was asked of a run, what was found, and the verdict.

    Made by :func:`cryptovolt.assess`; ``print`` shows the verdict with its conditions and rule.

    Parameters
    ----------
    run, hold : Run
        The run, and buy and hold at the same costs.
    certainty : Certainty or None
        Intervals and alpha; None where there are too few days.
    selection : Selection
        Trials, probabilistic and deflated Sharpe ratio, or why there is none.
    overfitting : Overfitting
        Probability of backtest overfitting, or why there is none.
    random : RandomEntries or None
        The same account at random times; None where the run never wanted a position.
    stresses : tuple of Stress
        Doubled costs, doubled slippage, one bar later, missed fills.
    order, resampled : Bands or None
        The closed trades in another order, and drawn with replacement; None with few trades.
    days : Bands or None
        Blocks of days drawn with replacement; None with few days.
    judgement : Judgement
        The verdict.
    notes : tuple of str
        What has to be known about how this was computed.
    seed : int or None
        What the random numbers began with, where known.
    """

    run: Run = field(repr=False)
    hold: Run = field(repr=False)
    certainty: Certainty | None
    selection: Selection
    overfitting: Overfitting
    random: RandomEntries | None
    stresses: tuple[Stress, ...]
    order: Bands | None
    resampled: Bands | None
    days: Bands | None
    judgement: Judgement
    notes: tuple[str, ...]
    seed: int | None

    @property
    def verdict(self) -> str:
        """``no edge shown``, ``weak`` or ``holds up``."""
        return self.judgement.standing.value

    def __str__(self) -> str:
        return "\n".join([str(self.judgement), *self.notes])

    def __repr__(self) -> str:
        return f"Assessment({self.judgement.text})"

    def to_record(self) -> dict[str, object]:
        """Return it as JSON knows it; undefined numbers are None."""
        return {
            "verdict": self.verdict,
            "text": self.judgement.text,
            "rule": self.judgement.rule,
            "conditions": [
                {"name": c.name, "met": c.met, "basic": c.basic, "found": c.found}
                for c in self.judgement.conditions
            ],
            "certainty": _certainty_record(self.certainty),
            "selection": _selection_record(self.selection),
            "overfitting": {
                "probability": self.overfitting.probability,
                "n_trials": self.overfitting.n_trials,
                "reason": self.overfitting.reason,
            },
            "random_entries": _random_record(self.random),
            "stresses": [_stress_record(stress) for stress in self.stresses],
            "monte_carlo": {
                "trade_order": _bands_record(self.order),
                "trades_resampled": _bands_record(self.resampled),
                "blocks_of_days": _bands_record(self.days),
            },
            "notes": list(self.notes),
            "seed": self.seed,
        }


def assess(
    run: Run,
    *,
    ledger: TrialLedger | None = None,
    trial_returns: FloatArray | None = None,
    rng: Generator | None = None,
    n_random: int = 1000,
    n_paths: int = 1000,
    threads: int = 2,
) -> Assessment:
    """Return what speaks for and against a run, and one plain verdict.

    Parameters
    ----------
    run : Run
        As it was simulated.
    ledger : TrialLedger, optional
        Says how much was tried on overlapping data of the same symbols; without it there is no
        deflated Sharpe ratio, and nothing holds up.
    trial_returns : ndarray of shape (n_periods, n_trials), optional
        Returns of everything the run was chosen from, for the probability of backtest overfitting;
        taken from the ledger where not given.
    rng : numpy.random.Generator, optional
        By default one with seed 0, so that the same run gives the same assessment.
    n_random : int, default=1000
        Draws of random entries.
    n_paths : int, default=1000
        Resamples of the intervals and Monte Carlo paths, at least 20.
    threads : int, default=2
        Draws simulated at the same time; does not change the result.

    Returns
    -------
    Assessment

    Raises
    ------
    ConfigurationError
        If a number is outside its range.
    DataError
        If the ledger is broken, or `trial_returns` is too small or not finite.
    """
    source = rng or np.random.default_rng(0)
    streams = source.spawn(6)
    hold = buy_and_hold_of(run)
    certainty = certainty_of(run, hold, streams[0], n_paths)
    selection = judge_selection(run, ledger)
    overfitting = overfitting_of(run, ledger, trial_returns)
    random = random_entries(run, streams[1], n_random, threads)
    hardships = stresses(run, streams[2])
    return Assessment(
        run=run,
        hold=hold,
        certainty=certainty,
        selection=selection,
        overfitting=overfitting,
        random=random,
        stresses=hardships,
        order=trade_bands(run, streams[3], n_paths, replacement=False),
        resampled=trade_bands(run, streams[4], n_paths, replacement=True),
        days=block_bands(run, streams[5], n_paths),
        judgement=judge_run(
            Evidence(
                stamps=run.stamps,
                n_trades=run.trades["exit_time"].drop_nulls().len(),
                n_days=_n_days(run),
                total_return=float(run.equity[-1] / run.trading.cash - 1.0),
                selection=selection,
                overfitting=overfitting,
                random=random,
                sharpe=None if certainty is None else certainty.sharpe,
                alpha=None if certainty is None else certainty.alpha,
                stresses=hardships,
                sampling=sampling_of(run),
            )
        ),
        notes=(BY_FILLS,) if Replay(run).by_fills else (),
        seed=_seed_of(source),
    )


def sampling_of(run: Run) -> str:
    """Return what its intervals come from: ``daily`` returns, or ``per bar`` of a day or longer."""
    return "daily" if by_day(run) else "per bar"


def _n_days(run: Run) -> float:
    interval = next(iter(run.bars.values())).interval_ms
    return float(run.timestamp[-1] - run.timestamp[0] + interval) / DAY_MS


def _seed_of(rng: Generator) -> int | None:
    entropy = getattr(rng.bit_generator.seed_seq, "entropy", None)
    return entropy if isinstance(entropy, int) else None


def _defined(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _certainty_record(found: Certainty | None) -> dict[str, object] | None:
    if found is None:
        return None
    intervals = {
        name: {"value": _defined(i.estimate), "low": _defined(i.low), "high": _defined(i.high)}
        for name, i in (
            ("sharpe", found.sharpe),
            ("cagr", found.cagr),
            ("max_drawdown", found.max_drawdown),
            ("alpha", found.alpha),
        )
    }
    return {
        **intervals,
        "n_periods": found.n_periods,
        "beta": _defined(found.beta),
    }


def _selection_record(found: Selection) -> dict[str, object]:
    return {
        "n_trials": None if found.trials is None else found.trials.n_trials,
        "n_effective": None if found.trials is None else found.trials.n_effective,
        "sharpe_variance": None if found.trials is None else found.trials.sharpe_variance,
        "probabilistic_sharpe_ratio": found.probabilistic,
        "deflated_sharpe_ratio": found.strictest,
        "deflated_by_all": found.deflated_by_all,
        "deflated_by_effective": found.deflated,
        "reason": found.reason,
    }


def _random_record(found: RandomEntries | None) -> dict[str, object] | None:
    if found is None:
        return None
    return {
        "n_draws": found.sharpe.size,
        "percentile": _defined(found.percentile),
        "p_value": found.p_value,
        "median_sharpe": _defined(float(np.median(found.sharpe))),
        "median_return": _defined(float(np.median(found.total_return))),
        "run_sharpe": _defined(found.run_sharpe),
    }


def _stress_record(found: Stress) -> dict[str, object]:
    return {
        "name": found.name,
        "total_return": _defined(found.total_return),
        "sharpe": _defined(found.sharpe),
        "max_drawdown": _defined(found.max_drawdown),
        "halves_sharpe": found.halves_sharpe,
        "survived": found.survived,
    }


def _bands_record(found: Bands | None) -> Mapping[str, float] | None:
    if found is None:
        return None
    low, middle, high = np.quantile(found.max_drawdown, (0.05, 0.5, 0.95)).tolist()
    bottom, centre, top = np.quantile(found.final - 1.0, (0.05, 0.5, 0.95)).tolist()
    return {
        "max_drawdown_05": low,
        "max_drawdown_50": middle,
        "max_drawdown_95": high,
        "total_return_05": bottom,
        "total_return_50": centre,
        "total_return_95": top,
        "loss_probability": found.loss_probability,
        "deeper_probability": found.deeper_probability,
    }
