"""How ``cryptovolt bars`` prints what it did: lines for people, plain values for JSON."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.repositories.bars import Difference
    from app.services.bar_import import ImportReport
    from app.services.bars import SeriesCoverage
    from cryptovolt.market.checking import Finding


def finding_document(finding: "Finding") -> dict[str, Any]:
    """Return a finding for JSON."""
    return {"kind": str(finding.kind), "rows": finding.rows.tolist(), "text": finding.text}


def report_document(report: "ImportReport") -> dict[str, Any]:
    """Return what became of a file for JSON."""
    written = report.written
    return {
        "file": str(report.path),
        **report.key.labels,
        "layout": report.layout,
        "n_rows": report.n_rows,
        "n_new": written.new,
        "n_known": written.known,
        "n_different": written.different,
        "n_updated": written.updated,
        "changed": report.changed,
        "repairs": dict(report.repairs),
        "repaired_rows": [row for frame in report.repaired_rows for row in frame.to_dicts()],
        "different_rows": [
            {"timestamp": one.timestamp, "stored": one.stored, "given": one.given}
            for one in written.examples
        ],
        "warnings": dict(report.warnings),
        "n_missing": report.n_missing,
    }


def report_lines(report: "ImportReport") -> list[str]:
    """Return what became of a file for people."""
    written = report.written
    lines = [f"{report.path.name}: {report.key} ({report.layout})"]
    if report.changed:
        lines.append(
            f"  {report.n_rows:,} rows read, {written.new:,} new, {written.known:,} stored already"
        )
    else:
        lines.append(f"  nothing changed: {written.known:,} bars are stored already")
    if written.different:
        kept = "replaced" if written.updated else "kept as stored; --update replaces them"
        lines.append(f"  {written.different:,} differ from what is stored, {kept}")
        lines.append(f"  for example {_difference(written.examples[0])}")
    lines += [f"  repaired  {line}" for line in _repair_lines(report)]
    for kind, count in report.warnings.items():
        shown = ", ".join(report.examples[kind]) + (", …" if count > 3 else "")
        missing = f" ({report.n_missing:,} bars missing)" if kind == "gap" else ""
        lines.append(f"  warning   {count:,} × {kind}{missing}: {shown}")
    return lines


def _difference(one: "Difference") -> str:
    from cryptovolt.domain.bars import VALUE_COLUMNS
    from cryptovolt.market.oddities import utc

    pairs = zip(VALUE_COLUMNS, one.stored, one.given, strict=True)
    shown = (f"{name} {old:.10g}, in the file {new:.10g}" for name, old, new in pairs if old != new)
    return f"{utc(one.timestamp)}: {'; '.join(shown)}"


def _repair_lines(report: "ImportReport") -> list[str]:
    from cryptovolt.market.oddities import utc

    times: dict[str, list[str]] = {kind: list(shown) for kind, shown in report.examples.items()}
    for frame in report.repaired_rows:
        for (kind,), rows in frame.group_by("repair", maintain_order=True):
            times[str(kind)] = [utc(time) for time in rows["timestamp"].head(3)]
    return [
        f"{count:,} × {kind}" + (f": {', '.join(times[kind])}" if kind in times else "")
        for kind, count in report.repairs.items()
    ]


def coverage_document(covered: "SeriesCoverage") -> dict[str, Any]:
    """Return what is stored of a series for JSON."""
    return {
        **covered.key.labels,
        "first": _iso(covered.first),
        "last": _iso(covered.last),
        "n_bars": covered.n_bars,
        "n_missing": covered.n_missing,
        "gaps": [
            {"before": _iso(gap.before), "after": _iso(gap.after), "n_missing": gap.n_missing}
            for gap in covered.gaps
        ],
        "archived": [
            {"first": _iso(first), "last": _iso(last), "n_bars": n_bars}
            for first, last, n_bars in covered.archived
        ],
    }


def coverage_lines(covered: "SeriesCoverage", with_gaps: bool = False) -> list[str]:
    """Return what is stored of a series for people."""
    lines = [f"{covered.key}"]
    if covered.first is not None and covered.last is not None:
        lines[0] += (
            f": {covered.n_bars:,} bars, {covered.first:%Y-%m-%d %H:%M} to "
            f"{covered.last:%Y-%m-%d %H:%M} UTC"
        )
    if covered.gaps:
        longest = max(covered.gaps, key=lambda gap: gap.n_missing)
        lines.append(
            f"  {len(covered.gaps):,} gap{'' if len(covered.gaps) == 1 else 's'}, "
            f"{covered.n_missing:,} bars missing, the longest {longest.n_missing:,} after "
            f"{longest.before:%Y-%m-%d %H:%M}"
        )
    if with_gaps:
        lines += [
            f"  gap       {gap.n_missing:,} bars between {gap.before:%Y-%m-%d %H:%M} and "
            f"{gap.after:%Y-%m-%d %H:%M} UTC"
            for gap in covered.gaps
        ]
    lines += [
        f"  archived  {n_bars:,} bars, {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"
        for first, last, n_bars in covered.archived
    ]
    return lines


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
