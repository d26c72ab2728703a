"""The page of a model card."""

import json
from html import escape
from math import isnan, nan
from os import PathLike
from pathlib import Path

from cryptovolt.report.page import SYNTHETIC, write_page
from cryptovolt.report.tables import cell, pair, table
from cryptovolt.report.text import UNDEFINED, day, number, percent
from cryptovolt.research.model_card import MONEY, CardEntry, ModelCard
from cryptovolt.research.verdict import Standing

_KINDS = {
    Standing.NO_EDGE.value: "bad",
    Standing.WEAK.value: "so-so",
    Standing.HOLDS_UP.value: "good",
}
_NAMES = {
    "auc": "AUC",
    "brier": "Brier score",
    "calibration_error": "Calibration error (ECE)",
    "total_return": "Return after costs",
}


def write_model_card(
    card: ModelCard,
    path: str | PathLike[str],
    *,
    title: str | None = None,
    synthetic: bool = False,
) -> Path:
    """Write one HTML file about a model and return its path; it loads nothing and runs no script.

    Parameters
    ----------
    card : ModelCard
        From :func:`cryptovolt.research.model_card.model_card`.
    path : str or path-like
        Where to write; an existing file is replaced.
    title : str, optional
        Kind, symbol and time frame by default.
    synthetic : bool, default=False
        Whether the market was generated; the page then says so at the top.
    """
    made = card.manifest["provenance"]
    kind = card.manifest.get("kind", "xgboost")
    name = title or f"Model {kind} · {made['symbol']} · {made['timeframe']}"
    parts = [_head(card, name, synthetic), _verdict(card), _measures(card), _folds(card)]
    return write_page(
        path, name, [*parts, _regimes(card), _hardships(card), _gates(card), _made(card)]
    )


def _head(card: ModelCard, title: str, synthetic: bool) -> str:
    made = card.manifest["provenance"]
    stamp = f'<span class="stamp">{escape(SYNTHETIC)}</span>' if synthetic else ""
    first, last = day(float(made["first_timestamp"])), day(float(made["last_timestamp"]))
    return (
        f'<h1>{escape(title)}</h1><p class="soft">Labels {first} to {last} UTC: '
        f"{card.n_train:,} to train on, {card.n_rows:,} tested out of sample</p>{stamp}"
    )


def _verdict(card: ModelCard) -> str:
    failed = [gate for gate in card.gates if not gate.passed]
    reasons = "".join(f"<li>{escape(gate.name)}: {escape(gate.text)}</li>" for gate in failed)
    state = "Every gate was passed." if card.gates else "No gate was run."
    kept = f"<p>A candidate only, because:</p><ul>{reasons}</ul>" if failed else f"<p>{state}</p>"
    tried = "nobody counted" if card.n_trials is None else f"{card.n_trials:,}"
    return (
        f'<section class="judgement {_KINDS[card.standing]}">'
        f'<p class="word">{escape(card.standing.capitalize())}</p><p>{escape(card.verdict)}</p>'
        f'{kept}<p class="soft">Models tried on this data: {tried}. {escape(card.rule)}.</p>'
        "</section>"
    )


def _measures(card: ModelCard) -> str:
    names = list(dict.fromkeys(name for entry in card.entries for name in entry.baselines))
    rows = [
        [
            cell(_name(entry)),
            cell(_value(entry, entry.value)),
            cell(f"{_value(entry, entry.interval.low)} to {_value(entry, entry.interval.high)}"),
            *(cell(_value(entry, entry.baselines.get(name, nan))) for name in names),
        ]
        for entry in card.entries
    ]
    head = [
        "Measure",
        "Value",
        "95 % interval",
        *(escape(name.replace("_", " ")) for name in names),
    ]
    return (
        f"<h2>Measures</h2>{table(head, rows)}"
        '<p class="soft">Out of sample; intervals by blocks of rows. Of Brier score, log loss and '
        "calibration error less is better. The last columns are the same measure of what needs no "
        "model, of a logistic regression under the same split, and of holding the market.</p>"
    )


def _folds(card: ModelCard) -> str:
    n_folds = len(card.entries[0].folds)
    rows = [
        [cell(_name(entry)), *(cell(_value(entry, value)) for value in entry.folds)]
        for entry in card.entries
    ]
    head = ["Measure", *(f"Fold {fold + 1}" for fold in range(n_folds))]
    return f"<h2>By fold</h2>{table(head, rows)}"


def _regimes(card: ModelCard) -> str:
    names = list(card.n_regime_rows)
    rows = [
        [cell(_name(entry)), *(cell(_value(entry, entry.regimes[name])) for name in names)]
        for entry in card.entries
    ]
    count = [cell("Test rows"), *(cell(f"{card.n_regime_rows[name]:,}") for name in names)]
    head = ["Measure", *(escape(name.capitalize()) for name in names)]
    return (
        f"<h2>By regime</h2>{table(head, [*rows, count])}"
        '<p class="soft">Each named at the close of its bar from bars up to it.</p>'
    )


def _hardships(card: ModelCard) -> str:
    rows = [
        [
            cell(escape(one.name)),
            cell(percent(one.total_return)),
            cell(number(one.sharpe)),
            cell(percent(one.max_drawdown)),
            cell("half of the Sharpe ratio gone" if one.halves_sharpe else ""),
        ]
        for one in card.hardships
    ]
    head = ["Followed alone, with", "Total return", "Sharpe (daily)", "Drawdown", ""]
    return f"<h2>Under hardship</h2>{table(head, rows)}"


def _gates(card: ModelCard) -> str:
    if not card.gates:
        return ""
    rows = [
        [
            cell(escape(gate.name.replace("_", " "))),
            cell("passed" if gate.passed else "REFUSED"),
            cell(escape(gate.text), "free"),
        ]
        for gate in card.gates
    ]
    return f"<h2>Gates</h2>{table(['Gate', '', 'Found'], rows)}"


def _made(card: ModelCard) -> str:
    manifest = card.manifest
    said = {
        "artefact_hash": manifest["artefact_hash"],
        **manifest["provenance"],
        **manifest["settings"],
        "libraries": manifest.get("libraries", {}),
        "features": list(manifest["feature_names"]),
    }
    rows = [pair(escape(str(name)), escape(_plain(value))) for name, value in said.items()]
    return f"<h2>Made from</h2>{table(['', ''], rows, 'settings plain')}"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _name(entry: CardEntry) -> str:
    plain = entry.name.replace("_", " ").capitalize()
    return escape(_NAMES.get(entry.name, plain))


def _value(entry: CardEntry, value: float) -> str:
    if isnan(value):
        return UNDEFINED
    return percent(value, 1) if entry.name == MONEY else number(value, 4)
