"""The page: every section in one HTML file that loads nothing."""

from collections.abc import Mapping
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from cryptovolt.backtest.run import Run
from cryptovolt.report.certainty import certainty_of
from cryptovolt.report.sections import (
    baseline_of,
    costs_section,
    equity_section,
    model_section,
    monthly_section,
    settings_section,
    statistics_section,
    tiles,
    trades_section,
)
from cryptovolt.report.style import CSS
from cryptovolt.report.text import day

SYNTHETIC = "SYNTHETIC: generated data, no real market"


def write_report(
    run: Run,
    path: str | PathLike[str],
    *,
    title: str | None = None,
    synthetic: bool = False,
    verdict: str | None = None,
    model_card: Mapping[str, Mapping[str, Any]] | None = None,
    settings: Mapping[str, object] | None = None,
    rng: np.random.Generator | None = None,
) -> Path:
    """Write one HTML file about a run and return its path.

    Everything is inside the file: it loads nothing and runs no script. Buy and hold, and the same
    targets at other costs, are simulated for comparison.

    Parameters
    ----------
    run : Run
        From :func:`cryptovolt.simulate`.
    path : str or path-like
        Where to write; an existing file is replaced.
    title : str, optional
        Symbols and time frame by default.
    synthetic : bool, default=False
        Whether the market was generated; the page then says so at the top.
    verdict : str, optional
        One or two plain sentences, shown under the title.
    model_card : mapping, optional
        Measure name to ``value``, ``low``, ``high`` (its 95 % interval) and ``baselines`` (name to
        value); None where something is undefined.
    settings : mapping, optional
        More settings to list: seed, model hash, weights.
    rng : numpy.random.Generator, optional
        For the bootstrap intervals; by default one with a fixed seed, so that the same run gives
        the same page.

    Returns
    -------
    Path
    """
    hold = baseline_of(run)
    certainty = certainty_of(run, rng or np.random.default_rng(0))
    name = title or f"{', '.join(run.bars)} · {run.timeframe}"
    parts = [
        _head(run, name, synthetic, verdict),
        tiles(run, hold),
        equity_section(run, hold),
        monthly_section(run),
        statistics_section(run, hold, certainty),
        model_section(model_card) if model_card else "",
        costs_section(run),
        trades_section(run),
        settings_section(run, settings or {}),
    ]
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(name)}</title><style>{CSS}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )
    target = Path(path)
    target.write_text(page, encoding="utf-8")
    return target


def _head(run: Run, title: str, synthetic: bool, verdict: str | None) -> str:
    first, last = day(float(run.timestamp[0])), day(float(run.timestamp[-1]))
    stamps = (*((SYNTHETIC,) if synthetic else ()), *run.stamps)
    badges = "".join(f'<span class="stamp">{escape(stamp)}</span>' for stamp in stamps)
    said = f'<p class="verdict">{escape(verdict)}</p>' if verdict else ""
    sources = ", ".join(sorted({bars.source for bars in run.bars.values()}))
    return (
        f"<h1>{escape(title)}</h1>"
        f'<p class="soft">{first} to {last} UTC, {len(run):,} bars of {run.timeframe}, source '
        f"{escape(sources)}</p>{badges}{said}"
    )
