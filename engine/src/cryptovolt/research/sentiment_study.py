"""What sentiment says about the returns that follow, and what it only seems to say.

Four questions, each with intervals: does a signal rank the returns that follow; in every half-year,
or once; what had the price done before a burst of news; what does it cost to see news later, and
what would be won by seeing it before it was written.

The coefficients are the only tests. How many there were is said, and every p-value is adjusted for
it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cryptovolt.backtest.inputs import Inputs
from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulate import simulate
from cryptovolt.backtest.trial import trial_of
from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.ports import TrialLedger
from cryptovolt.domain.sentiment import FEAR_GREED, SentimentSeries
from cryptovolt.domain.trials import Trial, TrialKind
from cryptovolt.market.checking import require_clean
from cryptovolt.research.sentiment_study_delays import delays_of
from cryptovolt.research.sentiment_study_events import find_bursts
from cryptovolt.research.sentiment_study_ranks import (
    BLOCK_MS,
    LEAST_SHIFT_MS,
    coefficient_interval,
    forward_returns,
    holm,
    placebo_of,
    rank_correlation,
)
from cryptovolt.research.sentiment_study_result import Coefficient, HalfYear, SentimentStudy
from cryptovolt.research.sentiment_study_signals import SIGNALS, Signal, half_year_of, rows_between
from cryptovolt.sentiment.vote import vote

HORIZONS_MS: tuple[int, ...] = tuple(hours * 3_600_000 for hours in (1, 4, 24, 72))
"""How far ahead returns are looked at: 1, 4, 24 and 72 hours."""

STUDY = "sentiment"
"""What trials of a study are called where nobody says anything else."""

MIN_ROWS = 500
"""Fewer bars with news than this are refused; fewer in a half-year are not shown."""


def study_sentiment(
    bars: Bars,
    sentiment: SentimentSeries,
    *,
    rng: np.random.Generator,
    seed: int | None = None,
    delay_ms: int = 0,
    horizons_ms: Sequence[int] = HORIZONS_MS,
    n_samples: int = 1000,
    ledger: TrialLedger | None = None,
    study: str = STUDY,
) -> SentimentStudy:
    """Return what sentiment says about the returns that follow.

    Parameters
    ----------
    bars : Bars
        Without errors.
    sentiment : SentimentSeries
        Texts; with values of the Fear & Greed index among them, that is looked at too.
    rng : numpy.random.Generator
        Draws the resamples.
    seed : int, optional
        What `rng` was made from; kept in the result.
    delay_ms : int, default=0
        The delay with which imported items were made to count as seen, milliseconds; other delays
        are counted from the time without it.
    horizons_ms : sequence of int
        Multiples of the bars' length, milliseconds.
    n_samples : int, default=1000
        Resamples of every interval.
    ledger : TrialLedger, optional
        Every signal and horizon is appended as a trial: its account after costs.
    study : str
        What the trials are called.

    Returns
    -------
    SentimentStudy

    Raises
    ------
    DataError
        If the bars have errors, or fewer than 500 of them have news.
    ConfigurationError
        If no horizon is a multiple of the bars' length.
    """
    require_clean(bars)
    if not horizons_ms or any(h <= 0 or h % bars.interval_ms for h in horizons_ms):
        raise ConfigurationError(
            f"expected horizons that are multiples of {bars.timeframe}, found "
            f"{', '.join(f'{h / 3_600_000:g} h' for h in horizons_ms) or 'none'}"
        )
    closes = bars.timestamp + bars.interval_ms
    heard = [one for one in SIGNALS if FEAR_GREED in sentiment.origins or not one.index]
    windows = {one.name: _window(bars, sentiment, one) for one in heard}
    found = [
        _coefficient(bars, signal.name, values, windows[signal.name], horizon, rng, n_samples)
        for signal in heard
        for values in [signal.compute(sentiment, closes)]
        for horizon in horizons_ms
    ]
    if ledger is not None:
        ledger.append([_trial(one, run, study, sentiment) for one, run in found])
    texts = windows[SIGNALS[0].name]
    # What is usual is that of the bars with news, not of years without any.
    told, votes = bars[texts], vote(sentiment, closes[texts])
    return SentimentStudy(
        symbol=bars.symbol,
        timeframe=bars.timeframe,
        first=int(bars.timestamp[min(rows.start for rows in windows.values())]),
        last=int(bars.timestamp[max(rows.stop for rows in windows.values()) - 1]),
        n_texts=len(sentiment.texts()),
        n_index=len(sentiment.of(FEAR_GREED)),
        bars_hash=bars.content_hash(),
        sentiment_hash=sentiment.content_hash(),
        coefficients=_adjusted([one for one, _ in found]),
        bursts=tuple(find_bursts(told, votes, sign, rng, n_samples) for sign in (1, -1)),
        delays=delays_of(bars, sentiment.texts(), texts, delay_ms, horizons_ms, rng, n_samples),
        seed=seed,
    )


def _window(bars: Bars, sentiment: SentimentSeries, signal: Signal) -> slice:
    items = sentiment.of(FEAR_GREED) if signal.index else sentiment.texts()
    rows = rows_between(bars, items)
    if rows.stop - rows.start < MIN_ROWS:
        raise DataError(
            f"expected at least {MIN_ROWS} bars of {bars.symbol} between the first and the last "
            f"{'value of the index' if signal.index else 'text'}, found {rows.stop - rows.start}"
        )
    return rows


def _coefficient(
    bars: Bars,
    name: str,
    values: FloatArray,
    rows: slice,
    horizon: int,
    rng: np.random.Generator,
    n_samples: int,
) -> tuple[Coefficient, Run]:
    ahead = forward_returns(bars, horizon)[rows]
    known = np.isfinite(ahead)
    signal, returns = values[rows][known], ahead[known]
    block = max(BLOCK_MS, 4 * horizon) / bars.interval_ms
    run = _followed(bars[rows], values[rows], horizon // bars.interval_ms)
    coefficient = Coefficient(
        signal=name,
        horizon_ms=horizon,
        n_rows=signal.size,
        interval=coefficient_interval(signal, returns, block, rng, n_samples),
        placebo=placebo_of(signal, returns, LEAST_SHIFT_MS // bars.interval_ms),
        p_adjusted=float("nan"),
        half_years=_half_years(bars.timestamp[rows][known], signal, returns),
        total_return=run.statistics["total_return"],
        sharpe=run.statistics["sharpe"],
        hold_return=float(bars.close[rows][-1] / bars.open[rows][0] - 1.0),
    )
    return coefficient, run


def _trial(found: Coefficient, run: Run, study: str, sentiment: SentimentSeries) -> Trial:
    parameters = {"signal": found.signal, "horizon_ms": found.horizon_ms}
    given = Inputs(sentiment=sentiment)
    return trial_of(run, TrialKind.SEARCH, study, parameters, inputs=given)


def _followed(bars: Bars, signal: FloatArray, every: int) -> Run:
    target = np.full(len(bars), np.nan)
    target[::every] = signal[::every] > 0.0
    return simulate(bars, target)


def _half_years(
    timestamp: IntArray, signal: FloatArray, returns: FloatArray
) -> tuple[HalfYear, ...]:
    labels = half_year_of(timestamp)
    found: list[HalfYear] = []
    for label in dict.fromkeys(labels):
        inside = np.array([one == label for one in labels])
        n_rows = int(inside.sum())
        if n_rows >= MIN_ROWS:
            coefficient = rank_correlation(signal[inside], returns[inside])
            found.append(HalfYear(label=label, coefficient=coefficient, n_rows=n_rows))
    return tuple(found)


def _adjusted(found: Sequence[Coefficient]) -> tuple[Coefficient, ...]:
    adjusted = holm(np.array([one.placebo.p_value for one in found]))
    return tuple(replace(one, p_adjusted=float(p)) for one, p in zip(found, adjusted, strict=True))
