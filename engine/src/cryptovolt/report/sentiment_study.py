"""The page of a study of sentiment."""

from collections.abc import Mapping
from html import escape
from os import PathLike
from pathlib import Path

from cryptovolt.performance.bootstrap import Interval
from cryptovolt.report.page import SYNTHETIC, write_page
from cryptovolt.report.tables import cell, heat_cell, table
from cryptovolt.report.text import UNDEFINED, day, percent
from cryptovolt.research.sentiment_study_result import Coefficient, SentimentStudy
from cryptovolt.research.sentiment_study_text import conclusion_of, hours, interval_text
from cryptovolt.research.verdict import Standing

_FULL_TINT = 0.1
"""A coefficient of this size has the strongest tint."""


def write_sentiment_study(
    study: SentimentStudy,
    path: str | PathLike[str],
    *,
    title: str | None = None,
    synthetic: bool = False,
) -> Path:
    """Write one HTML file about a study and return its path; it loads nothing and runs no script.

    Parameters
    ----------
    study : SentimentStudy
        From :func:`cryptovolt.research.sentiment_study.study_sentiment`.
    path : str or path-like
        Where to write; an existing file is replaced.
    title : str, optional
        Symbol and time frame by default.
    synthetic : bool, default=False
        Whether market or news were generated; the page then says so at the top.
    """
    name = title or f"Sentiment and the returns of {study.symbol} · {study.timeframe}"
    parts = [
        _head(study, name, synthetic),
        _verdict(study),
        _coefficients(study),
        _half_years(study),
        _bursts(study),
        _delays(study),
        _origins(study),
    ]
    return write_page(path, name, parts)


def _head(study: SentimentStudy, title: str, synthetic: bool) -> str:
    stamp = f'<span class="stamp">{escape(SYNTHETIC)}</span>' if synthetic else ""
    return (
        f"<h1>{escape(title)}</h1>"
        f'<p class="soft">{day(float(study.first))} to {day(float(study.last))} UTC, '
        f"{study.n_texts:,} texts, {study.n_index:,} values of the Fear &amp; Greed index</p>"
        f"{stamp}"
    )


def _verdict(study: SentimentStudy) -> str:
    kind, word = ("so-so", "related") if study.related else ("bad", Standing.NO_EDGE.value)
    return (
        f'<section class="judgement {kind}"><p class="word">{escape(word.capitalize())}</p>'
        f"<p>{escape(conclusion_of(study))}</p></section>"
    )


def _coefficients(study: SentimentStudy) -> str:
    rows = [
        [
            cell(escape(one.signal)),
            cell(hours(one.horizon_ms)),
            _tinted(one.interval),
            cell(f"{one.placebo.low:+.3f} to {one.placebo.high:+.3f}"),
            cell(f"{one.placebo.p_value:.3f}"),
            cell(f"{one.p_adjusted:.3f}"),
            cell(UNDEFINED if one.total_return is None else percent(one.total_return, 1)),
            cell(percent(one.hold_return, 1)),
        ]
        for one in study.coefficients
    ]
    head = [
        "Signal", "Horizon", "Coefficient (95 %)", "Placebo, middle 95 %", "p", "p adjusted",
        "Long while above 0, after costs", "Holding",
    ]  # fmt: skip
    return (
        f"<h2>Information coefficients</h2>{table(head, rows)}"
        '<p class="soft">Spearman, from the open after the decision. Intervals from blocks longer '
        "than horizon and memory; the placebo is the same signal at every other time; p adjusted "
        f"by Holm for all {study.n_tests}.</p>"
    )


def _half_years(study: SentimentStudy) -> str:
    labels = list(
        dict.fromkeys(half.label for one in study.coefficients for half in one.half_years)
    )
    if not labels:
        return ""
    rows = [
        [cell(escape(one.signal)), cell(hours(one.horizon_ms)), *_by_label(one, labels)]
        for one in study.coefficients
    ]
    return f"<h2>By half-year</h2>{table(['Signal', 'Horizon', *labels], rows, 'map')}"


def _by_label(one: Coefficient, labels: list[str]) -> list[str]:
    known = {half.label: half.coefficient for half in one.half_years}
    return [
        heat_cell(f"{known[label]:+.3f}", _tint(known[label]))
        if label in known
        else cell(UNDEFINED)
        for label in labels
    ]


def _bursts(study: SentimentStudy) -> str:
    parts = ["<h2>Around bursts of news</h2>"]
    for one in study.bursts:
        what = "good" if one.sign > 0 else "bad"
        rows = [
            [
                cell(f"{hours(abs(offset))} {'before' if offset < 0 else 'after'}"),
                cell(interval_text(move, 100.0, " %")),
            ]
            for offset, move in one.moves.items()
        ]
        parts.append(
            f"<h3>{len(one.times)} bursts of {what} news, vote from {one.threshold:+.2f}</h3>"
            + table(["", "Mean move beyond the usual"], rows)
        )
    parts.append(
        '<p class="soft">What the price did before a burst is what the news reports. The threshold '
        "is taken from all of the history: this describes and is no strategy.</p>"
    )
    return "".join(parts)


def _delays(study: SentimentStudy) -> str:
    horizons = list(study.delays[0].coefficients)
    rows = [
        [
            cell(
                escape(one.name)
                + (' <span class="stamp">FLATTERING</span>' if one.flattering else "")
            ),
            *_row(one.coefficients, horizons),
        ]
        for one in study.delays
    ]
    return (
        "<h2>If news is seen later, or too early</h2>"
        + table(["Seen", *(hours(horizon) for horizon in horizons)], rows)
        + '<p class="soft">Coefficient of the vote. The flattering row counts news before it was '
        "written: nobody could trade it.</p>"
    )


def _row(found: Mapping[int, Interval], horizons: list[int]) -> list[str]:
    return [_tinted(found[horizon]) for horizon in horizons]


def _origins(study: SentimentStudy) -> str:
    rows = [
        [cell("Bars"), cell(f"<code>{study.bars_hash}</code>")],
        [cell("Sentiment"), cell(f"<code>{study.sentiment_hash}</code>")],
        [cell("Seed"), cell(UNDEFINED if study.seed is None else str(study.seed))],
    ]
    return f"<h2>Computed from</h2>{table([], rows)}"


def _tinted(found: Interval) -> str:
    return heat_cell(interval_text(found), _tint(found.estimate))


def _tint(value: float) -> float:
    return max(-1.0, min(1.0, value / _FULL_TINT)) if value == value else 0.0
