"""A study of sentiment in plain words."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptovolt.performance.bootstrap import Interval
from cryptovolt.research.sentiment_study_events import Bursts
from cryptovolt.research.verdict import Standing

if TYPE_CHECKING:
    from cryptovolt.research.sentiment_study_result import Coefficient, SentimentStudy

_HOUR_MS = 3_600_000


def conclusion_of(study: "SentimentStudy") -> str:
    """Return what the study shows, in one or two sentences."""
    counted = f"{study.n_tests} coefficients looked at"
    if not study.related:
        known = [one.p_adjusted for one in study.coefficients if one.p_adjusted >= 0.0]
        least = f"the smallest adjusted p is {min(known):.2f}" if known else "none has a p-value"
        return (
            f"{Standing.NO_EDGE.value.capitalize()}: of {counted} none stands out from the same "
            f"signal at other times, {least}."
        )
    named = ", ".join(
        f"{one.signal} over {hours(one.horizon_ms)} ({one.interval.estimate:+.3f})"
        for one in study.related
    )
    return (
        f"Related to the returns that follow: {named}; {counted}, p adjusted for all of them. A "
        "relation is no edge: what it earns after costs is for a backtest and its verdict."
    )


def summary_of(study: "SentimentStudy") -> str:
    """Return the whole study as lines of text."""
    lines = [
        f"{study.symbol} {study.timeframe}, {_day(study.first)} to {_day(study.last)}: "
        f"{study.n_texts:,} texts, {study.n_index:,} values of the Fear & Greed index",
        conclusion_of(study),
        "",
        "Information coefficient (Spearman), from the open after the decision:",
        *(_coefficient(one) for one in study.coefficients),
        "",
        *(line for bursts in study.bursts for line in _bursts(bursts)),
        "",
        "Coefficient of the vote if news is seen",
    ]
    for delay in study.delays:
        told = ", ".join(
            f"{hours(horizon)} {interval_text(one)}" for horizon, one in delay.coefficients.items()
        )
        mark = "  FLATTERING: before it was written" if delay.flattering else ""
        lines.append(f"  {delay.name}: {told}{mark}")
    return "\n".join(lines)


def _bursts(found: Bursts) -> list[str]:
    what = "good" if found.sign > 0 else "bad"
    told = [
        f"{hours(abs(offset))} {'before' if offset < 0 else 'after'} "
        f"{interval_text(move, 100, ' %')}"
        for offset, move in found.moves.items()
    ]
    return [
        f"{len(found.times)} bursts of {what} news; mean move beyond the usual:",
        *(f"  {line}" for line in told),
    ]


def interval_text(found: Interval, scale: float = 1.0, unit: str = "") -> str:
    """Return an estimate with its interval, e.g. ``"+0.012 (-0.020 to +0.044)"``."""
    digits = 3 if scale == 1.0 else 2
    estimate = f"{found.estimate * scale:+.{digits}f}{unit}"
    if not found.low <= found.high:
        return f"{estimate} (too few for an interval)"
    return f"{estimate} ({found.low * scale:+.{digits}f} to {found.high * scale:+.{digits}f})"


def hours(milliseconds: int) -> str:
    """Return a length of time in hours."""
    return f"{milliseconds / _HOUR_MS:g} h"


def _coefficient(one: "Coefficient") -> str:
    agreeing = sum(half.coefficient * one.interval.estimate > 0.0 for half in one.half_years)
    earned = "-" if one.total_return is None else f"{one.total_return:+.1%}"
    return (
        f"  {one.signal} {hours(one.horizon_ms)}: {interval_text(one.interval)}, p "
        f"{one.placebo.p_value:.3f}, adjusted {one.p_adjusted:.3f}; same sign in {agreeing} of "
        f"{len(one.half_years)} half-years; long while above 0 {earned} after costs, holding "
        f"{one.hold_return:+.1%}"
    )


def _day(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d")
