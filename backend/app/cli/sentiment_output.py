"""How the commands ``cryptovolt sentiment …`` print what they did."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from app.repositories.sentiment import SentimentCoverage
from app.services.sentiment_import import NewsImport

_SHOWN_SYMBOLS = 8


def import_document(report: NewsImport) -> dict[str, Any]:
    """Return what became of a file, as JSON knows it."""
    plain = {"dropped": dict(report.dropped), "symbols": dict(report.symbols)}
    return asdict(report) | plain | {"n_known": report.n_known}


def import_lines(report: NewsImport, delay: str) -> Iterator[str]:
    """Yield what became of a file, in words."""
    stored = (
        f"nothing new: all {report.n_rows:,} items were stored already"
        if not report.n_inserted
        else f"{report.n_inserted:,} items stored, {report.n_known:,} were there already"
    )
    dropped = ", ".join(
        f"{count:,} {why.replace('_', ' ')}" for why, count in report.dropped.items() if count
    )
    yield f"{report.symbol or report.file} {report.source}: {stored}"
    yield (
        f"  {report.first:%Y-%m-%d %H:%M} to {report.last:%Y-%m-%d %H:%M} UTC, seen {delay} after "
        f"they were written, {report.n_day_only:,} dated by day alone: {delay} after its end"
    )
    if report.symbol is None:
        most = list(report.symbols.items())[:_SHOWN_SYMBOLS]
        others = len(report.symbols) - len(most)
        named = ", ".join(f"{symbol} {count:,}" for symbol, count in most)
        yield f"  about {named}{f' and {others} other coins' if others else ''}"
    yield (
        f"  mean score {report.mean_score:+.3f} by {report.scorer} {report.scorer_hash[:8]}; "
        f"repeats: {report.n_repeats:,}; dropped: {dropped or 'nothing'}"
    )


def coverage_lines(stored: Sequence[SentimentCoverage], active: str) -> Iterator[str]:
    """Yield one line for each symbol, source and version; those that are read have a star."""
    for row in stored:
        mean = "no scores" if row.mean_score is None else f"mean score {row.mean_score:+.3f}"
        yield (
            f"{row.symbol or '-':<12} {row.source or '-':<16} {row.n_items:>9,} items  "
            f"{row.first:%Y-%m-%d} to {row.last:%Y-%m-%d}  {mean}  "
            f"{'*' if row.is_read_by(active) else ' '} "
            f"{row.scorer or 'no scorer'} {(row.scorer_hash or '')[:8]}"
            f"{'  made up' if row.synthetic else ''}"
        )
    missing = _unread(stored, active)
    if missing:
        yield (
            f"{missing:,} texts are not scored by the active scorer {active[:8]} "
            "(SENTIMENT_SCORER): run `cryptovolt sentiment rescore`"
        )


def _unread(stored: Sequence[SentimentCoverage], active: str) -> int:
    most: dict[tuple[str | None, str | None], int] = {}
    read: dict[tuple[str | None, str | None], int] = {}
    for row in stored:
        if row.scorer_hash is None:
            continue
        key = (row.symbol, row.source)
        most[key] = max(most.get(key, 0), row.n_items)
        if row.is_read_by(active):
            read[key] = row.n_items
    return sum(count - read.get(key, 0) for key, count in most.items())
