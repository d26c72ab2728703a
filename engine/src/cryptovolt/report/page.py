"""The page: every section in one HTML file that loads nothing."""

from collections.abc import Mapping
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from cryptovolt.backtest.baseline import buy_and_hold_of
from cryptovolt.backtest.run import Run
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.report.activity import (
    costs_section,
    distribution_section,
    price_section,
    trades_section,
)
from cryptovolt.report.checks import robustness_section, verdict_box
from cryptovolt.report.folds import folds_section
from cryptovolt.report.measures import statistics_section
from cryptovolt.report.origins import model_section, settings_section
from cryptovolt.report.overview import equity_section, monthly_section, tiles
from cryptovolt.report.style import CSS
from cryptovolt.report.sweeps import sweep_head, sweep_parts
from cryptovolt.report.text import day
from cryptovolt.research.certainty import certainty_of
from cryptovolt.research.robustness import Assessment
from cryptovolt.research.sweep import Sweep, best_row
from cryptovolt.research.walkforward_strategy import StrategyWalkForward

SYNTHETIC = "SYNTHETIC: generated data, no real market"


def write_report(
    result: Run | Sweep | StrategyWalkForward,
    path: str | PathLike[str],
    *,
    assessment: Assessment | None = None,
    title: str | None = None,
    synthetic: bool = False,
    verdict: str | None = None,
    model_card: Mapping[str, Mapping[str, Any]] | None = None,
    settings: Mapping[str, object] | None = None,
    rng: np.random.Generator | None = None,
) -> Path:
    """Write one HTML file about a run, a sweep or a walk-forward and return its path.

    Everything is inside the file: it loads nothing and runs no script. Buy and hold, and the same
    targets at other costs, are simulated for comparison. What each part shows is in
    ``docs/reference/report.md``.

    Parameters
    ----------
    result : Run, Sweep or StrategyWalkForward
        From :func:`cryptovolt.simulate`, :func:`cryptovolt.backtest`, :func:`cryptovolt.sweep` or
        :func:`cryptovolt.walkforward`; of the latter its run out of sample is shown.
    path : str or path-like
        Where to write; an existing file is replaced.
    assessment : Assessment, optional
        From :func:`cryptovolt.assess` of the same run, or of the sweep's best one; its verdict
        then stands on top.
    title : str, optional
        Symbols and time frame by default.
    synthetic : bool, default=False
        Whether the market was generated; the page then says so at the top.
    verdict : str, optional
        One or two plain sentences about a model, shown under the title.
    model_card : mapping, optional
        Measure name to ``value``, ``low``, ``high`` (its 95 % interval) and ``baselines`` (name to
        value); None where something is undefined.
    settings : mapping, optional
        More settings to list: seed, model hash, weights.
    rng : numpy.random.Generator, optional
        For the bootstrap intervals where there is no assessment; by default one with a fixed seed,
        so that the same run gives the same page.

    Returns
    -------
    Path

    Raises
    ------
    ConfigurationError
        If the assessment is of another run.
    """
    if isinstance(result, Sweep):
        return _write_sweep(result, path, assessment, title, synthetic, settings or {})
    run = result.run if isinstance(result, StrategyWalkForward) else result
    _check_same(run, assessment)
    hold = buy_and_hold_of(run) if assessment is None else assessment.hold
    if assessment is None:
        certainty = certainty_of(run, hold, rng or np.random.default_rng(0))
    else:
        certainty = assessment.certainty
    name = title or f"{', '.join(run.bars)} · {run.timeframe}"
    seed = {} if assessment is None else {"assessment_seed": assessment.seed}
    parts = [
        _head(run, name, synthetic, verdict),
        verdict_box(assessment) if assessment else _unassessed(),
        tiles(run, hold),
        folds_section(result) if isinstance(result, StrategyWalkForward) else "",
        equity_section(run, hold),
        monthly_section(run),
        price_section(run),
        robustness_section(assessment) if assessment else "",
        statistics_section(run, hold, certainty),
        distribution_section(run),
        model_section(model_card) if model_card else "",
        costs_section(run),
        trades_section(run),
        settings_section({**run.settings, **seed, **(settings or {})}),
    ]
    return write_page(path, name, parts)


def _write_sweep(
    sweep: Sweep,
    path: str | PathLike[str],
    assessment: Assessment | None,
    title: str | None,
    synthetic: bool,
    settings: Mapping[str, object],
) -> Path:
    row = best_row(sweep.trials, "sharpe")
    best = sweep.run(0 if row is None else row)
    _check_same(best, assessment)
    name = title or f"Sweep of {sweep.experiment.maker.name}, {', '.join(best.bars)}"
    parts = [
        sweep_head(sweep, best, name, _stamps(best, synthetic)),
        verdict_box(assessment) if assessment else _unassessed(),
        *sweep_parts(sweep, None if row is None else best, settings),
        robustness_section(assessment) if assessment else "",
    ]
    return write_page(path, name, parts)


def _check_same(run: Run, assessment: Assessment | None) -> None:
    if assessment is None or assessment.run is run:
        return
    # The run of a sweep's row is made anew each time it is asked for.
    if not np.array_equal(assessment.run.equity_units, run.equity_units):
        raise ConfigurationError("expected the assessment of this run, found that of another one")


def _stamps(run: Run, synthetic: bool) -> tuple[str, ...]:
    return (*((SYNTHETIC,) if synthetic else ()), *run.stamps)


def write_page(path: str | PathLike[str], title: str, parts: list[str]) -> Path:
    """Write the parts, HTML each, as one page and return its path."""
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{CSS}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )
    target = Path(path)
    target.write_text(page, encoding="utf-8")
    return target


def _head(run: Run, title: str, synthetic: bool, verdict: str | None) -> str:
    first, last = day(float(run.timestamp[0])), day(float(run.timestamp[-1]))
    stamps = "".join(
        f'<span class="stamp">{escape(stamp)}</span>' for stamp in _stamps(run, synthetic)
    )
    said = f'<p class="verdict">{escape(verdict)}</p>' if verdict else ""
    sources = ", ".join(sorted({bars.source for bars in run.bars.values()}))
    return (
        f"<h1>{escape(title)}</h1>"
        f'<p class="soft">{first} to {last} UTC, {len(run):,} bars of {run.timeframe}, source '
        f"{escape(sources)}</p>{stamps}{said}"
    )


def _unassessed() -> str:
    return (
        '<p class="soft">Not assessed: without random entries, hardships and the number of trials '
        "nothing is said about an edge.</p>"
    )
