"""How models are shown: the card as text and as one HTML page, lists, comparisons, explanations."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from app.models.database import Model
from app.models.learning import ModelEvent
from app.services.markets import Market
from app.services.model_explanation import Explained
from app.services.model_recipe import Recipe
from app.services.model_registry import Compared
from app.services.model_trained import AnyTrained
from cryptovolt.report.page import SYNTHETIC, write_page

_FEW_PARTS = 15
_HIDDEN = ("artefact_path",)


def model_record(row: Model) -> dict[str, Any]:
    """Return a model as JSON knows it."""
    names = [column.key for column in Model.__table__.columns if column.key not in _HIDDEN]
    return {name: getattr(row, name) for name in names}


def trained_record(trained: AnyTrained, market: Market) -> dict[str, Any]:
    """Return a model that was just trained as JSON knows it."""
    return {
        "name": f"{trained.recipe.kind} {market.key}",
        "symbol": market.key.symbol,
        "timeframe": market.key.timeframe,
        "source": market.key.source,
        "kind": trained.recipe.kind,
        "label_kind": trained.recipe.label_name,
        "status": trained.status,
        "features": list(trained.features.names),
        "gates": {g.name: {**g.to_record(), "detail": g.text} for g in trained.gates},
        "parameters": trained.recipe.to_record(),
        "artefact_hash": trained.model.artefact_hash,
        "feature_hash": trained.features.content_hash(),
        "data_hash": market.bars.content_hash(),
        "sentiment_hash": market.news_hash,
        "extra_data": {
            "evaluation": trained.evaluation_record(),
            "synthetic": market.synthetic,
            "n_train": trained.n_train,
        },
    }


def card_text(row: Model, events: Sequence[ModelEvent]) -> str:
    """Return the card of a stored model."""
    record = model_record(row)
    told = [
        f"  {e.created_at:%Y-%m-%d %H:%M} {e.event} by {e.actor}: {e.reason or ''}" for e in events
    ]
    return "\n".join([f"model {row.model_id}", *_card(record), "history", *told])


def trained_text(trained: AnyTrained, market: Market) -> str:
    """Return the card of a model that was just trained."""
    return "\n".join(_card(trained_record(trained, market)))


def write_card(row: Model, path: Path) -> None:
    """Write the card of a stored model as one HTML page."""
    _write(model_record(row), path)


def write_trained(trained: AnyTrained, market: Market, path: Path) -> None:
    """Write the card of a model that was just trained as one HTML page."""
    _write(trained_record(trained, market), path)


def print_models(found: Sequence[Model]) -> None:
    """Print a list of models."""
    if not found:
        typer.echo("There are no models: `cryptovolt model train` makes one.")
        return
    table = Table()
    for column in ("id", "kind", "label", "series", "status", "AUC", "gates", "trained on bars to"):
        table.add_column(column)
    for row in found:
        gates = row.gates or {}
        passed = sum(bool(gate.get("passed")) for gate in gates.values())
        forced = f" FORCED by {row.forced_by}: {row.forced_reason}" if row.forced_at else ""
        table.add_row(
            str(row.model_id),
            row.kind or row.model_type or "",
            row.label_kind or "",
            f"{row.symbol or row.name} {row.timeframe or ''} {row.source or ''}".strip(),
            f"{row.status}{forced}",
            _number(row.auc),
            f"{passed}/{len(gates)}",
            f"{row.trained_on:%Y-%m-%d}" if row.trained_on else "",
        )
    Console().print(table)


def print_compared(found: Compared) -> None:
    """Print two models side by side."""
    table = Table()
    for column in ("", f"model {found.first.model_id}", f"model {found.second.model_id}"):
        table.add_column(column)
    for name in ("name", "label_kind", "status", "trained_on"):
        table.add_row(name, str(getattr(found.first, name)), str(getattr(found.second, name)))
    for name, (one, two) in found.measures.items():
        table.add_row(name, _score(one), _score(two))
    Console().print(table)
    differences = ", ".join(found.differences) or "nothing"
    typer.echo(f"they differ in {differences}")
    if "bars" in found.differences:
        typer.echo("they were tested on different bars: their measures are not of one test")


def print_explained(found: Explained) -> None:
    """Print what each feature adds, the largest first."""
    typer.echo(
        f"model {found.model_id} at the bar of {found.bar}: P(up) {found.probability_up:.4f}"
    )
    table = Table()
    for column in ("feature", "value", "adds to the log odds"):
        table.add_column(column)
    table.add_row("(knowing nothing)", "", f"{found.bias:+.4f}")
    for name, value, added in found.parts[:_FEW_PARTS]:
        table.add_row(name, f"{value:.6g}", f"{added:+.4f}")
    rest = sum(added for _, _, added in found.parts[_FEW_PARTS:])
    if len(found.parts) > _FEW_PARTS:
        table.add_row(f"{len(found.parts) - _FEW_PARTS} others", "", f"{rest:+.4f}")
    Console().print(table)
    changes = found.flip["changes"]
    if not changes:
        typer.echo(f"no small change flips it: {found.flip['reason']}")
        return
    told = " and ".join(
        f"{c['feature']} {c['before']:.6g} → {c['after']:.6g} ({c['spreads']:.2f} spreads)"
        for c in changes
    )
    typer.echo(
        f"the smallest change that flips it: {told}; P(up) is then {found.flip['after']:.4f}"
    )


def _card(record: Mapping[str, Any]) -> list[str]:
    lines = [
        f"{record['name']} · {record['kind']} · label {record['label_kind']} · {record['status']}"
    ]
    evaluation = _evaluation(record)
    if _part(record, "extra_data").get("synthetic"):
        lines.append(SYNTHETIC)
    if record.get("forced_at"):
        lines.append(
            f"FORCED by {record['forced_by']} on {record['forced_at']:%Y-%m-%d %H:%M} UTC although "
            f"it failed a gate: {record['forced_reason']}"
        )
    lines += ["verdict", f"  {_verdict(evaluation)}", "measures, out of sample (95 % interval)"]
    for name, score in _part(evaluation, "scores").items():
        lines.append(f"  {name:<12} {_score(score):<28} {_rounded(score['baselines'])}")
    lines.append("folds")
    for number, fold in enumerate(_folds(evaluation), start=1):
        sizes = f"{fold['n_train']:,} rows, then {fold['n_test']:,}"
        lines.append(f"  {number}: {sizes}: {_rounded(fold['measures'])}")
    lines.append("gates")
    for name, gate in _part(record, "gates").items():
        lines.append(f"  {'passed' if gate['passed'] else 'FAILED'} {name}: {gate['detail']}")
    lines.append("made from")
    lines += [f"  {name}: {value}" for name, value in _provenance(record)]
    return lines


def _provenance(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    recipe = _part(record, "parameters") or Recipe().to_record()
    inputs = _part(record, "inputs")
    found: list[tuple[str, Any]] = [
        ("bars", record.get("data_hash")),
        ("sentiment", record.get("sentiment_hash")),
        *((name, inputs.get(name)) for name in ("funding", "mark", "index", "leader")),
        ("series beside", inputs.get("series") or None),
        ("features", f"{len(record['features'] or [])}, {record.get('feature_hash')}"),
        ("horizon, seed, threads", f"{recipe['horizon']}, {recipe['seed']}, {recipe['threads']}"),
        ("settings", recipe.get("settings") or None),
        ("files", record.get("artefact_hash")),
        ("parent", record.get("parent_id")),
        ("code", record.get("code_commit") or record.get("code_version")),
        ("libraries", _pairs(record.get("libraries"))),
        ("verified", _part(record, "verified_result").get("text")),
    ]
    return [(name, str(value)) for name, value in found if value is not None]


def _write(record: Mapping[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    evaluation = _evaluation(record)
    title = f"Model card: {record['name']}"
    stamps = [SYNTHETIC] if _part(record, "extra_data").get("synthetic") else []
    if record.get("forced_at"):
        stamps.append(f"FORCED by {record['forced_by']}: {record['forced_reason']}")
    scores = _part(evaluation, "scores")
    folds = _folds(evaluation)
    gates = _part(record, "gates")
    parts = [
        f"<h1>{escape(title)}</h1>",
        *(f'<span class="stamp">{escape(stamp)}</span>' for stamp in stamps),
        f"<p>{escape(_verdict(evaluation))} Status: {escape(str(record['status']))}.</p>",
        _table(
            "Measures, out of sample, with 95 % intervals",
            ("measure", "value", "baselines"),
            [(name, _score(one), _rounded(one["baselines"])) for name, one in scores.items()],
        ),
        _table(
            "Folds, in order of time",
            ("fold", "rows learnt", "rows tested", "measures"),
            [
                (str(n), f"{f['n_train']:,}", f"{f['n_test']:,}", _rounded(f["measures"]))
                for n, f in enumerate(folds, start=1)
            ],
        ),
        _table(
            "Gates",
            ("gate", "", "what was found"),
            [(n, "passed" if g["passed"] else "FAILED", g["detail"]) for n, g in gates.items()],
        ),
        _table("Made from", ("", ""), _provenance(record)),
    ]
    write_page(path, title, parts)


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(one))}</td>" for one in row) + "</tr>" for row in rows
    )
    return f"<section><h2>{escape(title)}</h2><table><tr>{head}</tr>{body}</table></section>"


def _part(record: Mapping[str, Any], name: str) -> dict[str, Any]:
    # A model that somebody stored by hand lacks what ours have.
    found: dict[str, Any] | None = record.get(name)
    return found or {}


def _folds(evaluation: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] | None = evaluation.get("folds")
    return found or []


def _evaluation(record: Mapping[str, Any]) -> Mapping[str, Any]:
    return _part(_part(record, "extra_data"), "evaluation")


def _verdict(evaluation: Mapping[str, Any]) -> str:
    verdict = evaluation.get("verdict")
    if verdict:
        return f"{verdict['standing']}: {verdict['text']}"
    return str(evaluation.get("text") or "nothing was evaluated")


def _score(score: Mapping[str, Any] | None) -> str:
    if score is None:
        return ""
    return f"{_number(score['value'])} [{_number(score['low'])}, {_number(score['high'])}]"


def _rounded(measures: Mapping[str, float | None]) -> str:
    return ", ".join(f"{name} {_number(value)}" for name, value in measures.items())


def _pairs(found: Mapping[str, Any] | None) -> str | None:
    return ", ".join(f"{name} {value}" for name, value in found.items()) if found else None


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"
