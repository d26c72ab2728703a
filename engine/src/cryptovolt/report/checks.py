"""The verdict with its conditions, and what stands behind it."""

from html import escape

import numpy as np

from cryptovolt.report.charts import fan_chart, histogram
from cryptovolt.report.tables import cell, table
from cryptovolt.report.text import UNDEFINED, number, percent
from cryptovolt.research.monte_carlo import Bands
from cryptovolt.research.robustness import Assessment, sampling_of
from cryptovolt.research.verdict import MAX_OVERFITTING, MIN_PROBABILITY, Standing

_KINDS = {Standing.NO_EDGE: "bad", Standing.WEAK: "so-so", Standing.HOLDS_UP: "good"}


def verdict_box(found: Assessment) -> str:
    """Return the word, the rule, and which conditions are met."""
    judgement = found.judgement
    items = "".join(
        f'<li class="{"met" if c.met else "unmet"}"><b>{"met" if c.met else "not met"}</b> '
        f"{escape(c.name)}{' · basic' if c.basic else ''}"
        f'<div class="soft">{escape(c.found)}</div></li>'
        for c in judgement.conditions
    )
    met = sum(c.met for c in judgement.conditions)
    return (
        f'<section class="judgement {_KINDS[judgement.standing]}"><p class="word">'
        f"{escape(judgement.standing.value.capitalize())}</p><p>{escape(_why(found))}</p>"
        f"<details open><summary>{met} of {len(judgement.conditions)} conditions met</summary><ul>"
        f'{items}</ul></details><p class="soft">{escape(judgement.rule)}</p></section>'
    )


def _why(found: Assessment) -> str:
    text = found.judgement.text
    return f"Because: {text.partition(': ')[2]}."


def robustness_section(found: Assessment) -> str:
    """Return trials, random entries, hardships and Monte Carlo bands."""
    parts = [_trials(found), _random(found), _stresses(found), _monte_carlo(found)]
    seed = "" if found.seed is None else f" Random numbers from seed {found.seed}."
    told = "".join(f'<p class="soft">{escape(note)}</p>' for note in found.notes)
    note = f'{told}<p class="soft">What each of these is: reference page “verdict”.{seed}</p>'
    return f"<h2>Robustness</h2>{''.join(parts)}{note}"


def _trials(found: Assessment) -> str:
    selection, overfitting = found.selection, found.overfitting
    trials = selection.trials
    rows = [
        ("Trials on this data, all", _count(trials and trials.n_trials), ""),
        ("Different ones among them", _count(trials and trials.n_effective), ""),
        (
            "Probabilistic Sharpe ratio (per bar)",
            _optional(selection.probabilistic),
            f"≥ {MIN_PROBABILITY:g}",
        ),
        (
            "Deflated Sharpe ratio (per bar), all trials",
            _optional(selection.deflated_by_all),
            f"≥ {MIN_PROBABILITY:g}",
        ),
        ("Deflated Sharpe ratio (per bar), different ones", _optional(selection.deflated), ""),
        (
            "Probability of backtest overfitting",
            _optional(overfitting.probability),
            f"≤ {MAX_OVERFITTING:g}",
        ),
    ]
    listed = table(
        ["How much was tried", "Found", "Asked"], [[cell(text) for text in row] for row in rows]
    )
    why = [reason for reason in (selection.reason, overfitting.reason) if reason]
    text = ". ".join(reason[:1].upper() + reason[1:] for reason in why)
    return f'{listed}<p class="soft">{escape(text)}.</p>'


def _random(found: Assessment) -> str:
    random = found.random
    if random is None:
        return '<h3>Random entries</h3><p class="soft">The run never wanted a position.</p>'
    known = random.sharpe[np.isfinite(random.sharpe)]
    marked = None if np.isnan(random.run_sharpe) else random.run_sharpe
    chart = ""
    if known.size:
        what = "Sharpe ratios of random entries, with that of this run."
        chart = histogram(known, lambda v: number(v, 1), what, marked, signed=False)
    rank = UNDEFINED if np.isnan(random.percentile) else percent(random.percentile, 1)
    return (
        f"<h3>Among {random.sharpe.size:,} random entries</h3>{chart}"
        f'<p class="soft">Sharpe ratios per year ({sampling_of(found.run)}) of the same number of '
        f"trades, sides, sizes and holding times at random moments; the line is this run, "
        f"{number(random.run_sharpe)}. Above {rank} of them, p = {random.p_value:.4f}. "
        f"Their middle total return: "
        f"{percent(float(np.median(random.total_return)))}.</p>"
    )


def _stresses(found: Assessment) -> str:
    run = found.run
    base = [
        cell("as simulated"),
        cell(percent(run.equity[-1] / run.trading.cash - 1.0)),
        cell(number(found.random.run_sharpe) if found.random else UNDEFINED),
        cell(percent(run.statistics["max_drawdown"])),
        cell(""),
    ]
    rows = [
        [
            cell(escape(stress.name)),
            cell(percent(stress.total_return)),
            cell(number(stress.sharpe)),
            cell(percent(stress.max_drawdown)),
            cell(_said(stress.survived, stress.halves_sharpe)),
        ]
        for stress in found.stresses
    ]
    head = [
        "Hardship", "Total return", f"Sharpe ({sampling_of(run)})", "Drawdown (per bar)", "",
    ]  # fmt: skip
    return f"<h3>Under hardship</h3>{table(head, [base, *rows])}"


def _said(survived: bool, halves: bool) -> str:
    if not survived:
        return "a loss"
    return "half of the Sharpe ratio gone" if halves else "still a gain"


def _monte_carlo(found: Assessment) -> str:
    parts = [
        _bands("Blocks of days, drawn again", found.days, "days"),
        _bands("Trades, drawn again", found.resampled, "trades"),
    ]
    rows = [
        _bands_row(name, bands)
        for name, bands in (
            ("Trades in another order", found.order),
            ("Trades drawn again", found.resampled),
            ("Blocks of days drawn again", found.days),
        )
        if bands is not None
    ]
    if not rows:
        return '<h3>Monte Carlo</h3><p class="soft">Too few trades and days to draw from.</p>'
    head = ["", "Drawdown: 5 %, middle, 95 %", "Return: 5 %, middle, 95 %", "Loss", "Deeper"]
    note = (
        "Shaded: nine in ten and five in ten paths, line: the middle; the start is 1. Loss: share "
        "of paths that end below it. Deeper: share with a larger drawdown than the real one."
    )
    return (
        f'<h3>What else could have come of it</h3><div class="pairs">{"".join(parts)}</div>'
        f'{table(head, rows)}<p class="soft">{note}</p>'
    )


def _bands(name: str, bands: Bands | None, unit: str) -> str:
    if bands is None:
        return ""
    chart = fan_chart(bands, lambda v: f"{v:,.3g}", f"{name}: equity from 1.", unit)
    return f"<div><h4>{name}</h4>{chart}</div>"


def _bands_row(name: str, bands: Bands) -> list[str]:
    depth = np.quantile(bands.max_drawdown, (0.05, 0.5, 0.95)).tolist()
    final = (np.quantile(bands.final, (0.05, 0.5, 0.95)) - 1.0).tolist()
    return [
        cell(name),
        cell(" · ".join(percent(value, 0) for value in depth)),
        cell(_spread(final)),
        cell(percent(bands.loss_probability, 0)),
        cell(percent(bands.deeper_probability, 0)),
    ]


def _spread(values: list[float]) -> str:
    # Another order of the same trades ends where they ended.
    texts = [percent(value, 0) for value in values]
    return texts[0] if len(set(texts)) == 1 else " · ".join(texts)


def _count(value: int | None) -> str:
    return UNDEFINED if value is None else f"{value:,}"


def _optional(value: float | None) -> str:
    return UNDEFINED if value is None else f"{value:.3f}"
