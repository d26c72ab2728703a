"""What a study of sentiment found.

A signal that passes its test is related to returns; that is no edge before it is assessed after
costs.
"""

from dataclasses import asdict, dataclass
from typing import Any

from cryptovolt.performance.bootstrap import Interval
from cryptovolt.research.sentiment_study_delays import Delay
from cryptovolt.research.sentiment_study_events import Bursts
from cryptovolt.research.sentiment_study_ranks import Placebo

MAX_P_VALUE = 0.05
"""Largest adjusted p-value at which a coefficient is said to stand out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfYear:
    """One coefficient within one half-year, e.g. ``"2021 H2"``."""

    label: str
    coefficient: float
    n_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """How one signal ranks the returns over one horizon.

    Parameters
    ----------
    signal : str
        What was looked at.
    horizon_ms : int
        From the open after the decision on.
    n_rows : int
        Decisions; they overlap and are not independent.
    interval : Interval
        Spearman's coefficient (information coefficient), 95 % block bootstrap.
    placebo : Placebo
        The same signal at other times.
    p_adjusted : float
        The placebo's p-value, adjusted by Holm for all coefficients of the study.
    half_years : tuple of HalfYear
        The coefficient in each half-year with enough rows.
    total_return, sharpe : float or None
        Of an account, after costs, that is long while the signal is above 0 and flat otherwise,
        deciding once every horizon.
    hold_return : float
        Of holding over the same bars, without costs.
    """

    signal: str
    horizon_ms: int
    n_rows: int
    interval: Interval
    placebo: Placebo
    p_adjusted: float
    half_years: tuple[HalfYear, ...]
    total_return: float | None
    sharpe: float | None
    hold_return: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SentimentStudy:
    """What a study found; print it, or take :meth:`to_record` for JSON.

    Parameters
    ----------
    symbol, timeframe : str
        Of the bars.
    first, last : int
        Opens of the first and the last bar with news, milliseconds UTC.
    n_texts, n_index : int
        Items of text, and values of the Fear & Greed index.
    bars_hash, sentiment_hash : str
        Content hashes of what was read.
    coefficients : tuple of Coefficient
        One for each signal and horizon.
    bursts : tuple of Bursts
        Of good and of bad news.
    delays : tuple of Delay
        The vote's coefficients when news is seen earlier or later.
    seed : int or None
        Of the generator, where it is known.
    """

    symbol: str
    timeframe: str
    first: int
    last: int
    n_texts: int
    n_index: int
    bars_hash: str
    sentiment_hash: str
    coefficients: tuple[Coefficient, ...]
    bursts: tuple[Bursts, ...]
    delays: tuple[Delay, ...]
    seed: int | None = None

    @property
    def n_tests(self) -> int:
        """How many coefficients were looked at."""
        return len(self.coefficients)

    @property
    def related(self) -> tuple[Coefficient, ...]:
        """Coefficients that stand out after all of them are counted."""
        return tuple(one for one in self.coefficients if one.p_adjusted <= MAX_P_VALUE)

    def to_record(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        return {
            "symbol": self.symbol,
            "timeframe": self.timeframe,
            "first": self.first,
            "last": self.last,
            "n_texts": self.n_texts,
            "n_index": self.n_index,
            "bars_hash": self.bars_hash,
            "sentiment_hash": self.sentiment_hash,
            "seed": self.seed,
            "n_tests": self.n_tests,
            "related": [[one.signal, one.horizon_ms] for one in self.related],
            "summary": str(self).splitlines(),
            "coefficients": [
                {**asdict(one), "interval": one.interval._asdict()} for one in self.coefficients
            ],
            "bursts": [
                {
                    "sign": one.sign,
                    "threshold": one.threshold,
                    "times": one.times.tolist(),
                    "moves": {str(at): move._asdict() for at, move in one.moves.items()},
                }
                for one in self.bursts
            ],
            "delays": [
                {
                    "name": one.name,
                    "flattering": one.flattering,
                    "coefficients": {str(h): i._asdict() for h, i in one.coefficients.items()},
                }
                for one in self.delays
            ],
        }

    def __str__(self) -> str:
        from cryptovolt.research.sentiment_study_text import (  # noqa: PLC0415 - it reads this file
            summary_of,
        )

        return summary_of(self)
