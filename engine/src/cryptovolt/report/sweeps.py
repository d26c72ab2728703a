"""The page of a sweep: what the best row is worth, all rows, and a map of two parameters."""

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from cryptovolt.backtest.baseline import buy_and_hold_of
from cryptovolt.backtest.run import Run
from cryptovolt.report.charts import histogram
from cryptovolt.report.measures import Form, whole
from cryptovolt.report.origins import settings_section
from cryptovolt.report.overview import equity_section
from cryptovolt.report.tables import cell, heat_cell, table
from cryptovolt.report.text import UNDEFINED, day, number, percent, short
from cryptovolt.research.overfitting import Overfitting, overfitting_of
from cryptovolt.research.sweep import Sweep
from cryptovolt.research.trials import Selection

SHOWN_ROWS = 100
_LEVELS = 24
_BINS = 12
_COLUMNS: tuple[tuple[str, str, Form], ...] = (
    ("sharpe", "Sharpe (per bar)", number),
    ("total_return", "Total return", percent),
    ("max_drawdown", "Drawdown (per bar)", percent),
    ("n_trades", "Trades", whole),
    ("turnover", "Turnover", number),
)


class Axis(NamedTuple):
    """A parameter of a map: its name, its levels in order, and the level of every row."""

    name: str
    labels: list[str]
    level: np.ndarray[Any, np.dtype[np.int64]]


def sweep_parts(sweep: Sweep, best: Run | None, settings: Mapping[str, object]) -> list[str]:
    """Return the sections of a sweep; `best` is the run of its best row by Sharpe ratio."""
    if best is None:
        worth = '<p class="soft">No combination has a Sharpe ratio: none of them traded.</p>'
        return [worth, _rows_section(sweep)]
    selection = sweep.selection()
    overfitting = overfitting_of(best, None, sweep.returns_matrix())
    return [
        _tiles(sweep, selection, overfitting),
        _reasons(selection, overfitting),
        _map_section(sweep),
        _spread_section(sweep),
        equity_section(best, buy_and_hold_of(best), " of the best combination"),
        _rows_section(sweep),
        settings_section({**best.settings, **settings}),
    ]


def sweep_head(sweep: Sweep, run: Run, title: str, stamps: Sequence[str]) -> str:
    """Return the title of a sweep's page with its stamps."""
    first, last = day(float(run.timestamp[0])), day(float(run.timestamp[-1]))
    badges = "".join(f'<span class="stamp">{escape(stamp)}</span>' for stamp in stamps)
    return (
        f'<h1>{escape(title)}</h1><p class="soft">{len(sweep):,} combinations, {first} to {last} '
        f"UTC, {len(run):,} bars of {run.timeframe}</p>{badges}"
    )


def _tiles(sweep: Sweep, selection: Selection, overfitting: Overfitting) -> str:
    trials, sharpe = selection.trials, sweep.frame["sharpe"].drop_nulls()
    counted = f"{trials.n_effective:,} different" if trials else "no ledger: not counted"
    cells = [
        (
            "Best Sharpe ratio per year (per bar)",
            number(_float(sharpe.max())),
            f"middle {number(_float(sharpe.median()))}",
        ),
        ("Trials on this data", f"{trials.n_trials:,}" if trials else UNDEFINED, counted),
        (
            "Deflated Sharpe ratio (per bar)",
            _optional(selection.deflated_by_all),
            f"by different ones {_optional(selection.deflated)}",
        ),
        (
            "Probability of overfitting",
            _optional(overfitting.probability),
            "0.5 is a coin toss, ≤ 0.2 is asked",
        ),
    ]
    tiles = "".join(
        f'<div class="tile"><span>{name}</span><b>{value}</b><span>{note}</span></div>'
        for name, value, note in cells
    )
    return f'<div class="tiles">{tiles}</div>'


def _reasons(selection: Selection, overfitting: Overfitting) -> str:
    deflated = f"No deflated Sharpe ratio: {selection.reason}. " if selection.reason else ""
    text = f"{deflated}Overfitting from {overfitting.reason}."
    return (
        f'<p class="soft">{escape(text)}</p><p class="soft">The best of many is good by chance '
        "already. Assess its run before believing it.</p>"
    )


def axes_of(sweep: Sweep) -> list[Axis]:
    """Return the parameters that vary, those with the most levels first."""
    names = list(sweep.combinations[0])
    axes = [_axis(name, sweep.frame[name]) for name in names]
    varied = [axis for axis in axes if len(axis.labels) > 1]
    return sorted(varied, key=lambda axis: -len(axis.labels))


def _axis(name: str, values: pl.Series) -> Axis:
    distinct = values.unique().sort()
    if len(distinct) <= _LEVELS or not values.dtype.is_numeric():
        texts = [_shown(value) for value in values.to_list()]
        labels = list(dict.fromkeys(_shown(value) for value in distinct.to_list()))[:_LEVELS]
        position = {label: n for n, label in enumerate(labels)}
        return Axis(name, labels, np.array([position.get(text, -1) for text in texts]))
    numbers = values.cast(pl.Float64).fill_null(np.nan).to_numpy()
    known = numbers[np.isfinite(numbers)]
    edges = np.unique(np.quantile(known, np.linspace(0.0, 1.0, _BINS + 1)))
    level = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, edges.size - 2)
    labels = [f"{short(low, 3)} – {short(high, 3)}" for low, high in pairwise(edges.tolist())]
    return Axis(name, labels, np.where(np.isfinite(numbers), level, -1))


def _map_section(sweep: Sweep) -> str:
    axes = axes_of(sweep)
    if not axes:
        return ""
    sharpe = sweep.frame["sharpe"].fill_null(np.nan).to_numpy()
    across = axes[0]
    down = axes[1] if len(axes) > 1 else Axis("", [""], np.zeros(len(sweep), np.int64))
    largest = float(np.nanmax(np.abs(sharpe))) if np.isfinite(sharpe).any() else 1.0
    rows: list[list[str]] = []
    for n, label in enumerate(down.labels):
        inside = [
            sharpe[(down.level == n) & (across.level == m)] for m in range(len(across.labels))
        ]
        rows.append([cell(escape(label)), *(_middle(values, largest) for values in inside)])
    corner = f"{escape(down.name)} ↓ {escape(across.name)} →" if down.name else escape(across.name)
    others = ", ".join(axis.name for axis in axes[2:])
    note = f"The middle one over {others}. " if others else ""
    listed = table([corner, *(escape(label) for label in across.labels)], rows, "map")
    return (
        f"<h2>Sharpe ratio (per bar) by parameters</h2>{listed}"
        f'<p class="soft">{escape(note)}A single good cell among bad ones is chance.</p>'
    )


def _middle(values: Any, largest: float) -> str:
    known = values[np.isfinite(values)]
    if not known.size:
        return cell(UNDEFINED)
    middle = float(np.median(known))
    return heat_cell(number(middle), middle / (largest or 1.0))


def _spread_section(sweep: Sweep) -> str:
    sharpe = sweep.frame["sharpe"].drop_nulls().to_numpy()
    if sharpe.size < 5:
        return ""
    chart = histogram(sharpe, lambda v: number(v, 1), "Sharpe ratios of all combinations.")
    return f"<h2>Sharpe ratios (per bar) of all combinations</h2>{chart}"


def _rows_section(sweep: Sweep) -> str:
    names = list(sweep.combinations[0])
    frame = sweep.frame.sort("sharpe", descending=True, nulls_last=True).head(SHOWN_ROWS)
    rows = [
        [
            *(cell(escape(_shown(row[name]))) for name in names),
            *(cell(form(_float(row[key]))) for key, _, form in _COLUMNS),
        ]
        for row in frame.iter_rows(named=True)
    ]
    shown = f" The best {SHOWN_ROWS} are shown." if len(sweep) > SHOWN_ROWS else ""
    head = [*(escape(name) for name in names), *(title for _, title, _ in _COLUMNS)]
    note = f'<p class="soft">{len(sweep):,} combinations by Sharpe ratio.{shown}</p>'
    return f"<h2>Combinations</h2>{note}{table(head, rows)}"


def _shown(value: object) -> str:
    if value is None:
        return "off"
    return short(value)


def _float(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else float("nan")


def _optional(value: float | None) -> str:
    return UNDEFINED if value is None else f"{value:.3f}"
